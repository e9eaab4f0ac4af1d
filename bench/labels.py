"""Labels of packages that nobody sells, drawn from a seed: for bench and tests only.

A design is a brand: colours, a word, an emblem, how much is printed on it. A
flavour of it keeps all that and has a band, a word and a motif of its own, as
look-alikes on real shelves do. Every fourth design is plain: hardly more than
a word on one colour, which is the hardest to find by features.
"""

from __future__ import annotations

import colorsys
import random
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

HEIGHT = 480  # pixels of a drawn label, the same for all

_SYLLABLES = ("ba ko ri mu lan tes vi do pra nel ju sho fe lo gri za min cor ta pu quel es"
              " ham bri wo nu ty ka ster pol").split()

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Design:
    """A package: ``flavour`` 0 and 1 of one seed are look-alikes; width for a height of 1."""

    seed: int
    flavour: int
    round: bool
    width: float
    plain: bool


def design(seed: int, flavour: int = 0) -> Design:
    """What a seed stands for."""
    chance = random.Random(seed)
    is_round = chance.random() < 0.5
    width = chance.uniform(0.45, 0.72) if is_round else chance.uniform(0.55, 0.85)
    return Design(seed, flavour, is_round, width, chance.random() < 0.25)


@lru_cache(64)
def front(what: Design) -> Image.Image:
    """Its label: of a flat package all of it, of a round one the half that faces forward."""
    stretch = 1.57 if what.round else 1.0
    size = round(HEIGHT * what.width * stretch), HEIGHT
    brand = random.Random(f"brand {what.seed}")
    own = random.Random(f"flavour {what.seed} {what.flavour}")
    hue = brand.random()
    band_hue = hue + (0.3 + 0.4 * brand.random()) + what.flavour * own.uniform(0.2, 0.4)
    image = Image.new("RGB", size, _colour(hue, brand.uniform(0.2, 1), brand.uniform(0.35, 0.95)))
    draw = ImageDraw.Draw(image)
    if not what.plain:
        _ground(draw, size, brand, hue)
    _band(draw, size, brand, own, band_hue)
    if not what.plain:
        _motif(draw, size, own, band_hue)
        _emblem(draw, size, brand, hue)
    _words(image, size, brand, own)
    _small_print(draw, size, brand, 2 if what.plain else brand.randrange(4, 9))
    return image


@lru_cache(64)
def back(what: Design) -> Image.Image:
    """The half of a round package that faces away: tables and text."""
    size = round(HEIGHT * what.width * 1.57), HEIGHT
    brand = random.Random(f"back {what.seed}")
    image = Image.new("RGB", size, _colour(brand.random(), 0.2, 0.9))
    draw = ImageDraw.Draw(image)
    for row in range(14):
        top = 40 + row * 28
        draw.text((20, top), _word(brand, 5) + " " + _word(brand, 3), "black", _font(18))
        draw.line((10, top + 24, size[0] - 10, top + 24), "black")
    return image


def _ground(draw: ImageDraw.ImageDraw, size: tuple[int, int], chance: random.Random,
            hue: float) -> None:
    width, height = size
    kind = chance.randrange(3)
    other = _colour(hue + chance.uniform(-0.1, 0.1), chance.uniform(0.3, 1), chance.random())
    if kind == 0:
        draw.polygon([(0, 0), (width, 0), (0, height * chance.uniform(0.5, 1))], other)
    elif kind == 1:
        step = chance.randrange(24, 60)
        for left in range(0, width, step * 2):
            draw.rectangle((left, 0, left + step, height), other)
    else:
        for _ in range(chance.randrange(6, 20)):
            x, y, r = chance.randrange(width), chance.randrange(height), chance.randrange(6, 40)
            draw.ellipse((x - r, y - r, x + r, y + r), other)


def _band(draw: ImageDraw.ImageDraw, size: tuple[int, int], brand: random.Random,
          own: random.Random, hue: float) -> None:
    width, height = size
    top = height * brand.uniform(0.5, 0.7)
    colour = _colour(hue, own.uniform(0.6, 1), own.uniform(0.5, 1))
    draw.rectangle((0, top, width, top + height * brand.uniform(0.1, 0.22)), colour)
    draw.rectangle((0, top - 8, width, top - 4), _ink(brand))


