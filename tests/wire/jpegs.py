"""Real pictures for the tests of the wire: made by Pillow, the same on every run."""

from __future__ import annotations

import io
import random
from typing import Any

from PIL import Image


def picture(width: int = 16, height: int = 12, mode: str = "RGB", seed: int = 1) -> Image.Image:
    """Blurred noise: enough detail that entropy-coded data holds FF 00."""
    noise = random.Random(seed).randbytes(width * height * len(Image.new(mode, (1, 1)).getbands()))
    return Image.frombytes(mode, (width, height), noise)


def jpeg(width: int = 16, height: int = 12, mode: str = "RGB", **how: Any) -> bytes:
    """One JPEG file; ``how`` goes to Pillow (quality, progressive, restart_marker_blocks ...)."""
    out = io.BytesIO()
    picture(width, height, mode).save(out, "JPEG", **{"quality": 60, **how})
    return out.getvalue()


def segment(kind: int, body: bytes) -> bytes:
    """A JPEG segment: marker, length, body."""
    return bytes([0xFF, kind]) + (len(body) + 2).to_bytes(2, "big") + body


def with_segment(data: bytes, kind: int, body: bytes) -> bytes:
    """The JPEG with one more segment right behind its SOI."""
    return data[:2] + segment(kind, body) + data[2:]


def with_thumbnail(data: bytes, thumbnail: bytes) -> bytes:
    """The JPEG with an EXIF block whose second directory holds ``thumbnail``."""
    # two directories: an empty one, then one with offset and length of the thumbnail
    entries = (
        b"\x02\x00"
        + b"\x01\x02\x04\x00\x01\x00\x00\x00" + (44).to_bytes(4, "little")
        + b"\x02\x02\x04\x00\x01\x00\x00\x00" + len(thumbnail).to_bytes(4, "little")
        + b"\x00\x00\x00\x00"
    )
    tiff = b"II*\x00\x08\x00\x00\x00" + b"\x00\x00" + (14).to_bytes(4, "little") + entries
    return with_segment(data, 0xE1, b"Exif\x00\x00" + tiff + thumbnail)
