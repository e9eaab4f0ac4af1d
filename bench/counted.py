"""How well packages were counted: what was found beside the truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Sequence

import cv2
import numpy as np

from bench.shelf import Truth

SAME_PLACE = 0.5  # of both outlines together that must be common (intersection over union)


@dataclass
class Score:
    """Sums over pictures."""

    pictures: int = 0
    exact: int = 0
    there: int = 0
    right: int = 0
    wrong: int = 0

    def add(self, truths: Sequence[Truth], boxes: Sequence[tuple[str, Any]]) -> None:
        """One picture: what is there, and what was found, best first."""
        left = list(truths)
        wrong = 0
        for item, corners in boxes:
            match = next((one for one in left if one.item == item
                          and common(one.corners, corners) >= SAME_PLACE), None)
            if match is None:
                wrong += 1
            else:
                left.remove(match)
        self.pictures += 1
        self.exact += (Counter(item for item, _ in boxes)
                       == Counter(truth.item for truth in truths))
        self.there += len(truths)
        self.right += len(truths) - len(left)
        self.wrong += wrong

    @property
    def recall(self) -> float:
        """The share of packages that were found, under their right name, in their place."""
        return self.right / max(1, self.there)

    @property
    def precision(self) -> float:
        """The share of what was found that is there."""
        return self.right / max(1, self.right + self.wrong)


def common(one: Any, other: Any) -> float:
    """Intersection over union of two outlines of four corners."""
    one, other = np.asarray(one, np.float32), np.asarray(other, np.float32)
    shared, _ = cv2.intersectConvexConvex(one, other)
    whole = cv2.contourArea(one) + cv2.contourArea(other) - shared
    return shared / max(1.0, whole)
