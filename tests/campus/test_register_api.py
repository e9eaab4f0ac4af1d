"""The register over HTTP: the whole site on a connection in memory, a real store behind it."""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from urllib.parse import quote

from twisted.internet import reactor
from twisted.internet.task import deferLater

from iotd.campus.register_api import RegisterApi
from iotd.campus.register_csv import MAX_BYTES
from iotd.site.routes import Identity
from tests.campus.office_room import FIELDS, HEAD, LOCAL, MAC, OTHER_MAC, OfficeTest
from tests.site.house import House, Reply, read_reply, request_bytes

STUDENTS = "/api/v1/campus/students"
ROLLNO = "CS/2023/101"
ONE = f"{STUDENTS}/{quote(ROLLNO, safe='')}"
NEW = {"rollno": ROLLNO, **FIELDS, "mac": MAC}
CSV = {"Content-Type": "text/csv"}


class ApiTest(OfficeTest):
    """The site with the register's routes; ann is an admin."""

    def setUp(self) -> None:
        """Office and house."""
        super().setUp()
        folder = self.data_dir() / "house"
        folder.mkdir()
        self.house = House(folder, RegisterApi(self.office))
        self.house.people.cookies[b"ann"] = Identity("ann", "admin", "s-ann", 1, "csrf-of-ann")

    async def ask(self, method: str, path: str, json: Any = None, **options: Any) -> Reply:
        """A whole answer, once the store has had its say."""
        line = self.house.connect(options.pop("address", "10.0.0.9"))
        options = {"who": "ann", "json_body": json, **options}
        line.send(request_bytes(method, path, **options))
        while not _is_whole(line.transport.value()):
            await deferLater(reactor, 0.001)  # type: ignore[arg-type]
        return read_reply(line.transport.value())

    async def made(self, **fields: Any) -> dict[str, Any]:
        """A student through the API."""
        reply = await self.ask("POST", STUDENTS, {**NEW, **fields})
        self.assertEqual(reply.status, 201, reply.body)
        return dict(reply.json)

    async def send(self, text: str, preview: str = "false") -> Reply:
        """Import a file."""
        path = f"{STUDENTS}/import?preview={preview}"
        return await self.ask("POST", path, body=text.encode(), headers=CSV)


def _is_whole(data: bytes) -> bool:
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.I)
    return head.startswith(b"HTTP/1.1 204") or bool(length and len(body) >= int(length[1]))


