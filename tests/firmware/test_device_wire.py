"""The keyed side of the device wire: the recorded sessions, cut anywhere, and its own rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from common import link as link_module
from common.backoff import Backoff
from common.connection import Connection
from common.device_wire import DeviceWire
from common.errors import Denied, LinkLost
from common.lines import LineReader, plain
from common.link import GREETING_BYTES, Link

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "device.json").read_text())
GREETING = bytes.fromhex(VECTORS["greeting"])
SESSIONS = {session["name"]: session for session in VECTORS["sessions"]}


class FakeWifi:
    """Always up."""

    def connect(self) -> None:
        pass

    def connected(self) -> bool:
        return True


def turns_of(name: str) -> list[tuple[bytes, bytes]]:
    """What board and daemon say in each turn of a recorded session."""
    return [(bytes.fromhex(turn["device"]), bytes.fromhex(turn["daemon"]))
            for turn in SESSIONS[name]["turns"]]


class BoardTestCase(SynchronousTestCase):
    """A board of a recorded session, its daemon in memory."""

    def talk(self, name: str, act: Any, cut: int = 0, until: int | None = None) -> bytes:
        """All that the board said while the daemon's bytes came ``cut`` at a time (0: glued)."""
        session = SESSIONS[name]
        daemon = GREETING + b"".join(said for _, said in turns_of(name)[:until])
        pieces = [daemon[at:at + cut] for at in range(0, len(daemon), cut)] if cut else [daemon]
        clock = rig.FakeClock()
        self.sock = rig.FakeSocket(clock, [(at * 3, piece) for at, piece in enumerate(pieces)])
        settings = {"id": "board-7f3a", "key": bytes.fromhex(session["key"]),
                    "server": {"host": "there", "port": 5001}}
        self.said: list[str] = []
        self.patch(link_module, "Connection", lambda *parts: Connection(*parts, rig.FakePoll))
        link = Link(settings, "dev", FakeWifi(), Backoff(lambda: 1.0), rig.FakeWatchdog(clock),
                    clock, lambda host, port: self.sock, self.said.append)
        self.acted = False

        def serve(connection: Connection) -> None:
            wire = DeviceWire(connection)
            wire.wait_for_start()
            act(wire)
            self.acted = True
            raise LinkLost("the session is over")

        link.once(serve)
        return self.sock.sent

    def expected(self, name: str, until: int | None = None) -> bytes:
        return b"".join(said for said, _ in turns_of(name)[:until])


class RecordedTests(BoardTestCase):
    """tests/vectors/device.json, from the board's side."""

    CUTS = (0, 1, 2, 7, 36, 37)

    def test_greeting(self) -> None:
        """The greeting has the 36 bytes that are skipped."""
        self.assertEqual(len(GREETING), GREETING_BYTES)

    def test_watch(self) -> None:
        """board-watch: bpm is heard, and the readings are these very lines."""
        def act(wire: DeviceWire) -> None:
            self.assertEqual(wire.word(5000), "bpm")
            wire.reading(72, "bpm")
            wire.reading(36.5, "temp")

        for cut in self.CUTS:
            self.assertEqual(self.talk("board-watch", act, cut), self.expected("board-watch", 4))

    def test_messages(self) -> None:
        """board-cabinet and board-camera: size, leave, and exactly the message."""
        for name in ("board-cabinet", "board-camera"):
            turns = turns_of(name)[2:]

            def act(wire: DeviceWire) -> None:
                if name == "board-camera":
                    self.assertEqual(wire.word(5000), "img")
                for (size, _), (message, _) in zip(turns[::2], turns[1::2]):
                    self.assertEqual(size, b"size-%d\n" % len(message))
                    wire.message(message)

            for cut in self.CUTS:
                self.assertEqual(self.talk(name, act, cut), self.expected(name))
                self.assertTrue(self.acted)

    def test_requests(self) -> None:
        """board-requests: a request is its line."""
        def act(wire: DeviceWire) -> None:
            wire.request("b")
            wire.request("rep")

        self.assertEqual(self.talk("board-requests", act), self.expected("board-requests", 4))

    def test_wrong_key(self) -> None:
        """board-wrong-key: denied is understood, and nothing is served."""
        for cut in self.CUTS:
            self.talk("board-wrong-key", lambda wire: None, cut, until=2)
            self.assertEqual((self.acted, self.said[-2]),
                             (False, "link: the daemon refuses our key"))

    def test_held(self) -> None:
        """board-held: without start it waits, until the silence is too long."""
        sent = self.talk("board-held", lambda wire: None, until=2)
        self.assertFalse(self.acted)
        self.assertEqual(sent, self.expected("board-held", 2) + b"ping\n")

    def test_wrong_port(self) -> None:
        """Without a greeting nothing is said, and the port is named as what may be wrong."""
        self.patch(rig.FakeSocket, "due", lambda sock: False)
        self.assertEqual(self.talk("board-watch", lambda wire: None), b"")
        self.assertIn("port for devices", self.said[-2])


