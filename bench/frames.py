"""Real pictures of one exact size, with room for a stamp."""

from __future__ import annotations

import io
import random
from pathlib import Path

from PIL import Image

FRAME_BYTES = 30_000
KINDS = 8  # different pictures, sent in turn
_STAMP = b"BENCH" + b"0" * 30  # c/common.h: number and time of sending go here


def jpeg(seed: int, size: int = FRAME_BYTES) -> bytes:
    """A decodable JPEG of ``size`` bytes: noise, a stamp, and a comment as padding."""
    picture = _noise(seed, size - 400)
    room = size - len(picture) - len(_comment(_STAMP)) - len(_comment(b""))
    if not 0 <= room <= 65_000:
        raise ValueError(f"{len(picture)} bytes of noise leave no padding to {size}")
    return picture[:2] + _comment(_STAMP) + _comment(b"\0" * room) + picture[2:]


def write_frames(folder: Path, size: int = FRAME_BYTES) -> Path:
    """A file with all kinds one after the other."""
    path = folder / f"frames-{size}"
    path.write_bytes(b"".join(jpeg(seed, size) for seed in range(KINDS)))
    return path


def _comment(text: bytes) -> bytes:
    return b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text


def _noise(seed: int, most: int) -> bytes:
    """The largest noise picture of at most ``most`` bytes, by its quality."""
    dice = random.Random(seed)
    side = max(16, int((most * 2.2) ** 0.5) // 16 * 16)
    image = Image.frombytes("L", (side, side), dice.randbytes(side * side)).convert("RGB")
    best = b""
    for quality in range(5, 96, 5):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        if len(out.getvalue()) <= most:
            best = out.getvalue()
    return best
