"""Shelves with packages, drawn with their truth: for bench and tests only.

What is on a shelf: six known items, two of them look-alikes of one brand;
strangers, and one more look-alike that is no known item. Half of all packages
are flat, half are round and may be turned; every fourth label is plain.

| level | camera | package | hidden by the next one | light | noise, blur, JPEG |
|---|---|---|---|---|---|
| easy | corners 2 % off | tilted 1°, turned 10° | no | even to 10 % | σ 2, 0.4 px, 92 |
| normal | 5 % | 3°, 25° | every fourth, up to 18 % | 30 %, cast 4 %, glare | σ 5, 0.7 px, 80 |
| hard | 9 % | 6°, 45° | every second, up to 38 % | 50 %, cast 8 %, glare | σ 9, 1.2 px, 60 |

Blur is given for VGA. Reference photos are photos of their own: one package,
cut out roughly by hand (3 to 8 % of a wall or a cloth around it), light and
colour cast of another hour, a round one from three sides, a flat one twice.
The counter was tuned on other seeds than it is measured on.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from bench.labels import HEIGHT, Design, back, design, front

SIZES = {"VGA": (640, 480, 115), "SVGA": (800, 600, 144), "UXGA": (1600, 1200, 288)}
KNOWN, STRANGERS = 6, 3


@dataclass(frozen=True)
class Level:
    """How hard a picture is; the table above says it in words."""

    camera: float
    tilt: float
    turn: float
    hidden: float
    most_hidden: float
    light: float
    cast: float
    glare: float
    noise: float
    blur: float
    quality: int


LEVELS = {
    "easy": Level(0.02, 1, 10, 0, 0, 0.1, 0.02, 0, 2, 0.4, 92),
    "normal": Level(0.05, 3, 25, 0.25, 0.18, 0.3, 0.04, 0.25, 5, 0.7, 80),
    "hard": Level(0.09, 6, 45, 0.5, 0.38, 0.5, 0.08, 0.5, 9, 1.2, 60),
}


@dataclass(frozen=True)
class Stock:
    """Known items by name, and what else may stand there."""

    items: dict[str, Design]
    strangers: tuple[Design, ...]


@dataclass(frozen=True, eq=False)
class Truth:
    """A package of a known item, and where: corners (4, 2), clockwise from its top left."""

    item: str
    corners: Any


def stock(seed: int) -> Stock:
    """The packages of one household."""
    seeds = [seed * 100 + number for number in range(KNOWN + STRANGERS)]
    known = [design(one) for one in seeds[:KNOWN - 1]] + [design(seeds[0], 1)]
    others = [design(one) for one in seeds[KNOWN:]] + [design(seeds[1], 1)]
    return Stock({f"item {at}": one for at, one in enumerate(known)}, tuple(others))


def photos(what: Design, seed: int) -> list[bytes]:
    """Reference photos of a package as JPEGs, 500 to 700 pixels high."""
    chance = random.Random(f"photos {what.seed} {what.flavour} {seed}")
    turns = (-28, 0, 28) if what.round else (0, 0)
    return [_photo(what, turn + chance.uniform(-5, 5) * what.round, chance) for turn in turns]


def shelf(goods: Stock, size: str, level: str, seed: int) -> tuple[bytes, list[Truth]]:
    """A picture as JPEG, and what is to be counted on it."""
    width, height, package = SIZES[size]
    how, chance = LEVELS[level], random.Random(f"shelf {seed}")
    # drawn at twice the size: sampling must not add what a lens would not let through
    scene = _Scene(2 * width, 2 * height, chance, how)
    for bottom in (0.47, 0.93):
        scene.fill(goods, bottom, 2 * package)
    picture, camera = _through_camera(scene.picture, chance, how.camera)
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    truths = [Truth(one.item, cv2.perspectiveTransform(one.corners[None], camera)[0] / 2)
              for one in scene.truths]
    return _exposed(picture, chance, how, how.blur * (width / 640) ** 0.7), truths


class _Scene:
    """A shelf seen from straight ahead, and what was put on it."""

    def __init__(self, width: int, height: int, chance: random.Random, how: Level) -> None:
        self.picture = _wall(width, height, chance)
        self.truths: list[Truth] = []
        self._chance, self._how = chance, how

    def fill(self, goods: Stock, bottom: float, package: int) -> None:
        """One board from left to right."""
        height, width = self.picture.shape[:2]
        chance, how = self._chance, self._how
        base = round(bottom * height)
        cv2.rectangle(self.picture, (0, base), (width, base + height // 40),
                      [chance.randrange(60, 220)] * 3, -1)
        x = chance.uniform(0.01, 0.08) * width
        while True:
            item, what = _choose(goods, chance)
            high = package * chance.uniform(0.88, 1.12)
            wide = high * what.width
            if x + wide > width * 0.985:
                return
            self._put(item, what, x, base, wide, high)
            hidden = chance.random() < how.hidden
            x += wide * (1 - chance.uniform(0.05, how.most_hidden) if hidden
                         else 1 + chance.uniform(0.02, 0.3))

    def _put(self, item: str | None, what: Design, x: float, base: float, wide: float,
             high: float) -> None:
        chance, how = self._chance, self._how
        sprite, mask = render(what, chance.uniform(-how.turn, how.turn), chance)
        if chance.random() < how.glare:
            sprite = _glare(sprite, chance)
        tilt = np.radians(chance.uniform(-how.tilt, how.tilt) * 0.5)
        lean = np.tan(tilt) * high
        corners = np.array([[x + lean, base - high], [x + wide + lean, base - high],
                            [x + wide, base], [x, base]], np.float32)
        if not what.round:
            corners += _yaw(chance.uniform(-how.turn, how.turn) * 0.6, wide, high)
        self._shadow(corners)
        _paste(self.picture, sprite, mask, corners)
        if item is not None:
            self.truths.append(Truth(item, corners))

    def _shadow(self, corners: Any) -> None:
        dark = np.zeros(self.picture.shape[:2], np.float32)
        size = corners[2, 0] - corners[3, 0]
        cv2.fillConvexPoly(dark, (corners + size * 0.05).astype(np.int32), 1.0)
        x, y, w, h = cv2.boundingRect(corners.astype(np.int32))
        pad = int(size * 0.3)
        top, left = max(0, y - pad), max(0, x - pad)
        part = np.s_[top:y + h + pad, left:x + w + pad]
        soft = cv2.GaussianBlur(dark[part], (0, 0), float(size) * 0.05)
        self.picture[part] = self.picture[part] * (1 - 0.5 * soft[..., None])


def render(what: Design, turn: float, chance: random.Random) -> tuple[Any, Any]:
    """A package upright as BGR, and a mask of where it is; ``turn`` in degrees (round ones)."""
    label = np.asarray(front(what))[:, :, ::-1]
    if not what.round:
        shade = np.linspace(1.0, chance.uniform(0.85, 1.0), label.shape[1])[None, :, None]
        return (label * shade).astype(np.uint8), np.full(label.shape[:2], 255, np.uint8)
    around = np.hstack([label, np.asarray(back(what))[:, :, ::-1]])
    return _rolled(around, round(HEIGHT * what.width), np.radians(turn), chance)


def _rolled(around: Any, wide: int, turn: float, chance: random.Random) -> tuple[Any, Any]:
    high = around.shape[0]
    across = (np.arange(wide) + 0.5) / wide * 2 - 1
    angle = np.arcsin(across) + turn + np.pi / 2
    columns = (angle / (2 * np.pi) * around.shape[1]) % around.shape[1]
    # seen from slightly above: circles are flat ellipses
    sag = np.sqrt(1 - across ** 2) * wide * chance.uniform(0.03, 0.09)
    rows = np.arange(high)[:, None] - sag[None, :] + sag.max() / 2
    map_x = np.broadcast_to(columns[None, :], rows.shape).astype(np.float32)
    body = cv2.remap(around, map_x, rows.astype(np.float32), cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REPLICATE)
    rim = (rows < high * 0.05) | (rows > high * 0.96)
    body[rim] = np.array([190, 190, 195]) * chance.uniform(0.6, 1.1)
    lit = 0.45 + 0.55 * np.cos(np.arcsin(across) - chance.uniform(-0.5, 0.5)).clip(0) ** 0.7
    body = np.clip(body * lit[None, :, None], 0, 255).astype(np.uint8)
    mask = np.where((rows > -1) & (rows < high + 1), 255, 0).astype(np.uint8)
    return body, mask


def _photo(what: Design, turn: float, chance: random.Random) -> bytes:
    sprite, mask = render(what, turn, chance)
    high = chance.randrange(460, 620)
    wide = high * what.width
    side = chance.uniform(0.03, 0.08) * high
    size = round(wide + 2 * side), round(high + 2 * side)
    ground = _wall(*size, chance)
    if chance.random() < 0.5:
        ground[:] = [chance.randrange(70, 235) for _ in range(3)]
    corners = np.array([[side, side], [side + wide, side], [side + wide, side + high],
                        [side, side + high]], np.float32)
    corners += np.array([[chance.uniform(-1, 1) for _ in range(2)] for _ in range(4)],
                        np.float32) * high * 0.012
    _paste(ground, sprite, mask, corners)
    how = Level(0, 0, 0, 0, 0, 0.25, 0.05, 0, 3, 0.8, 88)
    return _exposed(ground, chance, how, how.blur)


def _choose(goods: Stock, chance: random.Random) -> tuple[str | None, Design]:
    if chance.random() < 0.3:
        return None, chance.choice(goods.strangers)
    return chance.choice(list(goods.items.items()))


def _wall(width: int, height: int, chance: random.Random) -> Any:
    numbers = np.random.default_rng(chance.randrange(2**32))
    rough = cv2.resize(numbers.normal(0, 12, (height // 60, width // 12)), (width, height))
    base = np.array([chance.randrange(70, 210)] * 3) + numbers.normal(0, 12, 3)
    return np.clip(base + rough[..., None], 0, 255).astype(np.uint8)


def _yaw(degrees: float, wide: float, high: float) -> Any:
    # a flat package turned about its upright: narrower, and one side further away
    turn = np.radians(degrees)
    less, away = wide * (1 - np.cos(turn)) / 2, high * np.sin(turn) * 0.06
    left, right = (away, 0) if away > 0 else (0, -away)
    return np.array([[less, left], [-less, right], [-less, 0], [less, 0]], np.float32)


def _glare(sprite: Any, chance: random.Random) -> Any:
    height, width = sprite.shape[:2]
    light = np.zeros((height, width), np.float32)
    centre = chance.randrange(width), chance.randrange(height)
    axes = round(width * chance.uniform(0.05, 0.15)), round(height * chance.uniform(0.1, 0.35))
    cv2.ellipse(light, centre, axes, chance.uniform(-30, 30), 0, 360, 1.0, -1)
    light = cv2.GaussianBlur(light, (0, 0), width * 0.05) * chance.uniform(0.3, 0.8)
    return (sprite + (255 - sprite) * light[..., None]).astype(np.uint8)


def _paste(picture: Any, sprite: Any, mask: Any, corners: Any) -> None:
    height, width = sprite.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    x, y, w, h = cv2.boundingRect(corners.astype(np.int32))
    left, top = max(0, x - 2), max(0, y - 2)
    right, bottom = min(picture.shape[1], x + w + 4), min(picture.shape[0], y + h + 4)
    move = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
    matrix = move @ cv2.getPerspectiveTransform(source, corners)
    size = right - left, bottom - top
    # sprites are larger than what they become: soften before sampling
    small = max(0.0, width / max(1.0, float(corners[1, 0] - corners[0, 0])) - 1) * 0.5
    if small > 0.2:
        sprite = cv2.GaussianBlur(sprite, (0, 0), small)
    warped = cv2.warpPerspective(sprite, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpPerspective(mask, matrix, size)[..., None] / 255.0
    part = picture[top:bottom, left:right]
    part[:] = part * (1 - share) + warped * share


def _through_camera(picture: Any, chance: random.Random, off: float) -> tuple[Any, Any]:
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + np.array([[chance.uniform(-off, off) * width * 0.5,
                                 chance.uniform(-off, off) * height * 0.5] for _ in range(4)],
                               np.float32)
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return cv2.warpPerspective(picture, matrix, (width, height),
                               borderMode=cv2.BORDER_REPLICATE), matrix


def _exposed(picture: Any, chance: random.Random, how: Level, blur: float) -> bytes:
    """Light, lens, sensor and JPEG."""
    height, width = picture.shape[:2]
    numbers = np.random.default_rng(chance.randrange(2**32))
    across = np.linspace(-0.5, 0.5, width)[None, :] * chance.uniform(-1, 1)
    down = np.linspace(-0.5, 0.5, height)[:, None] * chance.uniform(-1, 1)
    light = (1 + how.light * (across + down)) * (1 + how.light * chance.uniform(-0.5, 0.35))
    cast = 1 + np.array([chance.uniform(-how.cast, how.cast) for _ in range(3)])
    lit = cv2.GaussianBlur(picture, (0, 0), blur) * light[..., None] * cast
    grain = numbers.normal(0, how.noise, picture.shape[:2])[..., None]
    noisy = lit + grain * 0.8 + numbers.normal(0, how.noise * 0.6, picture.shape)
    done, jpeg = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8),
                              [cv2.IMWRITE_JPEG_QUALITY, how.quality])
    assert done
    return jpeg.tobytes()
