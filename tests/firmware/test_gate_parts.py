"""Parts of a gate: its clock, its scanner, what the daemon may wish."""

from __future__ import annotations

import _thread
import threading
from typing import Any

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from common.wall_clock import WallClock, answer_ms, question
from gate_app import wish
from scanner import Helper, Scanner

ntp = rig.fake("ntp_model")
NOON = 1_790_000_000_000


class FakeUdp:
    """A time server behind a network that takes ``delay`` ms each way; none when it is None."""

    def __init__(self, clock: Any, unix_ms: Any, delay: int | None = 40, **more: Any) -> None:
        self.clock, self.unix_ms, self.delay, self.more = clock, unix_ms, delay, more
        self.asked = self.opened = self.closed = 0
        self.due: list[tuple[int, bytes]] = []

    def __call__(self, host: str, port: int) -> FakeUdp:
        self.opened += 1
        assert (host, port) == ("time.example", 123)
        return self

    def send(self, data: bytes) -> None:
        self.asked += 1
        if self.delay is not None:
            there = self.clock.now + self.delay
            self.due = [(there + self.delay, ntp.answer(data, self.unix_ms(there), **self.more))]

    def recv(self, size: int) -> bytes:
        if not self.due or self.clock.now < self.due[0][0]:
            raise OSError(11)
        return self.due.pop(0)[1]

    def close(self) -> None:
        self.closed += 1
        self.due = []


class ClockTests(SynchronousTestCase):
    """WallClock."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.began = self.clock.now
        self.start = NOON
        self.said: list[str] = []
        self.udp = FakeUdp(self.clock, lambda now: self.start + now - self.began)

    def wall(self) -> Any:
        self.wall_clock = WallClock("time.example", self.clock, self.udp,
                                    say=self.said.append)
        return self.wall_clock

    def live(self, seconds: int, connected: bool = True, step: int = 10) -> None:
        for _ in range(0, seconds * 1000, step):
            self.clock.sleep_ms(step)
            self.wall_clock.poll(connected)

    def off(self) -> int:
        return int(self.wall_clock.ms() - (self.start + self.clock.now - self.began))

    def test_set(self) -> None:
        """Unknown at first; set to a few ms once a server was heard, half the way counted."""
        wall = self.wall()
        self.assertIsNone(wall.ms())
        self.live(1)
        self.assertLessEqual(abs(self.off()), 10)
        self.assertEqual((self.said, self.udp.closed), (["clock: set by time.example"], 1))

    def test_goes_on(self) -> None:
        """For forty days, over every wrap of the ticks; asked again every six hours."""
        self.wall()
        self.live(40 * 86400, step=500)
        self.assertLessEqual(abs(self.off()), 500)
        self.assertTrue(150 <= self.udp.asked <= 165, self.udp.asked)

    def test_nobody(self) -> None:
        """Without a network nobody is asked; without an answer ever more seldom."""
        wall = self.wall()
        self.udp.delay = None
        self.live(60, connected=False)
        self.assertEqual(self.udp.asked, 0)
        self.live(3600, step=100)
        self.assertTrue(12 <= self.udp.asked <= 22, self.udp.asked)
        self.assertIsNone(wall.ms())
        self.udp.delay = 40
        self.live(310, step=50)
        self.assertLessEqual(abs(self.off()), 50)

    def test_slow(self) -> None:
        """An answer that took over a second is not believed."""
        wall = self.wall()
        self.udp.delay = 600
        self.live(10)
        self.assertIsNone(wall.ms())

    def test_before(self) -> None:
        """Moments of before are known once the clock is set."""
        wall = self.wall()
        self.live(5, connected=False)
        seen = wall.uptime_ms()
        self.assertIsNone(wall.unix_of(seen))
        self.live(3)
        self.assertLessEqual(abs(wall.unix_of(seen) - NOON - 5000), 20)

    def test_2036(self) -> None:
        """The count of seconds begins anew in 2036, the time does not."""
        self.start = 2_085_978_495_000
        self.wall()
        self.live(1)
        self.assertLessEqual(abs(self.off()), 10)

    def test_no_answer(self) -> None:
        """Foreign answers, cut ones, warnings, a server that isn't set: no time."""
        cookie = b"12345678"
        asked = question(cookie)
        good = ntp.answer(asked, NOON)
        self.assertEqual(answer_ms(good, cookie), (NOON, NOON))
        for data in (good[:47], b"", ntp.answer(asked, NOON, first=0xE4),
                     ntp.answer(asked, NOON, first=0x23), ntp.answer(asked, NOON, stratum=0),
                     ntp.answer(asked, NOON, stratum=16), ntp.answer(question(b"x" * 8), NOON),
                     good[:40] + bytes(8)):
            self.assertIsNone(answer_ms(data, cookie))

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(st.integers(0, 4_233_462_143_999))
    def test_any_moment(self, unix_ms: int) -> None:
        """From 1970 to 2104 every millisecond comes back as it was."""
        cookie = b"12345678"
        found = answer_ms(ntp.answer(question(cookie), unix_ms), cookie)
        assert found is not None
        self.assertLessEqual(abs(found[0] - unix_ms), 1)


