"""The section "readings" of a patient's record: the vitals now, and the days before by kind."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from iotd.calendar import DAY, Calendar
from iotd.health import buckets
from iotd.health.model import KINDS
from iotd.health.moments import AHEAD
from iotd.health.patients import Patients
from iotd.health.records import Patient
from iotd.health.rollups import Chart, draw
from iotd.health.vitals import read_vitals
from iotd.store.engine import Store

DAYS = 90
MOST_DAYS = 366


class ReadingsSection:
    """Reads it: ``slot`` is the seconds from one poll to the next at the slowest (rollups')."""

    def __init__(
        self, *, store: Store, patients: Patients, calendar: Calendar, slot: float,
        poll_seconds: float,
    ) -> None:
        self._store, self._patients, self._calendar = store, patients, calendar
        self._slot, self._poll_seconds = slot, poll_seconds

    async def section(self, patient: str, now: float, days: int = DAYS) -> dict[str, Any]:
        """``vitals`` as their own route answers, and ``items``: the buckets of the local days,
        today and the ``days`` - 1 before, by kind and time."""
        known = self._patients.patient(patient)
        skin = [each["id"] for each in self._patients.devices(patient) if each["kind"] == "watch"]
        return await self._store.read(self._read, known, now, days, skin)

    def _read(
        self, connection: Connection, patient: Patient, now: float, days: int, skin: list[str]
    ) -> dict[str, Any]:
        chart = Chart(
            patient.id, list(KINDS), first_moment(self._calendar, now, days), now + AHEAD, DAY,
            (days + 1) * len(KINDS),
        )
        items, _, _ = draw(connection, self._calendar, self._slot, chart)
        vitals = read_vitals(connection, patient, now, self._poll_seconds, skin)
        return {"vitals": vitals, "days": days, "bucket": buckets.NAMES[DAY], "items": items}


def first_moment(calendar: Calendar, now: float, days: int) -> float:
    """The first moment of the local day that is ``days`` - 1 before today."""
    span = calendar.days(now - days * DAY, now)
    return calendar.span(span[-days])[0]
