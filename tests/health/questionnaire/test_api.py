"""Questionnaires as browsers and scripts fill them in."""

from __future__ import annotations

import csv
import io
from typing import Any

from tests.health.record_app import RecordTest

PATH = "/questionnaire"
SCRIPT = "<script>alert(1)</script>"


class FillTests(RecordTest):
    """A patient answers, section by section."""

    async def test_empty(self) -> None:
        """Before anything was answered every section is null, and there is no version; the
        questions are told with their kinds and limits."""
        told = await self.get(PATH)
        self.assertEqual(told["version"], 0)
        self.assertEqual(told["scores"], [])
        self.assertEqual({told[key] for key in SECTIONS}, {None})
        self.assertEqual((told["step"], told["changed_at"], told["finished_at"]), ("", None, None))
        form = await self.get(PATH + "/form")
        self.assertEqual([each["id"] for each in form["sections"]], list(SECTIONS))
        sleep = next(each for each in form["sections"] if each["id"] == "sleep")
        hours = sleep["questions"][0]
        self.assertEqual((hours["kind"], hours["low"], hours["high"]), ("number", 0, 24))

    async def test_merge(self) -> None:
        """PUT answers the whole; what it leaves out stays, null clears, text stays text."""
        first = await self.put(PATH, sleep={"hours": 7.5}, stress="It is the neighbours.\nAll.")
        self.assertEqual((first.status, first.json["version"]), (200, 1))
        second = await self.put(PATH, sleep={"hours": 6, "snores": "yes"}, step="exercise")
        self.assertEqual(second.json["sleep"], {"hours": 6, "snores": "yes"})
        self.assertEqual(second.json["stress"], "It is the neighbours.\nAll.")
        third = await self.put(PATH, stress=None)
        self.assertIsNone(third.json["stress"])
        self.assertEqual((third.json["step"], third.json["version"]), ("exercise", 3))
        self.assertEqual(await self.get(PATH), third.json)

    async def test_told(self) -> None:
        """A change is on the bus and in the audit with its sections, never with its words; the
        same again, an empty body, or another step is no change."""
        await self.put(PATH, alcohol={"note": "secret words"}, sleep={"hours": 7})
        for body in ({"sleep": {"hours": 7.0}}, {}, {"step": "review"}):
            again = await self.put(PATH, **body)
            self.assertEqual((again.status, again.json["version"]), (200, 1), body)
        self.assertEqual(self.told, [{
            "patient": self.who, "section": "questionnaire", "what": "changed", "by": "anna",
            "at": self.told[0]["at"],
        }])
        self.assertEqual((await self.audited())[0],
                         ("anna", "change questionnaire", "sleep, alcohol"))

    async def test_finished(self) -> None:
        """Coming to the end has its time; it stays until one comes to a new end."""
        first = await self.put(PATH, sleep={"hours": 7}, finished=True)
        self.assertIsNotNone(first.json["finished_at"])
        self.app.now += 60
        changed = await self.put(PATH, sleep={"hours": 8})
        self.assertEqual(changed.json["finished_at"], first.json["finished_at"])
        again = await self.put(PATH, sleep={"hours": 9}, finished=True)
        self.assertGreater(again.json["finished_at"], first.json["finished_at"])
        self.assertIsNone((await self.put(PATH, finished=False)).json["finished_at"])

    async def test_refused(self) -> None:
        """What can't be taken is refused with its field, and nothing of the body is kept."""
        for body, field in (
            ({"sleep": {"hours": 25}}, "sleep.hours"),
            ({"sleep": {"dreams": 1}}, "sleep.dreams"),
            ({"medications": {"list": [{"dose": "5 mg"}]}}, "medications.list.0.name"),
            ({"stress": "x" * 10_001}, "stress"),
            ({"step": "nowhere"}, "step"),
            ({"shoes": {}}, "shoes"),
        ):
            reply = await self.put(PATH, exercise={"kinds": "swimming"}, **body)
            self.assertEqual((reply.status, reply.json["field"]), (422, field))
        self.assertIsNone((await self.get(PATH))["exercise"])


