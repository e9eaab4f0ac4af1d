"""Does what a pose cuts out of the picture look like the photo: shapes and colours by blocks."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from iotd.cabinet.features import Learned

LEAST = 0.45


def check(bgr: Any, matrix: Any, photo: Learned) -> float:
    """How alike they are, 0 (no) to 1."""
    height, width = photo.patch.shape[:2]
    scale = np.diag([width / photo.width, height / photo.height, 1.0])
    cut = cv2.warpPerspective(bgr, scale @ np.linalg.inv(matrix), (width, height),
                              flags=cv2.INTER_LINEAR)
    one = cv2.GaussianBlur(cv2.cvtColor(photo.patch, cv2.COLOR_BGR2GRAY).astype(np.float32),
                           (0, 0), 1.0)
    other = cv2.GaussianBlur(cv2.cvtColor(cut, cv2.COLOR_BGR2GRAY).astype(np.float32), (0, 0), 1.0)
    likeness = correlation(one, other)
    return float(likeness) if likeness >= LEAST else 0.0


def correlation(one: Any, other: Any) -> float:
    size = (13, 13)

    def mean(x: Any) -> Any:
        return cv2.boxFilter(x, -1, size)
    a, b = mean(one), mean(other)
    va, vb = mean(one * one) - a * a, mean(other * other) - b * b
    cov = mean(one * other) - a * b
    busy = va > 40
    ncc = cov / np.sqrt(np.maximum(va, 1) * np.maximum(vb, 20))
    return float(np.clip(ncc[busy], 0, 1).mean()) if busy.any() else 0.0
