"""A picture is cut from its SOI to its own EOI, or there is none."""

from __future__ import annotations

import io
import random
from typing import Iterator

from hypothesis import given, settings, strategies as st
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.jpeg import MAX_SEGMENTS, MAX_STARTS, trim
from tests.wire.jpegs import jpeg, segment, with_segment, with_thumbnail

SMALL = jpeg(optimize=True, quality=20)
SOF_AT = SMALL.index(b"\xff\xc0")

#: What stands around a picture in a FIFO: anything but a beginning of its own.
AROUND = st.one_of(
    st.just(b""), st.just(b"\x00"), st.just(b"\xff"), st.just(b"\xff\xd8"), st.just(b"\xff\xd9"),
    st.binary(max_size=40).filter(lambda data: b"\xff\xd8" not in data),
)


def real_pictures() -> Iterator[tuple[str, bytes]]:
    """Every kind of JPEG that Pillow can make, by name."""
    exif = Image.Exif()
    exif[0x010E] = "ends \xff\xd9 "
    yield "baseline", jpeg(160, 120)
    yield "best", jpeg(64, 48, quality=100, subsampling=0)
    yield "worst", jpeg(64, 48, quality=1)
    yield "optimised", jpeg(64, 48, optimize=True)
    yield "progressive", jpeg(160, 120, progressive=True)
    yield "restarts by block", jpeg(160, 120, restart_marker_blocks=1)
    yield "restarts by row", jpeg(160, 120, restart_marker_rows=1)
    yield "progressive with restarts", jpeg(64, 48, progressive=True, restart_marker_blocks=2)
    yield "grey", jpeg(64, 48, mode="L")
    yield "four colours", jpeg(64, 48, mode="CMYK")
    yield "profile in several segments", jpeg(64, 48, icc_profile=bytes(range(256)) * 600)
    yield "comment", jpeg(64, 48, comment=b"\xff\xd9 ends here? \xff\xd8\xff\xe0")
    yield "exif", jpeg(64, 48, exif=exif)
    yield "thumbnail", with_thumbnail(jpeg(64, 48), jpeg(16, 12))
    yield "one pixel", jpeg(1, 1)


