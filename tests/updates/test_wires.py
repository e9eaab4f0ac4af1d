"""Lines of boards on real protocols of both wires and over MQTT: reports, offers, parts."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Callable

from twisted.internet.defer import Deferred

from iotd.jobs.gate_boards import GateBoards
from iotd.mqtt.door import Door, Visitor
from iotd.mqtt.stream import Message
from iotd.updates.serving import PARTS_A_SECOND
from iotd.wire import board_lines
from iotd.wire.hello import device_mac
from tests.updates.room import UpdatesTest

NONCE = "0123456789abcdef" * 2
INFO = "info fw=1.0 build=1 kind={kind} chip=esp32 boot=b1 slot=a mpy=6 up=3 free=90000"


class WireTest(UpdatesTest):
    """A board on one wire: ``say`` a line, ``lines`` told since the last time."""

    async def fetch(self, what: str, ask: Callable[[str], list[str]]) -> bytes:
        """All of a file or manifest, part by part."""
        data, total = b"", 1
        while len(data) < total:
            lines = ask(f"fetch {what} {len(data)}")
            self.assertLessEqual(len(lines[0]), board_lines.MAX_PART_LINE)
            told = board_lines.parse_part(lines[0])
            assert told is not None, lines
            self.assertEqual(told[1], len(data))
            total, data = told[0], data + told[2]
        return data

    async def update(self, id: str, key: str, ask: Callable[[str], list[str]]) -> dict[str, bytes]:
        """What a board has after it was offered build 2: files by path, all proved."""
        answer = await self.fetch(f"manifest:{NONCE}", ask)
        mac, _, manifest = answer.partition(b"\n")
        digest = hashlib.sha256(manifest).hexdigest()
        text = f"iotd1|ota|{id}|{NONCE}|{digest}".encode()
        wanted = hmac.new(bytes.fromhex(key), text, hashlib.sha256).hexdigest().encode()
        self.assertEqual(mac, wanted)
        files = {}
        for path, size, sha256 in json.loads(manifest)["files"]:
            files[path] = await self.fetch(sha256, ask) if size else b""
            self.assertEqual(hashlib.sha256(files[path]).hexdigest(), sha256)
        return files


class DeviceWireTests(WireTest):
    """Port 5001."""

    async def on_line(self, id: str = "w-1") -> tuple[str, Any, Callable[[str], list[str]]]:
        """Key, board and ask(line) of a watch that was let in."""
        key = await self.registry.make_key(id, "watch", "ada")
        board = self.keyed(id, key)
        self.assertTrue(board.heard().endswith(b"start\n"))

        def ask(line: str) -> list[str]:
            board.say(f"{line}\n".encode())
            self.advance(0.1)
            return str(board.heard().decode()).splitlines()

        return key, board, ask

    async def test_report(self) -> None:
        """What a keyed board tells of itself is heard, and nothing is said to that."""
        _, board, ask = await self.on_line()
        self.assertEqual(ask(INFO.format(kind="watch")), [])
        told = self.heard[0]
        self.assertEqual((told.device, told.wire, told.report.build), ("w-1", "dev", 1))
        self.assertEqual(self.updates.reported(), ["w-1"])
        self.assertFalse(board.cut)

    async def test_update(self) -> None:
        """It is offered the build, and fetches manifest and files, each proved."""
        self.release("first")
        self.release("second")
        key, _, ask = await self.on_line()
        ask(INFO.format(kind="watch"))
        rollout = await self.office.start(None, None, False, "ada")
        self.assertEqual(ask(INFO.format(kind="watch")), ["update 2"])
        files = await self.update("w-1", key, ask)
        self.assertEqual(json.loads(files["version.json"]),
                         {"kind": "watch", "version": "1.0.0", "build": 2})
        self.assertIn("main.mpy", files)
        found = (await self.office.get(rollout["id"]))["boards"][0]
        self.assertEqual((found["state"], found["done_bytes"]), ("trying", found["total_bytes"]))
        self.assertEqual(found["total_bytes"], sum(map(len, files.values())))
        self.assertEqual(ask(INFO.format(kind="watch")), [])
        self.assertGreater(self.count("iotd_updates_lines_total", what="file"), 3)
        self.assertGreater(self.count("iotd_updates_bytes_total"), found["total_bytes"])

    async def test_source(self) -> None:
        """A board with another version of byte code gets the source."""
        self.release("first")
        self.release("second")
        key, _, ask = await self.on_line()
        line = INFO.format(kind="watch").replace("mpy=6", "mpy=5")
        ask(line)
        await self.office.start(None, None, False, "ada")
        self.assertEqual(ask(line), ["update 2"])
        self.assertIn("main.py", await self.update("w-1", key, ask))

    async def test_gone(self) -> None:
        """What is not this board's to have is gone: no roll-out, another's file, too far on."""
        self.release("first")
        first = self.releases.get(1)
        assert first is not None
        self.release("second")
        _, _, ask = await self.on_line()
        self.assertEqual(ask(f"fetch manifest:{NONCE} 0"), ["gone 0"])
        ask(INFO.format(kind="watch"))
        await self.office.start(None, None, False, "ada")
        ask(INFO.format(kind="watch"))
        gates = {each.path: each.sha256 for each in first.entries("gate", 6)}
        self.assertEqual(ask(f"fetch {gates['main.mpy']} 0"), ["gone 0"])
        self.assertEqual(ask(f"fetch {'0' * 64} 5"), ["gone 5"])
        self.assertEqual(ask(f"fetch manifest:{NONCE} 99999"), ["gone 99999"])
        self.assertEqual(self.count("iotd_updates_gone_total"), 4)

    async def test_kind_of_none(self) -> None:
        """A board that says it is of a kind that nobody knows gets nothing, and is left out
        with that reason; others go on."""
        self.release("first")
        self.release("second")
        _, _, ask = await self.on_line()
        ask(INFO.format(kind="watch"))
        rollout = await self.office.start(None, None, False, "ada")
        ask(INFO.format(kind="spoon"))
        self.assertEqual(ask(f"fetch manifest:{NONCE} 0"), ["gone 0"])
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], found["boards"][0]["state"], found["boards"][0]["text"]),
                         ("running", "left", "build 2 has no firmware for a spoon"))

    async def test_bad_lines(self) -> None:
        """Lines that can't be read are counted, and harm neither board nor connection."""
        _, board, ask = await self.on_line()
        for line in ("info build=x", "fetch ../key 0", "fetch manifest:12 0", f"fetch {NONCE} -1",
                     "info rssi=5", f"info kind={'x' * 41}"):
            self.assertEqual(ask(line), [])
        self.assertEqual(ask("ping"), ["pong"])
        self.assertGreaterEqual(self.count("iotd_updates_lines_total", what="bad"), 5)
        self.assertFalse(board.cut)

    async def test_other_lines(self) -> None:
        """Lines of other kinds are what they were: complaints, readings, requests."""
        _, board, ask = await self.on_line()
        ask("error no sensor")
        ask("72.00,bpm")
        self.assertEqual(self.count("iotd_device_faults_total", cause="board"), 1)
        self.assertEqual(ask("0,rep"), ["hrx"])
        self.assertEqual(self.heard, [])

    async def test_no_key(self) -> None:
        """A field device that says such lines is not heard."""
        self.board("wch")
        await self.registry.approve("wch", by="ada")
        board = self.board("wch")
        board.say(INFO.format(kind="watch").encode())
        self.advance(0.2)
        self.assertEqual(self.heard, [])

    async def test_not_let_in(self) -> None:
        """A board with a key that waits for a person is not heard, nor one that was revoked."""
        _, board, ask = await self.on_line()
        self.registry._roster.hold("w-1")
        ask(INFO.format(kind="watch"))
        self.assertEqual(self.heard, [])
        await self.registry.revoke("w-1", "ada")
        self.assertIsNone(self.registry.key_of("w-1"))

    async def test_one_at_a_time(self) -> None:
        """A board that asks much at once is answered what it asked last, 200 times a second."""
        self.release("first")
        self.release("second")
        _, board, ask = await self.on_line()
        ask(INFO.format(kind="watch"))
        await self.office.start(None, None, False, "ada")
        ask(INFO.format(kind="watch"))
        for _ in range(100):
            board.say(b"".join(f"fetch manifest:{NONCE} {n}\n".encode() for n in range(5)))
            self.clock.advance(0.001)
        lines = board.heard().decode().splitlines()
        self.assertLessEqual(len(lines), 0.1 * PARTS_A_SECOND + 2)
        self.assertTrue(lines[1:] and all(line.split()[2] == "4" for line in lines[1:]), lines)
        self.advance(0.1)

    async def test_flood(self) -> None:
        """One board's flood makes no other wait."""
        self.release("first")
        self.release("second")
        _, loud, ask_loud = await self.on_line()
        _, _, ask = await self.on_line("w-2")
        for each in (ask_loud, ask):
            each(INFO.format(kind="watch"))
        await self.office.start(None, None, False, "ada")
        ask_loud(INFO.format(kind="watch"))
        for _ in range(3):
            loud.say(f"fetch manifest:{NONCE} 0\n".encode() * 300)
        self.assertEqual(ask("ping"), ["pong"])
        self.advance(0.1)

    async def test_link_that_goes(self) -> None:
        """A part that was read for a board that left is told to nobody."""
        self.release("first")
        self.release("second")
        slow: list[Deferred[Any]] = []
        in_thread = self.updates._serving._in_thread

        def later(function: Any, *arguments: Any) -> Deferred[Any]:
            waits: Deferred[Any] = Deferred()
            slow.append(waits)
            return waits.addCallback(lambda _: in_thread(function, *arguments))

        _, board, ask = await self.on_line()
        ask(INFO.format(kind="watch"))
        await self.office.start(None, None, False, "ada")
        ask(INFO.format(kind="watch"))
        self.updates._serving._in_thread = later
        ask(f"fetch manifest:{NONCE} 0")
        board.leave()
        slow[0].callback(None)
        self.assertEqual(board.heard(), b"")


