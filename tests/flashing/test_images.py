"""Images of MicroPython: what is one, which a chip gets, what is never used."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import given, settings, strategies
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Conflict, Invalid, NotFound
from iotd.flashing import images
from iotd.flashing.chips import CHIPS, named
from iotd.flashing.image_catalogue import PINNED, page_of, pinned_for
from iotd.flashing.images_check import check, version_in
from tests.flashing.rom_image import PROGRAM_AT, image_for

S3 = named("esp32s3")
WHOLE = image_for(S3, 8)


class CheckTests(SynchronousTestCase):
    """What a file must look like."""

    def test_every_chip(self) -> None:
        """An image says which chip it is for, and which version it is."""
        for chip in CHIPS:
            data = image_for(chip, 4, "1.28.0")
            self.assertEqual(check(data, "image.bin"), chip)
            self.assertEqual(version_in(data), "1.28.0")

    def test_others_are_told_apart(self) -> None:
        """What people take for an image by mistake is named, with what to take instead."""
        number = WHOLE[:12] + bytes([99]) + WHOLE[13:]
        for data, word in (
            (b"UF2\n" + bytes(600), ".uf2"), (b"<!DOCTYPE html>" + bytes(99), "0xE9"),
            (b"", "0xE9"),
            (WHOLE[PROGRAM_AT:], ".app-bin"), (number, "chip number 99"),
            (WHOLE[:0x8000] + b"\xaa\x50" + b"\x01" * 30 + bytes(0xC00), "without a program"),
        ):
            fault = self.assertRaises(Invalid, check, data, "image.bin")
            self.assertIn(word, str(fault))
            self.assertIn("take the .bin", str(fault))

    @given(strategies.integers(0, len(WHOLE) - 1))
    @settings(max_examples=60, deadline=None)
    def test_half_a_file(self, size: int) -> None:
        """A file that was cut anywhere is none."""
        self.assertRaises(Invalid, check, WHOLE[:size], "image.bin")

    @given(strategies.integers(0, 7), strategies.data())
    @settings(max_examples=60, deadline=None)
    def test_any_bit(self, bit: int, data: Any) -> None:
        """A program of which a bit is another is none."""
        at = data.draw(strategies.integers(PROGRAM_AT, len(WHOLE) - 1))
        altered = bytearray(WHOLE)
        altered[at] ^= 1 << bit
        self.assertRaises(Invalid, check, bytes(altered), "image.bin")

    @given(strategies.binary(max_size=400), strategies.integers(0, 0x9000))
    @settings(max_examples=100, deadline=None)
    def test_rubbish(self, rubbish: bytes, at: int) -> None:
        """Whatever a file holds, it is refused or read, and nothing else happens."""
        try:
            check(WHOLE[:at] + rubbish + WHOLE[at + len(rubbish):], "image.bin")
        except Invalid:
            pass


class CatalogueTests(SynchronousTestCase):
    """What is pinned."""

    def test_lines(self) -> None:
        """Each has a chip that is known, an address on https and a whole digest, once."""
        for each in PINNED:
            self.assertEqual(pinned_for(named(each.chip).name), each)
            self.assertTrue(each.url.startswith("https://micropython.org/resources/firmware/"))
            self.assertRegex(each.sha256, r"\A[0-9a-f]{64}\Z")
            self.assertRegex(each.name, r"\AESP32_GENERIC(_[A-Z]\d)?-\d{8}-v\d+\.\d+\.\d+\.bin\Z")
            self.assertIn(page_of(each.chip).rsplit("/", 2)[1] + "-", each.url)
        self.assertEqual(len({each.sha256 for each in PINNED}), len(PINNED))


class FolderCase(SynchronousTestCase):
    """A folder for images, and one where people have downloads."""

    def setUp(self) -> None:
        self.there = Path(self.mktemp()).absolute()
        self.there.mkdir()
        self.folder = self.there / "data" / "images"

    def file(self, name: str, data: bytes) -> Path:
        """A download."""
        path = self.there / name
        path.write_bytes(data)
        return path


class FolderTests(FolderCase):
    """Images that people brought."""

    def test_added(self) -> None:
        """What is added is kept with its digest as sha256sum writes it, for its owner alone."""
        added = images.add(self.file("own.bin", WHOLE), self.folder)
        digest = hashlib.sha256(WHOLE).hexdigest()
        self.assertEqual((added.chip, added.version, added.size), (S3, "1.29.0", len(WHOLE)))
        self.assertEqual(added.sha256, digest)
        self.assertEqual(images.available(self.folder), [added])
        self.assertEqual((self.folder / "own.bin.sha256").read_text(), f"{digest}  own.bin\n")
        self.assertEqual({each.stat().st_mode & 0o77 for each in self.folder.iterdir()}, {0})
        self.assertEqual(sorted(os.listdir(self.folder)), ["own.bin", "own.bin.sha256"])

    def test_changed_afterwards(self) -> None:
        """A file that is another one than was brought is shown with its fault, never used."""
        images.add(self.file("own.bin", WHOLE), self.folder)
        for data in (image_for(S3, 8, seed=2), WHOLE[:-1], b""):
            (self.folder / "own.bin").write_bytes(data)
            self.assertEqual(images.available(self.folder), [])
            kept, = images.survey(self.folder)
            self.assertTrue(kept.fault)
            self.assertRaises(NotFound, images.choose, named("esp32p4"), self.folder, None)

    def test_without_digest(self) -> None:
        """A file that lies there without one was not brought: it is not used."""
        self.folder.mkdir(parents=True)
        (self.folder / "own.bin").write_bytes(WHOLE)
        self.assertEqual(images.available(self.folder), [])

    def test_one_name_one_file(self) -> None:
        """Neither a file of a catalogue's name nor one of a name that is taken is replaced by
        another; the same again is no fault."""
        images.add(self.file("own.bin", WHOLE), self.folder)
        images.add(self.file("own.bin", WHOLE), self.folder)
        for name in ("own.bin", PINNED[0].name):
            other = self.file(name, image_for(S3, 8, seed=3))
            fault = self.assertRaises(Conflict, images.add, other, self.folder)
            self.assertIn("SHA-256", str(fault))
        self.assertEqual(len(images.available(self.folder)), 1)

    def test_refused(self) -> None:
        """What is no image, and names that mean something to a shell or a page."""
        self.assertRaises(Invalid, images.add, self.file("x.bin", b"hello"), self.folder)
        for name in (".x.bin", "x.img", "a b.bin", "-x.bin"):
            self.assertRaises(Invalid, images.add, self.file(name, WHOLE), self.folder)
        self.assertFalse(self.folder.exists())

    def test_full_disk(self) -> None:
        """A disk that is full leaves no half file."""
        with mock.patch("os.fsync", side_effect=OSError(28, "No space left on device")):
            fault = self.assertRaises(Exception, images.add, self.file("x.bin", WHOLE), self.folder)
        self.assertIn("No space left", str(fault))
        self.assertEqual(os.listdir(self.folder), [])


class ChoiceTests(FolderCase):
    """Which image a chip gets."""

    def test_wanted(self) -> None:
        """The file that a person names, wherever it is, when it is for that chip."""
        path = self.file("own.bin", WHOLE)
        self.assertEqual(images.choose(S3, self.folder, path), path)
        fault = self.assertRaises(Invalid, images.choose, named("esp32"), self.folder, path)
        self.assertIn("is for an ESP32-S3, and the board has an ESP32:", str(fault))
        missing = self.there / "missing.bin"
        self.assertRaises(Invalid, images.choose, S3, self.folder, missing)

    def test_brought_last(self) -> None:
        """Else of those for the chip the one that was brought last."""
        for at, name in enumerate(("b.bin", "a.bin", "c.bin")):
            images.add(self.file(name, image_for(S3, 4, seed=at)), self.folder)
            os.utime(self.folder / f"{name}.sha256", ns=(at, at))
        images.add(self.file("other.bin", image_for(named("esp32"), 4)), self.folder)
        self.assertEqual(images.choose(S3, self.folder, None), self.folder / "c.bin")
        os.utime(self.folder / "a.bin.sha256")
        self.assertEqual(images.choose(S3, self.folder, None), self.folder / "a.bin")

    def test_none_is_known(self) -> None:
        """A chip without a pinned image: the page, and how to bring one."""
        chip = named("esp32p4")
        fault = self.assertRaises(NotFound, images.choose, chip, self.folder, None)
        self.assertIn("https://micropython.org/download/ESP32_GENERIC_P4/", str(fault))
        self.assertIn("iotd image add FILE", str(fault))