class FakeWlan:
    """Access points, or a radio that is busy."""

    def __init__(self) -> None:
        self.near: list[Any] = []
        self.problem: Exception | None = None
        self.on = False
        self.gate = threading.Event()
        self.gate.set()

    def active(self, on: bool | None = None) -> bool:
        self.on = self.on if on is None else on
        return self.on

    def scan(self) -> list[Any]:
        self.gate.wait(10)
        if self.problem:
            raise self.problem
        assert self.on
        return self.near


def point(name: str, number: int, rssi: int) -> tuple[Any, ...]:
    """As network.WLAN.scan() gives it."""
    return (name.encode(), number.to_bytes(6, "big"), 6, rssi, 3, False)


class ScannerTests(SynchronousTestCase):
    """Scanner."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.wlan = FakeWlan()
        self.said: list[str] = []

    def scanner(self, **more: Any) -> Any:
        return Scanner(self.wlan, 3000, 3, -80, ["campus"], self.clock, say=self.said.append,
                       **more)

    def look(self, scanner: Any, seconds: int = 3) -> list[Any]:
        told = []
        for _ in range(seconds * 100):
            self.clock.sleep_ms(10)
            found = scanner.poll()
            if found is not None:
                told.append([(int.from_bytes(mac, "big"), rssi) for mac, rssi in found])
        return told

    def test_strongest(self) -> None:
        """The strongest three, the campus's own and what is too weak left out, each once."""
        self.wlan.near = [point("a", 1, -79), point("b", 2, -81), point("campus", 3, -20),
                          point("c", 4, -50), point("", 5, -30), point("d", 6, -78),
                          point("c", 4, -60)]
        self.assertEqual(self.look(self.scanner()), [[(5, -30), (4, -50), (6, -78)]])

    def test_every(self) -> None:
        """Every three seconds, the radio switched on where it was off."""
        scanner = self.scanner()
        self.assertEqual(self.look(scanner, 30), [[]] * 10)
        self.wlan.active(False)
        self.assertEqual(self.look(scanner, 30), [[]] * 10)

    def test_busy(self) -> None:
        """A radio that can't scan now is said once, and asked again."""
        scanner = self.scanner()
        self.wlan.problem = OSError("STA is connecting")
        self.assertEqual(self.look(scanner, 12), [])
        self.assertEqual(len(self.said), 1)
        self.wlan.problem = None
        self.assertEqual(self.look(scanner), [[]])

    def test_thread(self) -> None:
        """In a thread of its own a scan holds nobody up, and its result comes when it is there."""
        scanner = self.scanner(helper=lambda work: Helper(work, _thread))
        for number in range(1, 6):
            self.wlan.gate.clear()
            self.wlan.near = [point("a", number, -40)]
            self.assertEqual(self.look(scanner, 9), [])
            self.wlan.gate.set()
            told: list[Any] = []
            end = threading.Event()
            for _ in range(500):
                told = told or self.look(scanner, 0) or [
                    found for found in [scanner.poll()] if found is not None]
                if told:
                    break
                end.wait(0.01)
            self.assertEqual(told, [[(number.to_bytes(6, "big"), -40)]])


class WishTests(SynchronousTestCase):
    """What the daemon may ask for."""

    def test_good(self) -> None:
        """Boot, first and last; never more than a thousand."""
        asked = wish(b'{"boot":"9f2c","from":12,"to":16}')
        assert asked is not None
        self.assertEqual((asked.boot, asked.low, asked.high), ("9f2c", 12, 16))
        asked = wish(b'{"boot":"9f2c","from":1,"to":99999999}')
        assert asked is not None
        self.assertEqual(asked.high, 1000)

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(st.binary(max_size=40) | st.sampled_from([
        b'{"boot":1,"from":1,"to":2}', b'{"boot":"a","from":"1","to":2}', b'{"boot":"a"}',
        b'{"boot":"a","from":3,"to":2}', b'{"boot":"a","from":true,"to":2}', b"null", b"[1]",
        b'{"boot":"a","from":-1,"to":2}', b'{"boot":"a","from":1.0,"to":2}']))
    def test_bad(self, payload: bytes) -> None:
        """Anything else is nothing."""
        self.assertIsNone(wish(payload))
