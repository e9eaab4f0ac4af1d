"""Pictures from strangers into arrays: bounded before a pixel is decoded. Worker only."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from PIL import Image

from iotd.cabinet.vision_messages import MAX_PICTURE
from iotd.wire.jpeg import trim

MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG")

Image.MAX_IMAGE_PIXELS = None  # Pillow only reads the size here; the limit is ours


class NoPicture(Exception):
    """The bytes are no picture that can be taken; says why."""


@dataclass(frozen=True)
class Picture:
    """``bgr`` may be smaller than what the file holds: ``scale`` × its width and height."""

    bgr: Any
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Pixels of ``bgr`` for one of the file."""
        return self.bgr.shape[1] / self.width


def decode(data: bytes, wanted: int = MAX_PIXELS) -> Picture:
    """JPEG or PNG, upright, reduced to about ``wanted`` pixels; NoPicture for all else."""
    width, height = _size(data)
    # libjpeg decodes at a half or a quarter at no cost, never below what is wanted
    flag = cv2.IMREAD_COLOR
    if width * height >= 16 * wanted:
        flag = cv2.IMREAD_REDUCED_COLOR_4
    elif width * height >= 4 * wanted:
        flag = cv2.IMREAD_REDUCED_COLOR_2
    bgr = _decoded(data, flag)
    if (bgr.shape[0] > bgr.shape[1]) != (height > width):
        width, height = height, width  # turned upright by its EXIF
    pixels = bgr.shape[0] * bgr.shape[1]
    if pixels > wanted * 1.1:
        factor = (wanted / pixels) ** 0.5
        bgr = cv2.resize(bgr, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return Picture(bgr, width, height)


def _size(data: bytes) -> tuple[int, int]:
    if len(data) > MAX_PICTURE:
        raise NoPicture(f"The picture has {len(data)} bytes; at most {MAX_PICTURE} are taken.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height, format = *image.size, image.format
    except (OSError, ValueError, SyntaxError):
        raise NoPicture("This is neither a JPEG nor a PNG picture.") from None
    if width * height > MAX_PIXELS:
        raise NoPicture(
            f"The picture has {width} × {height} pixels; at most {MAX_PIXELS // 10**6} million"
            " are taken."
        )
    if format == "JPEG" and trim(data) is None:
        # OpenCV would fill the missing part with grey, and the count would be wrong
        raise NoPicture("The picture is cut off before its end.")
    return width, height


def _decoded(data: bytes, flag: int) -> Any:
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        bgr = None
    if bgr is None or min(bgr.shape[:2]) < 1:
        raise NoPicture("The picture is damaged.")
    return bgr
