"""The field camera of the tests is one: silent, literal-minded, and mortal."""

from __future__ import annotations

import io
import socket
import time
from typing import Any, Callable

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from tests.field_camera import FieldCamera, scenes


class FieldCameraTests(SynchronousTestCase):
    """One camera and the server's end of its socket."""

    def setUp(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(10)
        self.addCleanup(self.listening.close)

    def camera(self, **more: Any) -> FieldCamera:
        camera = FieldCamera("127.0.0.1", self.listening.getsockname()[1], fps=50.0,
                             piece_pause=0.0, **more)
        self.addCleanup(camera.power_off)
        return camera.power_on()

    def accept(self) -> socket.socket:
        server, self.peer = self.listening.accept()
        server.settimeout(0.3)
        self.addCleanup(server.close)
        return server

    def comes(self, what: Callable[[], Any]) -> None:
        until = time.monotonic() + 10
        while not what():
            self.assertLess(time.monotonic(), until, "waited in vain")
            time.sleep(0.005)

    def drain(self, server: socket.socket) -> bytes:
        """All that comes until it has been quiet for a while."""
        data = b""
        try:
            while piece := server.recv(65536):
                data += piece
        except TimeoutError:
            pass
        return data

    def payloads(self, data: bytes) -> list[bytes]:
        """The frames in a whole stream of them."""
        found = []
        while data:
            size = int.from_bytes(data[:4], "big")
            self.assertGreaterEqual(len(data), 4 + size)
            found.append(data[4:4 + size])
            data = data[4 + size:]
        return found

    def stream(self, camera: FieldCamera, server: socket.socket, count: int) -> list[bytes]:
        """What came between a START and a STOP after so many frames."""
        server.sendall(b"START")
        self.comes(lambda: len(camera.sent) >= count)
        server.sendall(b"STOP")
        return self.payloads(self.drain(server))

    def test_silent(self) -> None:
        """It connects, from the address asked for, and says nothing."""
        self.camera(source="127.0.0.9")
        self.assertEqual(self.drain(self.accept()), b"")
        self.assertEqual(self.peer[0], "127.0.0.9")

    def test_frames(self) -> None:
        """Frames come whole, as recorded: stray byte, picture, FIFO tail."""
        camera = self.camera()
        payloads = self.stream(camera, self.accept(), 8)
        self.assertEqual(payloads, [frame.payload for frame in camera.sent])
        for payload, jpeg in zip(payloads, camera.sent_jpegs()):
            self.assertTrue(payload.startswith(b"\x00" + jpeg))
        self.assertEqual(camera.led, "red")
        tails = {payload[1 + len(jpeg):][:2] for payload, jpeg in
                 zip(payloads, camera.sent_jpegs())}
        self.assertGreaterEqual(len(tails), 3)

    def test_starts_again(self) -> None:
        """After STOP it starts again, with white space around a command or without."""
        camera = self.camera(padded=False, stray=b"")
        server = self.accept()
        self.stream(camera, server, 2)
        before = len(camera.sent)
        server.sendall(b" START\r\n")
        self.comes(lambda: len(camera.sent) > before)
        self.assertTrue(camera.streaming)

    def test_two_at_once(self) -> None:
        """Commands that arrive together are ignored, all of them."""
        camera = self.camera()
        server = self.accept()
        for words in (b"STARTSTART", b"START\nSTOP", b"start", b"SET fps=5"):
            server.sendall(words)
            self.comes(lambda: words in camera.heard)
        self.assertEqual(self.drain(server), b"")
        self.assertFalse(camera.streaming)

    def test_mortal(self) -> None:
        """A server that goes ends it for good; only power-cycling brings it back."""
        camera = self.camera()
        self.accept().close()
        self.comes(lambda: not camera.running)
        self.assertIsNone(camera.failure)
        camera.power_on()
        self.accept()
        self.assertTrue(camera.running)

    def test_freeze(self) -> None:
        """A frozen board keeps its connection and does nothing on it."""
        camera = self.camera()
        server = self.accept()
        camera.freeze()
        self.comes(lambda: not camera.running)
        server.sendall(b"START")
        self.assertRaises(TimeoutError, server.recv, 1)

    def test_scenes(self) -> None:
        """Its pictures are different JPEGs of 320x240 and 5 to 10 KB."""
        pictures = scenes(12)
        self.assertEqual(len(set(pictures)), 12)
        for picture in pictures:
            self.assertTrue(5_000 < len(picture) < 10_000)
            self.assertEqual(Image.open(io.BytesIO(picture)).size, (320, 240))
