"""The honest boards: what they send, and what they understand."""

from __future__ import annotations

from typing import Callable

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.conversation import GREETING
from iotd.wire.device_client import DeviceClient
from iotd.wire.device_events import (
    NEED_DATA, AnswerReceived, ChunkIgnored, Denied, DeviceClientEvent, Greeted, NonceReceived,
    PictureReceived, PingReceived, ReadingReceived, RequestReceived, SendReceived,
    SizeDeclared, StartReceived, WeightReceived, WordReceived,
)
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from tests.wire.device_drive import QUIET, DeviceDaemon
from tests.wire.drive import KEY, NONCE
from tests.wire.jpegs import jpeg

PICTURE = jpeg()


def told(client: DeviceClient, data: bytes) -> list[DeviceClientEvent]:
    """What the board makes of what its socket holds."""
    client.receive_data(data)
    events: Callable[[], DeviceClientEvent] = client.next_event  # type: ignore[assignment]
    return list(iter(events, NEED_DATA))


def exchange(client: DeviceClient, daemon: DeviceDaemon, data: bytes) -> None:
    """What the board sends, and all that follows of it, until both are silent."""
    while data:
        daemon.receive(data)
        daemon.receive(QUIET)
        sent, daemon.sent = daemon.sent, b""
        data = b"".join(reply(client, event) for event in told(client, sent))


def reply(client: DeviceClient, event: DeviceClientEvent) -> bytes:
    """What an honest board sends back."""
    if isinstance(event, NonceReceived):
        return client.prove(KEY, event.nonce)
    return event.message if isinstance(event, SendReceived) else b""


def met(client: DeviceClient, kind: str) -> DeviceDaemon:
    """A daemon that has started the board."""
    daemon = DeviceDaemon(kind)
    told(client, GREETING)
    exchange(client, daemon, client.hello())
    return daemon


class FieldTests(SynchronousTestCase):
    """Boards in the field."""

    def test_the_watch_does_not_wait(self) -> None:
        """It says its name at once; greeting and start are nothing to it."""
        watch = DeviceClient("wch", True, "watch")
        self.assertTrue(watch.greeted)
        self.assertEqual(watch.hello(), b"new~wch")
        self.assertEqual(told(watch, GREETING + b"start"),
                         [ChunkIgnored((GREETING + b"start").decode())])
        self.assertEqual(told(watch, b"start"), [ChunkIgnored("start")])
        self.assertEqual(told(watch, b"bpm"), [WordReceived("bpm")])

    def test_the_cabinet_waits(self) -> None:
        """It reads 35 bytes of the greeting; the last s comes by itself."""
        cabinet = DeviceClient("cab", True, "cabinet")
        self.assertEqual(told(cabinet, GREETING), [Greeted(), ChunkIgnored("s")])
        self.assertEqual(cabinet.hello(), b"new~cab")
        self.assertEqual(told(cabinet, b"start"), [StartReceived()])
        self.assertTrue(cabinet.started)

    def test_words_that_arrive_together(self) -> None:
        """Two in one read are neither; words of other kinds are nothing."""
        cabinet = DeviceClient("cab", True, "cabinet")
        told(cabinet, GREETING)
        for text in ("startlof", "lofsend", "lof\n", "img", "lon"):
            self.assertEqual(told(cabinet, text.encode()), [ChunkIgnored(text)])
        self.assertEqual(told(cabinet, b"lof"), [WordReceived("lof")])

    def test_waiting_for_send(self) -> None:
        """A cabinet that declared a size swallows every word but send."""
        cabinet = DeviceClient("cab", True, "cabinet")
        told(cabinet, GREETING)
        self.assertEqual(cabinet.weigh("bfr", 1023.4567), b"size-9")
        self.assertEqual(told(cabinet, b"lof"), [ChunkIgnored("lof")])
        self.assertTrue(cabinet.waits_for_send)
        self.assertEqual(told(cabinet, b"send"), [SendReceived(b"bfr-1023.4567")])
        self.assertEqual(told(cabinet, b"lof"), [WordReceived("lof")])

    def test_no_key(self) -> None:
        """A field board proves nothing."""
        self.assertRaises(LocalProtocolError, DeviceClient("wch", True, "watch").prove, KEY, NONCE)

    def test_with_a_daemon(self) -> None:
        """Weights, pictures, readings and requests are heard as they were meant."""
        cabinet = DeviceClient("cab", True, "cabinet")
        daemon = met(cabinet, "cabinet")
        exchange(cabinet, daemon, cabinet.weigh("aft", 998.1))
        self.assertEqual(daemon.heard[1:],
                         [SizeDeclared(8), WeightReceived("aft", 998.1, "aft-998.1000")])
        camera = DeviceClient("img", True, "cabinet_camera")
        daemon = met(camera, "cabinet_camera")
        exchange(camera, daemon, camera.picture(PICTURE))
        exchange(camera, daemon, camera.picture(PICTURE, as_base64=True))
        self.assertEqual([daemon.heard[2], daemon.heard[4]],
                         [PictureReceived(PICTURE, 16, 12)] * 2)
        watch = DeviceClient("wch", True, "watch")
        daemon = met(watch, "watch")
        exchange(watch, daemon, watch.reading(72, "bpm") + watch.reading("36.50", "temp"))
        exchange(watch, daemon, watch.ask("b"))
        self.assertEqual(daemon.heard[1:], [
            ReadingReceived(72.0, "bpm", "72.00,bpm"),
            ReadingReceived(36.5, "temp", "36.50,temp"), RequestReceived("b")])
        self.assertEqual(told(watch, daemon.conversation.answer("glc less sugar")),
                         [AnswerReceived("glc less sugar")])


