"""A virtual camera's connection, against the daemon's own side of the wire."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.camera import PIECE_SECONDS, CameraBoard
from iotd.simulate.pictures import Film
from iotd.simulate.scene import View, draw
from iotd.wire.camera import (
    NEED_DATA, CameraClient, CameraConversation, FieldDecided, FrameReceived, HelloReceived,
    PongReceived, ProofReceived,
)
from iotd.wire.hello import device_mac
from tests.simulate.link import Link

KEY = bytes(range(32))
NONCE = "5a" * 16
VIEW = View("hall", 3)
JPEG = draw(VIEW, 1.0)


class BoardCase(SynchronousTestCase):
    """A board on a StringTransport, a Clock, and the daemon's conversation with it."""

    keyed = False
    slow = False

    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[tuple[str, str]] = []
        self.views: list[View] = []
        self.daemon = CameraConversation(4_000_000)
        self.transport = Link()
        self.board = CameraBoard(
            self.clock, CameraClient("hall", field=not self.keyed), Film(self.draw, VIEW), 5.0,
            lambda state, detail: self.told.append((state, detail)), KEY if self.keyed else None,
        )
        self.board.makeConnection(self.transport)

    def draw(self, view: View) -> Deferred[bytes]:
        """A picture at once, or never when the machine is slow."""
        self.views.append(view)
        return Deferred() if self.slow else succeed(JPEG)

    def hear(self) -> list[Any]:
        """What the daemon makes of all that the board sent since."""
        self.daemon.receive_data(self.transport.value())
        self.transport.clear()
        events = []
        while (event := self.daemon.next_event()) is not NEED_DATA:
            events.append(event)
        return events

    def frames(self) -> int:
        """How many whole pictures arrived since."""
        heard = [event for event in self.hear() if isinstance(event, FrameReceived)]
        self.assertTrue(all(event.jpeg == JPEG for event in heard))
        return len(heard)

    def run_for(self, seconds: float) -> None:
        """Let time pass in the board's smallest steps."""
        self.clock.pump([PIECE_SECONDS] * round(seconds / PIECE_SECONDS))

    def states(self) -> list[str]:
        """The states told so far."""
        return [state for state, _ in self.told]

    def lose(self) -> None:
        """The connection ends."""
        self.board.connectionLost(Failure(ConnectionDone()))


class FieldBoards(BoardCase):
    """The field wire."""

    def test_it_says_nothing_by_itself(self) -> None:
        """A field camera is silent until it is started."""
        self.run_for(5.0)
        self.assertEqual((self.transport.value(), self.states()), (b"", ["connected"]))

    def test_it_streams_at_its_pace(self) -> None:
        """After START about five whole pictures come in a second."""
        self.board.dataReceived(b"START")
        self.run_for(2.1)
        heard = self.hear()
        self.assertIsInstance(heard[0], FieldDecided)
        self.assertIn(len(heard) - 1, (10, 11))
        self.assertEqual(self.told[-1], ("streaming", "320x240 at 5 fps"))

    def test_frames_leave_in_pieces(self) -> None:
        """A frame leaves in 512-byte pieces with a pause after each."""
        self.board.dataReceived(b"START")
        sizes = []
        for _ in range(5):
            self.transport.clear()
            self.clock.advance(PIECE_SECONDS)
            sizes.append(len(self.transport.value()))
        self.assertEqual(sizes, [512] * 5)

    def test_a_stop_is_heard_between_frames(self) -> None:
        """A STOP in the middle of a frame lets that frame end, and is the last one's end."""
        self.board.dataReceived(b"START")
        self.run_for(0.01)
        self.board.dataReceived(b"STOP")
        self.assertEqual(self.states()[-1], "streaming")
        self.run_for(2.0)
        self.assertEqual((self.frames(), self.states()[-1]), (1, "stopped"))
        self.assertFalse(self.daemon.unfinished)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_two_commands_together_are_ignored(self) -> None:
        """Commands are compared for equality with all that came since the last frame."""
        self.board.dataReceived(b"STARTSTOP")
        self.assertEqual(self.told[-1], ("ignored", "'STARTSTOP'"))
        self.board.dataReceived(b"START")
        self.run_for(0.01)
        self.board.dataReceived(b"ST")
        self.board.dataReceived(b"OPSTOP")
        self.run_for(1.0)
        self.assertEqual(self.told[-1], ("ignored", "'STOPSTOP'"))
        self.assertGreater(self.frames(), 3)

    def test_commands_it_does_not_need(self) -> None:
        """A second START and a second STOP change nothing."""
        self.board.dataReceived(b"STOP")
        self.board.dataReceived(b"START")
        self.run_for(0.01)
        self.board.dataReceived(b"START")
        self.run_for(1.0)
        self.assertEqual(self.states(), ["connected", "streaming"])
        self.assertIn(self.frames(), (5, 6))

    def test_the_first_picture_is_of_now(self) -> None:
        """A camera that is started again shows nothing of its last time."""
        self.board.dataReceived(b"START")
        self.run_for(0.01)
        self.board.dataReceived(b"STOP")
        self.run_for(1.0)
        self.transport.clear()
        self.slow = True
        self.board.dataReceived(b"START")
        self.run_for(1.0)
        self.assertEqual((self.states()[-1], self.transport.value()), ("streaming", b""))
        self.board.dataReceived(b"STOP")

    def test_a_full_network_costs_frames_not_memory(self) -> None:
        """While the transport is full nothing is written; afterwards frames go on."""
        self.board.dataReceived(b"START")
        self.run_for(0.15)
        self.board.pauseProducing()
        self.transport.clear()
        self.run_for(10.0)
        self.assertEqual(self.transport.value(), b"")
        self.board.resumeProducing()
        self.run_for(1.0)
        self.assertGreater(len(self.transport.value()), 4 * len(JPEG))

    def test_losing_the_connection_stops_it(self) -> None:
        """A lost connection ends all timers and is told with its reason."""
        self.board.dataReceived(b"START")
        self.run_for(0.01)
        self.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.told[-1], ("lost", "Connection was closed cleanly."))


