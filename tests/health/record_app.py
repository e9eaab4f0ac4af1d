"""The whole web part with questionnaires, advice and notes, and doctors with consent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.health.advice.api import AdviceApi, NotesApi
from iotd.health.advice.notes import Notes
from iotd.health.advice.pages import AdvicePages
from iotd.health.advice.service import Advice
from iotd.health.questionnaire.api import QuestionnaireApi
from iotd.health.questionnaire.pages import QuestionnairePages
from iotd.health.questionnaire.service import Questionnaires
from iotd.bus import RecordChanged
from iotd.site.routes import Identity
from tests.apps import App, Browser, Reply
from tests.health.test_api import ANNA


class Profiles:
    """Full names by account number."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}

    def name_of(self, user_id: int) -> str:
        """As the accounts' own."""
        return self.names.get(user_id, f"user {user_id}")


class RecordApp(App):
    """``granted`` are the sections that each doctor was let into, of every patient."""

    def _health_apis(self) -> list[object]:
        self.granted: dict[str, set[str]] = {}
        self.profiles = Profiles()
        self.patients.access._grants = self._granted
        common: dict[str, Any] = {
            "store": self.store, "bus": self.bus, "now": self.time, "patients": self.patients,
        }
        room: dict[str, Any] = {"patients": self.patients, "looks": self.looks}
        self.questionnaires = Questionnaires(**common)
        self.advice = Advice(**common, profiles=self.profiles)
        self.notes = Notes(**common, profiles=self.profiles)
        questions = QuestionnaireApi(service=self.questionnaires, **room)
        advice = AdviceApi(service=self.advice, **room)
        notes = NotesApi(service=self.notes, **room)
        return [
            *super()._health_apis(), questions, advice, notes,
            QuestionnairePages(api=questions, patients=self.patients),
            AdvicePages(api=advice, notes_api=notes, patients=self.patients),
        ]

    def _granted(self, identity: Identity, patient: str) -> frozenset[str]:
        return frozenset(self.granted.get(identity.name, ()))


class RecordTest(TestCase):
    """Anna has a patient; doctors dora and emil may see what ``grant`` says."""

    app_class: type[RecordApp] = RecordApp

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = self.app_class(Path(self.mktemp()))
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
        self.app.profiles.names[number] = full_name or name
        return await self.app.signed_in(name)

    async def doctor(self, name: str = "dora", *sections: str, full_name: str = "") -> Browser:
        """A doctor who was let into these sections."""
        self.app.granted[name] = set(sections)
        return await self.signed_in(name, "doctor", full_name)

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
