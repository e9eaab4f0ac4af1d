"""What a device's conversation says of itself: what has begun, what is kept, who may speak."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.conversation import MAX_WAITING_BYTES, DeviceConversation, DevicePhase
from iotd.wire.device_events import (
    BadMessage, BadReading, HelloReceived, NewReceived, PingReceived, PongReceived,
    ReadingReceived, RequestReceived, SizeDeclared, WeightReceived,
)
from iotd.wire.errors import LocalProtocolError
from tests.wire.device_drive import KEYED_OPENING, QUIET, DeviceDaemon, fed, told
from tests.wire.drive import NONCE

BPM = ReadingReceived(72.0, "bpm", "72.00,bpm")


def started(kind: str = "other", keyed: bool = False) -> DeviceConversation:
    """One that may be told words."""
    return told(KEYED_OPENING if keyed else b"new~abc", kind=kind).conversation


class OpeningTests(SynchronousTestCase):
    """Names."""

    def test_greeting(self) -> None:
        """36 bytes: the length of the text in a field 30 wide, and the text."""
        self.assertEqual(DeviceConversation(9).greeting(), b"6" + b" " * 29 + b"id pls")

    def test_phases(self) -> None:
        """A field device is held until start(), a keyed one proves itself before."""
        self.assertIs(told().conversation.phase, DevicePhase.GREETED)
        self.assertIs(told(b"new~wch", kind=None).conversation.phase, DevicePhase.HELD)
        self.assertIs(told(b"key~abc\n").conversation.phase, DevicePhase.PROVING)
        keyed = told(KEYED_OPENING, kind=None).conversation
        self.assertEqual((keyed.phase, keyed.keyed), (DevicePhase.HELD, True))
        self.assertEqual(keyed.start("watch"), b"start\n")
        self.assertEqual((keyed.phase, keyed.kind), (DevicePhase.STARTED, "watch"))
        field = told(b"new~wch", kind=None).conversation
        self.assertEqual(field.start("watch"), b"start")
        self.assertFalse(field.keyed)

    def test_capitals(self) -> None:
        """An id in capitals is the same in small letters."""
        self.assertEqual(told(b"new~WC2").heard, [NewReceived("wc2")])

    def test_held_bytes_are_heard_after_the_start(self) -> None:
        """Readings that came too early are not lost, be it 1024 bytes of them."""
        early = b"72.00,bpm" * 113
        for data in (early, early + b"0,rep00"):
            self.assertLessEqual(len(data), MAX_WAITING_BYTES)
            conversation = told(b"new~wch", data, kind=None).conversation
            self.assertEqual(conversation.begun_bytes, 0)
            conversation.start("watch")
            self.assertEqual(conversation.next_event(), BPM)

    def test_held_names(self) -> None:
        """A name said again and again while it waits is no flood."""
        daemon = fed([b"new~wch"] * 1000, kind=None)
        self.assertIsNone(daemon.error)
        daemon.conversation.start("watch")
        daemon.receive(b"new~wch \nnew~wch\0" * 1000 + b"72.00,bpm")
        self.assertEqual(daemon.heard, [NewReceived("wch"), BPM])

    def test_denied(self) -> None:
        """deny() ends the conversation before and after the proof."""
        conversation = told(b"key~abc\n").conversation
        self.assertEqual(conversation.deny(), b"denied\n")
        self.assertIs(conversation.phase, DevicePhase.CLOSED)
        conversation.receive_data(b"new~wch")
        self.assertEqual(conversation.begun_bytes, 0)


class BegunTests(SynchronousTestCase):
    """begun_bytes: what a deadline is for."""

    def test_parts(self) -> None:
        """Part of a hello, proof, size, reading, message or line has begun something."""
        for pieces in (
            [b"new~w"], [b"key~ab"], [b"key~abc\n", b"mac~1"], [b"new~abc", b"size-"],
            [b"new~abc", b"72.00"], [b"new~abc", b"size-9", QUIET, b"bfr-1"],
            [KEYED_OPENING, b"72.0"], [KEYED_OPENING, b"size-9\n", b"bfr-1"],
        ):
            begun = pieces[-1] or b""
            self.assertEqual(fed(pieces).conversation.begun_bytes, len(begun), pieces)

    def test_our_turn(self) -> None:
        """What waits for the daemon has no deadline."""
        conversation = DeviceConversation(99)
        conversation.receive_data(b"key~abc\nmac~1")
        self.assertEqual(conversation.next_event(), HelloReceived("abc"))
        self.assertEqual(conversation.begun_bytes, 0)
        conversation.challenge(NONCE)
        conversation.next_event()
        self.assertEqual(conversation.begun_bytes, 5)

    def test_nothing(self) -> None:
        """Between texts nothing has begun, white space included."""
        for text in (b"72.00,bpm", b"72.00,bpm\r\n\0", b"0,rep", b" "):
            self.assertEqual(told(b"new~abc", text).conversation.begun_bytes, 0, text)


class QuietTests(SynchronousTestCase):
    """awaits_quiet and quiet()."""

    def test_what_awaits_it(self) -> None:
        """Sizes, letters, unknown units, no numbers, exact weights; never half a reading."""
        for text, awaits in {
            b"size-9": True, b"size-": False, b"siz": False, b"0,a": True, b"0,b": True,
            b"0,bp": False, b"0,bpm": False, b"0,re": False, b"72.00": False, b"72.00,b": False,
            b"-": False, b"5,foo": True, b"hello": True, b"72.00,bpmx": True, b"n": False,
        }.items():
            conversation = told(b"new~abc", text).conversation
            self.assertIs(conversation.awaits_quiet, awaits, text)

    def test_it_tells_nothing_otherwise(self) -> None:
        """Called when nothing awaits it, it changes nothing."""
        whole = told(b"new~abc", b"72.00,b", b"pm").outcome
        self.assertEqual(told(b"new~abc", QUIET, b"72.00,b", QUIET, QUIET, b"pm").outcome, whole)

    def test_bytes_begin_it_anew(self) -> None:
        """A byte that came meanwhile belongs to the number."""
        conversation = told(b"new~abc", b"size-1").conversation
        conversation.quiet()
        conversation.receive_data(b"2")
        daemon = DeviceDaemon()
        daemon.conversation = conversation
        daemon.listen()
        self.assertEqual(daemon.heard, [])
        daemon.receive(QUIET)
        self.assertEqual(daemon.heard, [SizeDeclared(12)])

    def test_patience(self) -> None:
        """A weight at exactly its declared length ends after a whole second of quiet."""
        start = [b"new~cab", b"size-13", QUIET, b"bfr-1023.4567"]
        self.assertTrue(fed(start).conversation.awaits_quiet)
        self.assertTrue(fed(start + [QUIET] * 19).conversation.awaits_quiet)
        daemon = fed(start + [QUIET] * 20)
        self.assertEqual(daemon.heard[-1], WeightReceived("bfr", 1023.4567, "bfr-1023.4567"))
        self.assertFalse(daemon.conversation.receiving)

    def test_no_false_weight(self) -> None:
        """However long a field cabinet pauses within its message, no part of it is a weight."""
        message = b"bfr-1023.4567"
        for at in range(len(message)):
            silence: list[bytes | None] = [QUIET] * 100
            daemon = fed([b"new~cab", b"size-9", QUIET, message[:at], *silence])
            self.assertEqual(daemon.heard[2:], [], at)
            daemon.receive(message[at:])
            self.assertEqual(daemon.heard[2:],
                             [WeightReceived("bfr", 1023.4567, "bfr-1023.4567")], at)


class SpeakingTests(SynchronousTestCase):
    """Who may be told what, and when."""

    def test_words(self) -> None:
        """Bare for a field device, a line for a keyed one."""
        self.assertEqual(started("watch").word("bpm"), b"bpm")
        self.assertEqual(started("watch", keyed=True).word("bpm"), b"bpm\n")
        self.assertEqual(started("watch").answer("crd sleep"), b"crd sleep")
        self.assertEqual(started("watch", keyed=True).answer("hrx,,"), b"hrx,,\n")
        self.assertEqual(started("watch", keyed=True).ping(), b"ping\n")
        self.assertRaises(LocalProtocolError, started("watch").ping)
        self.assertRaises(LocalProtocolError, started("watch").word, "lof")

    def test_receiving(self) -> None:
        """From the first letter of size- to the end of the message no word may be said."""
        conversation = DeviceConversation(99)
        daemon = DeviceDaemon("other", 99)
        daemon.conversation = conversation
        daemon.receive(b"new~abc")
        for piece in (b"s", b"ize", b"-9", QUIET, b"bfr-102", b"3.456"):
            self.assertFalse(conversation.receiving and piece == b"s")
            daemon.receive(piece)
            self.assertTrue(conversation.receiving, piece)
            self.assertRaises(LocalProtocolError, conversation.word, "lof")
            self.assertRaises(LocalProtocolError, conversation.answer, "crd x")
        daemon.receive(b"7")
        self.assertFalse(conversation.receiving)
        self.assertEqual(conversation.word("lof"), b"lof")

    def test_not_receiving(self) -> None:
        """What only looks like the beginning of a size keeps nobody waiting."""
        for text in (b"sx", b"72.00,s", b"72.00,sys", b"n"):
            self.assertFalse(told(b"new~abc", text).conversation.receiving, text)

    def test_a_line_in_the_making(self) -> None:
        """A keyed device's size counts before its line ends."""
        self.assertTrue(told(KEYED_OPENING, b"size-1").conversation.receiving)

    def test_pings_before_send(self) -> None:
        """A keyed device that waits for send may still ask and answer."""
        conversation = started(keyed=True)
        conversation.receive_data(b"size-13\npong\nping\n")
        events = [conversation.next_event() for _ in range(3)]
        self.assertEqual(events, [SizeDeclared(13), PongReceived(), PingReceived()])
        self.assertEqual(conversation.pong(), b"pong\n")
        self.assertEqual(conversation.send(), b"send\n")
        conversation.receive_data(b"bfr-1023.4567")
        self.assertIsInstance(conversation.next_event(), WeightReceived)


class TextTests(SynchronousTestCase):
    """What reasons say."""

    def test_reasons_are_short(self) -> None:
        """Whatever a device sends, what is told of it stays under 250 characters."""
        for pieces in (
            [b"new~wch", b"x" * 32 + b"," + b"y" * 32 + b" "],
            [b"new~cab", b"size-300", QUIET, b"\xff" * 300],
            [b"new~cab", b"size-300", QUIET, b"bfr-" + b"\xff" * 300],
            [b"new~cab", b"size-300", QUIET, b"A" * 300],
        ):
            event = fed(pieces).heard[-1]
            self.assertIsInstance(event, BadReading | BadMessage)
            self.assertLess(len(event.reason), 250)  # type: ignore[union-attr]

    def test_requests_of_a_line(self) -> None:
        """A keyed device may write several texts in a line."""
        daemon = told(KEYED_OPENING, b"0,a 72.00,bpm0,rep\n0,b\n")
        self.assertEqual(daemon.heard[2:], [
            RequestReceived("a"), BPM, RequestReceived("rep"), RequestReceived("b")])
