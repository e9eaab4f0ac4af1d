"""What is counted of one group on one local day, as one whole number.

Fifty lanes of 64 bits, the lowest first: entries by the hour of the clock on the wall (24),
exits likewise (24), outings that ended, seconds they lasted. So rows are added and taken away
by adding and taking away whole numbers, 50 counts at once in 0.1 us; in the store they are 400
bytes. The hour that comes twice in autumn is one lane, the one that is skipped stays empty.

An *outing* lasts from an exit to the student's next entry, and belongs to the day and group of
the return. Days and hours are the site's.
"""

from __future__ import annotations

import struct
from typing import Iterable, Iterator

from iotd.calendar import HOUR, Calendar
from iotd.campus.model import EXIT, SECOND, direction_of

ENTRIES, EXITS, OUTINGS, SECONDS = 0, 24, 48, 49  # where each kind of lane begins
LANES = 50
BITS = 64
SIZE = LANES * BITS // 8  # bytes
UNITS = tuple(1 << BITS * lane for lane in range(LANES))

_MASK = (1 << BITS) - 1
_TOPS = sum(unit << BITS - 1 for unit in UNITS)
_ALL = struct.Struct(f"<{LANES}Q")

# Clocks are set on and back at quarters of an hour everywhere (since 1972, at least).
_QUARTER = 900 * SECOND
_KNOWN = 200_000  # quarters that are kept: five years

#: A movement: when, its packed source, the student's group then.
Move = tuple[int, int, int]

#: Local day and group.
Key = tuple[str, int]

#: What is to be added (or, below zero, taken away) where.
Deltas = dict[Key, int]


class Hours:
    """Local day and hour of moments in microseconds."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._known: dict[int, tuple[str, int]] = {}
        self._starts: dict[str, list[tuple[int, int, int]]] = {}

    def place(self, at: int) -> tuple[str, int]:
        """Day such as "2026-11-26", and hour 0-23, of a moment in microseconds."""
        quarter = at // _QUARTER
        return self._known.get(quarter) or self._learn(quarter)

    def _learn(self, quarter: int) -> tuple[str, int]:
        if len(self._known) >= _KNOWN:
            self._known.clear()
        local = self.calendar.local(quarter * _QUARTER / SECOND)
        place = self._known[quarter] = local.date().isoformat(), local.hour
        return place

    def starts(self, day: str) -> list[tuple[int, int, int]]:
        """Each hour of the day's clock with its first moment and the end of its last, in Unix
        seconds; the skipped hour is missing, the one that comes twice lasts for both."""
        if day not in self._starts:
            if len(self._starts) > 1000:
                self._starts.clear()
            self._starts[day] = list(self._cut(day))
        return self._starts[day]

    def _cut(self, day: str) -> Iterator[tuple[int, int, int]]:
        first, end = (round(at) for at in self.calendar.span(day))
        hour, start = self.place(first * SECOND)[1], first
        for at in range(first, end, HOUR // 4):
            now = self.place(at * SECOND)[1]
            if now > hour:  # in the hour that comes twice it is set back
                yield hour, start, at
                hour, start = now, at
        if start < end:
            yield hour, start, end


def contributions(moves: Iterable[Move], hours: Hours, before: Move | None = None) -> Deltas:
    """What movements of one student, in order, add; ``before`` is the movement before them,
    which is not counted itself."""
    found: Deltas = {}
    count(moves, hours, found, before)
    return found


def count(
    moves: Iterable[Move], hours: Hours, into: Deltas, before: Move | None = None
) -> None:
    """The same, added to ``into``."""
    place, units, get = hours.place, UNITS, into.get
    left = before[0] if before is not None and direction_of(before[1]) == EXIT else None
    for at, source, group in moves:
        day, hour = place(at)
        key = day, group
        if direction_of(source) == EXIT:
            into[key] = get(key, 0) + units[EXITS + hour]
            left = at
            continue
        row = get(key, 0) + units[ENTRIES + hour]
        if left is not None:
            row += units[OUTINGS] + (at - left) // SECOND * units[SECONDS]
            left = None
        into[key] = row


def difference(new: Deltas, old: Deltas) -> Deltas:
    """What makes ``old`` into ``new``; without what is nothing."""
    found = {key: row - old.get(key, 0) for key, row in new.items()}
    found.update((key, -row) for key, row in old.items() if key not in new)
    return {key: row for key, row in found.items() if row}


def add(into: Deltas, more: Deltas) -> None:
    """Add all of ``more``."""
    for key, row in more.items():
        into[key] = into.get(key, 0) + row


def lanes(row: int) -> tuple[int, ...]:
    """The fifty counts of a row; all are 0 or more."""
    return _ALL.unpack(row.to_bytes(SIZE, "little"))


def to_bytes(row: int) -> bytes:
    """As it is stored."""
    return row.to_bytes(SIZE, "little")


def from_bytes(cells: bytes) -> int:
    """What :func:`to_bytes` wrote."""
    return int.from_bytes(cells, "little")


def is_sound(row: int) -> bool:
    """Whether no count is below zero, nor beyond belief."""
    return row >= 0 and not row & _TOPS and row >> BITS * LANES == 0


def clamp(row: int) -> int:
    """The row with 0 for each count below zero: what damaged statistics become, so that they
    hold up no movement."""
    found = 0
    for unit in UNITS:
        value = row & _MASK
        if value > _MASK >> 1:
            value -= _MASK + 1
        row = (row - value) >> BITS
        found += max(0, value) * unit
    return found
