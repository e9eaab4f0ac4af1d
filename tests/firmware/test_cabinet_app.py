"""The cabinet's cycle in virtual time, with a link and without."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from tests.firmware.bench import FakeConnection, FakeLed
from cabinet_app import MAX_WAITING, CabinetApp
from common.errors import LinkLost, SensorError
from lights import Lights


class FakeButton:
    """A door's switch; move() it, and the next look sees it."""

    down, moved = True, False

    def move(self, closed: bool) -> None:
        self.down, self.moved = closed, True

    def poll(self) -> bool:
        moved, self.moved = self.moved, False
        return moved


class FakeCabinet:
    """Scale, button and strip of a cabinet that stands on the bench."""

    def __init__(self) -> None:
        self.clock = rig.FakeClock()
        self.kilos: float | None = 1.5
        self.button = FakeButton()
        self.pixels: list[Any] = [0]
        self.said: list[str] = []
        self.lights = Lights(self, 1, (9, 9, 9), self.clock)
        self.app = CabinetApp(self, self, self.button, self.lights, FakeLed(), self.clock, 600_000,
                              self.said.append)
        self.lit: list[tuple[int, bool]] = []
        self.acts: list[tuple[int, bool]] = []
        self.began = self.clock.now

    def __setitem__(self, place: int, colour: Any) -> None:
        self.pixels[place] = colour

    def write(self) -> None:
        pass

    def grams(self) -> float:
        if self.kilos is None:
            raise SensorError("no fresh value from the scale")
        return self.kilos * 1000

    def poll(self, closed: bool = True) -> None:
        """Scale and door have nothing to do."""

    def work(self) -> None:
        """The door moves as the script says; the lights are watched."""
        now = self.clock.now - self.began
        if self.acts and self.acts[0][0] <= now:
            self.button.move(self.acts.pop(0)[1])
        self.app.work()
        lit = self.lights.lit
        if not self.lit or self.lit[-1][1] != lit:
            self.lit.append((now, lit))

    def serve(self, until: int, *script: tuple[int, str]) -> FakeConnection:
        connection = FakeConnection(self.clock, self.work, until, *script)
        try:
            self.app.serve(connection)
        except (LinkLost, OSError):
            pass
        return connection

    def offline(self, ms: int) -> None:
        for _ in range(0, ms, 10):
            self.clock.sleep_ms(10)
            self.work()


class CabinetAppTests(SynchronousTestCase):
    """The door's cycle."""

    def setUp(self) -> None:
        self.cabinet = FakeCabinet()

    def test_cycle(self) -> None:
        """bfr at once, lights at closing, aft 5 s later, lights off at lof."""
        self.cabinet.acts = [(1000, False), (4000, True)]
        connection = self.cabinet.serve(30_000, (12_000, "lof"))
        self.assertEqual(connection.texts(), [b"size-11\n", b"bfr-1500.00", b"size-11\n",
                                              b"aft-1500.00"])
        bfr, aft = connection.sent[1][0], connection.sent[3][0]
        self.assertTrue(1000 <= bfr <= 1200 and 9000 <= aft <= 9200, (bfr, aft))
        self.assertEqual([lit for _, lit in self.cabinet.lit], [False, True, False])
        on, off = self.cabinet.lit[1][0], self.cabinet.lit[2][0]
        self.assertTrue(4000 <= on <= 4020 and 12_000 <= off <= 12_120, (on, off))

    def test_lights_by_themselves(self) -> None:
        """Without lof they go out 30 s after weighing, with a link or without."""
        self.cabinet.acts = [(1000, False), (4000, True)]
        self.cabinet.offline(60_000)
        self.assertEqual(self.cabinet.lit[1:], [(4000, True), (39_000, False)])

    def test_lon(self) -> None:
        """lon lights them for ten minutes at most."""
        self.cabinet.serve(700_000, (1000, "lon"))
        [(_, _), (on, _), (off, _)] = self.cabinet.lit
        self.assertTrue(abs(off - on - 600_000) <= 20)

    def test_opened_again(self) -> None:
        """Opened again within 5 s of closing: one visit, weighed at its beginning and end."""
        self.cabinet.acts = [(1000, False), (2000, True), (4000, False), (8000, True)]
        connection = self.cabinet.serve(30_000)
        self.assertEqual([text[:3] for text in connection.texts()[1::2]], [b"bfr", b"aft"])
        self.assertGreaterEqual(connection.sent[3][0], 13_000)

    def test_kept(self) -> None:
        """What happened offline is told in order; a link that dies in between loses nothing."""
        self.cabinet.acts = [(1000, False), (4000, True)]
        self.cabinet.offline(15_000)
        self.cabinet.kilos = 1.0
        now = self.cabinet.clock.now - self.cabinet.began
        self.cabinet.acts = [(now + 1000, False), (now + 2000, True)]
        self.cabinet.offline(15_000)
        self.patch(FakeConnection, "send", refuse_second)
        self.assertEqual(self.cabinet.serve(5000).texts(), [b"size-11\n"])
        self.patch(FakeConnection, "send", SEND)
        connection = self.cabinet.serve(5000)
        self.assertEqual(connection.texts()[1::2], [b"bfr-1500.00", b"aft-1500.00",
                                                    b"bfr-1000.00", b"aft-1000.00"])

    def test_bounded(self) -> None:
        """Weeks offline cost no memory: the newest messages are kept, the loss is said."""
        for visit in range(20):
            self.cabinet.kilos = float(visit)
            now = self.cabinet.clock.now - self.cabinet.began
            self.cabinet.acts = [(now + 100, False), (now + 200, True)]
            self.cabinet.offline(6000)
        connection = self.cabinet.serve(20_000)
        weights = connection.texts()[1::2]
        self.assertEqual((len(weights), weights[-1]), (MAX_WAITING, b"aft-19000.00"))
        self.assertEqual(self.cabinet.app.lost, 40 - MAX_WAITING)
        self.assertIn("cabinet: too long offline, the oldest of 16 is lost", self.cabinet.said)

    def test_no_weight(self) -> None:
        """Without a weight the reason is told, and the lights still go on and off."""
        self.cabinet.kilos = None
        self.cabinet.acts = [(1000, False), (2000, True)]
        connection = self.cabinet.serve(60_000)
        self.assertEqual(connection.texts(), [
            b"error no weight bfr: no fresh value from the scale\n",
            b"error no weight aft: no fresh value from the scale\n"])
        self.assertEqual([lit for _, lit in self.cabinet.lit], [False, True, False])


SEND = FakeConnection.send


def refuse_second(connection: FakeConnection, data: Any) -> None:
    """A link that breaks after its first text."""
    if connection.sent:
        raise OSError(104, "reset")
    SEND(connection, data)
