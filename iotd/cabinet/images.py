"""Pictures that people send, and how light a picture is; plain functions for threads."""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from typing import NamedTuple

from PIL import Image, ImageOps

from iotd.errors import Invalid

MAX_BYTES = 4 * 1024 * 1024  # of an uploaded picture
# 4 MiB can unpack to gigabytes. A JPEG is decoded at a fraction of its size, others and
# those to be cut whole, at 4 bytes a pixel and perhaps twice.
MAX_PIXELS = 25_000_000
MAX_WHOLE_PIXELS = 12_500_000
MIN_SIDE = 64
PHOTO_SIDE = 1000  # of what is kept; a shelf's camera sees a package smaller
CODE_SIDE = 2600  # bars are thin
DARK_BELOW = 12.0  # mean brightness of 0 to 255: noise alone gives 2 to 8
QUALITY = 90

Box = tuple[float, float, float, float]


class Clean(NamedTuple):
    """A picture as we keep it: JPEG without EXIF; sizes in pixels."""

    jpeg: bytes
    width: int
    height: int


def decode_base64(text: str, field: str = "image") -> bytes:
    """The bytes of an upload, also as a data: URL; Invalid with the field."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("The picture is not base64.", field) from None
    if len(data) > MAX_BYTES:
        raise Invalid(f"The picture is larger than {MAX_BYTES // 1024 // 1024} MiB.", field)
    return data


def clean(source: bytes | str, side: int = PHOTO_SIDE, box: Box | None = None) -> Clean:
    """The picture, or one in base64, as JPEG without EXIF: upright, cut to ``box`` (left,
    top, width, height in pixels), at most ``side`` long; Invalid says what is wrong."""
    data = decode_base64(source) if isinstance(source, str) else source
    image = _opened(data, side if box is None else None)
    if box is not None:
        image = image.crop(_within(box, image.size))
    if min(image.size) < MIN_SIDE:
        width, height = image.size
        raise Invalid(
            f"The picture has {width}×{height} pixels: at least {MIN_SIDE} each way are needed.",
            "box" if box is not None else "image",
        )
    image.thumbnail((side, side))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return Clean(out.getvalue(), *image.size)


def _opened(data: bytes, side: int | None) -> Image.Image:
    """The picture upright and in colours; not much larger than ``side`` if that is easy."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
            small = image.format == "JPEG" and side is not None
            most = MAX_PIXELS if small else MAX_WHOLE_PIXELS
            if image.width * image.height > most:
                raise Invalid(f"The picture has over {most / 1e6:g} million pixels.", "image")
            if small:
                image.draft("RGB", (2 * side, 2 * side))  # type: ignore[operator]
            ImageOps.exif_transpose(image, in_place=True)
            return image if image.mode == "RGB" else image.convert("RGB")
    except Invalid:
        raise
    except Exception:  # Pillow raises whatever a broken file makes it stumble over
        raise Invalid("This is no whole JPEG, PNG or WebP picture.", "image") from None


def _within(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top, width, height = box
    cut = (max(0, round(left)), max(0, round(top)),
           min(size[0], round(left + width)), min(size[1], round(top + height)))
    if cut[0] >= cut[2] or cut[1] >= cut[3]:
        raise Invalid("The box lies outside the picture.", "box")
    return cut


def is_dark(jpeg: bytes) -> bool:
    """Whether a picture was taken without light; False for what can't be decoded."""
    try:
        image = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
        if image.width * image.height > MAX_PIXELS:
            return False
        image.draft("L", (64, 64))
        histogram = image.convert("L").histogram()
    except Exception:  # as above; the counter says what is wrong with it
        return False
    pixels = sum(histogram)
    return sum(level * count for level, count in enumerate(histogram)) < DARK_BELOW * pixels
