"""What keeps a board alive: parts that fail, work beside the link, pictures cut to size."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.field_camera import scenes
from tests.firmware import rig
from common.connection import Connection
from common.errors import SensorError
from common.lines import LineReader
from common.part import Part
from common.watchdog import Watchdog
from jpeg import trimmed


class PartTests(SynchronousTestCase):
    """Part: opened, lost, opened anew."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.said: list[str] = []
        self.opened = 0
        self.problem: Exception | None = OSError(19, "no such device")
        self.part = Part("display", self.open, self.clock, self.said.append)

    def open(self) -> Any:
        self.opened += 1
        if self.problem:
            raise self.problem
        return "display"

    def pass_seconds(self, seconds: int) -> Any:
        found = None
        for _ in range(seconds * 10):
            self.clock.sleep_ms(100)
            found = self.part.get()
        return found

    def test_dead(self) -> None:
        """A part that isn't there is tried ever more seldom, and named once."""
        self.assertIsNone(self.pass_seconds(300))
        self.assertTrue(12 <= self.opened <= 15, self.opened)
        self.assertEqual(self.said, ["display: [Errno 19] no such device"])

    def test_comes_back(self) -> None:
        """Plugged in again it is there within 30 s, and its fault is forgotten."""
        self.pass_seconds(100)
        self.problem = None
        self.assertEqual(self.pass_seconds(30), "display")
        self.assertEqual(self.part.fault, "")

    def test_fails_at_work(self) -> None:
        """After a fault at work it is opened anew a second later."""
        self.problem = None
        self.assertEqual(self.part.get(), "display")
        self.clock.sleep_ms(100_000)
        self.part.failed(SensorError("gone"))
        self.assertEqual(self.part.fault, "gone")
        self.clock.sleep_ms(900)
        self.assertIsNone(self.part.get())
        self.clock.sleep_ms(200)
        self.assertEqual(self.part.get(), "display")


class FakeWdt:
    """Keeps how often it was fed."""

    fed = 0

    def feed(self) -> None:
        self.fed += 1


class WorkTests(SynchronousTestCase):
    """What a board does beside its link."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.wdt = FakeWdt()
        self.said: list[str] = []
        self.worked: list[int] = []
        self.takes = 0
        self.watchdog = Watchdog(self.wdt, self.clock, self.work, self.said.append)

    def work(self) -> None:
        self.worked.append(self.clock.now)
        self.clock.sleep_ms(self.takes)

    def longest(self) -> int:
        return max(later - one for one, later in zip(self.worked, self.worked[1:]))

    def test_sleep(self) -> None:
        """It goes on while the board sleeps, every 10 ms, and the sleep is no longer for it."""
        self.takes = 4
        began = self.clock.now
        self.watchdog.sleep_ms(5000)
        self.assertTrue(5000 <= self.clock.now - began <= 5010)
        self.assertLessEqual(self.longest(), 15)

    def test_waiting(self) -> None:
        """It goes on while the link waits for a line, or for room to send."""
        sock = rig.FakeSocket(self.clock)
        connection = Connection(sock, self.clock, self.watchdog, LineReader(), rig.FakePoll)
        self.assertIsNone(connection.line(15_000))
        sock.room = 10
        self.assertRaises(Exception, connection.send, bytes(20))
        self.assertLessEqual(self.longest(), 15)

    def test_faults(self) -> None:
        """What it raises is said once, and the board lives on, fed."""
        def broken() -> None:
            raise ValueError("odd")

        watchdog = Watchdog(self.wdt, self.clock, broken, self.said.append)
        watchdog.sleep_ms(1000)
        self.assertEqual(self.said, ["work: ValueError('odd')"])
        self.assertGreater(self.wdt.fed, 90)


class TrimmedTests(SynchronousTestCase):
    """Pictures as they come from a FIFO."""

    def test_surroundings(self) -> None:
        """Rubbish before and behind goes, the tail of an earlier picture too."""
        for picture in scenes(3):
            for before in (b"", b"\0", b"\xff\xd8\xffrubbish", b"\xff\xd9"):
                for behind in (b"", bytes(9), picture[-100:]):
                    found = trimmed(memoryview(before + picture + behind))
                    assert found is not None
                    self.assertEqual(bytes(found), picture)

    def test_thumbnail(self) -> None:
        """The end of a thumbnail in a segment is not the picture's."""
        inner, outer = scenes(2)
        segment = b"\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner
        picture = outer[:2] + segment + outer[2:]
        found = trimmed(picture + b"\0")
        assert found is not None
        self.assertEqual(bytes(found), picture)

    def test_none(self) -> None:
        """What is cut or no JPEG at all gives none."""
        picture = scenes(1)[0]
        for data in (b"", b"no picture", picture[:-2], picture[:50], picture[2:], b"\xff\xd8\xff"):
            self.assertIsNone(trimmed(data))
