"""What is asked of the counter, and what it says it sees."""

from __future__ import annotations

from dataclasses import dataclass

Corner = tuple[float, float]


@dataclass(frozen=True)
class Photo:
    """A reference photo of one item: the package fills it, all of it is seen."""

    id: int
    jpeg: bytes


@dataclass(frozen=True)
class Reference:
    """An item by its name, with its photos."""

    item: str
    photos: tuple[Photo, ...]


@dataclass(frozen=True)
class Box:
    """One package found: corners in pixels, clockwise from its own top left; score 0 to 1."""

    item: str
    corners: tuple[Corner, Corner, Corner, Corner]
    score: float


@dataclass(frozen=True)
class Seen:
    """All packages on one picture; ``weak`` are ids of photos that nothing can be known by."""

    boxes: tuple[Box, ...]
    width: int
    height: int
    seconds: float
    weak: tuple[int, ...] = ()
