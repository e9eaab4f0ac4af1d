"""The rules of movements: plain functions and values, times in whole microseconds (UTC).

A *sighting* is one student at one gate at one moment; which of them are *movements* is
decided over all sightings of that student in order of :data:`Key`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

ENTRY, EXIT = 0, 1
DIRECTIONS = ("entry", "exit")

SECOND = 1_000_000
KEPT = 7 * 86400 * SECOND  # how much older than a student's newest sighting late data may be


class Method(IntEnum):
    """How a student was recognised; of two at the same moment the lower one counts first."""

    CORRECTION = 0  # a person said so
    FINGERPRINT = 1
    FACE = 2
    RFID = 3
    WIFI = 4


#: What is noted of a sighting or movement, as bits.
LATE = 1  # came, or became a movement, after a newer sighting of the same student
SKEWED = 2  # the gate's clock was out of range: the time received stands for it
NO_CLOCK = 4  # the gate's clock was not set yet: the time received stands for it
TOO_LATE = 8  # more than KEPT older than the student's newest: judged by what is kept

FLAGS = {LATE: "late", SKEWED: "skewed", NO_CLOCK: "no_clock", TOO_LATE: "too_late"}

GATES = 1 << 20  # gate numbers are below this
CORRECTIONS = 2 * GATES  # packed sources below this are corrections


def pack_source(method: int, direction: int, gate: int) -> int:
    """Method, direction and gate number in one whole number that sorts by them in this order."""
    return (method * 2 + direction) * GATES + gate


def direction_of(source: int) -> int:
    """ENTRY or EXIT of a packed source."""
    return source // GATES & 1


def method_of(source: int) -> Method:
    """How, of a packed source."""
    return Method(source // GATES >> 1)


def names_of(flags: int) -> list[str]:
    """The bits by their names."""
    return [name for bit, name in FLAGS.items() if flags & bit]


def gate_of(source: int) -> int:
    """The gate's number of a packed source; 0 for a correction."""
    return source % GATES


#: What sightings of a student are ordered by: (at, source).
Key = tuple[int, int]


class Heard(NamedTuple):
    """One message of a gate as it stands in the spool: whom of the register it saw.

    ``boot`` and ``seq`` are None for field gates. ``at`` is the event's time, ``received_at``
    when it came; ``students`` are ids of the register.
    """

    gate: str
    boot: str | None
    seq: int | None
    at: int
    received_at: int
    direction: int
    method: int
    students: tuple[int, ...]
    flags: int


class State(NamedTuple):
    """A student's last movement, as far as the rule needs it; ``direction`` None: there is none."""

    direction: int | None
    at: int
    source: int

    @property
    def inside(self) -> bool | None:
        """None: never seen."""
        return None if self.direction is None else self.direction == ENTRY


#: Of somebody who was never seen.
NOBODY = State(None, -1, -1)


def moves(direction: int | None, at: int, seen_at: int, source: int, repeat: int) -> bool:
    """The rule: whether a sighting is a movement.

    ``direction`` and ``at`` are those of the movement before it (None: there is none),
    ``repeat`` is in microseconds. A person's word is never a repetition.
    """
    if direction is None:
        return True
    if direction_of(source) == direction:
        return False
    return seen_at - at > repeat or source < CORRECTIONS
