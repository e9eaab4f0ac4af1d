"""Reports over HTTP: of which sections, for whom, and that it is written down."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from iotd.health.report import press
from iotd.health.report.press import Press
from iotd.store.errors import StoreUnavailable
from iotd.times import rfc3339
from tests.apps import Browser
from tests.health.report.room import ReportTest, words_of

ECHOES = (sys.executable, "-c", "import sys; print('%PDF ' + sys.stdin.read(), end='')")
SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")


class EchoTest(ReportTest):
    """The process gives back what it is given, behind the mark of a PDF: that takes no time."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.reports.press = Press(reactor, ECHOES)
        self.addCleanup(self.reports.press.stop_service)

    async def given(self, query: str = "", browser: Browser | None = None) -> Any:
        """What the process was given for a report."""
        reply = await self.report(query, browser)
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body[5:])


class FileTests(EchoTest):
    """What is answered."""

    async def test_file(self) -> None:
        """A PDF that a browser shows or keeps, under a name without anything personal."""
        for query, kind in (("", "inline"), ("?download=1", "attachment")):
            reply = await self.report(query)
            self.assertEqual((reply.status, reply.body[:4]), (200, b"%PDF"))
            self.assertEqual(reply.header("Content-Type"), "application/pdf")
            self.assertEqual(reply.header("Cache-Control"), "no-store")
            name = rf'filename="health-report-{self.who}-\d\d\d\d-\d\d-\d\d\.pdf"'
            self.assertRegex(str(reply.header("Content-Disposition")), f"^{kind}; {name}$")

    async def test_refused(self) -> None:
        """Days that there are not, and sections that there are not, are named."""
        for query, field in (("?days=0", "days"), ("?days=367", "days"), ("?days=x", "days"),
                             ("?sections=readings,blood", "sections")):
            reply = await self.report(query)
            self.assertEqual((reply.status, reply.json["field"]), (422, field), reply.body)

    async def test_chosen(self) -> None:
        """Only what is asked for goes to the process, of the days asked for."""
        given = await self.given("?sections=notes,readings&days=7")
        self.assertEqual(sorted(given["sections"]), ["notes", "readings"])
        self.assertEqual(given["left_out"], ["labs", "advice", "questionnaire", "habits"])
        self.assertEqual((given["days"], given["sections"]["readings"]["days"]), (7, 7))

    async def test_doctor(self) -> None:
        """A doctor has what was granted and no other; to ask for another is 404."""
        ward = await self.doctor("ward", "advice", "labs")
        given = await self.given("", ward)
        self.assertEqual(sorted(given["sections"]), ["advice", "labs"])
        self.assertEqual((await self.report("?sections=labs,notes", ward)).status, 404)
        self.granted["ward"] = frozenset()
        self.assertEqual((await self.report("", ward)).status, 404)

    async def test_consent_ends(self) -> None:
        """A consent that ends while the report is made ends the report."""
        ward = await self.doctor("ward", "advice")
        self.patch(self.reports, "press", Slow(self))
        self.assertEqual((await self.report("", ward)).status, 404)


class WholeTests(ReportTest):
    """What is in it."""

    async def test_empty(self) -> None:
        """All sections for whose it is; what is empty is said to be."""
        words = words_of((await self.report()).body)
        for said in (
            "Nothing was measured in this period.", "No laboratory results were entered.",
            "There is no advice yet", "was not filled in", "There are no notes",
            "There are no habits", "(90 days)",
        ):
            self.assertIn(said, words)
        self.assertNotIn("Not in this report", words)

    async def test_filled(self) -> None:
        """What was measured, answered, noted and advised is in it, in the words of the pages."""
        await self.post("/readings", kind="heart_rate", value=72)
        await self.put("/questionnaire", sleep={"hours": 7.5}, medications="Aspirin <b>100</b>")
        await self.post("/notes", text="Slept badly & woke up at 3.")
        await self.put("/labs", date="2023-03-03", values={
            "potassium": {"value": 6.1, "unit": "mmol/L"}})
        made = await self.post("/habits", name="Water")
        await self.post(f"/habits/{made['id']}/checkins", state="done")
        words = words_of((await self.report()).body)
        for said in (
            "Heart rate 72 72 72 /min 1 1 of 90", "How many hours do you sleep? 7.5 hours a night",
            "Aspirin <b>100</b>", "Slept badly & woke up at 3.", "Potassium 6.1 mmol/L H, high",
            "Water 1 time a day 1 day",
        ):
            self.assertIn(said, words)

    async def post(self, path: str, **body: Any) -> Any:
        """What a POST of Anna's made."""
        reply = await self.anna.call("POST", self.path + path, json=body)
        self.assertEqual(reply.status, 201, reply.body)
        return reply.json

    async def put(self, path: str, **body: Any) -> None:
        """A PUT of Anna's."""
        reply = await self.anna.call("PUT", self.path + path, json=body)
        self.assertEqual(reply.status, 200, reply.body)


