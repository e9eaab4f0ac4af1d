"""Parts of multipart/x-mixed-replace, written and read."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.events import NEED_DATA
from iotd.wire.multipart import CONTENT_TYPE, OPENING, Part, PartReader, part
from tests.wire.drive import cut, pieces

ONE = b"--iotdframe\r\nContent-Length: 2\r\n\r\nab\r\n"


def read(reader: PartReader, data: bytes) -> list[Part]:
    """All parts these bytes complete."""
    reader.receive_data(data)
    parts = []
    while (found := reader.next_part()) is not NEED_DATA:
        parts.append(found)
    return parts


class PartTests(SynchronousTestCase):
    """part()."""

    def test_bytes(self) -> None:
        """Headers, picture, closing boundary: this and nothing else."""
        self.assertEqual(
            part(b"JPEG", 1732150000.25, "cam-1"),
            b"Content-Type: image/jpeg\r\nContent-Length: 4\r\nX-Timestamp: 1732150000.250\r\n"
            b"X-Camera: cam-1\r\n\r\nJPEG\r\n--iotdframe\r\n",
        )
        self.assertNotIn(b"X-Camera", part(b"JPEG", 1.0))
        self.assertEqual(OPENING, b"--iotdframe\r\n")
        self.assertEqual(CONTENT_TYPE, b"multipart/x-mixed-replace; boundary=iotdframe")

    def test_timestamps(self) -> None:
        """Three decimals, rounded, also for whole seconds."""
        for seconds, text in ((0.0, b"0.000"), (1.0006, b"1.001"), (1e10, b"10000000000.000")):
            self.assertIn(b"X-Timestamp: %b\r\n" % text, part(b"", seconds))

    def test_names_that_would_be_headers(self) -> None:
        """A name with a line end, a blank or another script never becomes a header."""
        for name in ("", "a b", "a\r\nSet-Cookie: x", "ä", "a" * 65, "a\0"):
            self.assertRaises(LocalProtocolError, part, b"", 0.0, name)


class PartReaderTests(SynchronousTestCase):
    """PartReader on streams that are right."""

    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.binary(max_size=60), max_size=8), st.lists(st.integers(0, 999)))
    def test_any_cut(self, bodies: list[bytes], points: list[int]) -> None:
        """However the stream is cut, every part comes whole, with its headers."""
        reader, got = PartReader(), []
        stream = OPENING + b"".join(part(body, 7, "cam-1") for body in bodies)
        for piece in cut(stream, points):
            got += read(reader, piece)
        self.assertEqual([found.body for found in got], bodies)
        for found in got:
            self.assertEqual(found.headers["X-Camera"], "cam-1")
            self.assertEqual(found.headers["X-Timestamp"], "7.000")

    def test_at_once(self) -> None:
        """A part is given with its last byte, before the next boundary."""
        stream = OPENING + part(b"picture", 1.0)
        end = stream.index(b"picture") + len(b"picture")
        reader = PartReader()
        self.assertEqual(read(reader, stream[:end - 1]), [])
        self.assertEqual([p.body for p in read(reader, stream[end - 1:end])], [b"picture"])

    def test_other_senders(self) -> None:
        """Another boundary, header names in any case, a stream that ends."""
        stream = b"\r\n--x\r\ncontent-length: 2\r\n\r\nab\r\n--x--\r\n"
        reader = PartReader(b"x")
        got = [found for piece in pieces(stream, 3) for found in read(reader, piece)]
        self.assertEqual(got, [Part({"content-length": "2"}, b"ab")])


class NoStreamTests(SynchronousTestCase):
    """PartReader on what is no such stream."""

    def fails(self, data: bytes) -> str:
        """The error's words."""
        return str(self.assertRaises(RemoteProtocolError, read, PartReader(), data))

    def test_no_boundary(self) -> None:
        """A page of HTML where a boundary is due."""
        self.assertIn("where a boundary is due", self.fails(b"<html>\r\n"))
        self.assertIn("where a boundary is due", self.fails(ONE + b"--other\r\n"))

    def test_lengths(self) -> None:
        """None, two, not a number, or over the limit."""
        for headers in (b"", b"Content-Length: 1\r\ncontent-length: 2\r\n",
                        b"Content-Length: -1\r\n", b"Content-Length: 1_0\r\n",
                        b"Content-Length: " + b"9" * 500 + b"\r\n"):
            self.assertIn("one Content-Length", self.fails(OPENING + headers + b"\r\n"))
        self.assertIn("allowed are 16777216 bytes",
                      self.fails(OPENING + b"Content-Length: 16777217\r\n\r\n"))

    def test_headers(self) -> None:
        """A line without a colon, a line without an end, too many lines."""
        self.assertIn("is no header", self.fails(OPENING + b"nonsense\r\n"))
        self.assertIn("allowed are 1024 bytes", self.fails(OPENING + b"x" * 1100))
        lines = b"".join(b"a%d: b\r\n" % number for number in range(33))
        self.assertIn("more than 32", self.fails(OPENING + lines))
