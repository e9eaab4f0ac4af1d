"""The gate's loop in virtual time: what it writes, tells, and tells again."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
import records
from common.errors import LinkLost, SensorError
from common.part import Part
from common.wall_clock import WallClock
from gate_app import LIST_BYTES, GateApp
from ring import Ring

KEY = bytes(32)
FIVE = [(bytes([2, 0, 0, 0, 0, n]), -40 - n) for n in range(5)]
SETTINGS = {"id": "gate-a", "key": KEY, "direction": "exit"}
TOPIC = "iotd/gate/gate-a/"


class FakeScanner:
    """Sees the same every three seconds."""

    def __init__(self, clock: Any) -> None:
        self.clock, self.due, self.near = clock, clock.now, FIVE

    def poll(self) -> Any:
        if self.clock.now < self.due:
            return None
        self.due += 3000
        return self.near


class FakeReader:
    """Tells the badges that the test holds up, or fails."""

    def __init__(self) -> None:
        self.badges: list[bytes] = []
        self.problem: Exception | None = None

    def poll(self) -> bytes | None:
        if self.problem:
            raise self.problem
        return self.badges.pop(0) if self.badges else None


class FakeLed:
    colour = "off"

    def show(self, colour: str) -> None:
        self.colour = colour


class FakeSession:
    """A broker that takes all, or is lost after so many; work goes on while it is waited for."""

    def __init__(self, clock: Any, work: Any) -> None:
        self.clock, self.work = clock, work
        self.sent: list[tuple[str, bytes]] = []
        self.heard: list[tuple[bytes, bytes]] = []
        self.left = 1 << 30
        self.until = 0

    def subscribe(self, topic: str) -> None:
        assert topic == TOPIC + "replay"

    def may_hear(self, topic: str) -> bool:
        return topic == TOPIC + "update"

    def nudge(self) -> None:
        pass

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        if self.left == 0:
            raise LinkLost("gone")
        self.left -= 1
        self.clock.sleep_ms(20)
        self.work()
        self.sent.append((topic, payload))

    def message(self, wait_ms: int) -> Any:
        if self.clock.now >= self.until:
            raise LinkLost("the test ends it")
        for _ in range(max(1, wait_ms // 50)):
            self.clock.sleep_ms(50)
            self.work()
        return self.heard.pop(0) if self.heard else None

    def told(self, what: str) -> list[Any]:
        """What was told on this topic, lists taken apart."""
        found = []
        for topic, payload in self.sent:
            if topic == TOPIC + what:
                told = json.loads(payload)
                found += told if isinstance(told, list) else [told]
        return found


class GateAppTests(SynchronousTestCase):
    """GateApp."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.said: list[str] = []
        self.led = FakeLed()
        self.scanner: Any = FakeScanner(self.clock)
        self.reader = FakeReader()
        self.ring = Ring(self.mktemp(), "b1", records.seq_of, say=self.said.append)
        self.app = GateApp(
            SETTINGS, "b1", self.ring, self.scanner,
            Part("badge", lambda: self.reader, self.clock, self.said.append),
            WallClock("time", self.clock), self.led, self.clock, self.said.append)

    def offline(self, seconds: int) -> None:
        for _ in range(seconds * 10):
            self.clock.sleep_ms(100)
            self.app.work()

    def online(self, seconds: float, **more: Any) -> FakeSession:
        """One connection of so long."""
        session = FakeSession(self.clock, self.app.work)
        session.until = self.clock.now + int(seconds * 1000)
        session.__dict__.update(more)
        self.assertRaises(LinkLost, self.app.serve, session)
        return session

    def test_order_and_numbers(self) -> None:
        """All in order, badges on their topic, the exit's direction; nothing twice."""
        self.offline(10)
        self.reader.badges = [b"\1\2\3\4", b"\5\6\7\10"]
        session = self.online(10)
        seen, badges = session.told("seen"), session.told("badge")
        numbers = [each["seq"] for each in seen + badges]
        self.assertEqual(sorted(numbers), [*range(1, len(numbers) + 1)])
        self.assertEqual([each["uid"] for each in badges], ["01020304", "05060708"])
        self.assertEqual({each["direction"] for each in seen + badges}, {"exit"})
        self.assertEqual(session.sent[0], (TOPIC + "status", b"online"))

    def test_lost_in_the_middle(self) -> None:
        """What the broker has not taken over is told again, what it has is not."""
        self.offline(200)
        first = self.online(5, left=4)  # online, and three lists
        second = self.online(20)
        numbers = [each["seq"] for each in first.told("seen") + second.told("seen")]
        self.assertEqual(numbers, [*range(1, len(numbers) + 1)])

    def test_lists_are_short(self) -> None:
        """No message is longer than a list may be; sixteen phones make shorter lists."""
        self.scanner.near = [(bytes([2, 0, 0, 0, 1, n]), -99) for n in range(16)]
        self.offline(300)
        session = self.online(20)
        self.assertGreater(len(session.told("seen")), 99)
        self.assertLess(max(len(payload) for _, payload in session.sent), LIST_BYTES + 2)

    def test_wear(self) -> None:
        """Three hours of a scan every three seconds: a write a minute, no more; then none."""
        before = self.ring.writes
        self.online(3 * 3600)
        self.assertTrue(170 <= self.ring.writes - before <= 181, self.ring.writes)
        self.scanner.near = []
        self.scanner.due = self.clock.now + 10**9
        self.online(300)
        before = self.ring.writes
        self.online(3600)
        self.assertEqual(self.ring.writes, before)

    def test_wear_offline(self) -> None:
        """While nobody hears it, every ten seconds."""
        self.offline(600)
        self.assertTrue(50 <= self.ring.writes <= 61, self.ring.writes)

    def test_replay(self) -> None:
        """A wish is met in pieces, between which fresh messages are told."""
        self.offline(200)
        self.online(10)
        wish = (TOPIC + "replay").encode(), b'{"boot":"b1","from":10,"to":45}'
        session = self.online(20, heard=[wish, (b"other", wish[1]), wish])
        numbers = [each["seq"] for each in session.told("seen")]
        self.assertEqual([each for each in numbers if each <= 45], 2 * [*range(10, 46)])
        self.assertEqual(self.said.count("gate: a message that is no wish: ignored"), 1)

    def test_wishes_are_forgotten(self) -> None:
        """A wish whose connection was lost is not met on the next."""
        self.offline(200)
        self.online(10)
        wish = (TOPIC + "replay").encode(), b'{"boot":"b1","from":1,"to":60}'
        self.online(20, heard=[wish], left=3)
        session = self.online(5)
        self.assertGreater(min(each["seq"] for each in session.told("seen")), 60)

    def test_light(self) -> None:
        """Red offline, green online, out for a moment when a badge was read."""
        self.assertEqual(self.led.colour, "red")
        self.reader.badges = [b"\1\2\3\4"]
        self.app.work()
        self.assertEqual(self.led.colour, "off")
        self.offline(1)
        self.assertEqual(self.led.colour, "red")
        self.online(2, message=lambda wait: self.fail(self.led.colour)
                    if self.led.colour != "green" else (_ for _ in ()).throw(LinkLost("")))
        self.assertEqual(self.led.colour, "red")

    def test_broken_reader(self) -> None:
        """A reader that fails is tried ever more seldom, and phones are told all the same."""
        self.reader.problem = SensorError("the MFRC522 is stuck")
        session = self.online(20)
        self.assertTrue(1 <= self.said.count("badge: the MFRC522 is stuck") <= 6)
        self.assertGreater(len(session.told("seen")), 5)
