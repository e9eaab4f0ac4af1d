"""Rows of days as the items of answers: trends, heatmap, demographics."""

from __future__ import annotations

from datetime import date
from typing import Any, Iterable, Mapping, Sequence

from iotd.campus.cells import ENTRIES, EXITS, OUTINGS, SECONDS, Hours, lanes
from iotd.campus.occupancy import Counts
from iotd.times import rfc3339

#: A local day and its row.
DayRow = tuple[str, int]

NOBODY = Counts()


def by_day(rows: Iterable[DayRow]) -> list[dict[str, Any]]:
    """Entries and exits of each day."""
    found = []
    for day, row in rows:
        counts = lanes(row)
        found.append({
            "bucket": day, "entries": sum(counts[ENTRIES:EXITS]),
            "exits": sum(counts[EXITS:OUTINGS]),
        })
    return found


def by_hour(rows: Iterable[DayRow], hours: Hours, now: float) -> list[dict[str, Any]]:
    """Entries and exits of each hour that has begun, by its first moment."""
    found = []
    for day, row in rows:
        counts = lanes(row)
        for hour, start, _ in hours.starts(day):
            entries, exits = counts[ENTRIES + hour], counts[EXITS + hour]
            if start <= now or entries or exits:
                found.append({"bucket": moment(start), "entries": entries, "exits": exits})
    return found


def heatmap(rows: Iterable[DayRow]) -> list[dict[str, int]]:
    """Entries and exits by weekday (Monday is 1) and hour: 168 items, zeros too."""
    sums = [0] * 8
    for day, row in rows:
        sums[date.fromisoformat(day).isoweekday()] += row
    return [
        {"weekday": weekday, "hour": hour, "entries": counts[ENTRIES + hour],
         "exits": counts[EXITS + hour]}
        for weekday in range(1, 8) for counts in (lanes(sums[weekday]),) for hour in range(24)
    ]


def demographics(
    values: Sequence[Any], rows: Mapping[Any, int], counts: Mapping[Any, Counts]
) -> list[dict[str, Any]]:
    """What was counted of each value, and how many of its students are inside now."""
    return [
        _of_value(value, lanes(rows.get(value, 0)), counts.get(value, NOBODY)) for value in values
    ]


def _of_value(value: Any, row: Sequence[int], counts: Counts) -> dict[str, Any]:
    outings, seconds = row[OUTINGS], row[SECONDS]
    return {
        "value": value, "entries": sum(row[ENTRIES:EXITS]), "exits": sum(row[EXITS:OUTINGS]),
        "inside": counts.inside, "outside": counts.outside,
        "mean_minutes_outside": round(seconds / outings / 60, 1) if outings else None,
        "hourly": [row[ENTRIES + hour] + row[EXITS + hour] for hour in range(24)],
    }


def moment(seconds: float) -> str:
    """RFC 3339, of a whole second."""
    return str(rfc3339(seconds)).replace(".000Z", "Z")
