"""Packages of known items on a picture of a shelf.

SIFT features of the picture are matched with those of each reference photo;
each match votes for where, how large and how turned a package would be; votes
that agree become a homography; what it cuts out is compared with the photo;
where packages overlap the best one wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Sequence

import cv2
import numpy as np

from iotd.cabinet.features import MOST_FEATURES, Features, Learned, extract
from iotd.cabinet.picture_check import check

PIXELS = 600_000  # what a picture is reduced to: SVGA is taken as it is
LIKE = 0.80  # least likeness of two features, 1 for the same
FEWEST = 4  # matches that agree
MOST_VOTES = 1500
NEAR = 0.15, 0.35, 0.35  # votes that agree: of the package's size, log of scale, radians
OVERLAP = 0.35  # of the smaller package, above which only one can be there

Known = tuple[str, Sequence[Learned]]


@dataclass(frozen=True)
class Found:
    """A package: corners (4, 2) in pixels of the picture, clockwise from its top left."""

    item: str
    corners: Any
    score: float


def find(bgr: Any, items: Sequence[Known]) -> list[Found]:
    """All packages of ``items`` on a picture, best first."""
    scene = extract(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), MOST_FEATURES)
    if not len(scene):
        return []
    found = []
    for item, photos in items:
        for photo in photos:
            for matrix in poses(scene, photo):
                corners = _corners(matrix, photo)
                score = check(bgr, matrix, photo)
                if score > 0:
                    found.append(Found(item, corners, score))
    return best_of(found)


def poses(scene: Features, photo: Learned) -> Iterator[Any]:
    """Homographies from the photo's pixels to the picture's, each found by agreeing votes."""
    likeness = scene.descriptors @ photo.features.descriptors.T
    mine = likeness.argmax(axis=1)
    like = likeness[np.arange(len(scene)), mine]
    seen = np.flatnonzero(like > LIKE)
    if len(seen) > MOST_VOTES:
        seen = seen[np.argsort(-like[seen])[:MOST_VOTES]]
    mine = mine[seen]
    for group in _groups(scene, photo, seen, mine):
        matrix = _fit(scene, photo, seen[group], mine[group])
        if matrix is not None and _plausible(_corners(matrix, photo), photo):
            yield matrix


def _groups(scene: Features, photo: Learned, seen: Any, mine: Any) -> Iterator[Any]:
    scale = scene.sizes[seen] / photo.features.sizes[mine]
    turn = scene.angles[seen] - photo.features.angles[mine]
    offset = np.array([photo.width, photo.height]) / 2 - photo.features.points[mine]
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    centre = scene.points[seen] + np.stack(
        [cos * offset[:, 0] - sin * offset[:, 1], sin * offset[:, 0] + cos * offset[:, 1]], 1)
    log = np.log(scale)
    size = scale * max(photo.width, photo.height)
    near, much, angle = NEAR
    apart = np.hypot(centre[:, None, 0] - centre[None, :, 0],
                     centre[:, None, 1] - centre[None, :, 1])
    agree = (apart < near * size[:, None]) & (np.abs(log[:, None] - log[None, :]) < much)
    turned = np.abs((turn[:, None] - turn[None, :] + np.pi) % (2 * np.pi) - np.pi)
    agree &= turned < angle
    free = np.ones(len(seen), bool)
    while True:
        votes = agree[:, free].sum(axis=1) * free
        if not len(votes) or votes.max() < FEWEST:
            return
        group = np.flatnonzero(agree[votes.argmax()] & free)
        free[group] = False
        if len(np.unique(mine[group])) >= FEWEST:
            yield group


def _fit(scene: Features, photo: Learned, seen: Any, mine: Any) -> Any:
    source, target = photo.features.points[mine], scene.points[seen]
    if len(seen) >= 10:
        matrix, inliers = cv2.findHomography(source, target, cv2.RANSAC, 4.0)
        if matrix is not None and inliers.sum() >= 8:
            return matrix
    affine, inliers = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=4.0)
    if affine is None or inliers.sum() < FEWEST:
        return None
    return np.vstack([affine, [0, 0, 1]])


def _corners(matrix: Any, photo: Learned) -> Any:
    width, height = photo.width, photo.height
    outline = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float32)
    return cv2.perspectiveTransform(outline, matrix.astype(np.float64))[0]


def _plausible(corners: Any, photo: Learned) -> bool:
    if not np.isfinite(corners).all() or not cv2.isContourConvex(corners.astype(np.float32)):
        return False
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    if sides.min() < 12 or max(sides[0] / sides[2], sides[2] / sides[0],
                               sides[1] / sides[3], sides[3] / sides[1]) > 1.8:
        return False
    shape = (sides[0] + sides[2]) / (sides[1] + sides[3]) / (photo.width / photo.height)
    return 0.55 < shape < 1.8


def best_of(found: Sequence[Found]) -> list[Found]:
    """Where packages overlap, the one with the best score; best first."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda found: -found.score):
        if all(_overlap(one.corners, other.corners) < OVERLAP for other in kept):
            kept.append(one)
    return kept


def _overlap(one: Any, other: Any) -> float:
    one, other = one.astype(np.float32), other.astype(np.float32)
    common, _ = cv2.intersectConvexConvex(one, other)
    return common / max(1.0, min(cv2.contourArea(one), cv2.contourArea(other)))
