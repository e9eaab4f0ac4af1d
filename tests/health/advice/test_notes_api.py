"""Notes: written by doctors and patients, and anew by whoever wrote them."""

from __future__ import annotations

from typing import Any
from unittest import mock

from tests.apps import Browser
from tests.health.record_app import RecordTest

PATH = "/notes"


class NotesTest(RecordTest):
    """A doctor who was let into the notes."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.dora = await self.doctor("dora", "notes", full_name="Dr. Dora Díaz")

    async def post(self, text: str, browser: Browser | None = None) -> Any:
        """A new note."""
        reply = await (browser or self.anna).call("POST", self.path + PATH, json={"text": text})
        self.assertEqual(reply.status, 201, reply.body)
        return reply.json

    async def texts(self) -> list[str]:
        """All notes, the newest first."""
        return [each["text"] for each in (await self.get(PATH))["items"]]


class NotesTests(NotesTest):
    async def test_add(self) -> None:
        """Both write; each note has its author and time, the newest is first, in pages."""
        hers = await self.post("I was dizzy on Monday.")
        self.app.now += 60
        doctors = await self.post("Measure twice a day.", self.dora)
        items = (await self.get(PATH, self.dora))["items"]
        self.assertEqual(items, [doctors, hers])
        self.assertEqual((doctors["author_name"], doctors["versions"]), ("Dr. Dora Díaz", 1))
        self.assertGreater(doctors["at"], hers["at"])
        page = await self.get(PATH + "?limit=1")
        rest = await self.anna.call("GET", page["next"])
        self.assertEqual(page["items"] + rest.json["items"], items)

    async def test_change(self) -> None:
        """Writing anew is a new version; the place in the list stays; old ones can be read."""
        note = await self.post("Left knee")
        await self.post("Another")
        self.app.now += 60
        path = f"{PATH}/{note['id']}"
        changed = await self.put(path, text="Right knee")
        self.assertEqual((changed.status, changed.json["versions"]), (200, 2))
        self.assertGreater(changed.json["changed_at"], changed.json["at"])
        self.assertEqual(await self.texts(), ["Another", "Right knee"])
        versions = (await self.get(path + "/versions"))["items"]
        self.assertEqual([each["text"] for each in versions], ["Right knee", "Left knee"])

    async def test_others(self) -> None:
        """Nobody writes another's note anew, nor gets at it by way of another patient; what
        there is not is not found."""
        note = await self.post("Mine")
        ada = await self.signed_in("ada", "admin")
        for browser in (self.dora, ada):
            reply = await self.put(f"{PATH}/{note['id']}", browser, text="Mine now")
            self.assertEqual(reply.status, 403)
        self.assertEqual((await self.put(PATH + "/999", text="x")).status, 404)
        reply = await self.anna.call("GET", self.path + PATH + "/999/versions")
        self.assertEqual(reply.status, 404)
        berta = await self.signed_in("berta", "patient")
        made = await berta.call("POST", "/api/v1/patients", json={"name": "Berta"})
        own = f"/api/v1/patients/{made.json['id']}/notes/{note['id']}"
        self.assertEqual((await berta.call("GET", own + "/versions")).status, 404)
        self.assertEqual((await berta.call("PUT", own, json={"text": "x"})).status, 404)
        self.assertEqual(await self.texts(), ["Mine"])

    async def test_refused(self) -> None:
        """A note needs a text, within its limit; there is an end to notes and their versions."""
        for text in ("", " \n ", "x" * 204_800):
            reply = await self.anna.call("POST", self.path + PATH, json={"text": text})
            self.assertEqual((reply.status, reply.json["field"]), (422, "text"))
        with mock.patch("iotd.health.advice.notes.MOST_NOTES", 1), \
                mock.patch("iotd.health.advice.notes.MOST_VERSIONS", 2):
            note = await self.post("One")
            more = await self.anna.call("POST", self.path + PATH, json={"text": "Two"})
            anew = [await self.put(f"{PATH}/{note['id']}", text=text) for text in "ab"]
        self.assertEqual((more.status, [each.status for each in anew]), (409, [200, 409]))

    async def test_told(self) -> None:
        """A note is on the bus and in the audit, without its words; without the section there
        are no notes, to read or to write."""
        note = await self.post("secret", self.dora)
        self.assertEqual([(each["section"], each["what"], each["by"]) for each in self.told],
                         [("notes", "added", "Dr. Dora Díaz")])
        self.assertEqual((await self.audited())[0], ("dora", "add note", f"note {note['id']}"))
        emil = await self.doctor("emil", "advice")
        self.assertEqual((await emil.call("GET", self.path + PATH)).status, 404)
        reply = await emil.call("POST", self.path + PATH, json={"text": "x"})
        self.assertEqual(reply.status, 404)
