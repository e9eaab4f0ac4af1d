"""Reads a patient's record for an export, and takes results of a Bundle over.

::

    fhir = Fhir(
        store=store, patients=patients, sections=sections, labs=labs, shares=shares.list,
        calendar=calendar, slot=rollups.slot, in_thread=in_thread,
    )
    FhirApi(service=fhir, patients=patients, looks=looks)

``sections`` reads labs, advice, questionnaire and notes (readings are read here);
``shares(patient)`` is the list that ``GET …/shares`` answers, ``in_thread`` runs a
function off the reactor.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Sequence

from sqlalchemy import Connection
from twisted.internet.defer import Deferred, DeferredLock

from iotd.accounts.records import list_audit_about
from iotd.accounts.shared import By
from iotd.calendar import Calendar
from iotd.health.fhir import readings
from iotd.health.fhir.consents import MOST_EVENTS
from iotd.health.fhir.export import Record, as_bytes
from iotd.health.fhir.incoming import Incoming, read_bundle
from iotd.health.fhir.readings import Measured, Span
from iotd.health.fhir.results import COMPUTED_FROM
from iotd.health.fhir.whose import check_whose
from iotd.health.labs.model import Result
from iotd.health.labs.records import list_reports
from iotd.health.labs.reports import Person, Report, computed_of
from iotd.health.labs.service import FHIR, Labs
from iotd.health.patients import Patients
from iotd.health.sections import SECTIONS, Sections
from iotd.site.inputs import check_json
from iotd.store.engine import Store

READINGS = "readings"
TOLD = ("labs", "advice", "questionnaire", "notes")  # besides readings
MOST_SKIPPED = 100  # that are named


class Fhir:
    """Exports and imports of all patients."""

    def __init__(
        self, *, store: Store, patients: Patients, sections: Sections, labs: Labs,
        shares: Callable[[str], Sequence[dict[str, Any]]], calendar: Calendar, slot: float,
        in_thread: Callable[..., Deferred[Any]],
    ) -> None:
        self._store, self._patients, self._sections = store, patients, sections
        self._labs, self._shares, self._calendar, self._slot = labs, shares, calendar, slot
        self._in_thread = in_thread
        self._big = DeferredLock()  # a Bundle of some MB is ten times that in memory: one at once

    async def export(
        self, patient: str, wanted: Iterable[str], span: Span, by: By, *, own: bool = False,
        audit: bool = False, zipped: bool = False,
    ) -> bytes:
        """The Bundle as JSON, perhaps gzipped, after it was written down that it is handed out.

        ``wanted`` sections are those that the caller may see. ``own``: with whom it was shared,
        and with ``audit`` who looked, which is for the patient and admins.
        """
        sections = [each for each in SECTIONS if each in wanted and each in (READINGS, *TOLD)]
        detail = ", ".join(sections) + (", audit" if audit and own else "")
        await self._store.run(by.audit, "export fhir", patient, detail, patient=patient)
        known = self._patients.patient(patient)
        measured: Measured | None = None
        if READINGS in sections:
            measured = await self._store.read(
                readings.read, self._calendar, self._slot, patient, span
            )
        told = await self._sections.read(patient, set(sections) & set(TOLD), by.at)
        record = Record(
            known, measured, {each["id"]: each for each in self._patients.devices(patient)}, told,
            self._shares(patient) if own else (),
            await self._events(patient, known.created_at) if audit and own else (),
        )
        done: bytes = await self._in_thread(as_bytes, record, by.at, zipped)
        return done

    async def _events(self, patient: str, since: float) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._store.read(
            list_audit_about, patient, since, MOST_EVENTS
        )
        return found

    async def take(
        self, patient: str, body: bytes, by: By, *, preview: bool = False, force: bool = False
    ) -> dict[str, Any]:
        """Take the laboratory results of a Bundle over, merging by day and analyte; or only say
        what would happen. Invalid, Conflict, or a Refusal of what is no JSON."""
        found: Incoming = await self._big.run(self._in_thread, self._read, patient, body)
        check_whose(found, self._patients.patient(patient), force)
        done: dict[str, int] = await self._store.read(
            compare, patient, self._labs.person(patient), found.days
        )
        if not preview and done["added"] + done["changed"]:
            days = {
                day: (results, found.laboratories.get(day))
                for day, results in found.days.items() if results
            }
            await self._labs.put_all(patient, days, by, FHIR)
        return {
            "applied": not preview, **done,
            "skipped": [each.as_json() for each in found.skipped[:MOST_SKIPPED]],
            "skipped_in_all": len(found.skipped), "ignored": found.ignored,
            "reports": sorted(day for day, results in found.days.items() if results),
        }

    def _read(self, patient: str, body: bytes) -> Incoming:
        return read_bundle(check_json(body), lambda day: self._labs.check_day(patient, day))


def compare(
    connection: Connection, patient: str, person: Person, days: dict[str, dict[str, Result]]
) -> dict[str, int]:
    """How many results would be added, changed and left as they are."""
    reports = {each.date: each for each in list_reports(connection, patient)}
    done = {"added": 0, "changed": 0, "unchanged": 0}
    for day, results in days.items():
        held = reports[day].results if day in reports else {}
        measured = {
            key: each for key, each in {**held, **results}.items() if key not in COMPUTED_FROM
        }
        computed = computed_of(Report(0, day, "", "", 0, 0.0, measured), person)[0]
        for key, result in results.items():
            if key in held:
                done["unchanged" if held[key].same_as(result) else "changed"] += 1
            else:
                known = key in computed and computed[key].value == result.value
                done["unchanged" if known else "added"] += 1
    return done
