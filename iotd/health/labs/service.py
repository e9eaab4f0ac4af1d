"""Health reports: put, removed, read with ranges, flags and trends.

``Labs(store=, bus=, now=, patients=)``, perhaps with ``calendar=`` (the site's days; else UTC).
"""

from __future__ import annotations

from typing import Any, Callable, Mapping

from sqlalchemy import Connection

from iotd.accounts.shared import By, to_its_end
from iotd.bus import Bus, RecordChanged
from iotd.calendar import Calendar
from iotd.errors import Invalid, NotFound, Unavailable
from iotd.health.labs import model, records
from iotd.health.labs.analytes import KEYS
from iotd.health.labs.merging import API, CSV, FHIR, HAND, Days, Merge
from iotd.health.labs.ranges import Range
from iotd.health.labs.reports import Person, as_json
from iotd.health.patients import Patients
from iotd.store.engine import Store
from iotd.times import rfc3339

SECTION = "labs"
LONGEST_NAME = 100  # characters of a laboratory's name

__all__ = ["API", "CSV", "FHIR", "HAND", "SECTION", "Labs"]

#: Told results of a day: {"glucose": {"value": 5.4, "unit": "mmol/L"}, "alt": None}.
Told = Mapping[str, Mapping[str, Any] | None]


class Labs:
    """The health reports of all patients."""

    def __init__(
        self, *, store: Store, bus: Bus, now: Callable[[], float], patients: Patients,
        calendar: Calendar | None = None,
    ) -> None:
        self.store, self._bus, self._now, self._patients = store, bus, now, patients
        self._calendar = calendar or Calendar()

    @property
    def today(self) -> str:
        """The site's day: the last one that a report may be of."""
        return self._calendar.day_of(self._now())

    def person(self, patient: str) -> Person:
        """What of a patient decides ranges and equations; NotFound."""
        known = self._patients.patient(patient)
        return Person(known.sex, known.birth_date)

    async def section(self, patient: str, now: float) -> dict[str, Any]:
        """Every report of a patient, the newest first, as the API shows it."""
        return {"items": await self.reports(patient), "next": None}

    async def reports(self, patient: str) -> list[dict[str, Any]]:
        """The same, bare."""
        found: list[dict[str, Any]] = await self.store.read(
            read_reports, patient, self.person(patient)
        )
        return found

    async def newest(self, patient: str) -> list[float | None]:
        """The 16 values of the newest report in the order of the keys, computed ones included.

        None for what is not in it, and for what is only known as a limit.
        """
        found = await self.reports(patient)
        held = found[0]["values"] if found else {}
        return [
            round(held[key]["value"], 2) if key in held and not held[key]["comparator"] else None
            for key in KEYS
        ]

    def check_day(self, patient: str, day: Any, field: str = "date") -> str:
        """A day that a report of the patient may be of, or Invalid."""
        return model.check_date(day, self.person(patient).birth_date, self.today, field)

    async def put(
        self, patient: str, date: str, values: Told, by: By, source: str,
        laboratory: str | None = None,
    ) -> dict[str, Any]:
        """Merge what was told of a day, by analyte; the report then, as the API shows it.

        Telling the same again changes nothing. Invalid names the field; Unavailable says so when
        only the showing failed.
        """
        day = self.check_day(patient, date)
        results = {
            key: None if told is None else model.read_result(key, told)
            for key, told in values.items()
        }
        await self.put_all(patient, {day: (results, laboratory)}, by, source)
        for report in await self._reports_of_saved(patient):
            if report["date"] == day:
                return report
        return nothing(day, laboratory or "", source, by.at)

    async def _reports_of_saved(self, patient: str) -> list[dict[str, Any]]:
        # not in the transaction that wrote: a thousand reports take a quarter of a second
        try:
            return await self.reports(patient)
        except Unavailable as error:
            raise Unavailable(f"The results are saved, but can't be shown: {error}.") from error

    @to_its_end
    async def put_all(
        self, patient: str, days: Days, by: By, source: str,
        and_then: Callable[[Connection], None] = lambda connection: None,
    ) -> dict[str, int]:
        """Merge checked results of several days at once, all or nothing: how many reports were
        "added", "changed" and "unchanged". Audited and told when anything changed;
        ``and_then(connection)`` runs in the same transaction."""
        checked = {day: (results, _checked_name(name)) for day, (results, name) in days.items()}
        merge = Merge(patient, self.person(patient), by, source)

        def write(connection: Connection) -> dict[str, int]:
            done = merge.all(connection, checked)
            and_then(connection)
            return done

        done: dict[str, int] = await self.store.run(write)
        if done["added"] or done["changed"] or done["removed"]:
            self._tell(patient, by, "changed")
        return done

    @to_its_end
    async def remove(self, patient: str, date: str, by: By) -> None:
        """Remove the report of a day; NotFound when there is none."""
        self.person(patient)

        def write(connection: Connection) -> None:
            report = records.find_report(connection, patient, date)
            if report is None:
                raise NotFound("There is no report of this day.", "date")
            records.remove_report(connection, report.id)
            by.audit(connection, "remove labs", patient, date, patient=patient)

        await self.store.run(write)
        self._tell(patient, by, "removed")

    def _tell(self, patient: str, by: By, what: str) -> None:
        data = {
            "patient": patient, "section": SECTION, "what": what, "by": by.who,
            "at": rfc3339(by.at),
        }
        self._bus.publish(RecordChanged(f"{patient}/{SECTION}", patient, SECTION, data))

    async def site_ranges(self) -> list[Range]:
        """The ranges that admins of this site have entered."""
        found: list[Range] = await self.store.read(records.site_ranges)
        return found

    @to_its_end
    async def put_ranges(self, ranges: Mapping[str, list[Range]], by: By) -> None:
        """Put ranges of this site in the place of those of the same analytes; none: built-in."""
        def write(connection: Connection) -> None:
            for analyte, rows in ranges.items():
                records.put_site_ranges(connection, analyte, rows, by.who, by.at)
            by.audit(connection, "change lab ranges", SECTION, ", ".join(sorted(ranges)))

        await self.store.run(write)


def read_reports(connection: Connection, patient: str, person: Person) -> list[dict[str, Any]]:
    """Every report of a patient as the API shows it, the newest first."""
    found = records.list_reports(connection, patient)
    return as_json(found, person, records.site_ranges(connection))


def nothing(day: str, laboratory: str, source: str, at: float) -> dict[str, Any]:
    """The report of a day from which the last value was taken out: there is none any more."""
    return {
        "id": 0, "date": day, "laboratory": laboratory, "source": source, "version": 0,
        "changed_at": rfc3339(at), "values": {}, "missing": {},
    }


def _checked_name(name: str | None) -> str | None:
    if name is None:
        return None
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(f"A laboratory's name has at most {LONGEST_NAME} printable characters.",
                      "laboratory")
    return name
