"""FHIR over HTTP: a patient's record as a Bundle, and laboratory results out of one.

    FhirApi(service=Fhir(…), patients=patients, looks=looks)
"""

from __future__ import annotations

from typing import Any

from iotd.accounts.shared import By
from iotd.errors import Invalid, NotFound
from iotd.health.access import Looks
from iotd.health.fhir import shapes
from iotd.health.fhir.readings import DAYS, Span
from iotd.health.fhir.service import Fhir
from iotd.health.moments import AHEAD
from iotd.health.onward import span_of
from iotd.health.patients import Patients
from iotd.health.sections import SECTIONS
from iotd.site.routes import Answer, Call, route

FHIR = "/api/v1/patients/<id>/fhir"
MEDIA_TYPE = "application/fhir+json"
MAX_BYTES = 8 * 1024 * 1024  # of a Bundle to read: results of a thousand days
LABS = "labs"


class FhirApi:
    """Routes of FHIR."""

    def __init__(self, *, service: Fhir, patients: Patients, looks: Looks) -> None:
        self._service, self._patients, self._looks = service, patients, looks

    @route("GET", FHIR, query=shapes.ExportQuery)
    async def export_fhir(self, call: Call, id: str) -> Answer:
        """What one may see of a patient's record, as a FHIR R4 Bundle."""
        access, asked = self._patients.access, call.query
        access.check(call.who, id)
        own = call.who.role == "admin" or access.is_own(call.who, id)
        if asked.audit and not own:
            raise NotFound("Who looked at a patient is told to the patient only.", "audit")
        wanted = access.sections(call.who, id)
        if asked.sections is not None:
            wanted = frozenset(_named(asked.sections))
            for section in wanted:
                access.check(call.who, id, section)
        zipped = b"gzip" in (call.request.getHeader(b"accept-encoding") or b"").lower()
        body = await self._service.export(
            id, wanted, _span(call), By(call.who.name, call.now, call.address), own=own,
            audit=asked.audit, zipped=zipped,
        )
        for section in wanted:  # while it was put together a consent may have ended
            access.check(call.who, id, section)
        headers = {
            "Content-Disposition": f'attachment; filename="record-{id}.json"',
            "Vary": "Accept-Encoding", **({"Content-Encoding": "gzip"} if zipped else {}),
        }
        return Answer(body, headers=headers, content_type=MEDIA_TYPE)

    @route("POST", FHIR, query=shapes.ImportQuery, raw=MEDIA_TYPE, answer=shapes.ImportOut,
           status=201, body_limit=MAX_BYTES)
    async def import_fhir(self, call: Call, id: str) -> Answer:
        """Take the laboratory results of a FHIR R4 Bundle over; or only look at it."""
        await self._looks.look(call, id, "view labs", LABS)
        done = await self._service.take(
            id, call.body, By(call.who.name, call.now, call.address),
            preview=call.query.preview, force=call.query.force,
        )
        return Answer(done, status=201 if done["applied"] and done["added"] else 200)


def _named(text: str) -> set[str]:
    found = {each.strip() for each in text.split(",")}
    if not found <= set(SECTIONS):
        raise Invalid(f"sections are some of {', '.join(SECTIONS)}.", "sections")
    return found


def _span(call: Call) -> Span:
    since, until = span_of(call.query)
    last: Any = call.now + AHEAD if until is None else until
    return Span(
        last - DAYS * 86400 if since is None else since, last, call.query.readings
    )
