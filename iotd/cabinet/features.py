"""What is learned of a picture: SIFT features of it, and of a photo a small patch to compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2 as typed_cv2
import numpy as np

from iotd.cabinet.cut_out import cut_out
from iotd.cabinet.decoding import NoPicture

cv2: Any = typed_cv2  # its stubs lack what is used here

PHOTO_SIDE = 320  # pixels of a photo's longer side: twice what packages have on a shelf
MOST_PHOTO_FEATURES = 500
MOST_FEATURES = 5000  # of a shelf
FEWEST_FEATURES = 8  # of a photo; less is nothing to go by
PATCH_SIDE = 96  # pixels of the longer side of what is compared


@dataclass(frozen=True)
class Features:
    """Arrays of equal length: points (n, 2), sizes, angles (radians), descriptors (n, 128)."""

    points: Any
    sizes: Any
    angles: Any
    descriptors: Any

    def __len__(self) -> int:
        return len(self.sizes)

    def only(self, which: Any) -> Features:
        """Some of them."""
        return Features(self.points[which], self.sizes[which], self.angles[which],
                        self.descriptors[which])


@dataclass(frozen=True)
class Learned:
    """A package off a photo: features in pixels of ``width`` × ``height``, a small picture.

    ``mask`` is of the patch's size: 1 where the package is, 0 where the wall is.
    """

    features: Features
    width: int
    height: int
    patch: Any
    mask: Any


def extract(gray: Any, most: int, contrast: float = 0.03) -> Features:
    """The strongest ``most`` features of a grey picture, descriptors as unit vectors."""
    sift = cv2.SIFT_create(nfeatures=most, contrastThreshold=contrast)
    keypoints, descriptors = sift.detectAndCompute(gray, None)
    if not keypoints:
        none = np.zeros(0, np.float32)
        return Features(np.zeros((0, 2), np.float32), none, none, np.zeros((0, 128), np.float32))
    return Features(
        cv2.KeyPoint_convert(keypoints).reshape(-1, 2),
        np.array([one.size for one in keypoints], np.float32),
        np.radians(np.array([one.angle for one in keypoints], np.float32)),
        _rooted(descriptors),
    )


def _rooted(descriptors: Any) -> Any:
    # Hellinger's distance between histograms tells more than Euclid's (RootSIFT)
    descriptors = descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6)
    return np.sqrt(descriptors)


def learn(bgr: Any) -> Learned:
    """Learn a reference photo; NoPicture when there is too little on it to know it by."""
    package, mask = (_resized(one, PHOTO_SIDE) for one in cut_out(bgr))
    height, width = package.shape[:2]
    features = extract(cv2.cvtColor(package, cv2.COLOR_BGR2GRAY), MOST_PHOTO_FEATURES, 0.02)
    columns, rows = features.points.astype(int).T
    features = features.only(mask[rows.clip(0, height - 1), columns.clip(0, width - 1)] > 0.5)
    if len(features) < FEWEST_FEATURES:
        raise NoPicture("The photo is too plain: nothing on it can be known again.")
    return Learned(features, width, height, _resized(package, PATCH_SIDE),
                   _resized(mask, PATCH_SIDE))


def _resized(picture: Any, side: int) -> Any:
    factor = side / max(picture.shape[:2])
    size = tuple(max(8, round(length * factor)) for length in picture.shape[1::-1])
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, size, interpolation=way)
