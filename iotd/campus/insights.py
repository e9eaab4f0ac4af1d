"""When it is busy, how full it was, who is out late: plain functions of rows and counts."""

from __future__ import annotations

from datetime import date
from typing import Any, Iterable, Mapping, Sequence

from iotd.calendar import Calendar
from iotd.campus.cells import ENTRIES, EXITS, OUTINGS, Hours, lanes
from iotd.campus.charts import DayRow, moment
from iotd.campus.model import SECOND
from iotd.times import rfc3339

MORNING = "05:00"  # when a curfew ends
MOST_OUT = 500  # names in one answer
ROW = ("what", "at", "rollno", "value", "text")


def peak_hour(rows: Iterable[DayRow]) -> dict[str, int] | None:
    """The hour of the day with most movements in all; None when there were none."""
    counts = lanes(sum(row for _, row in rows))
    by_hour = [counts[ENTRIES + hour] + counts[EXITS + hour] for hour in range(24)]
    most = max(by_hour)
    return {"hour": by_hour.index(most), "movements": most} if most else None


def peak_day(rows: Iterable[DayRow]) -> dict[str, Any] | None:
    """The day with most movements, the earlier of two; None when there were none."""
    day, most = max(((day, movements(row)) for day, row in rows), key=lambda pair: pair[1],
                    default=("", 0))
    return {"day": day, "movements": most} if most else None


def movements(row: int) -> int:
    """Entries and exits."""
    return sum(lanes(row)[ENTRIES:OUTINGS])


def peak_load(
    rows: Sequence[DayRow], hours: Hours, now: float, inside: int
) -> dict[str, Any] | None:
    """When most were inside at the end of an hour, counted back from how many are now; None
    when nobody was."""
    best, at = inside, now
    for day, row in reversed(rows):
        counts = lanes(row)
        for hour, start, end in reversed(hours.starts(day)):
            if end <= now and inside >= best and inside > 0:
                best, at = inside, end  # of two the earlier
            inside += counts[EXITS + hour] - counts[ENTRIES + hour]
    return {"at": moment(round(at)), "inside": best} if best > 0 else None


def weekend_pattern(
    rows: Sequence[DayRow], first_day: str | None, today: str
) -> dict[str, Any]:
    """Mean movements a day on weekdays and on Saturdays and Sundays, of days that are over."""
    days: dict[bool, list[int]] = {False: [], True: []}
    for day, row in rows:
        if first_day is not None and first_day <= day < today:
            days[date.fromisoformat(day).isoweekday() > 5].append(movements(row))
    weekday, weekend = (_mean(days[each]) for each in (False, True))
    ratio = round(weekend / weekday, 2) if weekday and weekend is not None else None
    return {
        "weekday_mean": weekday, "weekend_mean": weekend, "ratio": ratio,
        "text": _in_words(weekday, weekend, ratio),
    }


def _mean(values: Sequence[int]) -> float | None:
    return round(sum(values) / len(values), 1) if values else None


def _in_words(weekday: float | None, weekend: float | None, ratio: float | None) -> str:
    if weekday is None or weekend is None:
        return "There are not enough whole days yet to compare weekends with weekdays."
    if ratio is None:
        return "Nobody came or went on weekdays."
    means = f"{weekend:,.0f} movements a day at weekends, {weekday:,.0f} on weekdays"
    if 0.9 <= ratio <= 1.1:
        return f"Weekends are as busy as weekdays: {means}."
    far = f"{abs(1 - ratio) * 100:.0f} %" if ratio < 2 else f"{ratio:.1f} times"
    if ratio < 1:
        return f"Weekends are {far} quieter than weekdays: {means}."
    if ratio < 2:
        return f"Weekends are {far} busier than weekdays: {means}."
    return f"Weekends are {far} as busy as weekdays: {means}."


def is_curfew(calendar: Calendar, curfew: str, now: float) -> bool:
    """Whether it is between the curfew and five in the morning."""
    time = calendar.local(now).strftime("%H:%M")
    if curfew < MORNING:
        return curfew <= time < MORNING
    return time >= curfew or time < MORNING


def out_late(out: Sequence[tuple[str | None, int]], now: float) -> list[dict[str, Any]]:
    """Names of those who are out, with how long; ``out``: roll number (None: nobody knows it
    any more), since when in us."""
    return [
        {"rollno": rollno, "since": rfc3339(since / SECOND),
         "minutes": max(0, int((now - since / SECOND) // 60))}
        for rollno, since in out[:MOST_OUT] if rollno is not None
    ]


def as_rows(told: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What the API tells, as lines of a table with ROW as its head."""
    hour, day, load = told["peak_hour"], told["peak_day"], told["peak_load"]
    weeks, out = told["weekend_pattern"], told["curfew"]
    rows: list[tuple[Any, ...]] = []
    if hour is not None:
        rows.append(("busiest hour", f"{hour['hour']:02}:00", "", hour["movements"], ""))
    if day is not None:
        rows.append(("busiest day", day["day"], "", day["movements"], ""))
    if load is not None:
        rows.append(("most inside", load["at"], "", load["inside"], ""))
    rows += [
        (name, "", "", weeks[key], weeks["text"])
        for name, key in (("weekdays", "weekday_mean"), ("weekends", "weekend_mean"))
        if weeks[key] is not None
    ]
    if out is not None and out["active"]:
        rows.append(("out after the curfew", out["time"], "", out["outside"], ""))
        rows += [("out", each["since"], each["rollno"], each["minutes"], "minutes")
                 for each in out.get("items", ())]
    rows += [(each["kind"].replace("_", " "), each["at"], "", each["actual"], each["text"])
             for each in told["anomalies"]]
    return rows
