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

from twisted.internet.defer import Deferred

from iotd.accounts.records import list_audit_about
from iotd.accounts.shared import By
from iotd.calendar import Calendar
from iotd.health.fhir import readings
from iotd.health.fhir.consents import MOST_EVENTS
from iotd.health.fhir.export import Record, as_bytes
from iotd.health.fhir.readings import Measured, Span
from iotd.health.patients import Patients
from iotd.health.sections import SECTIONS, Sections
from iotd.store.engine import Store

READINGS = "readings"
TOLD = ("labs", "advice", "questionnaire", "notes")  # besides readings


class Fhir:
    """Exports and imports of all patients."""

    def __init__(
        self, *, store: Store, patients: Patients, sections: Sections, labs: Any,
        shares: Callable[[str], Sequence[dict[str, Any]]], calendar: Calendar, slot: float,
        in_thread: Callable[..., Deferred[Any]],
    ) -> None:
        self._store, self._patients, self._sections = store, patients, sections
        self._labs, self._shares, self._calendar, self._slot = labs, shares, calendar, slot
        self._in_thread = in_thread

    async def export(
        self, patient: str, wanted: Iterable[str], span: Span, by: By, *, own: bool = False,
        audit: bool = False,
    ) -> bytes:
        """The Bundle as JSON, after it was written down that it is handed out.

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
        done: bytes = await self._in_thread(as_bytes, record, by.at)
        return done

    async def _events(self, patient: str, since: float) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._store.read(
            list_audit_about, patient, since, MOST_EVENTS
        )
        return found
