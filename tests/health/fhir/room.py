"""A patient's record over HTTP as FHIR."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from tests.apps import App, Browser, Reply
from tests.health.fhir.rules import check
from tests.health.test_api import ANNA

FHIR_JSON = "application/fhir+json"


class FhirTest(TestCase):
    """Anna is signed in and has a patient."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        await self.app.add("anna", "patient")
        self.anna = await self.app.signed_in("anna")
        self.who = await self.patient()

    async def patient(self, **more: Any) -> str:
        """A new patient of Anna's, whom all that follows is about."""
        made = await self.anna.call("POST", "/api/v1/patients", json={**ANNA, **more})
        self.path = f"/api/v1/patients/{made.json['id']}"
        return str(made.json["id"])

    async def doctor(self, name: str, *sections: str) -> Browser:
        """A doctor whom Anna let into these sections."""
        await self.app.add(name, "doctor")
        if sections:
            await self.say("POST", "/shares", doctor=name, sections=sections)
        return await self.app.signed_in(name)

    async def say(
        self, method: str, path: str, browser: Browser | None = None, **body: Any
    ) -> Any:
        """What a call is answered; it must have worked."""
        reply = await (browser or self.anna).call(method, self.path + path, json=body)
        self.assertLess(reply.status, 300, reply.body)
        return reply.json

    async def get(self, path: str) -> Any:
        """What a GET answers."""
        return (await self.anna.call("GET", self.path + path)).json

    async def tell(self, date: str, **values: Any) -> None:
        """Results of a day."""
        await self.say("PUT", "/labs", date=date, values=values)

    async def read(self, kind: str, value: float) -> None:
        """A reading told by hand."""
        await self.say("POST", "/readings", kind=kind, value=value)

    async def export(
        self, query: str = "", browser: Browser | None = None
    ) -> dict[str, list[dict[str, Any]]]:
        """The resources by type of an export that keeps every rule."""
        reply = await self.ask(query, browser)
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.header("content-type"), FHIR_JSON)
        return check(reply.json)

    async def ask(self, query: str = "", browser: Browser | None = None) -> Reply:
        """The reply to an export."""
        return await (browser or self.anna).call("GET", f"{self.path}/fhir{query}")

    async def send(
        self, bundle: Any, query: str = "", browser: Browser | None = None, kind: str = FHIR_JSON
    ) -> Reply:
        """The reply to an import of a Bundle, or of bytes."""
        data = bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode()
        return await (browser or self.anna).call(
            "POST", f"{self.path}/fhir{query}", data=data, headers={"Content-Type": kind}
        )

    async def versions(self) -> dict[str, int]:
        """The version of each report, by date."""
        return {each["date"]: each["version"] for each in (await self.get("/labs"))["items"]}

    async def audited(self) -> list[tuple[str, str, str]]:
        """Who did what to the patient and its details, the newest first, as the patient sees."""
        items = (await self.get("/accesses"))["items"]
        return [(row["who"], row["action"], row["detail"]) for row in items]
