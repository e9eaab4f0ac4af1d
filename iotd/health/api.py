"""Patients and their vitals over HTTP."""

from __future__ import annotations

from typing import Any

from iotd.accounts.shared import By
from iotd.health import records, shapes
from iotd.health.access import Looks
from iotd.health.buckets import width_of
from iotd.health.model import KINDS, find_kind
from iotd.health.moments import AHEAD, check_measured, parse_time
from iotd.health.onward import at_of, cursor_of, kind_at, next_of, onward, span_of
from iotd.health.patients import Patients
from iotd.health.readings import API, HAND, Readings
from iotd.health.rollups import Chart, Rollups
from iotd.health.vitals import read_vitals
from iotd.site.answers import JSON
from iotd.site.paging import TextPaging, page_of
from iotd.site.routes import Answer, Call, route
from iotd.store.engine import Store

PATIENT = "/api/v1/patients/<id>"


class HealthApi:
    """Routes of patients, readings and vitals."""

    def __init__(
        self, *, store: Store, patients: Patients, readings: Readings, rollups: Rollups,
        looks: Looks, poll_seconds: float,
    ) -> None:
        self._store, self._patients, self._looks = store, patients, looks
        self._readings, self._rollups = readings, rollups
        self._poll_seconds = poll_seconds

    @route("GET", "/api/v1/patients", query=TextPaging, answer=shapes.PatientList)
    async def list_patients(self, call: Call) -> dict[str, Any]:
        """The patients one may know of, by id."""
        return page_of(await self.seen(call), call)

    async def seen(self, call: Call) -> list[dict[str, Any]]:
        """Every patient one may know of, as JSON; that somebody looks is written down."""
        found = self._patients.list(call.who)
        ids = [each["id"] for each in found]
        await self._looks.note_all(call.who, ids, "list patients", call.now, call.address)
        return found

    @route(
        "POST", "/api/v1/patients", body=shapes.NewPatient, answer=shapes.PatientOut, status=201
    )
    async def add_patient(self, call: Call) -> dict[str, Any]:
        """Make a patient: one's own, or by an admin anybody's."""
        new = call.body
        return await self._patients.add(
            call.who, new.name, new.sex, new.birth_date, new.user, call.address
        )

    @route("GET", PATIENT, answer=shapes.PatientOut)
    async def get_patient(self, call: Call, id: str) -> dict[str, Any]:
        """One patient."""
        return await self.look_at(call, id)

    async def look_at(self, call: Call, id: str, section: str | None = None) -> dict[str, Any]:
        """The same for a page, of what is in this section; that it is looked at is noted."""
        await self._looks.look(call, id, "view patient", section)
        return self._patients.get(call.who, id)

    @route("PATCH", PATIENT, body=shapes.PatientChange, answer=shapes.PatientOut)
    async def change_patient(self, call: Call, id: str) -> dict[str, Any]:
        """Change what is known of a patient; by an admin also whose it is."""
        fields = call.body.model_dump(exclude_unset=True)
        return await self._patients.change(call.who, id, fields, call.address)

    @route("DELETE", PATIENT, status=204)
    async def remove_patient(self, call: Call, id: str) -> None:
        """Remove a patient and every reading."""
        await self._patients.remove(call.who, id, call.address)

    @route("GET", PATIENT + "/vitals", answer=shapes.Vitals)
    async def get_vitals(self, call: Call, id: str) -> dict[str, Any]:
        """The newest reading of each kind, with its age, quality, range and trend."""
        await self._looks.look(call, id, "view vitals", "readings")
        patient = self._patients.patient(id)
        skin = [each["id"] for each in self._patients.devices(id) if each["kind"] == "watch"]
        return await self._store.read(
            read_vitals, patient, call.now, self._poll_seconds, skin
        )

    @route("GET", PATIENT + "/readings", query=shapes.ReadingQuery)
    async def list_readings(self, call: Call, id: str) -> Any:
        """Readings, the newest first; with ``bucket`` their min, median and max over time."""
        await self._looks.look(call, id, "view readings", "readings")
        if call.query.bucket not in (None, "raw"):
            return await self._chart(call, id)
        asked = call.query
        kind = find_kind(asked.kind).name if asked.kind is not None else None
        since, until = span_of(asked)
        limit = asked.limit or 100
        after = None if asked.after is None else at_of(asked.after)
        found = await self._store.read(
            records.list_readings, id, kind, since, until, limit + 1, after
        )
        more = next_of(call, cursor_of(found[limit - 1])) if len(found) > limit else None
        return {"items": [each.as_json() for each in found[:limit]], "next": more}

    async def _chart(self, call: Call, id: str) -> Answer:
        asked, (since, until) = call.query, span_of(call.query)
        auto = asked.bucket == "auto"
        chart = Chart(
            id, [find_kind(asked.kind).name] if asked.kind is not None else list(KINDS),
            since, call.now + AHEAD if until is None else until,
            None if auto else width_of(asked.bucket), asked.limit or (None if auto else 100),
            None if asked.after is None else kind_at(asked.after),
        )
        accepted = (call.request.getHeader(b"accept-encoding") or b"").lower()
        zipped = b"gzip" in accepted
        told = await self._rollups.read(chart, onward(call), zipped)
        headers = {"Content-Encoding": "gzip"} if zipped else {}
        return Answer(told, headers={"Vary": "Accept-Encoding", **headers}, content_type=JSON)

    @route(
        "POST", PATIENT + "/readings", body=shapes.NewReading, answer=shapes.ReadingOut, status=201
    )
    async def add_reading(self, call: Call, id: str) -> dict[str, Any]:
        """A value measured elsewhere: typed in by hand, or sent by a script."""
        self._patients.access.check(call.who, id, "readings")
        new, measured_at = call.body, None
        if new.measured_at is not None:
            at = parse_time(new.measured_at, "measured_at")
            measured_at = check_measured(at, call.now, self._patients.patient(id).birth_date)
        own = self._patients.access.is_own(call.who, id)
        stored = await self._readings.add(
            id, new.kind, float(new.value), API if call.who.csrf is None else HAND,
            unit=new.unit, measured_at=measured_at,
            by=None if own else By(call.who.name, call.now, call.address),
        )
        return stored.as_json()

    @route("DELETE", PATIENT + "/readings/<int:number>", status=204)
    async def remove_reading(self, call: Call, id: str, number: int) -> None:
        """Remove a value that was typed or sent wrongly; what a device said stays."""
        self._patients.access.check(call.who, id, "readings")
        await self._readings.remove(id, number, By(call.who.name, call.now, call.address))