class StudentTests(ApiTest):
    """Single students."""

    async def test_made_and_read(self) -> None:
        """A student is shown as the contract has it, MACs by their last two digits."""
        made = await self.made()
        self.assertEqual(made, (await self.ask("GET", ONE)).json)
        self.assertEqual({key: made[key] for key in ("id", "rollno", *FIELDS)},
                         {"id": ROLLNO, "rollno": ROLLNO, **FIELDS})
        self.assertEqual((made["macs"], made["state"], made["last_movement_at"]),
                         (["01"], "unknown", None))
        [held] = made["identifiers"]
        self.assertEqual((held["kind"], held["added_by"], held["expired"], held["local"]),
                         ("mac", "ann", False, False))
        self.assertNotIn("bb:cc", str(made))

    async def test_state(self) -> None:
        """Where a student is comes from the movements."""
        await self.made()
        self.told.states[self.register.find(ROLLNO).id] = (True, 1_800_000_000_250_000)
        shown = (await self.ask("GET", ONE)).json
        self.assertEqual((shown["state"], shown["last_movement_at"]),
                         ("inside", "2027-01-15T08:00:00.250Z"))

    async def test_slashes(self) -> None:
        """A slash of a roll number comes encoded; plain ones part a path, and lead nowhere."""
        await self.made()
        for name in ("a/b/c", "x.y", "A/../B", "1-/_"):
            await self.made(rollno=name, mac=None)
            reply = await self.ask("GET", f"{STUDENTS}/{quote(name, safe='')}")
            self.assertEqual((reply.status, reply.json["id"]), (200, name))
        self.assertEqual((await self.ask("GET", f"{STUDENTS}/{ROLLNO}")).status, 404)
        self.assertEqual((await self.ask("GET", f"{STUDENTS}/a%2fb%2fc")).json["id"], "a/b/c")

    async def test_wrong_values(self) -> None:
        """What is wrong is told by its field."""
        for field, value in (("rollno", "a b"), ("rollno", ""), ("year", -1), ("year", 2.5),
                             ("year", True), ("year", "x"), ("hostel", "=1"), ("gender", 5),
                             ("branch", "x" * 65), ("mac", "nonsense"), ("id", "x")):
            reply = await self.ask("POST", STUDENTS, {**NEW, field: value})
            self.assertEqual((reply.status, reply.json["field"]), (422, field), value)
        self.assertEqual(len(self.register), 0)

    async def test_change(self) -> None:
        """A part is changed, a name too; null is refused."""
        await self.made()
        reply = await self.ask("PATCH", ONE, {"year": "3", "hostel": " South "})
        self.assertEqual((reply.json["year"], reply.json["hostel"]), (3, "South"))
        reply = await self.ask("PATCH", ONE, {"rollno": "CS-1"})
        self.assertEqual(reply.json["id"], "CS-1")
        self.assertEqual((await self.ask("GET", ONE)).status, 404)
        reply = await self.ask("PATCH", f"{STUDENTS}/CS-1", {"year": None})
        self.assertEqual((reply.status, reply.json["field"]), (422, "year"))

    async def test_mac_and_badge(self) -> None:
        """MACs and badges are put, refused when another's, and taken away."""
        await self.made()
        await self.made(rollno="CS/2", mac=None)
        reply = await self.ask("PUT", f"{STUDENTS}/CS%2F2/mac", {"mac": MAC.upper()})
        self.assertEqual((reply.status, reply.json["field"]), (409, "mac"))
        until = "2030-01-01T00:00:00Z"
        reply = await self.ask("PUT", f"{ONE}/mac", {"mac": LOCAL, "expires_at": until})
        self.assertEqual(reply.json["macs"], ["01", "03"])
        held = reply.json["identifiers"][1]
        self.assertEqual((held["expires_at"], held["local"]), ("2030-01-01T00:00:00.000Z", True))
        again = await self.ask("PUT", f"{ONE}/mac", {"mac": LOCAL})
        self.assertEqual(again.json, reply.json)
        reply = await self.ask("PUT", f"{ONE}/badge", {"uid": "04A1B2C3", "method": "rfid"})
        badge = reply.json["identifiers"][2]
        self.assertEqual((badge["kind"], badge["tail"]), ("rfid", "C3"))
        gone = await self.ask("DELETE", f"{ONE}/identifiers/{badge['id']}")
        self.assertEqual((gone.status, gone.body), (204, b""))
        self.assertEqual((await self.ask("GET", ONE)).json["macs"], ["01", "03"])
        for body in ({"mac": MAC, "expires_at": "2030-01-01T00:00:00"}, {"mac": 5}, {}):
            self.assertEqual((await self.ask("PUT", f"{ONE}/mac", body)).status, 422)
        reply = await self.ask("PUT", f"{ONE}/badge", {"uid": "1", "method": "wifi"})
        self.assertEqual((reply.status, reply.json["field"]), (422, "method"))

    async def test_erase(self) -> None:
        """Erasing answers what is gone and what copies there are."""
        await self.made()
        reply = await self.ask("DELETE", ONE)
        self.assertEqual((reply.status, reply.json["backups"]), (200, []))
        self.assertEqual(reply.json["erased"]["rollno"], ROLLNO)
        self.assertEqual((await self.ask("GET", ONE)).status, 404)
        self.assertEqual((await self.ask("DELETE", ONE)).status, 404)

    async def test_code_and_registration(self) -> None:
        """A code opens one registration to somebody without an account."""
        await self.made(mac=None)
        made = await self.ask("POST", f"{ONE}/code")
        self.assertEqual((made.status, made.json["id"]), (201, ROLLNO))
        body = {"rollno": ROLLNO, "code": made.json["code"], "mac": OTHER_MAC}
        self.house.people.may = lambda *_: True  # type: ignore[method-assign]
        path = "/api/v1/campus/registrations"
        wrong = await self.ask("POST", path, {**body, "code": "AAAAA-AAAAA"}, who=None)
        unknown = await self.ask("POST", path, {**body, "rollno": "nobody"}, who=None)
        self.assertEqual((wrong.status, wrong.body), (422, unknown.body))
        reply = await self.ask("POST", path, body, who=None)
        self.assertEqual((reply.status, reply.json["rollno"], reply.json["tail"]),
                         (201, ROLLNO, "02"))
        self.assertEqual((await self.ask("POST", path, body, who=None)).status, 422)
        again = await self.ask("POST", f"{ONE}/code")
        reply = await self.ask("POST", path, {**body, "code": again.json["code"]}, who=None)
        self.assertEqual((reply.status, reply.json["renewed"]), (200, True))

    async def test_patience(self) -> None:
        """After many wrong codes an address is told how long to wait."""
        self.house.people.may = lambda *_: True  # type: ignore[method-assign]
        body = {"rollno": "x", "code": "y", "mac": MAC}
        replies = [await self.ask("POST", "/api/v1/campus/registrations", body, who=None)
                   for _ in range(6)]
        self.assertEqual([each.status for each in replies], [422] * 5 + [429])
        self.assertGreater(int(replies[5].header("retry-after") or 0), 0)


