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
from iotd.cabinet.picture_check import compare

PIXELS = 600_000  # what a picture is reduced to: SVGA is taken as it is
LIKE = 0.86  # least likeness of two features, 1 for the same
FEWEST = 4  # matches that agree
SURE = 0.8  # a score that needs no second look
FAR = 4.0  # pixels that a match may lie off its pose
MOST_VOTES = 500
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
    found = []
    for item, photos in items:
        for photo in photos:
            votes = _votes(scene, photo)
            for group in _groups(votes):
                one = _best_pose(bgr, scene, photo, votes.seen[group], votes.mine[group])
                if one is not None:
                    found.append(Found(item, _corners(one[0], photo), one[1]))
    return best_of(found)


def _best_pose(bgr: Any, scene: Features, photo: Learned, seen: Any,
               mine: Any) -> tuple[Any, float] | None:
    """The homography under which the photo is likest, and its score; None when it is not."""
    best: tuple[Any, float] | None = None
    for matrix in _poses(photo.features.points[mine], scene.points[seen]):
        if not _plausible(_corners(matrix, photo), photo):
            continue
        likeness = compare(bgr, matrix, photo)
        if likeness.good and (best is None or likeness.score > best[1]):
            best = matrix, likeness.score
        if best is not None and best[1] > SURE:
            break  # the homography costs more and could not tell us more
    return best


def _poses(source: Any, target: Any) -> Iterator[Any]:
    """Ways to put a photo's points on the picture's: a stiff one, and a homography.

    With few points, or on a can, where they lie on no plane, the homography bends too much.
    """
    affine, inliers = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=FAR)
    if affine is not None and inliers.sum() >= FEWEST:
        yield np.vstack([affine, [0, 0, 1]])
    if len(source) >= 8:
        matrix, inliers = cv2.findHomography(source, target, cv2.RANSAC, FAR, maxIters=100)
        if matrix is not None and inliers.sum() >= 8:
            yield matrix


@dataclass(frozen=True)
class _Votes:
    """Matches of feature ``seen`` with the photo's ``mine``, and the package each stands for."""

    seen: Any
    mine: Any
    centre: Any  # complex: x + iy
    log: Any  # of the scale
    turn: Any
    size: Any


def _votes(scene: Features, photo: Learned) -> _Votes:
    likeness = scene.descriptors @ photo.features.descriptors.T
    like = likeness.max(axis=1)
    seen = np.flatnonzero(like > LIKE)
    if len(seen) > MOST_VOTES:
        seen = seen[np.argpartition(-like[seen], MOST_VOTES)[:MOST_VOTES]]
    mine = likeness[seen].argmax(axis=1)
    scale = scene.sizes[seen] / photo.features.sizes[mine]
    turn = scene.angles[seen] - photo.features.angles[mine]
    middle = complex(photo.width, photo.height) / 2
    centre = (_complex(scene.points[seen])
              + (middle - _complex(photo.features.points[mine])) * scale * np.exp(1j * turn))
    return _Votes(seen, mine, centre.astype(np.complex64), np.log(scale), turn,
                  scale * max(photo.width, photo.height))


def _complex(points: Any) -> Any:
    return points[:, 0] + 1j * points[:, 1]


def _groups(votes: _Votes) -> Iterator[Any]:
    near, much, angle = NEAR
    # every pair of votes is looked at: squares and dot products, no roots and no angles
    x, y = votes.centre.real, votes.centre.imag
    apart = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    agree = apart < ((near * votes.size) ** 2)[:, None]
    agree &= np.abs(votes.log[:, None] - votes.log) < much
    cos, sin = np.cos(votes.turn), np.sin(votes.turn)
    agree &= np.outer(cos, cos) + np.outer(sin, sin) > np.cos(angle)
    counts, who = agree.sum(axis=1), np.ascontiguousarray(agree.T)
    free = np.ones(len(counts), bool)
    while len(counts) and counts.max() >= FEWEST:
        group = np.flatnonzero(agree[counts.argmax()] & free)
        free[group] = False
        counts = (counts - who[group].sum(axis=0)) * free
        if len(np.unique(votes.mine[group])) >= FEWEST:
            yield group


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
