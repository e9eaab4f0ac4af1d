"""The package on a reference photo, without what stands around it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

SIDE = 140  # pixels of the longer side that are enough to find an outline
EDGE = 0.02  # of the photo, surely not the package when there is anything around it
LEAST = 0.55  # of the photo's width and height that the package must fill to be believed
ROUNDS = 3


def cut_out(bgr: Any) -> tuple[Any, Any]:
    """The photo cut to its package, and a mask of that size: 1 where the package is.

    A package that fills the photo, or can't be told from what is around it,
    is the whole photo.
    """
    height, width = bgr.shape[:2]
    mask = _outline(bgr)
    box = _box(mask)
    if box is None:
        return bgr, np.ones((height, width), np.float32)
    left, top, right, bottom = (box * [width, height, width, height]).round().astype(int)
    whole = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    part = np.s_[top:bottom, left:right]
    return bgr[part], whole[part]


def _outline(bgr: Any) -> Any:
    factor = SIDE / max(bgr.shape[:2])
    small = cv2.resize(bgr, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    mask = np.full((height, width), cv2.GC_PR_FGD, np.uint8)
    edge = max(2, round(EDGE * max(height, width)))
    mask[:edge], mask[-edge:], mask[:, :edge], mask[:, -edge:] = (cv2.GC_BGD,) * 4
    wall, package = np.zeros((1, 65)), np.zeros((1, 65))  # it learns both by itself
    cv2.setRNGSeed(1)
    no_box = 0, 0, 0, 0
    cv2.grabCut(small, mask, no_box, wall, package, ROUNDS, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    return _filled(inside).astype(np.float32)


def _filled(inside: Any) -> Any:
    """The largest piece without holes: what is printed in the colour of the wall is package."""
    pieces, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(inside)
    if pieces:
        hull = cv2.convexHull(max(pieces, key=cv2.contourArea))
        cv2.fillConvexPoly(filled, hull, 1)
    return filled


def _box(mask: Any) -> Any:
    """Left, top, right, bottom as shares of the photo; None when that is not to be believed."""
    height, width = mask.shape
    columns = np.flatnonzero(mask.mean(axis=0) > 0.3 * mask.mean(axis=0).max())
    rows = np.flatnonzero(mask.mean(axis=1) > 0.3 * mask.mean(axis=1).max())
    if mask.mean() < LEAST ** 2 or not len(columns) or not len(rows):
        return None
    box = np.array([columns[0] / width, rows[0] / height, (columns[-1] + 1) / width,
                    (rows[-1] + 1) / height])
    return box if (box[2:] - box[:2]).min() >= LEAST else None
