"""Habits as the API shows them: today, streaks, strength."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Mapping

from sqlalchemy import Connection

from iotd.health.habits import records
from iotd.health.habits.days import Days, clock_of, days_of, minutes_of
from iotd.health.habits.model import (
    DAY, OPEN, Mark, day_state, is_enough, states, streaks, week_of, week_state, week_sum,
)
from iotd.health.habits.ready import step_of
from iotd.health.habits.records import Checkin, Habit, Settings
from iotd.health.habits.strength import strength
from iotd.times import rfc3339


@dataclass(frozen=True)
class Look:
    """From when it is looked at, and by whose days."""

    days: Days
    now: float

    @property
    def today(self) -> date:
        """The present day."""
        return self.days.date_of(self.now)


def look_of(settings: Settings, site_zone: str, now: float) -> Look:
    """By a patient's days."""
    return Look(days_of(settings.timezone or site_zone, settings.day_start), now)


def section(
    connection: Connection, patient: str, now: float, site_zone: str
) -> dict[str, Any]:
    """All habits of a patient, and the settings: what GET habits answers."""
    settings = records.settings_of(connection, patient)
    look = look_of(settings, site_zone, now)
    known = records.all_of(connection, patient)
    marks = records.marks_of(connection, [each.id for each in known])
    return {
        "items": [habit(each, marks[each.id], look) for each in known],
        "next": None,
        "settings": settings_json(settings, site_zone),
        "day": look.today.isoformat(),
    }


def settings_json(settings: Settings, site_zone: str) -> dict[str, Any]:
    """The settings as the API shows them; ``own``: whether the zone was chosen."""
    return {
        "timezone": settings.timezone or site_zone, "own_timezone": bool(settings.timezone),
        "day_start": clock_of(settings.day_start),
    }


def habit(known: Habit, marks: Mapping[date, Mark], look: Look) -> dict[str, Any]:
    """One habit; what is archived stays as it was on that day."""
    plan, today = known.plan, look.today
    begun = look.days.date_of(known.created_at)
    if known.archived_at is not None:
        today = min(today, look.days.date_of(known.archived_at))
    first = min([begun, today, *marks])
    run, best = streaks(states(plan, marks, first, today))
    mark = marks.get(today)
    return {
        "id": known.id, "name": known.name, "ready": known.ready, "per": known.per,
        "times": known.times, "target": known.target, "unit": known.unit,
        "step": step_of(known.ready, known.target), "remind_at": known.remind_at,
        "today": _day_json(day_state(plan, mark, today, today), mark),
        "period": _period(known, marks, today),
        "streak": run, "best_streak": best,
        "strength": round(strength(plan, marks, first, today), 4),
        "due": is_due(known, marks, look),
        "since": first.isoformat(), "created_at": rfc3339(known.created_at),
        "archived": known.archived_at is not None, "archived_at": rfc3339(known.archived_at),
    }


def _day_json(state: str, mark: Mark | None) -> dict[str, Any]:
    return {
        "state": state, "count": mark.count if mark else 0, "value": mark.value if mark else None,
    }


def _period(known: Habit, marks: Mapping[date, Mark], today: date) -> dict[str, Any]:
    """The present day, or week: what it came to so far."""
    plan = known.plan
    if plan.per == DAY:
        mark = marks.get(today)
        return {"since": today.isoformat(), **_day_json(
            day_state(plan, mark, today, today), mark)}
    monday = week_of(today)
    sum = round(week_sum(plan, marks, monday, today), 6)
    return {
        "since": monday.isoformat(), "state": week_state(plan, marks, monday, today),
        "count": int(sum) if plan.target is None else 0,
        "value": None if plan.target is None else sum,
    }


def is_due(known: Habit, marks: Mapping[date, Mark], look: Look) -> bool:
    """Whether its time to be reminded of is over, and nothing was said yet."""
    if known.remind_at is None or known.archived_at is not None:
        return False
    if look.now < remind_moment(known, look):
        return False
    plan, today = known.plan, look.today
    if day_state(plan, marks.get(today), today, today) != OPEN:
        return False
    return plan.per == DAY or not is_enough(plan, week_sum(plan, marks, week_of(today), today))


def remind_moment(known: Habit, look: Look) -> float:
    """When it is reminded of today, in Unix seconds."""
    return look.days.moment(look.today, minutes_of(known.remind_at or "00:00", "remind_at"))


def checkin(known: Habit, day: date, said: Checkin | None, today: date) -> dict[str, Any]:
    """One day as the API shows it; what falls short of a day that is over was missed."""
    mark = said.mark if said is not None else None
    return {
        "id": day.isoformat(), "day": day.isoformat(),
        **_day_json(day_state(known.plan, mark, day, today), mark),
        "at": rfc3339(said.at) if said is not None else None,
        "by": said.by if said is not None else None,
    }


def earliest(today: date, days: int) -> date:
    """So far back a day may still be filled in."""
    return today - timedelta(days=days)
