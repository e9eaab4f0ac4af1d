"""Sets of message numbers, kept as ranges: gates count up, so a day is one range."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from typing import Iterator


class Ranges:
    """Whole numbers; at most ``most`` ranges, beyond that the lowest gap counts as filled."""

    def __init__(self, pairs: list[tuple[int, int]] | None = None, most: int = 1000) -> None:
        self._lows = [low for low, _ in pairs or ()]
        self._highs = [high for _, high in pairs or ()]
        self._most = most

    @classmethod
    def from_json(cls, text: str) -> Ranges:
        """What :meth:`to_json` wrote."""
        return cls([(low, high) for low, high in json.loads(text)])

    def to_json(self) -> str:
        """As text for a row."""
        return json.dumps([*map(list, zip(self._lows, self._highs))], separators=(",", ":"))

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._lows, number) - 1
        return place >= 0 and number <= self._highs[place]

    def __len__(self) -> int:
        """How many ranges."""
        return len(self._lows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ranges):
            return NotImplemented
        return (self._lows, self._highs) == (other._lows, other._highs)

    @property
    def lowest(self) -> int | None:
        """The lowest number, None when there is none."""
        return self._lows[0] if self._lows else None

    @property
    def highest(self) -> int | None:
        """The highest number, None when there is none."""
        return self._highs[-1] if self._highs else None

    def add(self, number: int) -> bool:
        """Put it in; False when it was there."""
        highs = self._highs
        if highs and number == highs[-1] + 1:  # the usual case: the next one
            highs[-1] = number
            return True
        if number in self:
            return False
        self.fill(number, number)
        return True

    def fill(self, low: int, high: int) -> None:
        """Put in all from ``low`` to ``high``."""
        lows, highs = self._lows, self._highs
        first, end = bisect_left(highs, low - 1), bisect_right(lows, high + 1)
        if first < end:  # it touches these
            low, high = min(low, lows[first]), max(high, highs[end - 1])
        lows[first:end], highs[first:end] = [low], [high]
        if len(lows) > self._most:
            del lows[1], highs[0]

    def gaps(self) -> Iterator[tuple[int, int]]:
        """What is missing between lowest and highest: pairs of first and last."""
        for high, low in zip(self._highs, self._lows[1:]):
            yield high + 1, low - 1

    def pairs(self) -> Iterator[tuple[int, int]]:
        """The ranges, first and last of each."""
        yield from zip(self._lows, self._highs)

    def copy(self) -> Ranges:
        """Another one with the same numbers."""
        return Ranges([*zip(self._lows, self._highs)], self._most)
