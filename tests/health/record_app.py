"""A patient on the whole web part, and doctors whom she let in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.accounts.profile_model import Profile
from iotd.bus import RecordChanged
from tests.apps import App, Browser, Reply
from tests.health.test_api import ANNA


class RecordTest(TestCase):
    """Anna has a patient; ``self.told`` is what was published of the record."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        self.told: list[dict[str, Any]] = []
        self.app.bus.subscribe(RecordChanged, lambda event: self.told.append(event.data))
        await self.app.add("anna", "patient")
        self.anna = await self.app.signed_in("anna")
        made = await self.anna.call("POST", "/api/v1/patients", json=ANNA)
        self.path = f"/api/v1/patients/{made.json['id']}"
        self.who = str(made.json["id"])

    async def signed_in(self, name: str, role: str, full_name: str = "") -> Browser:
        """A new account's browser."""
        number = await self.app.add(name, role)
        if full_name:
            profiles = self.app.accounts.profiles
            profiles.keep(Profile(number, full_name=full_name, verified_at=self.app.now))
        return await self.app.signed_in(name)

    async def doctor(self, name: str, *sections: str, full_name: str = "") -> Browser:
        """A doctor whom Anna let into these sections."""
        browser = await self.signed_in(name, "doctor", full_name)
        share = {"doctor": name, "sections": sections, "days": 365}
        made = await self.anna.call("POST", self.path + "/shares", json=share)
        self.assertEqual(made.status, 201, made.body)
        self.told.clear()
        return browser

    async def get(self, path: str, browser: Browser | None = None) -> Any:
        """What a GET answers; it must be one that worked."""
        reply = await (browser or self.anna).call("GET", self.path + path)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json

    async def put(self, path: str, browser: Browser | None = None, **body: Any) -> Reply:
        """The reply to a PUT."""
        return await (browser or self.anna).call("PUT", self.path + path, json=body)

    async def audited(self) -> list[tuple[str, str, str]]:
        """Who did what to the patient and its details, the newest first, as the patient sees."""
        items = (await self.get("/accesses"))["items"]
        return [(row["who"], row["action"], row["detail"]) for row in items]
