"""The data sheet and CSV files, whole, by slow readers, and for whoever leaves early."""

from __future__ import annotations

import csv
import io
from typing import Any
from unittest import mock

from iotd.errors import Unavailable
from iotd.health import csv_text
from tests.health.test_api import HealthTest


class SheetTests(HealthTest):
    """A watch that says two values a poll, and a cuff."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.whom = await self.patient()
        await self.app.registry.make_key("wch-7", "watch", "test")
        await self.app.registry.change("wch-7", {"patient": self.whom}, "test")

    async def polls(self, count: int) -> None:
        """So many polls, 45 s apart."""
        for n in range(count):
            await self.hear(60 + n % 20, "bpm", "wch-7")
            await self.hear(36 + n % 7 / 10, "temp", "wch-7")
            self.app.now += 45

    async def csv(self, path: str, **headers: str) -> list[list[str]]:
        """The lines of a file; it must be one."""
        reply = await self.anna.call("GET", f"/api/v1/patients/{self.whom}/{path}", headers=headers)
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.header("content-type"), "text/csv; charset=utf-8")
        self.assertIn("attachment; filename=", str(reply.header("content-disposition")))
        return list(csv.reader(io.StringIO(reply.body.decode(), newline="")))

    async def test_same_rows(self) -> None:
        """The sheet, its pages and its CSV say the same, and so do readings and theirs."""
        await self.polls(6)
        await self.post(self.whom, "bp_systolic", 121)
        await self.post(self.whom, "bp_diastolic", 79)
        whole = (await self.get(f"/{self.whom}/sheet"))["items"]
        self.assertEqual(len(whole), 7)
        self.assertEqual((whole[0]["bp_systolic"], whole[0]["source"]), (121, "hand"))
        paged, path = [], f"/{self.whom}/sheet?limit=2"
        while path:
            page = await self.get(path)
            paged += page["items"]
            path = (page["next"] or "").removeprefix("/api/v1/patients")
        self.assertEqual(paged, whole)
        head, *lines = await self.csv("sheet.csv")
        self.assertEqual(head[:3], ["measured_at", "local_time", "heart_rate"])
        self.assertEqual([line[0] for line in lines], [row["measured_at"] for row in whole])
        self.assertEqual([_number(line[2]) for line in lines], [r["heart_rate"] for r in whole])
        readings = (await self.get(f"/{self.whom}/readings"))["items"]
        head, *lines = await self.csv("readings.csv")
        self.assertEqual(",".join(head), "measured_at,local_time,kind,value,unit,source,quality,"
                                         "received_at")
        self.assertEqual(
            [(line[0], line[2], float(line[3])) for line in lines],
            [(each["measured_at"], each["kind"], each["value"]) for each in readings],
        )
        self.assertEqual(lines[0][1][:10], self.app.calendar.day_of(self.app.now))

    async def test_many_pages(self) -> None:
        """A file of more than its pages hold has each reading once."""
        await self.polls(25)
        with mock.patch.object(csv_text, "AT_ONCE", 7):
            head, *lines = await self.csv("readings.csv")
            _, *rows = await self.csv("sheet.csv")
            _, *rates = await self.csv("readings.csv?kind=heart_rate")
        self.assertEqual((len(lines), len({tuple(line) for line in lines})), (50, 50))
        self.assertEqual((len(rows), len(rates)), (25, 25))

    async def test_slow_reader(self) -> None:
        """Who reads slowly gets all, and no more is read for it than it takes."""
        await self.polls(3)
        given: list[int] = []
        whole = csv_text.readings_page

        def long(*args: Any) -> Any:
            given.append(1)
            text, _ = whole(*args[:-1], None)
            return text * 4000, (1.0, 1) if len(given) < 12 else None

        with mock.patch.object(csv_text, "readings_page", long):
            response = await self.anna.open(
                "GET", f"/api/v1/patients/{self.whom}/readings.csv",
            )
            body = await response.content()
        self.assertEqual(body.count(b"\r\n"), 1 + 12 * 4000 * 6)

    async def test_leaves(self) -> None:
        """A browser that goes ends the work."""
        await self.polls(1)

        def forever(*args: Any) -> Any:
            return b"x,\r\n" * 1000, (1.0, 1)

        with mock.patch.object(csv_text, "readings_page", forever):
            response = await self.anna.open("GET", f"/api/v1/patients/{self.whom}/readings.csv")
            response.original.deliverBody(_Leaving())
            while len(self.app.streams):
                await self.app.store.read(lambda connection: None)

    async def test_refused(self) -> None:
        """Faults are told as everywhere else."""
        for path in ("readings.csv?since=x", "readings.csv?kind=mood", "sheet?after=!!",
                     "sheet.csv?until=7"):
            reply = await self.anna.call("GET", f"/api/v1/patients/{self.whom}/{path}")
            self.assertEqual(reply.status, 422, path)

    async def test_store_fails(self) -> None:
        """A store that is away is a 503, not half a file."""
        def away(*args: Any) -> Any:
            raise Unavailable("away")

        with mock.patch.object(csv_text, "readings_page", away):
            reply = await self.anna.call("GET", f"/api/v1/patients/{self.whom}/readings.csv")
        self.assertEqual(reply.status, 503)


class _Leaving:
    """Reads once, then closes."""

    def makeConnection(self, transport: Any) -> None:
        self.transport = transport

    def dataReceived(self, data: bytes) -> None:
        self.transport.abortConnection()

    def connectionLost(self, reason: Any) -> None:
        """Whatever it was."""


def _number(text: str) -> float | None:
    return float(text) if text else None
