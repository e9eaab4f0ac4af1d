"""What is done with habits inside a transaction: each gives its result and the audit's detail."""

from __future__ import annotations

from datetime import date
from typing import Any, Sequence

from iotd.accounts.shared import By
from iotd.errors import Conflict, Invalid, NotFound
from iotd.health.habits import records, show
from iotd.health.habits.days import LATEST_START, checked_zone, clock_of, minutes_of
from iotd.health.habits.fields import MOST_HABITS, checked
from iotd.health.habits.model import merged
from iotd.health.habits.records import Habit, Settings

BACK_DAYS = 366  # so far back a day may be filled in


def _find(connection: Any, patient: str, id: int) -> Habit:
    habit = records.find(connection, patient, id)
    if habit is None:
        raise NotFound("There is no such habit.", "id")
    return habit


def one(connection: Any, patient: str, id: int, now: float, zone: str) -> dict[str, Any]:
    """A habit as the API shows it."""
    habit = _find(connection, patient, id)
    look = show.look_of(records.settings_of(connection, patient), zone, now)
    return show.habit(habit, records.marks_of(connection, [id])[id], look)


def list_days(
    connection: Any, patient: str, id: int, since: date | None, until: date | None,
    after: str | None, limit: int, now: float, zone: str,
) -> list[dict[str, Any]]:
    """What was said of its days."""
    habit = _find(connection, patient, id)
    today = show.look_of(records.settings_of(connection, patient), zone, now).today
    rows = records.list_checkins(connection, id, since, until, after, limit)
    return [show.checkin(habit, each.day, each, today) for each in rows]


def one_day(
    connection: Any, patient: str, id: int, day: date, now: float, zone: str
) -> dict[str, Any]:
    """One of its days."""
    habit = _find(connection, patient, id)
    today = show.look_of(records.settings_of(connection, patient), zone, now).today
    return show.checkin(habit, day, records.find_checkin(connection, id, day), today)


def add(
    connection: Any, patient: str, by: By, values: dict[str, Any]
) -> tuple[int, str]:
    """A new habit; its id."""
    known = records.all_of(connection, patient)
    if len(known) >= MOST_HABITS:
        raise Conflict(f"There are {MOST_HABITS} habits, archived ones included: "
                       "remove one first.", "name")
    _check_ready(known, values["ready"], None)
    id = records.add(connection, patient, values)
    return id, f"habit {id}"


def _check_ready(known: Sequence[Habit], ready: str | None, own: int | None) -> None:
    for each in known:
        if ready and each.ready == ready and each.archived_at is None and each.id != own:
            raise Conflict(f"{each.name} is there already.", "ready")


def change(
    connection: Any, patient: str, by: By, id: int, fields: dict[str, Any]
) -> tuple[None, str]:
    """Other columns."""
    habit = _find(connection, patient, id)
    values = checked(habit, fields)
    archived = fields.get("archived")
    if archived is not None and archived != (habit.archived_at is not None):
        values["archived_at"] = by.at if archived else None
    if archived is False:
        _check_ready(records.all_of(connection, patient), habit.ready, id)
    records.change(connection, id, values)
    return None, f"habit {id}: {', '.join(sorted(fields))}"


def remove(connection: Any, patient: str, by: By, id: int) -> tuple[None, str]:
    """It and its days are gone."""
    _find(connection, patient, id)
    records.remove(connection, id)
    return None, f"habit {id}"


def order(
    connection: Any, patient: str, by: By, ids: tuple[int, ...]
) -> tuple[None, str]:
    """These first."""
    known = [each.id for each in records.all_of(connection, patient)]
    for id in ids:
        if id not in known:
            raise NotFound(f"There is no habit {id}.", "ids")
    if len(set(ids)) != len(ids):
        raise Invalid("ids: one is there twice.", "ids")
    records.order(connection, [*ids, *(id for id in known if id not in ids)])
    return None, f"{len(ids)} habits"


def check_in(
    connection: Any, patient: str, by: By, id: int, fields: dict[str, Any], zone: str
) -> tuple[date, str]:
    """More is said of a day, which is given back."""
    habit = _find(connection, patient, id)
    if habit.archived_at is not None:
        raise Conflict("This habit is archived: take it out of the archive first.", "id")
    today = show.look_of(records.settings_of(connection, patient), zone, by.at).today
    day = fields.get("day") or today
    if day > today:
        raise Invalid(f"The day {day} has not begun yet.", "day")
    if day < show.earliest(today, BACK_DAYS):
        raise Invalid(f"A day can be filled in up to {BACK_DAYS} days back.", "day")
    before = records.find_checkin(connection, id, day)
    mark = merged(habit.plan, before.mark if before else None, fields["state"],
                  fields.get("count"), fields.get("value"))
    if before is None or mark != before.mark:
        records.put_checkin(connection, id, day, mark, by.at, by.who)
    return day, f"habit {id}, {day}"


def take_back(
    connection: Any, patient: str, by: By, id: int, day: date
) -> tuple[None, str]:
    """Nothing is said of a day."""
    _find(connection, patient, id)
    if records.find_checkin(connection, id, day) is None:
        raise NotFound(f"Nothing was said of {day}.", "day")
    records.put_checkin(connection, id, day, None, by.at, by.who)
    return None, f"habit {id}, {day}"


def wanted_settings(fields: dict[str, Any]) -> dict[str, Any]:
    """The columns of settings; Invalid, naming the field, when they make no sense."""
    values: dict[str, Any] = {}
    if "timezone" in fields:
        zone = fields["timezone"]
        values["timezone"] = checked_zone(zone) if zone is not None else ""
    if "day_start" in fields:
        start = minutes_of(fields["day_start"] or "00:00", "day_start")
        if start > LATEST_START:
            raise Invalid(f"day_start is not after {clock_of(LATEST_START)}.", "day_start")
        values["day_start"] = start
    return values


def set_days(
    connection: Any, patient: str, by: By, values: dict[str, Any]
) -> tuple[Settings, str]:
    """Settings merged."""
    before = records.settings_of(connection, patient)
    wanted = Settings(**{"timezone": before.timezone, "day_start": before.day_start, **values})
    records.put_settings(connection, patient, wanted)
    return wanted, ", ".join(sorted(values))