def started(*arrives: tuple[int, bytes]) -> tuple[rig.FakeSocket, DeviceWire]:
    """A wire whose daemon says these pieces at these times."""
    clock = rig.FakeClock()
    sock = rig.FakeSocket(clock, list(arrives))
    lines = LineReader(4096, lenient=True)
    return sock, DeviceWire(Connection(sock, clock, rig.FakeWatchdog(clock), lines, rig.FakePoll))


class RuleTests(SynchronousTestCase):
    """What the recorded sessions don't show."""

    def test_words_meanwhile(self) -> None:
        """Words that come before send are kept in order, and a ping is answered afterwards."""
        sock, wire = started((0, b"lof\nping\nlon\nsend\n"))
        wire.message(b"aft-1.00")
        self.assertEqual(sock.sent, b"size-8\naft-1.00pong\n")
        self.assertEqual([wire.word(10), wire.word(10), wire.word(10)], ["lof", "lon", None])

    def test_flood_meanwhile(self) -> None:
        """Of many words before send a few are kept, the rest costs no memory."""
        _, wire = started((0, b"lof\n" * 200 + b"send\n"))
        wire.message(b"x")
        self.assertEqual(sum(wire.word(0) == "lof" for _ in range(200)), 8)

    def test_no_send(self) -> None:
        """Without send within 15 s the link is given up, nothing of the message sent."""
        sock, wire = started((30_000, b"ping\n"))
        self.assertRaises(LinkLost, wire.message, b"bfr-1.00")
        self.assertEqual(sock.sent, b"size-8\n")

    def test_denied(self) -> None:
        """A key that is revoked while the board waits is told from a lost link."""
        _, wire = started((100, b"denied\n"))
        self.assertRaises(Denied, wire.wait_for_start)

    def test_complaint(self) -> None:
        """A fault is one line of plain text, whatever is in it."""
        sock, wire = started()
        wire.complain("no pulse\n\u00e9" + "x" * 300)
        self.assertEqual(sock.sent, b"error no pulse??" + b"x" * 190 + b"\n")

    def test_long_words(self) -> None:
        """A doctor's text in any language is heard: cut at 4 KiB, ? for what isn't ASCII."""
        sock, wire = started((0, "crd Caf\u00e9 \u4e2d\n".encode()),
                             *((at, b"crd" + b"y" * 1000) for at in range(1, 9)), (9, b"\nbpm\n"))
        self.assertEqual(wire.word(100), "crd Caf? ?")
        heard = wire.word(100)
        assert heard is not None
        self.assertEqual((heard[:4], len(heard)), ("crdy", 4096))
        self.assertEqual(wire.word(100), "bpm")

    @given(st.binary(max_size=80))
    def test_plain(self, data: bytes) -> None:
        """Any bytes become printable ASCII."""
        self.assertTrue(all(" " <= letter <= "~" for letter in plain(data)))
