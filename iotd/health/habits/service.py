"""Habits of patients: what is kept of them, and the reminders.

``Habits(store=…, bus=…, now=…, patients=…, clock=…, site_timezone="Europe/Berlin")``;
``start_service()`` and ``stop_service()`` for the reminders; ``days(patient)`` are the
person's days, for whoever else sums up by day.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Callable, Sequence

from sqlalchemy import Connection
from twisted.internet.defer import Deferred

from iotd.accounts.shared import By, to_its_end
from iotd.bus import Bus, RecordChanged
from iotd.health.habits import records, show, work
from iotd.health.habits.days import Days, days_of
from iotd.health.habits.fields import complete
from iotd.health.habits.reminders import Reminders
from iotd.health.patients import Patients
from iotd.store.engine import Store
from iotd.times import rfc3339

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
        answer: dict[str, Any] = await self._store.read(self._one, patient, id)
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
            work.list_days, patient, id, since, until, after, limit, self._now(), self._zone
        )
        return found

    @to_its_end
    async def add(self, patient: str, fields: dict[str, Any], by: By) -> dict[str, Any]:
        """A new habit; Conflict when there are 50, or a ready one is there already."""
        values = complete(fields)
        values["created_at"] = by.at
        return await self._write(patient, "add habit", by, work.add, values, shows=self._one)

    @to_its_end
    async def change(
        self, patient: str, id: int, fields: dict[str, Any], by: By
    ) -> dict[str, Any]:
        """Change what is given; ``archived`` puts it away and takes it out again."""
        return await self._write(
            patient, "change habit", by, work.change, id, fields,
            shows=lambda connection, patient, _: self._one(connection, patient, id),
        )

    @to_its_end
    async def remove(self, patient: str, id: int, by: By) -> None:
        """It and all that was checked is gone."""
        await self._write(patient, "remove habit", by, work.remove, id)

    @to_its_end
    async def order(self, patient: str, ids: Sequence[int], by: By) -> None:
        """Show these first, in this order."""
        await self._write(patient, "order habits", by, work.order, tuple(ids))

    @to_its_end
    async def check_in(
        self, patient: str, id: int, fields: dict[str, Any], by: By
    ) -> dict[str, Any]:
        """Say something of a day; what was said of it before is added to."""
        def show_day(connection: Connection, patient: str, day: date) -> dict[str, Any]:
            return work.one_day(connection, patient, id, day, self._now(), self._zone)

        return await self._write(
            patient, "check in habit", by, work.check_in, id, fields, self._zone, shows=show_day
        )

    @to_its_end
    async def take_back(self, patient: str, id: int, day: date, by: By) -> None:
        """Nothing was said of a day."""
        await self._write(patient, "take back check-in", by, work.take_back, id, day)

    def _one(self, connection: Connection, patient: str, id: int) -> dict[str, Any]:
        return work.one(connection, patient, id, self._now(), self._zone)

    @to_its_end
    async def set(self, patient: str, fields: dict[str, Any], by: By) -> dict[str, Any]:
        """The time zone and when a day begins; null is the site's zone, and midnight."""
        wanted = work.wanted_settings(fields)
        settings = await self._write(patient, "change habit settings", by, work.set_days, wanted)
        return show.settings_json(settings, self._zone)

    async def _write(
        self, patient: str, what: str, by: By, does: Callable[..., Any], *args: Any,
        shows: Callable[..., Any] = lambda connection, patient, result: result,
    ) -> Any:
        """``shows(connection, patient, result)`` is the answer. It is read in the same
        transaction: who is told an error would check in once more."""
        self._patients.patient(patient)

        def write(connection: Connection) -> Any:
            result, detail = does(connection, patient, by, *args)
            by.audit(connection, what, patient, detail, patient=patient)
            return shows(connection, patient, result)

        result = await self._store.run(write)
        self._bus.publish(RecordChanged(
            id=f"{patient}/{SECTION}", patient=patient, section=SECTION,
            data={"patient": patient, "section": SECTION, "what": what, "by": by.who,
                  "at": rfc3339(by.at)},
        ))
        return result
