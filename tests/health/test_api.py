"""Patients, vitals and readings, asked for as browsers and scripts do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.bus import ReadingHeard
from tests.apps import App, Browser

ANNA = {"name": "Anna Berg", "sex": "female", "birth_date": "1948-07-21"}


class HealthTest(TestCase):
    """The app; ``self.admin`` and ``self.anna`` are signed in."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        await self.app.add("admin", "admin")
        await self.app.add("anna", "patient")
        self.admin = await self.app.signed_in("admin")
        self.anna = await self.app.signed_in("anna")

    async def patient(self, browser: Browser | None = None, **more: Any) -> str:
        """A new patient's id."""
        made = await (browser or self.anna).call("POST", "/api/v1/patients", json={**ANNA, **more})
        self.assertEqual(made.status, 201, made.body)
        return str(made.json["id"])

    async def post(self, id: str, kind: str, value: Any, **more: Any) -> Any:
        """The reply to one reading told by Anna."""
        body = {"kind": kind, "value": value, **more}
        return await self.anna.call("POST", f"/api/v1/patients/{id}/readings", json=body)

    async def get(self, path: str, browser: Browser | None = None) -> Any:
        """A reply's JSON; it must be one that worked."""
        reply = await (browser or self.anna).call("GET", f"/api/v1/patients{path}")
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json

    async def hear(self, value: float, unit: str, device: str = "wch") -> None:
        """A device says a value, and it is on disk."""
        self.app.bus.publish(ReadingHeard(device, value, unit, f"{value:.2f},{unit}",
                                          self.app.now))
        while self.app.readings.waiting:
            await self.app.store.run(lambda connection: None)


class FirstTests(HealthTest):
    async def test_thin_path(self) -> None:
        """A patient, a reading, and it is among the vitals."""
        id = await self.patient()
        made = await self.post(id, "heart_rate", 72)
        self.assertEqual((made.status, made.json["quality"]), (201, "good"))
        vitals = await self.get(f"/{id}/vitals")
        self.assertEqual([each["kind"] for each in vitals["items"]], [
            "heart_rate", "body_temperature", "spo2", "bp_systolic", "bp_diastolic",
        ])
        pulse = vitals["items"][0]
        self.assertEqual((pulse["value"], pulse["unit"], pulse["state"]), (72.0, "/min", "fresh"))
        self.assertEqual(vitals["items"][1]["state"], "none")
        self.assertEqual((await self.get(f"/{id}/readings"))["items"], [made.json])
