"""What was written is answered as written, even when the database goes away right behind it."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import fail

from iotd.errors import Unavailable
from tests.health.record_app import RecordTest


class AnswerTests(RecordTest):
    """The commit was the last that the database did."""

    def go_away(self) -> None:
        """From now on nothing is read."""
        store: Any = self.app.store
        self.addCleanup(self.come_back)
        store.read = lambda *args, **more: fail(Unavailable("away"))

    def come_back(self) -> None:
        """It is there again."""
        vars(self.app.store).pop("read", None)

    async def test_each(self) -> None:
        """Advice, answers, notes, habits and check-ins answer from the transaction that wrote
        them: an error would let somebody write them twice."""
        dora = await self.doctor("dora", "advice", "notes")
        habit = {"name": "Water", "target": 2000, "unit": "ml"}
        self.go_away()
        advice = await self.put("/advice", dora, diet="Less salt.")
        self.assertEqual((advice.status, advice.json["diet"]), (200, "Less salt."))
        draft = await self.put("/advice", dora, bone="Stairs", draft=True)
        self.assertEqual(draft.json["drafts"]["bone"]["text"], "Stairs")
        answers = await self.put("/questionnaire", sleep="Well.")
        self.assertEqual((answers.status, answers.json["sleep"]), (200, "Well."))
        note = await dora.call("POST", self.path + "/notes", json={"text": "Tired."})
        self.assertEqual((note.status, note.json["text"]), (201, "Tired."))
        made = await self.anna.call("POST", self.path + "/habits", json=habit)
        self.assertEqual((made.status, made.json["name"]), (201, "Water"))
        where = f"{self.path}/habits/{made.json['id']}"
        changed = await self.anna.call("PATCH", where, json={"name": "Tea"})
        self.assertEqual((changed.status, changed.json["name"]), (200, "Tea"))
        for amount in (300.0, 550.0):
            tick = await self.anna.call("POST", where + "/checkins", json={
                "state": "done", "value": 250 if amount > 300 else 300})
            self.assertEqual((tick.status, tick.json["value"]), (201, amount))

    async def test_results(self) -> None:
        """Results, of which a thousand reports may have to be read, say that they are saved."""
        self.go_away()
        told = await self.put("/labs", date="2023-01-02", values={
            "alt": {"value": 20, "unit": "U/L"}})
        self.assertEqual(told.status, 503)
        self.assertIn("The results are saved", told.json["detail"])
        self.come_back()
        report, = (await self.get("/labs"))["items"]
        self.assertEqual((report["version"], report["values"]["alt"]["value"]), (1, 20))
