"""Does what a pose cuts out of the picture look like the photo: shapes and colours by blocks.

A part that does not agree at the left or right is taken as hidden by a
neighbour, or as the side of a can that was turned away. Where the rest agrees in
shape but not in colour it is another flavour of the same brand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from iotd.cabinet.features import Learned

LEAST_SHAPE = 0.4
LEAST = 0.46  # of the score
# of a row across the package, that is of another colour: flavours differ by a band even where
# most of the label is the same; look-alikes had 0.64 and more, packages in fair light up to 0.43
MOST_BAND = 0.55
MOST_HIDDEN = 0.45  # of the package's width
BLOCK = 6  # pixels of the patch, for colours
WINDOW = 13  # pixels of the patch, for shapes
# distances of two colours in Lab's a and b: up to the first light and noise explain it, from
# the second on it is another colour
OFF_COLOUR = 15.0, 45.0
MOST_CAST = 1.35  # how far one channel may be brighter, against the others, by the light alone


@dataclass(frozen=True)
class Likeness:
    """``shape`` and ``colour`` 0 to 1 of what is seen, ``seen`` how much of the width that is.

    ``band`` is how much of the row that differs most is of another colour.
    """

    shape: float
    colour: float
    seen: float
    band: float

    @property
    def score(self) -> float:
        """One number for comparing candidates of one place."""
        return float(self.shape ** 0.5 * self.colour ** 4 * (0.8 + 0.2 * self.seen))

    @property
    def good(self) -> bool:
        """Whether it is this item at all."""
        return (self.shape >= LEAST_SHAPE and self.score >= LEAST
                and self.band <= MOST_BAND)


def compare(bgr: Any, matrix: Any, photo: Learned) -> Likeness:
    """How alike a photo and what its homography cuts out of the picture are."""
    height, width = photo.patch.shape[:2]
    scale = np.diag([width / photo.width, height / photo.height, 1.0])
    cut = cv2.warpPerspective(bgr, scale @ np.linalg.inv(matrix), (width, height),
                              flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shape, busy = _correlation(photo.patch, cut)
    off, mask = _off_colour(photo, cut)
    left, right = _visible(off, mask)
    pixels = slice(round(left * width), round(right * width))
    blocks = slice(round(left * off.shape[1]), round(right * off.shape[1]))
    off, mask = off[:, blocks], mask[:, blocks]
    busy *= photo.mask
    return Likeness(_average(shape[:, pixels], busy[:, pixels]), 1 - _average(off, mask),
                    right - left, _band(off, mask))


def _band(off: Any, mask: Any) -> float:
    """The most that one row of blocks is off; not the first and the last, which are edges."""
    rows = (off * mask).sum(axis=1) / np.maximum(1.0, mask.sum(axis=1))
    return float(rows[1:-1].max(initial=0.0))


def _average(values: Any, weights: Any) -> float:
    return float((values * weights).sum() / max(1.0, weights.sum()))


def _correlation(one: Any, other: Any) -> tuple[Any, Any]:
    """Normalised correlation around each pixel, and where there is something to correlate."""
    a, b = _grey(one), _grey(other)
    mean_a, mean_b = _mean(a), _mean(b)
    spread_a, spread_b = _mean(a * a) - mean_a ** 2, _mean(b * b) - mean_b ** 2
    both = _mean(a * b) - mean_a * mean_b
    like = both / np.sqrt(np.maximum(spread_a, 1) * np.maximum(spread_b, 20))
    return np.clip(like, 0, 1), (spread_a > 40).astype(np.float32)


def _grey(bgr: Any) -> Any:
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return cv2.GaussianBlur(grey, (0, 0), 1.0)


def _mean(values: Any) -> Any:
    return cv2.boxFilter(values, -1, (WINDOW, WINDOW))


def _off_colour(photo: Learned, cut: Any) -> tuple[Any, Any]:
    """By block how much its colour differs beyond what light can do, 0 to 1; the mask."""
    size = max(3, cut.shape[1] // BLOCK), max(3, cut.shape[0] // BLOCK)
    a, b = (cv2.resize(one, size, interpolation=cv2.INTER_AREA).astype(np.float32)
            for one in (photo.patch, cut))
    mask = (cv2.resize(photo.mask, size, interpolation=cv2.INTER_AREA) > 0.7).astype(np.float32)
    ratio = np.median(((b + 8) / (a + 8))[mask > 0], axis=0) if mask.any() else np.ones(3)
    bright = np.exp(np.log(ratio).mean())
    b = b / np.clip(ratio / bright, 1 / MOST_CAST, MOST_CAST)
    # compared as if equally bright: a can's side is dark in one light and not in another
    bright = (a.mean(axis=2, keepdims=True) + 8) / (b.mean(axis=2, keepdims=True) + 8)
    apart = (_lab(a) - _lab(np.clip(b * np.clip(bright, 0.3, 3), 0, 255)))[:, :, 1:]
    least, most = OFF_COLOUR
    distance = np.hypot(apart[:, :, 0], apart[:, :, 1])
    return np.clip((distance - least) / (most - least), 0, 1).astype(np.float32), mask


def _lab(bgr: Any) -> Any:
    return cv2.cvtColor((bgr / 255).astype(np.float32), cv2.COLOR_BGR2LAB)


def _visible(off: Any, mask: Any) -> tuple[float, float]:
    """Where the package is seen, as shares of its width from the left."""
    columns = (off * mask).sum(axis=0) > 0.5 * mask.sum(axis=0)
    count, most = len(columns), int(len(columns) * MOST_HIDDEN)
    left = next((at for at in range(most) if not columns[at]), 0)
    right = next((count - at for at in range(most) if not columns[count - 1 - at]), count)
    return (left / count, right / count) if right - left >= count - most else (0.0, 1.0)