class CameraWireTests(WireTest):
    """Port 9001."""

    async def test_update(self) -> None:
        """A camera tells of itself, is offered the build and fetches it between frames."""
        self.release("first")
        self.release("second")
        key = await self.registry.make_key("cam-1", "camera", "ada")
        protocol, transport = self.connect()
        protocol.dataReceived(b"key~cam-1\n")
        nonce = transport.value().decode().removeprefix("nonce~").strip()
        transport.clear()
        mac = device_mac(bytes.fromhex(key), "cam", "cam-1", nonce)
        protocol.dataReceived(f"mac~{mac}\n".encode())

        def ask(line: str) -> list[str]:
            transport.clear()
            protocol.dataReceived(f"{line}\n".encode())
            self.advance(0.1)
            return str(transport.value().decode()).splitlines()

        self.assertEqual(ask(INFO.format(kind="camera")), [])
        self.assertEqual(self.heard[0].wire, "cam")
        await self.office.start(None, ["cam-1"], False, "ada")
        self.assertEqual(ask(INFO.format(kind="camera")), ["update 2"])
        self.assertIn("sensors/__init__.mpy", await self.update("cam-1", key, ask))


class GateTests(WireTest):
    """MQTT."""

    def setUp(self) -> None:
        super().setUp()
        self.published: list[tuple[str, bytes]] = []
        self.boards = GateBoards(
            self.registry, lambda topic, payload: self.published.append((topic, payload)))

    def say(self, gate: str, text: str, what: str = "info", retained: bool = False) -> list[Any]:
        """A gate publishes; what is left for the campus."""
        topic = f"iotd/gate/{gate}/{what}"
        return list(self.boards.sift([Message(topic, text.encode(), retained, 1)]))

    async def test_update(self) -> None:
        """A gate tells of itself on one topic, fetches on another and hears on a third."""
        self.release("first")
        self.release("second")
        key = await self.registry.make_key("north", "gate", "ada")

        def ask(line: str) -> list[str]:
            self.published.clear()
            self.assertEqual(self.say("north", line, line.split()[0]), [])
            self.advance(0.1)
            self.assertLessEqual({topic for topic, _ in self.published}, {"iotd/gate/north/update"})
            return [payload.decode() for _, payload in self.published]

        self.assertEqual(ask(INFO.format(kind="gate")), [])
        self.assertEqual(self.heard[0].wire, "mqtt")
        await self.office.start(None, ["north"], False, "ada")
        self.assertEqual(ask(INFO.format(kind="gate")), ["update 2"])
        self.assertIn("main.mpy", await self.update("north", key, ask))

    async def test_who_may(self) -> None:
        """Only gates with key and approval are heard; what a broker kept never is."""
        await self.registry.make_key("north", "gate", "ada")
        await self.registry.make_key("w-1", "watch", "ada")
        await self.registry.make_key("gone", "gate", "ada")
        await self.registry.revoke("gone", "ada")
        line = INFO.format(kind="gate")
        for gate in ("w-1", "gone", "nobody", ".."):
            self.assertEqual(self.say(gate, line), [])
        self.assertEqual(len(self.say("a/b", line)), 1)  # is no such topic
        self.say("north", line, retained=True)
        self.assertEqual(self.heard, [])
        self.say("north", line)
        self.say("north", "\xff\x00" * 500)
        self.assertEqual(len(self.heard), 1)

    def test_the_rest(self) -> None:
        """Everything else goes on to the campus, in its order."""
        topics = ["sample", "iotd/gate/g/seen", "x/info", "iotd/gate/g/info", "iotd/gate/g/status"]
        messages = [Message(topic, b"", False, 1) for topic in topics]
        rest = [message.topic for message in self.boards.sift(messages)]
        self.assertEqual(rest, [topic for topic in topics if topic != "iotd/gate/g/info"])

    async def test_door(self) -> None:
        """At the built-in broker a gate tells of itself with its key only, and hears its own."""
        await self.registry.make_key("north", "gate", "ada")
        door = Door(self.registry.gate_door, "sample")
        proved, nameless = Visitor("n", "north", proved=True), Visitor("n")
        for what in ("info", "fetch"):
            self.assertIsNone(door.may_not_publish(proved, f"iotd/gate/north/{what}"))
            for gate in ("south", "north/x", ""):
                self.assertTrue(door.may_not_publish(proved, f"iotd/gate/{gate}/{what}"))
            for gate in ("north", "south"):
                self.assertTrue(door.may_not_publish(nameless, f"iotd/gate/{gate}/{what}"))
        self.assertTrue(door.may_not_publish(proved, "iotd/gate/north/update"))
        self.assertTrue(door.may_subscribe(proved, "iotd/gate/north/update"))
        for visitor, topic in ((proved, "south/update"), (proved, "+/update"), (proved, "north/+"),
                               (nameless, "north/update"), (nameless, "south/update"),
                               (proved, "north/info")):
            self.assertFalse(door.may_subscribe(visitor, f"iotd/gate/{topic}"))
