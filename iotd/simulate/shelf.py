"""What a virtual cabinet camera sees: packages on two shelves, and one package alone.

Pure drawing, in any thread. Labels are the same in every picture, as printed ones
are; place, tilt and light differ from picture to picture.
"""

from __future__ import annotations

import io
import random
from functools import lru_cache
from typing import Mapping

from PIL import Image, ImageDraw, ImageFilter, ImageFont

ITEMS = ("Nutella", "Pepsi", "Pringles")
SHELVES, PLACES = 2, 4  # places on each shelf
SIZE = (640, 480)

# width and height of a label in its own pixels; a place on the shelf is 140 x 190 at VGA
_LABEL = (260, 340)
_COLOURS = {
    "Nutella": ("#f4efe4", "#5a2d12", "#c8102e"),
    "Pepsi": ("#0b4ea2", "#e8eef7", "#d7182a"),
    "Pringles": ("#c4161c", "#f6d23c", "#1b1b1b"),
}


def draw_shelf(counts: Mapping[str, int], seed: int, size: tuple[int, int] = SIZE) -> bytes:
    """A JPEG of the open cabinet with so many packages of each; beyond 8 none fits."""
    chance = random.Random(seed)
    picture = _empty_cabinet(size).copy()
    names = [name for name in ITEMS for _ in range(counts.get(name, 0))]
    places = [(shelf, place) for shelf in range(SHELVES) for place in range(PLACES)]
    # what was there first stays in its place
    for name, (shelf, place) in zip(names, places):
        _put(picture, name, shelf, place, chance)
    return _jpeg(_lit(picture, chance), 85)


def draw_package(name: str, number: int = 0) -> bytes:
    """A reference photo of one package: near, upright, on a plain ground."""
    chance = random.Random(f"{name} {number}")
    width, height = _LABEL
    ground = Image.new("RGB", (width + 60, height + 60), (206, 204, 198))
    package = _label(name).rotate(chance.uniform(-2, 2), Image.Resampling.BICUBIC, expand=True)
    ground.paste(package, (30, 30), package)
    return _jpeg(_lit(ground, chance), 90)


def _put(
    picture: Image.Image, name: str, shelf: int, place: int, chance: random.Random
) -> None:
    width, height = picture.size
    place_width, shelf_height = width / PLACES, height / SHELVES
    high = shelf_height * chance.uniform(0.72, 0.78)
    wide = high * _LABEL[0] / _LABEL[1]
    package = _label(name).resize((round(wide), round(high)), Image.Resampling.LANCZOS)
    package = package.rotate(chance.uniform(-2.5, 2.5), Image.Resampling.BICUBIC, expand=True)
    left = place * place_width + (place_width - package.width) / 2 + chance.uniform(-4, 4)
    top = (shelf + 1) * shelf_height - package.height - height * 0.035
    picture.paste(package, (round(left), round(top)), package)


def _lit(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Light from one side, a little blur and the sensor's noise."""
    width, height = picture.size
    shade = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270)))
    shade = shade.resize(picture.size).point([200 + value // 5 for value in range(256)])
    dark = Image.new("RGB", picture.size)
    picture = Image.composite(picture, dark, shade).filter(ImageFilter.GaussianBlur(0.5))
    noise = Image.frombytes("L", (width, height), chance.randbytes(width * height))
    return Image.blend(picture, Image.merge("RGB", [noise] * 3), 0.03)


@lru_cache(maxsize=4)
def _empty_cabinet(size: tuple[int, int]) -> Image.Image:
    width, height = size
    picture = Image.new("RGB", size, (92, 84, 76))
    pen = ImageDraw.Draw(picture)
    for shelf in range(SHELVES):
        floor = round((shelf + 1) * height / SHELVES)
        pen.rectangle((0, floor - height * 0.035, width, floor), fill=(168, 150, 124))
        pen.rectangle((0, floor - height * 0.04, width, floor - height * 0.034), fill=(56, 48, 42))
    return picture


@lru_cache(maxsize=8)
def _label(name: str) -> Image.Image:
    """A printed label: name, emblem, and the small print that makes it recognisable."""
    width, height = _LABEL
    ground, ink, accent = _COLOURS[name]
    picture = Image.new("RGBA", _LABEL)
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, width - 1, height - 1), 26, fill=ground, outline=ink, width=4)
    _EMBLEMS[name](pen, ink, accent)
    pen.text((width / 2, 52), name, font=_font(50), fill=accent, anchor="mm",
             stroke_width=2, stroke_fill=ink if name == "Pringles" else "white")
    _small_print(pen, name, ink)
    return picture


def _small_print(pen: ImageDraw.ImageDraw, name: str, ink: str) -> None:
    chance = random.Random(name)
    for line in range(5):
        words = "".join(chance.choice("aeimnorstu bdkl") for _ in range(26))
        pen.text((18, 254 + line * 15), words, font=_font(14), fill=ink)
    for _ in range(26):
        x, y = chance.randrange(12, 240), chance.randrange(80, 240)
        side = chance.randrange(4, 11)
        pen.rectangle((x, y, x + side, y + side), outline=ink, width=2)


def _jar(pen: ImageDraw.ImageDraw, ink: str, accent: str) -> None:
    pen.ellipse((60, 100, 200, 220), fill=ink)
    pen.polygon(((90, 130), (150, 110), (180, 170), (110, 200)), fill="#e2b878", outline=accent)
    pen.arc((100, 120, 170, 190), 20, 240, fill=accent, width=7)


def _globe(pen: ImageDraw.ImageDraw, ink: str, accent: str) -> None:
    pen.ellipse((65, 95, 195, 225), fill=ink)
    pen.pieslice((65, 95, 195, 225), 190, 340, fill=accent)
    pen.pieslice((65, 95, 195, 225), 20, 150, fill="#083b7d")
    pen.line((70, 180, 120, 150, 150, 170, 190, 140), fill=ink, width=12)


def _face(pen: ImageDraw.ImageDraw, ink: str, accent: str) -> None:
    pen.ellipse((75, 95, 185, 225), fill=ink)
    pen.ellipse((100, 135, 116, 151), fill=accent)
    pen.ellipse((144, 135, 160, 151), fill=accent)
    pen.polygon(((85, 185), (130, 165), (175, 185), (130, 200)), fill=accent)
    pen.polygon(((118, 212), (130, 222), (142, 212), (130, 230)), fill="#c4161c")


_EMBLEMS = {"Nutella": _jar, "Pepsi": _globe, "Pringles": _face}


@lru_cache(maxsize=8)
def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
