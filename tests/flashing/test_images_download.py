"""A pinned image over HTTPS: whole and the right one, or nothing at all."""

from __future__ import annotations

import hashlib
import os
import ssl
from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from iotd.errors import Conflict, IotdError, Unavailable
from iotd.flashing import images
from iotd.flashing.chips import named
from iotd.flashing.images_download import download
from tests.flashing.https_place import Elsewhere, HttpsPlace
from tests.flashing.rom_image import image_for

C3 = named("esp32c3")
DATA = image_for(C3, 64)


class DownloadTests(TestCase):
    """From a server of our own on localhost."""

    def setUp(self) -> None:
        self.there = Path(self.mktemp()).absolute()
        self.there.mkdir()
        self.folder = self.there / "images"
        self.told: list[tuple[int, int]] = []

    def pinned(self, url: str, data: bytes = DATA, size: int | None = len(DATA)) -> Elsewhere:
        """The image as it should be."""
        digest = hashlib.sha256(data).hexdigest()
        return Elsewhere("esp32c3", "TEST", "20990101", "1.29.0", size, digest, "", url)

    def fetched(self, place: HttpsPlace, **more: Any) -> images.Image:
        """What comes of it."""
        return images.fetch(
            C3, self.folder, lambda *each: self.told.append(each), place.context,
            self.pinned(place.url, **more),
        )

    def refused(self, kind: type[IotdError], place: HttpsPlace, word: str, **more: Any) -> None:
        """Nothing comes of it, and the sentence has this word."""
        with place:
            fault = self.assertRaises(kind, self.fetched, place, **more)
        self.assertIn(word, str(fault))
        self.assertEqual(os.listdir(self.folder), [])
        self.assertEqual(images.available(self.folder), [])

    def test_broken_length(self) -> None:
        """A length that is none is passed over where no size is known: the digest decides."""
        for length in ("many", "1e3", "9" * 5000):
            with HttpsPlace(self.there, DATA, length=length) as place:
                self.assertEqual(self.fetched(place, size=None).path.read_bytes(), DATA)
            (self.folder / os.listdir(self.folder)[0]).unlink()

    def test_whole(self) -> None:
        """It is fetched with progress, and not again."""
        with HttpsPlace(self.there, DATA) as place:
            image = self.fetched(place)
            again = self.fetched(place)
        self.assertEqual(image.path.read_bytes(), DATA)
        self.assertEqual((again, images.available(self.folder)), (image, [image]))
        self.assertEqual(len(place.asked), 1)
        self.assertEqual(self.told, sorted(self.told))
        self.assertEqual(self.told[-1], (len(DATA), len(DATA)))
        self.assertEqual(images.choose(C3, self.folder, None), image.path)

    def test_another_file(self) -> None:
        """One that is not what was pinned is thrown away."""
        other = image_for(C3, 64, seed=9)
        self.refused(Conflict, HttpsPlace(self.there, other), "is not the file it was")

    def test_damaged_one_is_fetched_again(self) -> None:
        """One that is not on the disk as it was fetched."""
        with HttpsPlace(self.there, DATA) as place:
            image = self.fetched(place)
            image.path.write_bytes(DATA[:-1])
            self.assertEqual(self.fetched(place).path.read_bytes(), DATA)
        self.assertEqual(len(place.asked), 2)

    def test_breaks_off(self) -> None:
        """Half a file is no file."""
        self.refused(Unavailable, HttpsPlace(self.there, DATA, cut=70_000), "iotd image add FILE")

    def test_more_than_it_has(self) -> None:
        """Nor is one that does not end."""
        place = HttpsPlace(self.there, DATA + bytes(100_000))
        self.refused(Unavailable, place, "more came")

    def test_not_there(self) -> None:
        """An address that has nothing."""
        self.refused(Unavailable, HttpsPlace(self.there, b"", status=404), "Not Found")

    def test_leads_out_of_encryption(self) -> None:
        """An address that leads to http:// is not followed."""
        place = HttpsPlace(self.there, b"", leads_to="http://localhost:1/image.bin")
        self.refused(Unavailable, place, "not https")

    def test_unknown_server(self) -> None:
        """A server whose certificate nobody vouches for."""
        place = HttpsPlace(self.there, DATA)
        place.context = ssl.create_default_context()
        self.refused(Unavailable, place, "certificate")
        self.assertEqual(place.asked, [])

    def test_too_slow(self) -> None:
        """A server that sends a byte now and then is left after the time there is."""
        target = self.there / "image.bin"
        with HttpsPlace(self.there, DATA, dribble=True) as place:
            pinned = self.pinned(place.url)
            fault = self.assertRaises(
                Unavailable, download, pinned, target, lambda *each: None, place.context, 0.1
            )
        self.assertIn("took too long", str(fault))
        self.assertFalse(target.exists())
