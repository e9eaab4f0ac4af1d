"""Pictures that people send: what is taken, what is kept of it, what is refused."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from iotd.cabinet.images import MAX_BYTES, clean, is_dark
from iotd.errors import Invalid


def encoded(size: tuple[int, int], kind: str = "JPEG", color: Any = (200, 30, 30),
            **options: Any) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind, **options)
    return out.getvalue()


def png_head(width: int, height: int) -> bytes:
    """A PNG that promises so many pixels and has none."""
    def chunk(name: bytes, data: bytes) -> bytes:
        return (struct.pack(">I", len(data)) + name + data
                + struct.pack(">I", zlib.crc32(name + data)))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


class CleanTests(SynchronousTestCase):
    """What is kept."""

    def refused(self, source: bytes | str, field: str = "image", **options: Any) -> str:
        """The sentence of a refusal that names ``field``."""
        error = self.assertRaises(Invalid, clean, source, **options)
        self.assertEqual(error.field, field)
        return str(error)

    def test_formats(self) -> None:
        """JPEG, PNG and WebP become JPEG; base64 and data: URLs too."""
        for kind in ("JPEG", "PNG", "WEBP"):
            data = encoded((80, 100), kind)
            text = base64.b64encode(data).decode()
            for source in (data, text, f"data:image/x;base64,{text}", text[:40] + "\n" + text[40:]):
                kept = clean(source)
                self.assertEqual((kept.width, kept.height), (80, 100))
                self.assertEqual(Image.open(io.BytesIO(kept.jpeg)).format, "JPEG")

    def test_exif(self) -> None:
        """A picture is turned as its EXIF says, and keeps none: no place, no camera's name."""
        exif = Image.Exif()
        exif[0x0112], exif[0x010F] = 6, "Secret maker"
        kept = clean(encoded((120, 80), exif=exif))
        self.assertEqual((kept.width, kept.height), (80, 120))
        self.assertNotIn(b"Secret", kept.jpeg)
        self.assertEqual(dict(Image.open(io.BytesIO(kept.jpeg)).getexif()), {})

    def test_large(self) -> None:
        """A large picture is made smaller, its shape kept."""
        kept = clean(encoded((3200, 800)))
        self.assertEqual((kept.width, kept.height), (1000, 250))

    def test_box(self) -> None:
        """A box is cut out, as far as it lies inside."""
        data = encoded((200, 200))
        self.assertEqual(clean(data, box=(10.4, 10, 64, 100))[1:], (64, 100))
        self.assertEqual(clean(data, box=(120, 120, 500, 500))[1:], (80, 80))
        self.refused(data, "box", box=(10, 10, 63, 100))
        self.refused(data, "box", box=(200, 0, 100, 100))

    def test_refusals(self) -> None:
        """What is small, broken, too much, or something else is refused in words."""
        self.assertIn("63×100", self.refused(encoded((63, 100))))
        whole = encoded((100, 100))
        for broken in (b"", b"GIF89a", whole[:len(whole) // 2], encoded((100, 100), "GIF"),
                       encoded((100, 100), "BMP"), b"\xff\xd8\xff" + bytes(100)):
            self.refused(broken)
        self.assertIn("base64", self.refused("???"))
        self.assertIn("4 MiB", self.refused(base64.b64encode(bytes(MAX_BYTES + 1)).decode()))

    def test_bombs(self) -> None:
        """A few bytes that promise gigabytes of pixels are not unpacked."""
        for size in ((50_000, 50_000), (4000, 3200), (2**31 - 1, 2**31 - 1)):
            self.refused(png_head(*size))
        self.assertIn("25 million", self.refused(encoded((5100, 5000))))
        self.assertEqual(clean(encoded((5000, 4900)))[1:], (1000, 980))
        self.assertIn("12.5 million", self.refused(encoded((4000, 3200)), box=(0, 0, 64, 64)))


class DarkTests(SynchronousTestCase):
    """How light a picture is."""

    def test_dark(self) -> None:
        """Night is dark, a dim shelf is not; what can't be decoded is left to the counter."""
        self.assertTrue(is_dark(encoded((320, 240), color=(6, 5, 8))))
        self.assertFalse(is_dark(encoded((320, 240), color=(30, 25, 20))))
        self.assertFalse(is_dark(b"no picture"))
