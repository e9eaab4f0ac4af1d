"""Virtual watch, cabinet and cabinet camera, against the daemon's own side of the wire."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.cupboard import FULL, Cupboard
from iotd.simulate.device import CabinetBoard, CabinetCameraBoard, Habits, WatchBoard
from iotd.simulate.person import Person
from iotd.simulate.shelf import ITEMS, draw_shelf
from iotd.wire.conversation import NEED_DATA, DeviceConversation
from iotd.wire.device_client import DeviceClient
from iotd.wire.device_events import (
    HelloReceived, NewReceived, PictureReceived, ProofReceived, ReadingReceived, SizeDeclared,
    WeightReceived,
)
from iotd.wire.hello import device_mac
from tests.simulate.link import Link

KEY = bytes(range(32))
NONCE = "5a" * 16
JPEG = draw_shelf({"Pepsi": 1}, 1)
KINDS = {"wch": "watch", "cab": "cabinet", "img": "cabinet_camera"}


class DeviceCase(SynchronousTestCase):
    """A board, a Clock, and the daemon's conversation with it, which always says yes."""

    make: Any
    named = ""
    key: bytes | None = None
    own: dict[str, Any] = {}

    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[tuple[str, str]] = []
        self.daemon = DeviceConversation(4_000_000)
        self.transport = Link()
        kind = KINDS[self.named]
        self.board = type(self).make(
            self.clock, DeviceClient(self.named, self.key is None, kind),
            lambda state, detail: self.told.append((state, detail)), self.key, **self.own,
        )
        self.board.makeConnection(self.transport)
        self.board.dataReceived(self.daemon.greeting())
        self.events: list[Any] = []
        self.hear()

    def hear(self) -> None:
        """The daemon reads all that was sent, and answers until both are silent."""
        while data := self.transport.value():
            self.transport.clear()
            self.daemon.receive_data(data)
            self.read()
            if self.daemon.awaits_quiet:
                self.daemon.quiet()
                self.read()

    def read(self) -> None:
        """Every event, with the daemon's answer to it."""
        while (event := self.daemon.next_event()) is not NEED_DATA:
            self.events.append(event)
            self.answer(event)

    def answer(self, event: Any) -> None:
        """What an honest daemon says."""
        if isinstance(event, NewReceived):
            self.board.dataReceived(self.daemon.start(KINDS[event.id]))
        elif isinstance(event, HelloReceived):
            self.board.dataReceived(self.daemon.challenge(NONCE))
        elif isinstance(event, ProofReceived):
            self.assertEqual(event.mac, device_mac(KEY, "dev", self.named, NONCE))
            self.daemon.accept()
            self.board.dataReceived(self.daemon.start(KINDS[self.named]))
        elif isinstance(event, SizeDeclared):
            self.board.dataReceived(self.daemon.send())

    def say(self, word: str) -> None:
        """The daemon says a word."""
        self.board.dataReceived(self.daemon.word(word))

    def run_for(self, seconds: float) -> None:
        """Time passes; the daemon hears each piece as it comes."""
        for _ in range(round(seconds * 100)):
            self.clock.advance(0.01)
            self.hear()

    def of(self, kind: type) -> list[Any]:
        """The events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def tearDown(self) -> None:
        self.board.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class WatchTests(DeviceCase):
    """A field watch."""

    make, named = WatchBoard, "wch"
    own = {"person": Person("Ada"), "now": lambda: 1.8e9, "habits": Habits()}

    def test_answers_with_both_values(self) -> None:
        """Asked to measure it is silent for 15 s, and then says pulse and temperature."""
        self.say("bpm")
        self.run_for(14.9)
        self.assertEqual(self.of(ReadingReceived), [])
        self.run_for(0.2)
        rate, heat = Person("Ada").measure(1.8e9)
        self.assertEqual([event.raw for event in self.of(ReadingReceived)],
                         [f"{rate},bpm", f"{heat},temp"])

    def test_asked_twice_answers_once(self) -> None:
        """While it measures it hears nothing."""
        self.say("bpm")
        self.say("bpm")
        self.run_for(40)
        self.assertEqual(len(self.of(ReadingReceived)), 2)


class KeyedWatchTests(WatchTests):
    """The same with a key: it knows blood oxygen as well."""

    key = KEY

    def test_answers_with_both_values(self) -> None:
        """Pulse, temperature and blood oxygen come as lines."""
        self.say("bpm")
        self.run_for(15.1)
        units = [event.unit for event in self.of(ReadingReceived)]
        self.assertEqual(units, ["bpm", "temp", "spo2"])

    def test_asked_twice_answers_once(self) -> None:
        """While it measures it hears nothing."""
        self.say("bpm")
        self.say("bpm")
        self.run_for(40)
        self.assertEqual(len(self.of(ReadingReceived)), 3)


class CabinetTests(DeviceCase):
    """A field cabinet whose door is opened once a minute."""

    make, named = CabinetBoard, "cab"

    def setUp(self) -> None:
        self.own = {"cupboard": Cupboard(1), "habits": Habits(60.0)}
        super().setUp()

    def test_cycle(self) -> None:
        """Weight before, something is taken, lights on, weight after; lof puts them out."""
        self.run_for(28)
        weights = self.of(WeightReceived)
        self.assertEqual([event.moment for event in weights], ["bfr", "aft"])
        self.assertGreater(weights[0].grams, weights[1].grams + 10)
        self.assertTrue(self.board.lights)
        self.say("lof")
        self.assertFalse(self.board.lights)

    def test_waits_for_the_end_of_a_visit(self) -> None:
        """While the lights are on nobody opens again."""
        self.run_for(200)
        self.assertEqual(len(self.of(WeightReceived)), 2)
        self.say("lof")
        self.run_for(80)
        self.assertEqual(len(self.of(WeightReceived)), 4)


class KeyedCabinetTests(CabinetTests):
    """The same with a key, whose sizes are exact."""

    key = KEY


class CameraTests(DeviceCase):
    """A field cabinet camera."""

    make, named = CabinetCameraBoard, "img"

    def setUp(self) -> None:
        self.own = {"cupboard": Cupboard(1), "draw": self.draw}
        self.drawn: list[Any] = []
        self.late: Deferred[bytes] | None = None
        super().setUp()

    def draw(self, counts: Any) -> Deferred[bytes]:
        """A picture, at once unless it is to be late."""
        self.drawn.append(counts)
        return self.late or succeed(JPEG)

    def test_picture(self) -> None:
        """Told img it sends the cupboard as it is, byte for byte."""
        self.say("img")
        self.run_for(1)
        self.assertEqual(self.drawn, [dict.fromkeys(ITEMS, FULL)])
        self.assertEqual([event.jpeg for event in self.of(PictureReceived)], [JPEG])

    def test_connection_lost_while_drawing(self) -> None:
        """A picture that is ready too late goes nowhere."""
        self.late = Deferred()
        self.say("img")
        self.board.connectionLost(Failure(ConnectionDone()))
        self.late.callback(JPEG)
        self.assertEqual(self.transport.value(), b"")


class CupboardTests(SynchronousTestCase):
    """What stands in it."""

    def test_visits(self) -> None:
        """Each visit lowers the weight, until somebody goes shopping; counts never go below 0."""
        cupboard, shopped = Cupboard(3), 0
        for _ in range(200):
            before = cupboard.grams
            if cupboard.visit() == "shopping was put in":
                shopped += 1
                self.assertEqual(cupboard.counts, dict.fromkeys(ITEMS, FULL))
            else:
                self.assertLess(cupboard.grams, before - 5)
            self.assertGreaterEqual(min(cupboard.counts.values()), 0)
        self.assertGreater(shopped, 5)
