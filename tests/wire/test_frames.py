"""Length-prefixed payloads: byte order, limits, cuts."""

from __future__ import annotations

import struct
from typing import Callable

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.errors import RemoteProtocolError
from iotd.wire.events import NEED_DATA
from iotd.wire.frames import FrameReader, encode_frame
from tests.wire.drive import cut

LIMIT = 4 * 1024 * 1024


def read(reader: FrameReader, data: bytes) -> list[bytes]:
    """All payloads these bytes complete."""
    reader.receive_data(data)
    frames: Callable[[], bytes] = reader.next_frame  # type: ignore[assignment]
    return list(iter(frames, NEED_DATA))


class FrameReaderTests(SynchronousTestCase):
    """Frames that are legal."""

    def test_big_endian(self) -> None:
        """Frames as our own encoder writes them."""
        reader = FrameReader(LIMIT)
        self.assertEqual(read(reader, encode_frame(b"one") + encode_frame(b"three")),
                         [b"one", b"three"])
        self.assertEqual(reader.byteorder, "big")

    def test_little_endian(self) -> None:
        """The first header that is not zero settles the order for good."""
        reader = FrameReader(LIMIT)
        data = bytes(8) + struct.pack("<I", 3) + b"one" + struct.pack("<I", 5) + b"three"
        self.assertEqual(read(reader, data), [b"", b"", b"one", b"three"])
        self.assertEqual(reader.byteorder, "little")

    def test_the_smaller_reading(self) -> None:
        """Where both readings are legal the smaller is meant."""
        # 00 00 20 00: 8192 or 2 MiB; 00 20 00 00 the other way round
        for header, order in ((b"\x00\x00\x20\x00", "big"), (b"\x00\x20\x00\x00", "little")):
            reader = FrameReader(LIMIT)
            self.assertEqual(read(reader, header + bytes(8192)), [bytes(8192)])
            self.assertEqual(reader.byteorder, order)

    def test_a_header_that_reads_both_ways(self) -> None:
        """A header with one reading only is taken, and leaves the order to the next."""
        reader = FrameReader(LIMIT)
        body = bytes(0x010100)
        self.assertEqual(read(reader, b"\x00\x01\x01\x00" + body), [body])
        self.assertIsNone(reader.byteorder)
        self.assertEqual(read(reader, struct.pack("<I", 2) + b"ab"), [b"ab"])

    def test_an_order_given(self) -> None:
        """With an order given nothing is guessed: 00 20 00 00 is 2 MiB."""
        reader = FrameReader(LIMIT, "big")
        self.assertEqual(read(reader, b"\x00\x20\x00\x00" + bytes(8192)), [])
        self.assertEqual(reader.wanted, 4 + 0x200000)

    def test_the_limit_itself(self) -> None:
        """A frame of exactly the limit is legal, before and after the order is settled."""
        reader = FrameReader(300)
        full = encode_frame(bytes(300))
        self.assertEqual(read(reader, full + full), [bytes(300)] * 2)

    def test_empty_frames_at_once(self) -> None:
        """Whole empty frames are skipped together, up to the first byte of another."""
        for zeros, skipped in ((0, 0), (3, 0), (4, 1), (11, 2), (4000, 1000)):
            reader = FrameReader(LIMIT)
            reader.receive_data(bytes(zeros))
            self.assertEqual(reader.skip_empty(), skipped)
            rest = encode_frame(b"x")[zeros % 4:]
            self.assertEqual(read(reader, rest), [b"x"])

    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.binary(max_size=40), max_size=20), st.lists(st.integers(0, 999)))
    def test_any_cut(self, payloads: list[bytes], points: list[int]) -> None:
        """However the bytes are cut, the payloads come whole and in order."""
        reader, got = FrameReader(40), []
        for piece in cut(b"".join(map(encode_frame, payloads)), points):
            got += read(reader, piece)
        self.assertEqual(got, payloads)


class ImpossibleLengthTests(SynchronousTestCase):
    """Headers that end the connection."""

    def fails(self, reader: FrameReader, data: bytes) -> str:
        """The error's words; asking again gives them again."""
        first = self.assertRaises(RemoteProtocolError, read, reader, data)
        again = self.assertRaises(RemoteProtocolError, reader.next_frame)
        self.assertEqual(str(first), str(again))
        return str(first)

    def test_neither_reading(self) -> None:
        """Both readings and the limit are named."""
        self.assertEqual(
            self.fails(FrameReader(LIMIT), b"\x80\x00\x00\x01"),
            "impossible frame length 2147483649 (or 16777344 read as little-endian): "
            "allowed are 4194304 bytes",
        )

    def test_first_headers(self) -> None:
        """The usual suspects as a first header."""
        for length in (LIMIT + 1, 2**31 + 1, 2**32 - 1):
            self.fails(FrameReader(LIMIT), length.to_bytes(4, "big"))

    def test_once_settled(self) -> None:
        """Once settled, a header is read in that order alone."""
        for length in (LIMIT + 1, 0x02000000, 2**31, 2**32 - 1):
            reader = FrameReader(LIMIT)
            self.assertEqual(read(reader, encode_frame(b"ok")), [b"ok"])
            self.assertEqual(
                self.fails(reader, length.to_bytes(4, "big")),
                f"impossible frame length {length}: allowed are 4194304 bytes",
            )

    def test_frames_before_it_still_come(self) -> None:
        """What was whole before the impossible header is given first."""
        reader = FrameReader(LIMIT)
        reader.receive_data(encode_frame(b"last") + b"\xff\xff\xff\xff")
        self.assertEqual(reader.next_frame(), b"last")
        self.assertRaises(RemoteProtocolError, reader.next_frame)
