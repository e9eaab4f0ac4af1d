"""The bench measures what it says: exact bytes, one size of parts, cameras that obey."""

from __future__ import annotations

import io
import socket
from pathlib import Path

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from bench.build import build
from bench.frames import FRAME_BYTES, jpeg, write_frames
from bench.process import Child, client_core, server
from iotd.wire.jpeg import trim
from iotd.wire.multipart import CONTENT_TYPE, PartReader


class FramesTests(SynchronousTestCase):
    """Pictures to send."""

    def test_real_pictures_of_one_size(self) -> None:
        """A frame has exactly its size, decodes, and loses no byte at the daemon."""
        for seed in (0, 1):
            frame = jpeg(seed)
            trimmed = trim(frame)
            assert trimmed is not None
            self.assertEqual((len(frame), trimmed.data), (FRAME_BYTES, frame))
            Image.open(io.BytesIO(frame)).load()


class HelpersTests(SynchronousTestCase):
    """The C helpers and the reference servers, small and over loopback."""

    def setUp(self) -> None:
        """Compile them."""
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir(parents=True)
        self.binaries = build(self.folder)
        self.frames = write_frames(self.folder)

    def serve(self, what: str | Path, fps: int = 100) -> tuple[Child, int]:
        """A reference server that ends with the test."""
        child, port = server(what, self.frames, FRAME_BYTES, fps)
        self.addCleanup(child.end)
        return child, port

    def parts(self, port: int, count: int) -> list[bytes]:
        """The first bodies of a stream, without their stamps."""
        reader = PartReader()
        with socket.create_connection(("127.0.0.1", port), 10) as viewer:
            viewer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            data = b""
            while b"\r\n\r\n" not in data:
                data += viewer.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            self.assertIn(CONTENT_TYPE, head)
            found: list[bytes] = []
            while len(found) < count:
                reader.receive_data(body)
                while hasattr(part := reader.next_part(), "body"):
                    found.append(part.body)
                body = viewer.recv(65536)
        return [without_stamp(one) for one in found[:count]]

    def test_references_deliver_the_very_frames(self) -> None:
        """Each reference writes the frames of the file, in turn, byte for byte."""
        data = self.frames.read_bytes()
        kinds = [without_stamp(data[at:at + FRAME_BYTES]) for at in range(0, len(data),
                                                                          FRAME_BYTES)]
        for what in (self.binaries["loop"], "bench.loop", "bench.bare_twisted"):
            _, port = self.serve(what)
            got = self.parts(port, 4)
            first = kinds.index(got[0])
            expected = [kinds[(first + n) % len(kinds)] for n in range(4)]
            self.assertEqual(got, expected, what)

    def test_viewers_count_every_part(self) -> None:
        """Counted by bytes, viewers of an idle machine get what was offered to them."""
        _, port = self.serve(self.binaries["loop"], fps=20)
        headers = self.folder / "headers"
        headers.write_text("")
        child = Child([self.binaries["viewers"], str(port), "4", "/", headers, "1", "0.2",
                       "0.5", "count"], client_core())
        self.addCleanup(child.end)
        self.assertEqual([child.line(), child.line()], ["ready", "begin"])
        got = child.json()
        self.assertEqual(got["part_min"], got["part_max"])
        self.assertEqual((got["failed"], got["body_bytes"]), (0, FRAME_BYTES))
        # an edge of the window may fall into one frame's round
        self.assertAlmostEqual(got["frames"], 4 * got["offered"], delta=4)
        self.assertGreater(got["offered"], 0)

    def test_cameras_are_silent_until_start(self) -> None:
        """A camera sends nothing before START, then whole frames in its pieces."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(10)
            port = listener.getsockname()[1]
            child = Child([self.binaries["cameras"], str(port), "1", self.frames,
                           str(FRAME_BYTES), "50", "512", "127.9.0.1"], client_core())
            self.addCleanup(child.end)
            camera, (address, _) = listener.accept()
        with camera:
            child.say("stat")
            self.assertEqual((address, child.json()["sends"]), ("127.9.0.1", 0))
            camera.sendall(b"START")
            data = b""
            while len(data) < FRAME_BYTES + 4:
                data += camera.recv(65536)
        self.assertEqual(int.from_bytes(data[:4], "big"), FRAME_BYTES)
        self.assertIsNotNone(trim(data[4:4 + FRAME_BYTES]))

    def test_a_child_ends_with_its_stdin(self) -> None:
        """Nothing is left behind: a helper whose stdin closes ends by itself, at once."""
        child, _ = server(self.binaries["loop"], self.frames, FRAME_BYTES, 25)
        self.assertEqual((child.alive(), child.end(), child.alive()), (True, 0, False))


def without_stamp(frame: bytes) -> bytes:
    """A frame as it was before its number and time were written into it."""
    at = frame.index(b"BENCH") + 5
    return frame[:at] + b"0" * 30 + frame[at + 30:]
