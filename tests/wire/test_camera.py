"""What a conversation says of itself: what has begun, what is kept, how it ends."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.camera import (
    MAX_WAITING_BYTES, NEED_DATA, BadFrame, CameraConversation, EmptyFrame, FieldDecided,
    FrameReceived, HelloReceived, LineReceived, Phase, ProofReceived,
)
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.frames import encode_frame
from iotd.wire.hello import device_mac, encode_mac
from tests.wire.drive import KEY, NONCE, every_event, fed
from tests.wire.jpegs import jpeg

PICTURE = jpeg(optimize=True, quality=20)
MAC = encode_mac(device_mac(KEY, "cam", "cam-1", NONCE))


def proving() -> CameraConversation:
    """One whose nonce is on its way."""
    conversation = CameraConversation(65536)
    conversation.receive_data(b"key~cam-1\n")
    every_event(conversation)
    conversation.challenge(NONCE)
    return conversation


class BegunTests(SynchronousTestCase):
    """unfinished and begun_bytes: what a deadline is for."""

    def test_a_frame(self) -> None:
        """Header and payload count together; between frames nothing has begun."""
        conversation = CameraConversation(65536)
        for begun, byte in enumerate(encode_frame(PICTURE)):
            self.assertEqual((conversation.unfinished, conversation.begun_bytes),
                             (begun > 0, begun))
            conversation.receive_data(bytes([byte]))
            events = every_event(conversation)
        self.assertEqual(events, [FrameReceived(PICTURE, 16, 12)])
        self.assertFalse(conversation.unfinished)

    def test_the_beginning_of_a_hello(self) -> None:
        """Part of key~ has begun something and decides nothing, silence or not."""
        for silent_first in (False, True):
            daemon = fed([b"ke"], silent_first)
            daemon.settle()
            self.assertEqual(daemon.conversation.begun_bytes, 2)
            daemon.receive(b"y~cam-1\n")
            self.assertEqual(daemon.heard[-1], HelloReceived("cam-1"))
            self.assertIs(daemon.conversation.phase, Phase.PROVING)

    def test_while_the_daemon_is_due(self) -> None:
        """What is kept for later has no deadline; a begun proof has."""
        conversation = CameraConversation(65536)
        conversation.receive_data(b"key~cam-1\n" + MAC[:9])
        every_event(conversation)
        self.assertEqual(conversation.begun_bytes, 0)
        conversation.challenge(NONCE)
        self.assertEqual(every_event(conversation), [])
        self.assertEqual(conversation.begun_bytes, 9)

    def test_settling_is_told_once(self) -> None:
        """FieldDecided comes once, by silence or by bytes."""
        daemon = fed([encode_frame(b""), encode_frame(b"")], silent_first=True)
        daemon.settle()
        self.assertEqual(daemon.heard, [FieldDecided(), EmptyFrame(), EmptyFrame()])
        daemon = fed([encode_frame(b"")])
        daemon.settle()
        self.assertEqual(daemon.heard, [FieldDecided(), EmptyFrame()])


class GluedTests(SynchronousTestCase):
    """Bytes that come before their time."""

    def test_after_hello_and_proof(self) -> None:
        """What is glued behind each line is read by the phase that follows."""
        daemon = fed([b"key~cam-1\n" + MAC + b"fw 1.2\n" + encode_frame(PICTURE)])
        self.assertEqual([type(event) for event in daemon.heard],
                         [HelloReceived, ProofReceived, LineReceived, FrameReceived])

    def test_kept_up_to_a_limit(self) -> None:
        """While nonce or verdict is due 1024 bytes are kept, one more is an error."""
        named = CameraConversation(65536)
        named.receive_data(b"key~cam-1\n")
        proven = proving()
        proven.receive_data(MAC)
        for conversation in (named, proven):
            every_event(conversation)
            conversation.receive_data(bytes(MAX_WAITING_BYTES))
            self.assertEqual(every_event(conversation), [])
            conversation.receive_data(b"\0")
            error = self.assertRaises(RemoteProtocolError, conversation.next_event)
            self.assertIn("allowed are 1024", str(error))

    def test_a_denied_camera_is_not_heard(self) -> None:
        """After denied nothing is parsed, kept or raised."""
        conversation = CameraConversation(65536)
        conversation.receive_data(b"key~cam-1\n" + b"\xff" * 999)
        self.assertEqual(every_event(conversation), [HelloReceived("cam-1")])
        self.assertEqual(conversation.deny(), b"denied\n")
        conversation.receive_data(b"\xff" * 10_000)
        self.assertEqual(every_event(conversation), [])
        self.assertEqual(conversation.begun_bytes, 0)


class BadPayloadTests(SynchronousTestCase):
    """Payloads with no picture in them."""

    def test_reason(self) -> None:
        """Size and first bytes are named, eight at most."""
        daemon = fed([encode_frame(b"GET / HTTP/1.1")])
        self.assertEqual(
            daemon.heard[-1],
            BadFrame("no whole JPEG in 14 bytes that begin 47 45 54 20 2f 20 48 54"),
        )

    def test_three_in_a_row(self) -> None:
        """The third is told like the others, then the connection is over for good."""
        daemon = fed([encode_frame(b"bad") * 2 + encode_frame(b"") + encode_frame(b"bad")])
        self.assertEqual(len([e for e in daemon.heard if isinstance(e, BadFrame)]), 3)
        self.assertIn("the limit is 3", str(daemon.error))
        self.assertIs(daemon.conversation.phase, Phase.CLOSED)
        self.assertIs(daemon.conversation.next_event(), NEED_DATA)

    def test_keyed_cameras_too(self) -> None:
        """Lines between bad payloads do not make up for them."""
        bad = encode_frame(b"bad")
        daemon = fed([b"key~cam-1\n" + MAC + bad + b"ping\n" + bad + b"a\n" + bad + b"b\n"])
        self.assertIn("the limit is 3", str(daemon.error))
        self.assertNotIn(LineReceived("b"), daemon.heard)

    def test_a_picture_makes_up(self) -> None:
        """Two bad ones, a picture, two bad ones: nothing happens."""
        two = encode_frame(b"bad") * 2
        self.assertIsNone(fed([two + encode_frame(PICTURE) + two]).error)


class ReprTests(SynchronousTestCase):
    """What a log line would show."""

    def test_short(self) -> None:
        """A frame shows its size, not its bytes; NEED_DATA shows its name."""
        self.assertEqual(repr(FrameReceived(PICTURE, 16, 12)),
                         f"FrameReceived({len(PICTURE)} bytes, 16x12)")
        self.assertEqual(repr(NEED_DATA), "NEED_DATA")


class CommandTests(SynchronousTestCase):
    """What the daemon says."""

    def test_field(self) -> None:
        """Bare words, as soon as silence settled it; no SET."""
        conversation = CameraConversation(65536)
        conversation.settle_as_field()
        self.assertEqual(conversation.command("START"), b"START")
        self.assertEqual(conversation.command("STOP"), b"STOP")
        self.assertRaises(LocalProtocolError, conversation.command, "SET fps=5")

    def test_keyed(self) -> None:
        """Each command is a line."""
        conversation = proving()
        conversation.receive_data(MAC)
        every_event(conversation)
        conversation.accept()
        self.assertEqual(conversation.command("START"), b"START\n")
        self.assertEqual(conversation.command("SET fps=5 flash=1"), b"SET fps=5 flash=1\n")
        self.assertEqual((conversation.ping(), conversation.pong()), (b"ping\n", b"pong\n"))
        self.assertRaises(LocalProtocolError, conversation.command, "SET fps=500")

    def test_a_bad_nonce(self) -> None:
        """A nonce of our own that is none leaves the conversation as it was."""
        conversation = CameraConversation(65536)
        conversation.receive_data(b"key~cam-1\n")
        every_event(conversation)
        self.assertRaises(LocalProtocolError, conversation.challenge, "00")
        self.assertEqual(conversation.challenge(NONCE), b"nonce~%b\n" % NONCE.encode())
