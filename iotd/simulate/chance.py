"""Chance that can be asked again: the same question always has the same answer."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

_MASK = 2**64 - 1


def chance(who: str, what: str, moment: int) -> float:
    """0 to 1, always the same for the same question."""
    # a hash for each would be half the time of a history of 90 days
    mixed = (_salt(who, what) + moment * 0x9E3779B97F4A7C15) & _MASK
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _MASK
    return (mixed ^ (mixed >> 31)) / _MASK


@lru_cache(maxsize=4096)
def _salt(who: str, what: str) -> int:
    return int.from_bytes(blake2b(f"{who} {what}".encode(), digest_size=8).digest(), "big")