class ListTests(ApiTest):
    """Searching, in pages and as a file."""

    async def setUp(self) -> None:  # type: ignore[override]
        """Three students."""
        super().setUp()
        await self.take(HEAD + f"CS/1,1,CSE,,North,female,{MAC}\nCS/2,2,CSE,,South,male,\n"
                        "EE/1,2,\"EE, Power\",,North,male,\n")
        self.told.states[self.register.find("CS/2").id] = (True, 1)

    async def rolls(self, query: str) -> list[str]:
        """Who is found."""
        return [each["id"] for each in (await self.ask("GET", f"{STUDENTS}?{query}")).json["items"]]

    async def test_search(self) -> None:
        """Words, categories and states narrow the list, in any mixture."""
        first, second, third = everybody = ["CS/1", "CS/2", "EE/1"]
        for query, wanted in (
            ("", everybody), ("q=cs%2F", [first, second]), ("q=north", [first, third]),
            ("q=NORTH+1+ma", [first, third]), ("q=nothing", []), ("q=+", everybody),
            ("year=2", [second, third]), ("year=1,2&hostel=North", [first, third]),
            ("branch=EE,+Power", [third]), ("branch=CSE,IT", [first, second]),
            ("stream=", everybody), ("state=inside", [second]), ("state=outside", []),
            ("state=unknown&q=cs", [first]),
        ):
            self.assertEqual(await self.rolls(query), wanted, query)
        for query in ("year=x", "state=away", "q=" + "x" * 65, "gate=1", "year=1&year=2"):
            self.assertEqual((await self.ask("GET", f"{STUDENTS}?{query}")).status, 422, query)

    async def test_pages(self) -> None:
        """Pages go on where they ended, with the same question, whoever went meanwhile."""
        page = (await self.ask("GET", f"{STUDENTS}?limit=1&q=cs")).json
        self.assertEqual(page["next"], f"{STUDENTS}?limit=1&q=cs&after=CS%2F1")
        await self.ask("DELETE", f"{STUDENTS}/CS%2F1")
        page = (await self.ask("GET", page["next"])).json
        self.assertEqual(([each["id"] for each in page["items"]], page["next"]), (["CS/2"], None))

    async def test_csv(self) -> None:
        """The same question as a file: without MACs, and importable again."""
        reply = await self.ask("GET", f"{STUDENTS}.csv?year=2")
        self.assertEqual(reply.header("content-type"), "text/csv; charset=utf-8")
        rows = list(csv.reader(io.StringIO(reply.body.decode())))
        self.assertEqual([row[0] for row in rows], ["rollno", "CS/2", "EE/1"])
        self.assertNotIn(b"cc:dd", reply.body)
        done = await self.send(reply.body.decode())
        self.assertEqual((done.status, done.json["unchanged"]), (200, 2))