class Slow:
    """A press that takes so long that a consent ends meanwhile."""

    def __init__(self, test: ReportTest) -> None:
        self._test = test

    def make(self, data: bytes) -> Deferred[bytes]:
        """Nothing that matters."""
        self._test.granted.clear()
        made: Deferred[bytes] = Deferred()
        made.callback(b"%PDF")
        return made


class AuditTests(EchoTest):
    """Every report is written down before it goes out."""

    async def test_written(self) -> None:
        """The patient sees who made one, of which days and sections; their own ones too."""
        ward = await self.doctor("ward", "advice", "labs")
        await self.report("?days=7", ward)
        await self.report("?sections=notes")
        rows = (await self.anna.call("GET", f"{self.path}/accesses")).json["items"]
        seen = [(row["who"], row["action"], row["detail"]) for row in rows]
        self.assertIn(("ward", "export report", "7 days: labs, advice"), seen)
        self.assertIn(("anna", "export report", "90 days: notes"), seen)

    async def test_not_written(self) -> None:
        """A report that can't be written down does not go out."""
        run = self.reports._store.run

        def fail(function: Any, *args: Any, **more: Any) -> Any:
            if "export report" in args:
                raise StoreUnavailable("it is away")
            return run(function, *args, **more)

        self.patch(self.reports._store, "run", fail)
        reply = await self.report()
        self.assertEqual((reply.status, reply.body[:4] == b"%PDF"), (503, False))


class TroubleTests(ReportTest):
    """It can't be made."""

    async def test_busy(self) -> None:
        """When too many wait the answer is 503 and says what to do; the others are not lost."""
        self.reports.press = Press(reactor, SLEEPS)
        self.addCleanup(self.reports.press.stop_service)
        waiting = [self.reports.press.make(b"") for _ in range(press.AT_ONCE + press.WAITING)]
        reply = await self.report()
        self.assertEqual((reply.status, reply.json["detail"]), (503, press.BUSY))
        await self.reports.press.stop_service()
        for each in waiting:
            each.addErrback(lambda failure: None)

    async def test_no_fonts(self) -> None:
        """Without its fonts a report fails in words; nothing else does."""
        self.patch(self.reports, "_fonts", "/nowhere")
        reply = await self.report()
        self.assertEqual((reply.status, reply.json["detail"]), (503, press.FAILED))

    async def test_browser_leaves(self) -> None:
        """Who closes the page ends the process."""
        self.reports.press = Press(reactor, SLEEPS)
        asked = Deferred.fromCoroutine(self.report())
        while not self.reports.press.pids:
            await self.app.store.run(lambda connection: None)
        asked.cancel()
        await self.assertFailure(asked, Exception)
        while self.reports.press.pids:
            await self.app.store.run(lambda connection: None)


class ReadingsSectionTests(ReportTest):
    """The section of readings, as links and FHIR have it too."""

    async def test_as_shown(self) -> None:
        """It is what the routes of vitals and of charts answer."""
        await self.anna.call("POST", f"{self.path}/readings", json={
            "kind": "spo2", "value": 97})
        section = await self.app.record.readings.section(self.who, self.app.now)
        vitals = (await self.anna.call("GET", f"{self.path}/vitals")).json
        chart = (await self.anna.call("GET", f"{self.path}/readings?bucket=day")).json
        self.assertEqual(section, {
            "vitals": vitals, "days": 90, "bucket": "day", "items": chart["items"]})

    async def test_days(self) -> None:
        """Today and the days before, by the site's calendar; no more than are asked for."""
        for day in range(5):
            measured_at = rfc3339(self.app.now - 86400 * day)
            await self.anna.call("POST", f"{self.path}/readings", json={
                "kind": "spo2", "value": 97, "measured_at": measured_at})
        section = await self.app.record.readings.section(self.who, self.app.now, 3)
        days = [self.app.calendar.day_of(datetime.fromisoformat(item["start"]).timestamp())
                for item in section["items"]]
        last = [self.app.calendar.day_of(self.app.now - 86400 * day) for day in (2, 1, 0)]
        self.assertEqual((days, section["days"]), (last, 3))