SECTIONS = (
    "medications", "immunizations", "social_history", "sleep", "exercise", "stress", "alcohol",
    "tobacco", "screen_time",
)


class CsvTests(RecordTest):
    """Export report."""

    async def rows(self) -> list[dict[str, Any]]:
        """The file."""
        reply = await self.anna.call("GET", self.path + PATH + ".csv")
        self.assertEqual(reply.header("Content-Type"), "text/csv; charset=utf-8")
        self.assertIn("attachment", reply.header("Content-Disposition") or "")
        return list(csv.DictReader(io.StringIO(reply.body.decode())))

    async def test_answers(self) -> None:
        """Questions and answers in words, rows of lists with their number, and the scores; what
        a spreadsheet would run is no formula, a script is the text that it is."""
        await self.put(
            PATH, medications={"any": True, "list": [{"name": "Metformin", "since": "2019"}]},
            alcohol={"frequency": 0}, tobacco="Only when I was in the army.",
            stress="=HYPERLINK(\"http://x\")", sleep={"note": SCRIPT},
        )
        rows = [(row["section"], row["question"], row["answer"]) for row in await self.rows()]
        self.assertIn(("Medicines", "1. Name", "Metformin"), rows)
        self.assertIn(("Alcohol", "AUDIT-C", "0 of 12"), rows)
        self.assertIn(("Tobacco", "", "Only when I was in the army."), rows)
        answers = [answer for _, _, answer in rows]
        self.assertIn(SCRIPT, answers)
        self.assertIn("'=HYPERLINK(\"http://x\")", answers)


class RightsTests(RecordTest):
    """Who sees it, and who writes it."""

    async def test_doctors(self) -> None:
        """A doctor with the section reads, which the patient is told, writing is refused; an
        admin may write it for the patient, who sees that."""
        dora = await self.doctor("dora", "questionnaire")
        for path in ("", "/form", ".csv"):
            reply = await dora.call("GET", self.path + PATH + path)
            self.assertEqual(reply.status, 200, path)
        self.assertEqual((await self.put(PATH, dora, sleep="x")).status, 403)
        self.assertEqual([each[:2] for each in await self.audited()][:2],
                         [("dora", "export questionnaire"), ("dora", "view questionnaire")])
        ada = await self.signed_in("ada", "admin")
        self.assertEqual((await self.put(PATH, ada, sleep="Badly.")).status, 200)
        self.assertIn(("ada", "change questionnaire", "sleep"), await self.audited())

    async def test_strangers(self) -> None:
        """Without the section, as for another patient, there is nothing."""
        dora = await self.doctor("dora", "advice", "notes")
        berta = await self.signed_in("berta", "patient")
        for browser in (dora, berta):
            for path in ("", "/form", ".csv"):
                reply = await browser.call("GET", self.path + PATH + path)
                self.assertEqual(reply.status, 404, path)
        self.assertEqual((await self.put(PATH, berta, sleep="x")).status, 404)

    async def test_page(self) -> None:
        """The page carries questions and answers, and whether one may write."""
        await self.put(PATH, stress=f"</script>{SCRIPT}")
        page = await self.anna.call("GET", f"/health/{self.who}/questionnaire",
                                    headers={"Accept": "text/html"})
        self.assertEqual(page.status, 200, page.body)
        self.assertNotIn(SCRIPT.encode(), page.body)
        self.assertIn(b'"writes":true', page.body.replace(b" ", b""))
        dora = await self.doctor("dora", "questionnaire")
        page = await dora.call("GET", f"/health/{self.who}/questionnaire",
                               headers={"Accept": "text/html"})
        self.assertIn(b'"writes":false', page.body.replace(b" ", b""))