class KeyedBoards(BoardCase):
    """The keyed wire."""

    keyed = True

    def prove(self) -> None:
        """Go through the hello, as the daemon does."""
        self.assertEqual(self.hear(), [HelloReceived("hall")])
        self.board.dataReceived(self.daemon.challenge(NONCE))
        self.assertEqual(self.hear(), [ProofReceived(device_mac(KEY, "cam", "hall", NONCE))])
        self.daemon.accept()

    def command(self, text: str) -> None:
        """Tell the board something."""
        self.board.dataReceived(self.daemon.command(text))

    def test_it_proves_its_key(self) -> None:
        """Hello, nonce and proof; then it waits for START."""
        self.prove()
        self.run_for(5.0)
        self.assertEqual(self.hear(), [])

    def test_it_streams_and_stops_at_once(self) -> None:
        """Commands are heard at any time, two in one chunk as well."""
        self.prove()
        self.command("START")
        self.run_for(1.1)
        self.assertIn(self.frames(), (5, 6))
        self.board.dataReceived(self.daemon.command("STOP") + self.daemon.command("START"))
        self.assertEqual(self.states()[-2:], ["stopped", "streaming"])

    def test_settings(self) -> None:
        """SET changes size, quality, flash and pace from the next picture on."""
        self.prove()
        self.command("SET framesize=VGA quality=40 fps=10 flash=1")
        self.assertEqual(self.told[-1], ("set", "640x480 at 10 fps"))
        self.command("START")
        self.run_for(1.1)
        view = self.views[-1]
        self.assertEqual((view.size, view.quality, view.flash), ((640, 480), 40, True))
        self.assertIn(self.frames(), (11, 12))

    def test_it_answers_a_ping(self) -> None:
        """A ping is answered with a pong, streaming or not."""
        self.prove()
        self.board.dataReceived(self.daemon.ping())
        self.assertEqual(self.hear(), [PongReceived()])

    def test_it_is_denied(self) -> None:
        """A denial is told and ends the connection."""
        self.hear()
        self.board.dataReceived(self.daemon.deny())
        self.assertTrue(self.transport.disconnected)
        self.lose()
        self.assertEqual(self.states()[1:], ["denied", "lost"])
        self.assertTrue(self.board.denied)

    def test_words_that_the_daemon_never_says(self) -> None:
        """What is no command is told, and the connection dropped."""
        self.prove()
        self.board.dataReceived(b"DANCE\n")
        self.assertEqual(self.states()[-1], "confused")
        self.assertTrue(self.transport.disconnected)
