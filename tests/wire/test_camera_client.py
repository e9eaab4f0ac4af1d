"""The honest board: what it sends, and what it understands."""

from __future__ import annotations

from typing import Callable

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.camera import NEED_DATA, CameraConversation, FieldDecided, FrameReceived, Phase
from iotd.wire.camera_client import (
    CameraClient, ClientEvent, CommandIgnored, CommandReceived, Denied, NonceReceived,
    PingReceived, PongReceived,
)
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.hello import HelloReceived, ProofReceived, device_mac
from tests.wire.drive import KEY, NONCE, every_event
from tests.wire.jpegs import jpeg


def told(client: CameraClient, data: bytes) -> list[ClientEvent]:
    """What the board makes of one read."""
    client.receive_data(data)
    events: Callable[[], ClientEvent] = client.next_event  # type: ignore[assignment]
    return list(iter(events, NEED_DATA))


class FieldClientTests(SynchronousTestCase):
    """A board in the field."""

    def test_says_nothing_of_itself(self) -> None:
        """No hello, no proof."""
        client = CameraClient(field=True)
        self.assertEqual(client.hello(), b"")
        self.assertRaises(LocalProtocolError, client.prove, KEY, NONCE)

    def test_commands(self) -> None:
        """Stripped of white space and compared for equality, read by read."""
        client = CameraClient(field=True)
        self.assertEqual(told(client, b"START"), [CommandReceived("START")])
        self.assertEqual(told(client, b" STOP\r\n"), [CommandReceived("STOP")])

    def test_commands_that_arrive_together(self) -> None:
        """Two in one read are neither."""
        client = CameraClient(field=True)
        self.assertEqual(told(client, b"STOPSTART"), [CommandIgnored("STOPSTART")])
        self.assertEqual(told(client, b"SET fps=5"), [CommandIgnored("SET fps=5")])
        self.assertEqual(told(client, b"\xff" * 1025),
                         [CommandIgnored("\\xff" * 1024), CommandIgnored("\\xff")])

    def test_with_a_daemon(self) -> None:
        """Its frames are heard; the daemon's commands are understood."""
        client, daemon = CameraClient(field=True), CameraConversation(65536)
        picture = jpeg()
        daemon.receive_data(client.frame(picture + bytes(20)))
        self.assertEqual(every_event(daemon), [FieldDecided(), FrameReceived(picture, 16, 12)])
        self.assertEqual(told(client, daemon.command("START")), [CommandReceived("START")])


class KeyedClientTests(SynchronousTestCase):
    """A board with new firmware."""

    def test_with_a_daemon(self) -> None:
        """Hello, nonce, proof, then pings, commands and frames both ways."""
        client, daemon = CameraClient("cam-1"), CameraConversation(65536)
        daemon.receive_data(client.hello())
        self.assertEqual(every_event(daemon), [HelloReceived("cam-1")])
        self.assertEqual(told(client, daemon.challenge(NONCE)), [NonceReceived(NONCE)])
        daemon.receive_data(client.prove(KEY, NONCE))
        mac = device_mac(KEY, "cam", "cam-1", NONCE)
        self.assertEqual(every_event(daemon), [ProofReceived(mac)])
        daemon.accept()
        self.assertEqual(told(client, daemon.command("SET fps=5") + daemon.ping()),
                         [CommandReceived("SET fps=5"), PingReceived()])
        daemon.receive_data(client.pong() + client.ping() + client.frame(jpeg()))
        self.assertEqual([type(event).__name__ for event in every_event(daemon)],
                         ["PongReceived", "PingReceived", "FrameReceived"])
        self.assertEqual(told(client, daemon.pong()), [PongReceived()])

    def test_denied(self) -> None:
        """A refusal is an event."""
        client, daemon = CameraClient("cam-1"), CameraConversation(65536)
        daemon.receive_data(client.hello())
        every_event(daemon)
        self.assertEqual(told(client, daemon.deny()), [Denied()])
        self.assertIs(daemon.phase, Phase.CLOSED)

    def test_cut_anywhere(self) -> None:
        """Lines are put together from single bytes."""
        client, heard = CameraClient("cam-1"), []
        for byte in b"nonce~" + NONCE.encode() + b"\nSTART\nSTOP\n":
            heard += told(client, bytes([byte]))
        self.assertEqual(
            heard, [NonceReceived(NONCE), CommandReceived("START"), CommandReceived("STOP")]
        )

    def test_what_no_daemon_says(self) -> None:
        """Unknown words, bad nonces, endless lines, bytes that are no text."""
        for data in (b"HELLO\n", b"nonce~12\n", b"x" * 1200, b"\xff\n", b"SET fps=999\n"):
            self.assertRaises(RemoteProtocolError, told, CameraClient("cam-1"), data)

    def test_a_bad_id(self) -> None:
        """An id that the daemon would refuse never leaves."""
        self.assertRaises(LocalProtocolError, CameraClient("Cam").hello)