class ImportTests(ApiTest):
    """Files."""

    async def test_preview_then_import(self) -> None:
        """A preview answers 200, the import 201, the same once more 200."""
        text = HEAD + f"CS/1,1,CSE,,North,female,{MAC}\n"
        reply = await self.send(text, "true")
        self.assertEqual(reply.status, 200)
        self.assertEqual((reply.json["added"], reply.json["applied"]), (1, False))
        self.assertEqual([(await self.send(text)).status for _ in range(2)], [201, 200])
        self.assertEqual(len(self.register), 1)

    async def test_faults(self) -> None:
        """Faults are a problem with all of them in it; a preview lists them too."""
        text = HEAD + "CS/1,x,,,,,\nCS/2,1,=1,,,,\n"
        reply = await self.send(text)
        self.assertEqual((reply.status, reply.json["field"]), (422, "year"))
        self.assertEqual(reply.header("content-type"), "application/problem+json")
        self.assertIn("Line 2", reply.json["detail"])
        self.assertEqual([each["line"] for each in reply.json["faults"]], [2, 3])
        self.assertEqual((reply.json["applied"], len(self.register)), (False, 0))
        reply = await self.send(text, "true")
        self.assertEqual((reply.status, len(reply.json["faults"])), (200, 2))

    async def test_macs_of_others(self) -> None:
        """A file in which nothing else is wrong is a conflict; nothing of it is done."""
        await self.send(HEAD + f"CS/1,1,CSE,,North,female,{MAC}\n")
        text = HEAD + f"CS/2,1,CSE,,North,female,\nCS/3,1,CSE,,North,female,{MAC.upper()}\n"
        reply = await self.send(text)
        self.assertEqual((reply.status, reply.json["field"], reply.json["held"]), (409, "mac", 1))
        self.assertEqual([each["line"] for each in reply.json["faults"]], [3])
        reply = await self.send(text + "CS/4,x,CSE,,North,female,\n")
        self.assertEqual((reply.status, len(self.register)), (422, 1))

    async def test_bodies(self) -> None:
        """Only CSV is read, up to 16 MiB; a client need not say that it is that."""
        path = f"{STUDENTS}/import"
        for kind in ("application/json", "text/csv; charset=latin-1"):
            reply = await self.ask("POST", path, body=b"x", headers={"Content-Type": kind})
            self.assertEqual(reply.status, 415, kind)
        self.assertEqual((await self.ask("POST", path, body=b"x")).status, 422)
        reply = await self.ask("POST", path, body=b"", headers=CSV)
        self.assertEqual((reply.status, len(reply.json["faults"])), (422, 1))
        line = self.house.connect()
        head = request_bytes("POST", path, who="ann", headers={
            **CSV, "Content-Length": str(MAX_BYTES + 1)
        })
        line.send(head)
        self.assertEqual(line.reply().status, 413)

    async def test_progress(self) -> None:
        """Nothing runs: that is said; a second file at the same time is refused."""
        reply = await self.ask("GET", f"{STUDENTS}/import")
        self.assertEqual(reply.json, {"phase": "none", "done": 0, "total": 0})
        self.office.imports.progress = {"phase": "saving", "done": 0, "total": 9}
        self.assertEqual((await self.send(HEAD)).status, 409)
        self.assertEqual((await self.ask("GET", f"{STUDENTS}/import")).json["phase"], "saving")