class KeyedTests(SynchronousTestCase):
    """Boards with new firmware."""

    def test_greeting(self) -> None:
        """Exactly 36 bytes are skipped, in whatever pieces they come."""
        for size in (1, 7, 36):
            board = DeviceClient("dev-1", False, "watch")
            events = [event for at in range(0, 36, size)
                      for event in told(board, GREETING[at:at + size])]
            self.assertEqual(events, [Greeted()])
            self.assertEqual(told(board, b"denied\n"), [Denied()])

    def test_with_a_daemon(self) -> None:
        """It proves its key and is heard in lines."""
        board = DeviceClient("watch-7f3a", False, "other")
        daemon = met(board, "other")
        self.assertTrue(board.started)
        exchange(board, daemon, board.weigh("bfr", 1.5))
        exchange(board, daemon, board.picture(PICTURE))
        exchange(board, daemon, board.reading(72, "bpm"))
        exchange(board, daemon, board.ask("rep") + board.ping())
        self.assertEqual(daemon.heard[2:], [
            SizeDeclared(10), WeightReceived("bfr", 1.5, "bfr-1.5000"),
            SizeDeclared(len(PICTURE)), PictureReceived(PICTURE, 16, 12),
            ReadingReceived(72.0, "bpm", "72.00,bpm"), RequestReceived("rep"), PingReceived()])

    def test_words(self) -> None:
        """Words are lines, and several may come together; lon is one of them."""
        board = DeviceClient("cab-7f3a", False, "cabinet")
        told(board, GREETING)
        self.assertEqual(told(board, b"start\nlon\nlof\nping\n"), [
            StartReceived(), WordReceived("lon"), WordReceived("lof"), PingReceived()])
        self.assertRaises(RemoteProtocolError, told, board, b"bpm\n")

    def test_what_is_no_reading(self) -> None:
        """Units and requests that do not exist are refused before they are sent."""
        board = DeviceClient("dev-1", False, "watch")
        self.assertRaises(LocalProtocolError, board.reading, 1, "foo")
        self.assertRaises(LocalProtocolError, board.ask, "j")
