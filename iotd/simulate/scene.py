"""What a virtual camera sees: a ball over a landscape whose day lasts two minutes.

Pure drawing, in any thread. Backgrounds are shared by all cameras of a size.
"""

from __future__ import annotations

import io
import math
import random
import time
from dataclasses import dataclass, replace
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

DAY_SECONDS = 120.0
LIGHTS = 60  # backgrounds of a day
BALL_PERIOD = 7.0  # seconds for the ball to cross and come back

_NIGHT, _DAWN, _NOON = (12, 16, 44), (214, 122, 84), (120, 178, 230)


@dataclass(frozen=True)
class View:
    """What a camera is set to; ``quality`` is JPEG's, 1 to 100."""

    name: str
    number: int
    size: tuple[int, int] = (320, 240)
    quality: int = 75
    flash: bool = False

    def changed(self, **settings: object) -> "View":
        """The same camera after a SET."""
        return replace(self, **settings)  # type: ignore[arg-type]


def draw(view: View, now: float) -> bytes:
    """One JPEG at ``now`` (Unix seconds); 5 to 10 KB at 320x240."""
    picture = _background(view.size, int(now % DAY_SECONDS / DAY_SECONDS * LIGHTS)).copy()
    pen = ImageDraw.Draw(picture)
    _draw_ball(pen, view, now)
    _draw_words(pen, view, now)
    if view.flash:
        picture = picture.point([min(255, value + 50) for value in range(256)] * 3)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=view.quality)
    return out.getvalue()


def _draw_ball(pen: ImageDraw.ImageDraw, view: View, now: float) -> None:
    width, height = view.size
    radius = max(4, height // 12)
    # each camera's ball runs a little behind the one before, in a colour of its own
    turn = (now + view.number * 0.9) / BALL_PERIOD * 2 * math.pi
    x = width / 2 + (width / 2 - radius) * math.sin(turn)
    y = height * 0.72 - abs(math.sin(turn * 3)) * height * 0.4
    colour = _COLOURS[view.number % len(_COLOURS)]
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline="white")


def _draw_words(pen: ImageDraw.ImageDraw, view: View, now: float) -> None:
    width, height = view.size
    font = _font(max(10, height // 14))
    clock = time.strftime("%H:%M:%S", time.localtime(now)) + f".{int(now * 10) % 10}"
    margin = height // 30
    shade = {"stroke_width": 2, "stroke_fill": "black", "fill": "white", "font": font}
    pen.text((margin, margin), view.name, **shade)  # type: ignore[arg-type]
    pen.text((margin, height - margin), clock, anchor="ld", **shade)  # type: ignore[arg-type]
    number = _font(max(14, height // 5))
    pen.text((width - margin, margin), str(view.number), anchor="ra", font=number, fill="white")


# every camera of a size sees the same light at the same time: a few are enough
@lru_cache(maxsize=8)
def _background(size: tuple[int, int], light: int) -> Image.Image:
    """Sky from top to horizon and ground with some grain, at one time of the day."""
    width, height = size
    top, low = _sky(light / LIGHTS)
    column = Image.new("RGB", (1, height))
    horizon = height * 2 // 3
    for y in range(horizon):
        column.putpixel((0, y), _mixed(top, low, y / horizon))
    for y in range(horizon, height):
        column.putpixel((0, y), _mixed((20, 40, 24), low, 0.35 * (height - y) / height))
    return Image.blend(column.resize(size), _grain(size), 0.05)


@lru_cache(maxsize=8)
def _grain(size: tuple[int, int]) -> Image.Image:
    width, height = size
    noise = random.Random(2640)
    half = (width // 2, height // 2)
    small = Image.frombytes("L", half, noise.randbytes(half[0] * half[1]))
    return Image.merge("RGB", [small.resize(size)] * 3)


@lru_cache(maxsize=16)
def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height)


def _sky(day: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Colours of the zenith and the horizon; 0 is midnight, 0.5 noon."""
    sun = -math.cos(day * 2 * math.pi)  # -1 to 1
    bright = max(0.0, min(1.0, sun * 1.5 + 0.5))
    glow = max(0.0, 1 - abs(sun) * 2)
    top = _mixed(_NIGHT, _NOON, bright)
    return top, _mixed(_mixed(top, (235, 240, 245), bright * 0.5), _DAWN, glow)


def _mixed(one: tuple[int, ...], other: tuple[int, ...], share: float) -> tuple[int, ...]:
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other))


_COLOURS = ("#e4572e", "#29bf12", "#f3a712", "#5f5fff", "#d81e8f", "#08bdbd", "#f7f052", "#9b5de5")
