"""Health reports on a real store with patients, and the same over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.accounts.shared import By
from iotd.bus import RecordChanged
from iotd.calendar import Calendar
from iotd.health.labs.service import Labs
from tests.apps import App, Browser, Reply
from tests.health.room import START, HealthRoom
from tests.health.test_api import ANNA

TODAY = Calendar().day_of(START)


def mmol(value: Any, unit: str = "mmol/L", **more: Any) -> dict[str, Any]:
    """What is told of an analyte."""
    return {"value": value, "unit": unit, **more}


class LabsRoom(HealthRoom):
    """``self.labs`` and Anna's patient ``self.who``; ``self.changes`` is what was published."""

    def begin(self) -> None:
        """The parts as a new process finds them."""
        super().begin()
        self.labs = Labs(store=self.store, bus=self.bus, now=lambda: self.now,
                         patients=self.patients)
        self.changes: list[dict[str, Any]] = []
        self.bus.subscribe(RecordChanged, lambda event: self.changes.append(event.data))

    def by(self) -> By:
        """Anna, now."""
        return By("anna", self.now, "192.0.2.1")

    async def put(
        self, who: str, date: str, values: dict[str, Any], source: str = "api", **more: Any
    ) -> dict[str, Any]:
        """The report after a merge."""
        return await self.labs.put(who, date, values, self.by(), source, **more)


class LabsTest(TestCase):
    """Anna's reports over HTTP; ``granted`` are the sections that each doctor was let into."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        self.granted: dict[str, frozenset[str]] = {}
        access = self.app.patients.access
        access.use(lambda who, patient: self.granted.get(who.name, frozenset()),
                   lambda who, patient: None)
        await self.app.add("anna", "patient")
        self.anna = await self.app.signed_in("anna")
        made = await self.anna.call("POST", "/api/v1/patients", json=ANNA)
        self.who = str(made.json["id"])
        self.path = f"/api/v1/patients/{self.who}"

    async def signed_in(self, name: str, role: str) -> Browser:
        """A new account's browser."""
        await self.app.add(name, role)
        return await self.app.signed_in(name)

    async def doctor(self, name: str, *sections: str) -> Browser:
        """A doctor who was let into these sections."""
        self.granted[name] = frozenset(sections)
        return await self.signed_in(name, "doctor")

    async def get(self, path: str, browser: Browser | None = None) -> Any:
        """What a GET answers; it must be one that worked."""
        reply = await (browser or self.anna).call("GET", self.path + path)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json

    async def put(self, path: str, browser: Browser | None = None, **body: Any) -> Reply:
        """The reply to a PUT."""
        return await (browser or self.anna).call("PUT", self.path + path, json=body)

    async def audited(self) -> list[tuple[str, str]]:
        """Who did what to the patient, the newest first, as the patient sees it."""
        items = (await self.get("/accesses"))["items"]
        return [(row["who"], row["action"]) for row in items]

    async def tell(self, date: str, browser: Browser | None = None, **values: Any) -> Reply:
        """The reply to a PUT of values."""
        return await self.put("/labs", browser, date=date, values=values)

    async def bring(
        self, text: str | bytes, browser: Browser | None = None, preview: bool = False,
        dates: str | None = None, **mapping: str,
    ) -> Reply:
        """The reply to a file."""
        query = f"?preview={str(preview).lower()}"
        if mapping:
            query += "&mapping=" + quote(json.dumps(mapping))
        if dates is not None:
            query += f"&dates={dates}"
        return await (browser or self.anna).call(
            "POST", f"{self.path}/labs/import{query}",
            data=text.encode() if isinstance(text, str) else text,
            headers={"Content-Type": "text/csv"},
        )
