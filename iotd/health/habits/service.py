"""Habits of patients: what is kept of them, and the reminders.

``Habits(store=…, bus=…, now=…, patients=…, clock=…, site_timezone="Europe/Berlin")``;
``start_service()`` and ``stop_service()`` for the reminders; ``days(patient)`` are the
person's days, for whoever else sums up by day.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Callable, Sequence

from twisted.internet.defer import Deferred

from iotd.accounts.shared import By, to_its_end
from iotd.bus import Bus, RecordChanged
from iotd.errors import Conflict, Invalid, NotFound
from iotd.health.habits import records, show
from iotd.health.habits.days import (
    LATEST_START, Days, checked_zone, clock_of, days_of, minutes_of,
)
from iotd.health.habits.fields import MOST_HABITS, checked, complete
from iotd.health.habits.model import merged
from iotd.health.habits.records import Habit, Settings
from iotd.health.habits.reminders import Reminders
from iotd.health.patients import Patients
from iotd.store.engine import Store
from iotd.times import rfc3339

BACK_DAYS = 366  # so far back a day may be filled in
SECTION = "habits"


class Habits:
    """Who may do what is asked before: here everything is done for who asks."""

    def __init__(
        self, *, store: Store, bus: Bus, now: Callable[[], float], patients: Patients,
        clock: Any, site_timezone: str = "UTC",
    ) -> None:
        self._store, self._bus, self._now, self._patients = store, bus, now, patients
        self._zone = site_timezone
        self.reminders = Reminders(
            store=store, bus=bus, now=now, knows=patients.knows, clock=clock,
            site_timezone=site_timezone,
        )

    def start_service(self) -> None:
        """Remind from now on."""
        self.reminders.start()

    def stop_service(self) -> Deferred[Any]:
        """No more timers; fires when what is being noted is noted."""
        return self.reminders.stop()

    async def section(self, patient: str, now: float) -> dict[str, Any]:
        """All habits with today, streaks and strength: what GET habits answers."""
        found: dict[str, Any] = await self._store.read(
            show.section, patient, now, self._zone
        )
        return found

    async def get(self, patient: str, id: int) -> dict[str, Any]:
        """One habit as the API shows it, or NotFound."""
        answer: dict[str, Any] = await self._store.read(
            _one, patient, id, self._now(), self._zone
        )
        return answer

    async def days(self, patient: str) -> Days:
        """The days of a patient."""
        settings = await self._store.read(records.settings_of, patient)
        return days_of(settings.timezone or self._zone, settings.day_start)

    async def checkins(
        self, patient: str, id: int, since: date | None, until: date | None,
        after: str | None, limit: int,
    ) -> list[dict[str, Any]]:
        """What was said of days, the oldest first; days without a word are not among them."""
        found: list[dict[str, Any]] = await self._store.read(
            _list, patient, id, since, until, after, limit, self._now(), self._zone
        )
        return found

    @to_its_end
    async def add(self, patient: str, fields: dict[str, Any], by: By) -> dict[str, Any]:
        """A new habit; Conflict when there are 50, or a ready one is there already."""
        values = complete(fields)
        values["created_at"] = by.at
        id = await self._write(patient, "add habit", by, _add, values)
        return await self.get(patient, id)

    @to_its_end
    async def change(
        self, patient: str, id: int, fields: dict[str, Any], by: By
    ) -> dict[str, Any]:
        """Change what is given; ``archived`` puts it away and takes it out again."""
        await self._write(patient, "change habit", by, _change, id, fields)
        return await self.get(patient, id)

    @to_its_end
    async def remove(self, patient: str, id: int, by: By) -> None:
        """It and all that was checked is gone."""
        await self._write(patient, "remove habit", by, _remove, id)

    @to_its_end
    async def order(self, patient: str, ids: Sequence[int], by: By) -> None:
        """Show these first, in this order."""
        await self._write(patient, "order habits", by, _order, tuple(ids))

    @to_its_end
    async def check_in(
        self, patient: str, id: int, fields: dict[str, Any], by: By
    ) -> dict[str, Any]:
        """Say something of a day; what was said of it before is added to."""
        day: date = await self._write(
            patient, "check in habit", by, _check_in, id, fields, self._zone
        )
        return await self._day(patient, id, day)

    @to_its_end
    async def take_back(self, patient: str, id: int, day: date, by: By) -> None:
        """Nothing was said of a day."""
        await self._write(patient, "take back check-in", by, _take_back, id, day)

    async def _day(self, patient: str, id: int, day: date) -> dict[str, Any]:
        found: dict[str, Any] = await self._store.read(
            _day, patient, id, day, self._now(), self._zone
        )
        return found

    @to_its_end
    async def set(self, patient: str, fields: dict[str, Any], by: By) -> dict[str, Any]:
        """The time zone and when a day begins; null is the site's zone, and midnight."""
        wanted = _settings(fields)
        settings = await self._write(patient, "change habit settings", by, _set, wanted)
        return show.settings_json(settings, self._zone)

    async def _write(
        self, patient: str, what: str, by: By, work: Callable[..., Any], *args: Any
    ) -> Any:
        self._patients.patient(patient)

        def write(connection: Any) -> Any:
            result, detail = work(connection, patient, by, *args)
            by.audit(connection, what, patient, detail, patient=patient)
            return result

        result = await self._store.run(write)
        self._bus.publish(RecordChanged(
            id=f"{patient}/{SECTION}", patient=patient, section=SECTION,
            data={"patient": patient, "section": SECTION, "what": what, "by": by.who,
                  "at": rfc3339(by.at)},
        ))
        return result