def _motif(draw: ImageDraw.ImageDraw, size: tuple[int, int], own: random.Random,
           hue: float) -> None:
    width, height = size
    x0, y0 = width * own.uniform(0.25, 0.7), height * own.uniform(0.72, 0.84)
    for _ in range(own.randrange(5, 13)):
        x, y = x0 + own.gauss(0, width * 0.13), y0 + own.gauss(0, height * 0.06)
        r, tall = own.uniform(12, 36), own.uniform(0.6, 1.4)
        box = (x - r, y - r * tall, x + r, y + r * tall)
        colour = _colour(hue + own.uniform(-0.08, 0.08), own.uniform(0.5, 1), own.uniform(0.4, 1))
        draw.ellipse(box, colour, outline=_ink(own), width=own.randrange(1, 4))


def _emblem(draw: ImageDraw.ImageDraw, size: tuple[int, int], brand: random.Random,
            hue: float) -> None:
    width, height = size
    x, y = width * brand.uniform(0.35, 0.65), height * brand.uniform(0.16, 0.3)
    r = height * brand.uniform(0.09, 0.16)
    colour = _colour(hue + 0.5, brand.uniform(0, 1), brand.uniform(0.6, 1))
    kind = brand.randrange(3)
    if kind == 0:
        draw.ellipse((x - r * 1.5, y - r, x + r * 1.5, y + r), colour, _ink(brand), 4)
    elif kind == 1:
        draw.regular_polygon((x, y, r), brand.randrange(3, 8), brand.randrange(90), colour,
                             _ink(brand))
    else:
        for ring in range(4):
            part = r * (1 - ring / 4)
            draw.ellipse((x - part, y - part, x + part, y + part),
                         colour if ring % 2 else _ink(brand))


def _words(image: Image.Image, size: tuple[int, int], brand: random.Random,
           own: random.Random) -> None:
    width, height = size
    _text(image, _word(brand, brand.randrange(2, 4)).upper(), _ink(brand),
          (width * 0.5, height * brand.uniform(0.3, 0.45)), width * brand.uniform(0.75, 0.95),
          height * brand.uniform(0.12, 0.24), brand.choice((0, 0, 0, 8, -8)))
    _text(image, _word(own, own.randrange(2, 5)), _ink(own),
          (width * own.uniform(0.4, 0.6), height * 0.62), width * own.uniform(0.4, 0.7),
          height * own.uniform(0.05, 0.09), 0)


def _text(image: Image.Image, word: str, colour: Colour, centre: tuple[float, float],
          width: float, height: float, turn: float) -> None:
    font = _font(80)
    box = font.getbbox(word, stroke_width=2)
    mask = Image.new("L", (int(box[2]) + 8, int(box[3]) + 8))
    ImageDraw.Draw(mask).text((2, 2), word, 255, font, stroke_width=2)
    mask = mask.crop(mask.getbbox()).resize((int(width), int(height)))
    mask = mask.rotate(turn, expand=True)
    at = int(centre[0] - mask.width / 2), int(centre[1] - mask.height / 2)
    image.paste(colour, (*at, at[0] + mask.width, at[1] + mask.height), mask)


def _small_print(draw: ImageDraw.ImageDraw, size: tuple[int, int], brand: random.Random,
                 lines: int) -> None:
    width, height = size
    left = width * brand.uniform(0.05, 0.4)
    for line in range(lines):
        text = " ".join(_word(brand, brand.randrange(1, 4)) for _ in range(4))
        draw.text((left, height - 16 - 14 * line), text, _ink(brand), _font(12))


def _word(chance: random.Random, syllables: int) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(syllables))


def _ink(chance: random.Random) -> Colour:
    return chance.choice(((255, 255, 255), (20, 20, 20), (250, 235, 200), (60, 10, 10),
                          (10, 20, 70)))


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
