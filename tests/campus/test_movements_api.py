"""Movements over HTTP: who came last, files, and what people correct."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from iotd.accounts.records import list_audit
from iotd.bus import MovementSeen, OccupancyChanged
from iotd.campus import movements_api
from iotd.campus.model import LATE, SECOND, SKEWED, Heard, Method
from iotd.times import rfc3339
from tests.apps import App, Browser
from tests.campus.office_room import FIELDS

CAMPUS = "/api/v1/campus"
ENTRY, EXIT = 0, 1
HOUR = 3600


class ApiTest(TestCase):
    """Students R1 to R3; an operator and a viewer."""

    async def setUp(self) -> None:
        self.app = App(Path(self.mktemp()))
        self.addCleanup(self.app.close)
        self.addCleanup(self.app.campus.news.stop_service)
        for name, role in (("otto", "operator"), ("vera", "viewer")):
            await self.app.add(name, role)
        self.otto: Browser = await self.app.signed_in("otto")
        self.core = self.app.campus.core
        for rollno in ("R1", "R2", "R3"):
            await self.core.office.edits.add(rollno, FIELDS, None, "otto")
        self.told: list[Any] = []
        for kind in (MovementSeen, OccupancyChanged):
            self.app.bus.subscribe(kind, self.told.append)
        self.start = self.app.now - 10 * HOUR

    async def see(self, *seen: tuple[float, int, str], flags: int = 0) -> None:
        """Gate north saw students so many seconds after the start."""
        ids = {each.rollno: id for id, each in self.core.register.students.items()}
        await self.core.movements.commit(lambda work: work.hear([
            Heard("north", None, None, round((self.start + at) * SECOND),
                  round(self.app.now * SECOND), direction, Method.WIFI, (ids[rollno],), flags)
            for at, direction, rollno in seen
        ]))

    async def get(self, path: str) -> Any:
        """What the operator gets."""
        reply = await self.otto.call("GET", CAMPUS + path)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json

    async def post(self, path: str, **body: Any) -> Any:
        """What the operator is answered."""
        return await self.otto.call("POST", CAMPUS + path, json=body)

    def at(self, seconds: float) -> str | None:
        """That moment, as the API says it."""
        return rfc3339(self.start + seconds)


class ReadingTests(ApiTest):
    """The newest, those of one student, and files."""

    async def test_the_newest_first(self) -> None:
        """By their own time, five unless asked for more; late ones say so."""
        await self.see((0, ENTRY, "R1"), (HOUR, ENTRY, "R2"), (2 * HOUR, EXIT, "R1"))
        await self.see((HOUR / 2, EXIT, "R1"))  # so the exit at two is none
        found = (await self.get("/recent"))["items"]
        self.assertEqual(
            [(each["rollno"], each["direction"], each["at"], each["late"]) for each in found],
            [("R2", "entry", self.at(HOUR), False), ("R1", "exit", self.at(HOUR / 2), True),
             ("R1", "entry", self.at(0), False)],
        )
        self.assertEqual({each["gate"] for each in found}, {"north"})
        self.assertEqual(len((await self.get("/recent?limit=1"))["items"]), 1)

    async def test_the_newest_in_pages(self) -> None:
        """The pages together are all of them, each once, also of one moment."""
        for rollno in ("R1", "R2"):
            await self.see(*((n * HOUR, n % 2, rollno) for n in range(4)))
        whole, path, found = (await self.get("/recent?limit=1000"))["items"], "/recent?limit=3", []
        while path:
            page = await self.get(path)
            found += page["items"]
            path = (page["next"] or "").removeprefix(CAMPUS)
        self.assertEqual((found, len(whole)), (whole, 8))
        reply = await self.otto.call("GET", CAMPUS + "/recent?after=x")
        self.assertEqual((reply.status, reply.json["field"]), (422, "after"))

    async def test_one_student_in_pages(self) -> None:
        """The pages together are all of them, each once."""
        await self.see(*((n * HOUR, n % 2, "R1") for n in range(7)), (0, ENTRY, "R2"))
        path, found = "/students/R1/movements?limit=3", []
        while path:
            page = await self.get(path)
            found += [each["at"] for each in page["items"]]
            path = (page["next"] or "").removeprefix(CAMPUS)
        self.assertEqual(found, [self.at(n * HOUR) for n in range(6, -1, -1)])
        reply = await self.otto.call("GET", CAMPUS + "/students/R9/movements")
        self.assertEqual(reply.status, 404)
        reply = await self.otto.call("GET", CAMPUS + "/students/R1/movements?after=x")
        self.assertEqual((reply.status, reply.json["field"]), (422, "after"))

    async def test_everything_as_csv(self) -> None:
        """The oldest first, over several pages, also when many are of one moment."""
        self.patch(movements_api, "AT_ONCE", 2)
        await self.see((0, ENTRY, "R1"), (0, ENTRY, "R2"), (0, EXIT, "R3"))
        await self.see((HOUR, EXIT, "R1"), (2 * HOUR, EXIT, "R2"), flags=SKEWED | LATE)
        rows = await self.csv("/movements.csv")
        self.assertEqual([(row["rollno"], row["direction"]) for row in rows], [
            ("R1", "entry"), ("R2", "entry"), ("R3", "exit"), ("R1", "exit"), ("R2", "exit"),
        ])
        self.assertEqual(rows[3]["flags"], "late skewed")
        self.assertEqual((rows[0]["at"], rows[0]["gate"], rows[0]["method"]),
                         (self.at(0), "north", "wifi"))

    async def test_a_span_as_csv(self) -> None:
        """From since on and before until; with an offset whose plus was not escaped, too."""
        await self.see((0, ENTRY, "R1"), (HOUR, EXIT, "R1"), (2 * HOUR, ENTRY, "R1"))
        first = (self.at(0) or "").replace("Z", "+00:00")
        rows = await self.csv(f"/movements.csv?since={first}&until={self.at(2 * HOUR)}")
        self.assertEqual([row["at"] for row in rows], [self.at(0), self.at(HOUR)])

    async def csv(self, path: str) -> list[dict[str, str]]:
        """Its rows."""
        reply = await self.otto.call("GET", CAMPUS + path)
        self.assertEqual(reply.status, 200, reply.body)
        return [*csv.DictReader(reply.body.decode().splitlines())]

    async def test_viewers_see_no_names(self) -> None:
        """Nothing of this is for them."""
        vera = await self.app.signed_in("vera")
        for method, path in (
            ("GET", "/recent"), ("GET", "/movements.csv"), ("GET", "/students/R1/movements"),
            ("POST", "/students/R1/corrections"), ("POST", "/reset"),
        ):
            reply = await vera.call(method, CAMPUS + path, json={"direction": "exit"})
            self.assertEqual(reply.status, 403, path)


class CorrectingTests(ApiTest):
    """A person's word."""

    async def test_a_correction(self) -> None:
        """It is a movement with a name in the audit, and pages hear of it."""
        await self.see((0, ENTRY, "R1"))
        self.told.clear()
        reply = await self.post("/students/R1/corrections", direction="exit", note="left by car")
        self.assertEqual(reply.status, 201, reply.body)
        self.assertEqual(reply.json["method"], "correction")
        self.assertEqual((reply.json["gate"], reply.json["rollno"]), (None, "R1"))
        self.assertEqual((await self.get("/recent"))["items"][0]["id"], reply.json["id"])
        self.assertEqual([type(each).__name__ for each in self.told][:1], ["MovementSeen"])
        self.assertEqual((await self.get("/summary"))["inside"], 0)
        line = self.audit()[-1]
        self.assertEqual((line["who"], line["action"], line["subject"]),
                         ("otto", "correct student", "student R1"))
        self.assertIn("left by car", line["detail"])

    async def test_one_of_the_past(self) -> None:
        """What came after it is judged anew."""
        await self.see((0, ENTRY, "R1"), (2 * HOUR, ENTRY, "R1"))
        reply = await self.post(
            "/students/R1/corrections", direction="exit", at=self.at(HOUR)
        )
        self.assertEqual((reply.status, reply.json["late"]), (201, True))
        items = (await self.get("/students/R1/movements"))["items"]
        self.assertEqual([each["direction"] for each in items], ["entry", "exit", "entry"])

    async def test_one_that_says_nothing_new(self) -> None:
        """409, and it leaves no trace: late data is not judged by it, the audit is silent."""
        await self.see((2 * HOUR, ENTRY, "R1"))
        before = len(self.audit())
        reply = await self.post("/students/R1/corrections", direction="entry")
        self.assertEqual((reply.status, reply.json["field"]), (409, "direction"))
        self.assertEqual(len(self.audit()), before)
        await self.see((3 * HOUR, EXIT, "R1"))
        self.assertEqual(len((await self.get("/students/R1/movements"))["items"]), 2)

    async def test_what_can_not_be(self) -> None:
        """The future, the last century, other words, and students whom nobody knows."""
        for field, body in (
            ("at", {"direction": "exit", "at": rfc3339(self.app.now + 60)}),
            ("at", {"direction": "exit", "at": "1999-01-01T00:00:00Z"}),
            ("at", {"direction": "exit", "at": "2026-01-01T00:00:00"}),
            ("direction", {"direction": "in"}), ("note", {"direction": "exit", "note": "x" * 501}),
        ):
            reply = await self.post("/students/R1/corrections", **body)
            self.assertEqual((reply.status, reply.json["field"]), (422, field), reply.body)
        reply = await self.post("/students/R9/corrections", direction="exit")
        self.assertEqual(reply.status, 404)

    async def test_a_reset(self) -> None:
        """Everybody who is inside is outside; who was outside or never seen stays so."""
        await self.see((0, ENTRY, "R1"), (0, EXIT, "R2"))
        reply = await self.post("/reset", note="fire drill")
        self.assertEqual((reply.status, reply.json), (200, {"outside": 1}))
        summary = await self.get("/summary")
        self.assertEqual((summary["inside"], summary["unknown"]), (0, 1))
        self.assertEqual(self.audit()[-1]["action"], "reset campus")
        self.assertEqual((await self.post("/reset")).json, {"outside": 0})

    def audit(self) -> list[dict[str, Any]]:
        """The oldest first."""
        rows: list[dict[str, Any]] = self.app.store.call(list_audit, 100)
        return rows[::-1]
