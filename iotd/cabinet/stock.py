"""The rules of stock: when a count is taken, what a correction does, when it runs low.

One picture is no proof: a new number stands as ``provisional`` until another
picture agrees. A person's number counts at once, and holds against pictures
that go on showing what they showed when the person disagreed (``ignored``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Sequence

FIELD_ITEMS = ("Nutella", "Pepsi", "Pringles")  # what every cabinet begins with
MAX_COUNT = 9999
STALE_SECONDS = 86400.0  # a camera that is away this long no longer vouches for counts


@dataclass(frozen=True)
class PhotoInfo:
    """A reference photo without its bytes; sizes in pixels; nothing is known by a weak one."""

    id: int
    width: int
    height: int
    weak: bool = False


@dataclass(frozen=True)
class Item:
    """One kind of thing on the shelf; ``count`` is None until somebody or something counted."""

    id: int
    name: str
    low_at: int | None = None
    barcode: str | None = None
    count: int | None = None
    count_from: str | None = None  # "pictures" or "hand"
    count_at: float | None = None
    checked_at: float | None = None  # when a picture or a person last confirmed it
    provisional: int | None = None
    provisional_picture: int | None = None
    ignored: int | None = None
    low: bool = False
    told: bool = False  # whether it is low, as alerts know it
    photos: tuple[PhotoInfo, ...] = ()

    @property
    def shown(self) -> int:
        """The number for people: what was taken, else what was seen once, else 0."""
        return next((n for n in (self.count, self.provisional) if n is not None), 0)

    @property
    def is_low(self) -> bool:
        """Whether there is no more of it than its owner wants to be told at."""
        return self.count is not None and self.low_at is not None and self.count <= self.low_at


#: What a cabinet shows until its first commit gave it items of its own.
NEW_ITEMS = tuple(Item(0, name) for name in FIELD_ITEMS)


def seen(item: Item, number: int, picture: int, now: float) -> Item:
    """The item after ``picture`` showed ``number`` of it."""
    if number == item.count:
        return replace(item, checked_at=now, provisional=None, provisional_picture=None,
                       ignored=None)
    if number == item.ignored:
        return replace(item, checked_at=now, provisional=None, provisional_picture=None)
    if number != item.provisional or picture == item.provisional_picture:
        return replace(item, provisional=number, provisional_picture=picture)
    return _taken(item, number, "pictures", now, ignored=None)


def corrected(item: Item, number: int, now: float) -> Item:
    """The item after a person counted it."""
    shown = item.provisional
    if shown is None:
        shown = item.count if item.count_from == "pictures" else item.ignored
    return _taken(item, number, "hand", now, ignored=None if shown == number else shown)


def undone(item: Item, before: int | None, after: int | None, cause: str, now: float) -> Item:
    """The item after its newest change, from ``before`` to ``after``, is taken back."""
    ignored = after if cause == "counted" else None
    return _taken(item, before, "hand", now, ignored=ignored)


def _taken(
    item: Item, number: int | None, source: str, now: float, ignored: int | None
) -> Item:
    return replace(
        item, count=number, count_from=None if number is None else source, count_at=now,
        checked_at=now, provisional=None, provisional_picture=None, ignored=ignored,
    )


def is_seen(item: Item, detects: Sequence[str]) -> bool:
    """Whether pictures can count it; ``detects`` are names that a detector knows."""
    return bool(item.photos) or item.name in detects


def item_state(item: Item, closed_at: float | None, by_pictures: bool) -> str:
    """known, provisional, or unknown: never counted, or not since the door was closed.

    What pictures can't count is known as long as a person says so.
    """
    if item.provisional is not None:
        return "provisional"
    if item.count is None:
        return "unknown"
    if by_pictures and closed_at is not None and (item.checked_at or 0.0) < closed_at:
        return "unknown"
    return "known"


def counts_state(
    items: Iterable[Item], detects: Sequence[str], closed_at: float | None,
    picture_at: float | None, camera_there: bool, now: float,
) -> str:
    """What a cabinet's counts are worth: known, provisional or unknown.

    Unknown when something that pictures can count was not counted since the door
    was closed, or when the camera is away and its newest picture a day old. What is
    counted by hand makes nothing unknown, unless there is nothing else.
    """
    all_items = tuple(items)
    seen_ones = [item for item in all_items if is_seen(item, detects)]
    if not seen_ones:
        counted = [item.count is not None for item in all_items]
        return "known" if counted and all(counted) else "unknown"
    states = {item_state(item, closed_at, True) for item in seen_ones}
    stale = not camera_there and (picture_at is None or now - picture_at > STALE_SECONDS)
    if stale or "unknown" in states:
        return "unknown"
    return "provisional" if "provisional" in states else "known"