def _find(connection: Any, patient: str, id: int) -> Habit:
    habit = records.find(connection, patient, id)
    if habit is None:
        raise NotFound("There is no such habit.", "id")
    return habit


def _one(connection: Any, patient: str, id: int, now: float, zone: str) -> dict[str, Any]:
    habit = _find(connection, patient, id)
    look = show.look_of(records.settings_of(connection, patient), zone, now)
    return show.habit(habit, records.marks_of(connection, [id])[id], look)


def _list(
    connection: Any, patient: str, id: int, since: date | None, until: date | None,
    after: str | None, limit: int, now: float, zone: str,
) -> list[dict[str, Any]]:
    habit = _find(connection, patient, id)
    today = show.look_of(records.settings_of(connection, patient), zone, now).today
    rows = records.list_checkins(connection, id, since, until, after, limit)
    return [show.checkin(habit, each.day, each, today) for each in rows]


def _day(
    connection: Any, patient: str, id: int, day: date, now: float, zone: str
) -> dict[str, Any]:
    habit = _find(connection, patient, id)
    today = show.look_of(records.settings_of(connection, patient), zone, now).today
    return show.checkin(habit, day, records.find_checkin(connection, id, day), today)


def _add(
    connection: Any, patient: str, by: By, values: dict[str, Any]
) -> tuple[int, str]:
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


def _change(
    connection: Any, patient: str, by: By, id: int, fields: dict[str, Any]
) -> tuple[None, str]:
    habit = _find(connection, patient, id)
    values = checked(habit, fields)
    archived = fields.get("archived")
    if archived is not None and archived != (habit.archived_at is not None):
        values["archived_at"] = by.at if archived else None
    if archived is False:
        _check_ready(records.all_of(connection, patient), habit.ready, id)
    records.change(connection, id, values)
    return None, f"habit {id}: {', '.join(sorted(fields))}"


def _remove(connection: Any, patient: str, by: By, id: int) -> tuple[None, str]:
    _find(connection, patient, id)
    records.remove(connection, id)
    return None, f"habit {id}"


def _order(
    connection: Any, patient: str, by: By, ids: tuple[int, ...]
) -> tuple[None, str]:
    known = [each.id for each in records.all_of(connection, patient)]
    for id in ids:
        if id not in known:
            raise NotFound(f"There is no habit {id}.", "ids")
    if len(set(ids)) != len(ids):
        raise Invalid("ids: one is there twice.", "ids")
    records.order(connection, [*ids, *(id for id in known if id not in ids)])
    return None, f"{len(ids)} habits"


def _check_in(
    connection: Any, patient: str, by: By, id: int, fields: dict[str, Any], zone: str
) -> tuple[date, str]:
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


def _take_back(
    connection: Any, patient: str, by: By, id: int, day: date
) -> tuple[None, str]:
    _find(connection, patient, id)
    if records.find_checkin(connection, id, day) is None:
        raise NotFound(f"Nothing was said of {day}.", "day")
    records.put_checkin(connection, id, day, None, by.at, by.who)
    return None, f"habit {id}, {day}"


def _settings(fields: dict[str, Any]) -> dict[str, Any]:
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


def _set(
    connection: Any, patient: str, by: By, values: dict[str, Any]
) -> tuple[Settings, str]:
    before = records.settings_of(connection, patient)
    wanted = Settings(**{"timezone": before.timezone, "day_start": before.day_start, **values})
    records.put_settings(connection, patient, wanted)
    return wanted, ", ".join(sorted(values))