class TrimTests(SynchronousTestCase):
    """trim() on pictures that are whole."""

    def test_real_pictures(self) -> None:
        """Byte for byte the picture, with Pillow's size, whatever stands around it."""
        for name, data in real_pictures():
            found = trim(b"\x00" + data + bytes(30) + data[len(data) // 2:])
            self.assertIsNotNone(found, name)
            assert found is not None
            self.assertEqual(found.data, data, name)
            self.assertEqual(found[1:], Image.open(io.BytesIO(data)).size, name)

    def test_restart_marks_are_there(self) -> None:
        """The pictures above do hold what they are meant to hold."""
        made = dict(real_pictures())
        self.assertIn(b"\xff\xd3", made["restarts by block"])
        self.assertGreater(made["progressive"].count(b"\xff\xda"), 3)
        self.assertIn(b"\xff\x00", made["best"])
        self.assertEqual(made["thumbnail"].count(b"\xff\xd9"), 2)

    def test_a_picture_alone_is_not_copied(self) -> None:
        """A payload that is just the picture comes back as the same object."""
        found = trim(SMALL)
        assert found is not None
        self.assertIs(found.data, SMALL)

    def test_the_first_of_two(self) -> None:
        """Of two pictures one after the other the first is shown."""
        found = trim(SMALL + jpeg(32, 32))
        assert found is not None
        self.assertEqual(found, (SMALL, 16, 12))

    def test_filling_before_marks(self) -> None:
        """Any number of FF may stand before a mark, after a scan too."""
        filled = SMALL[:2] + b"\xff" * 5 + SMALL[2:-2] + b"\xff\xff" + SMALL[-2:]
        found = trim(filled)
        assert found is not None
        self.assertEqual(found.data, filled)

    @settings(deadline=None, derandomize=True)
    @given(AROUND, AROUND)
    def test_anything_around(self, before: bytes, after: bytes) -> None:
        """What precedes and follows changes nothing."""
        found = trim(before + SMALL + after)
        assert found is not None
        self.assertEqual(found, (SMALL, 16, 12))

    def test_wide_and_high(self) -> None:
        """Sizes of 65,535 are read as they stand."""
        size = b"\xff\xff\xff\xff"
        found = trim(SMALL[:SOF_AT + 5] + size + SMALL[SOF_AT + 9:])
        assert found is not None
        self.assertEqual(found[1:], (65535, 65535))


class NoPictureTests(SynchronousTestCase):
    """trim() where there is nothing to show."""

    def test_cut_anywhere(self) -> None:
        """A picture cut at any byte is none, also when a whole thumbnail is inside."""
        for data in (SMALL, with_thumbnail(SMALL, jpeg(8, 8)), jpeg(progressive=True)):
            for end in range(len(data)):
                self.assertIsNone(trim(data[:end]), end)

    def test_a_cut_picture_before_a_whole_one(self) -> None:
        """Where a cut picture runs into a whole one, the whole one is shown."""
        cut = with_thumbnail(SMALL, jpeg(8, 8))[:-40]
        found = trim(cut + SMALL)
        assert found is not None
        self.assertEqual(found.data, SMALL)

    def test_nothing_of_the_kind(self) -> None:
        """Empty, text, zeros, marks alone."""
        for payload in (
            b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xd9", bytes(4096),
            b"GET / HTTP/1.1\r\n\r\n", b"\x89PNG\r\n\x1a\n", b"\xff" * 4096,
        ):
            self.assertIsNone(trim(payload), payload[:8])

    def test_without_a_size(self) -> None:
        """Zero width, zero height, a frame header that is cut short, or none at all."""
        length = int.from_bytes(SMALL[SOF_AT + 2:SOF_AT + 4], "big")
        after = SMALL[SOF_AT + 2 + length:]
        for header in (
            b"\xff\xc0\x00\x0b\x08\x00\x00\x00\x10\x01\x01\x11\x00",
            b"\xff\xc0\x00\x0b\x08\x00\x10\x00\x00\x01\x01\x11\x00",
            b"\xff\xc0\x00\x02", b"\xff\xc0\x00\x07\x08\x00\x10\x00\x10", b"",
        ):
            self.assertIsNone(trim(SMALL[:SOF_AT] + header + after), header)

    def test_without_a_scan(self) -> None:
        """An EOI right after the headers ends no picture; two frame headers make none."""
        scan = SMALL.index(b"\xff\xda")
        self.assertIsNone(trim(SMALL[:scan] + b"\xff\xd9"))
        self.assertIsNone(trim(with_segment(SMALL, 0xC0, b"\x08\x00\x10\x00\x10\x01\x01\x11\x00")))

    def test_impossible_segments(self) -> None:
        """Lengths below two or beyond the payload, restart marks among the headers."""
        for bad in (b"\xff\xe0\x00\x00", b"\xff\xe0\x00\x01", b"\xff\xe0\xff\xff", b"\xff\xd0"):
            self.assertIsNone(trim(SMALL[:2] + bad + SMALL[2:]), bad)

    def test_so_many_beginnings(self) -> None:
        """The last beginning that is tried still counts, the next one does not."""
        false = b"\xff\xd8\xff\x00"
        self.assertIsNotNone(trim(false * (MAX_STARTS - 1) + SMALL))
        self.assertIsNone(trim(false * MAX_STARTS + SMALL))

    def test_so_many_segments(self) -> None:
        """A picture of a thousand segments is still one, one of many more is not."""
        self.assertIsNotNone(trim(SMALL[:2] + segment(0xFE, b"") * 1000 + SMALL[2:]))
        self.assertIsNone(trim(SMALL[:2] + segment(0xFE, b"") * MAX_SEGMENTS + SMALL[2:]))


class AnyBytesTests(SynchronousTestCase):
    """trim() on bytes that are hardly pictures."""

    @settings(deadline=None, derandomize=True, max_examples=500)
    @given(st.lists(st.sampled_from([
        b"\xff\xd8", b"\xff\xd9", b"\xff\xda\x00\x02", b"\xff\xc0\x00\x08\x08\x00\x01\x00\x01\x00",
        b"\xff\xe1\x00\x06", b"\xff", b"\x00", b"\xff\x00", b"\xff\xd0", b"ab",
    ]), max_size=24))
    def test_marks_in_any_order(self, marks: list[bytes]) -> None:
        """What is found is in the payload, begins and ends as it must, and is stable."""
        payload = b"".join(marks)
        found = trim(payload)
        if found is not None:
            self.assertIn(found.data, payload)
            self.assertEqual(found.data[:2] + found.data[-2:], b"\xff\xd8\xff\xd9")
            self.assertEqual(trim(found.data), found)
            self.assertGreater(min(found[1:]), 0)

    def test_damaged_pictures(self) -> None:
        """Flipped bits never raise; what is still found is a slice of the payload."""
        rng, whole = random.Random(7), jpeg(64, 48, progressive=True)
        for _ in range(2000):
            data = bytearray(whole)
            for _ in range(rng.randrange(1, 6)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            found = trim(bytes(data))
            if found is not None:
                self.assertIn(found.data, data)
