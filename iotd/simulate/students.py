"""Believable students: who they are, and when they pass the gates of their campus.

Pure functions of number and day: what is drawn up as the past and what gates see live are
of one piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Iterator

from iotd.simulate.chance import chance
from iotd.wire.sightings import ENTRY, EXIT

HOUR = 3600.0
BRANCHES = ("Civil", "Computing", "Electrical", "Mechanical")
STREAMS = ("BTech", "BTech", "BTech", "MTech")
HOSTELS = ("Aravali", "Nilgiri", "Shivalik", "Day scholar", "Day scholar")
AT_HOME = HOSTELS[-1]
GENDERS = ("female", "male") * 12 + ("other",)
NEWEST_YEAR = 2026
COLUMNS = ("rollno", "year", "branch", "stream", "hostel", "gender", "mac")
FESTIVAL_EVERY = 29  # days: an evening on which nearly all go out

#: Seconds from local midnight, and ENTRY or EXIT.
Pass = tuple[float, int]


@dataclass(frozen=True)
class Student:
    """One of the register, by number from 1 on."""

    number: int

    @property
    def year(self) -> int:
        """When they came."""
        return NEWEST_YEAR - self.number % 4

    @property
    def branch(self) -> str:
        """What they study."""
        return self._one_of(BRANCHES, "branch")

    @property
    def hostel(self) -> str:
        """Where they live."""
        return self._one_of(HOSTELS, "hostel")

    @property
    def rollno(self) -> str:
        """Their roll number."""
        return f"{self.year}{self.branch[:2].upper()}{self.number:05}"

    @property
    def mac(self) -> str:
        """Of their phone's hotspot: 12 hex digits, as a maker gives them."""
        digest = blake2b(f"phone of {self.number}".encode(), digest_size=6).digest()
        return (bytes([digest[0] & 0xFC | 0x04]) + digest[1:]).hex()

    def row(self) -> tuple[str, ...]:
        """In the order of COLUMNS, as ``iotd students import`` takes it."""
        return (self.rollno, str(self.year), self.branch, self._one_of(STREAMS, "stream"),
                self.hostel, self._one_of(GENDERS, "gender"), self.mac)

    def passes(self, day: date) -> list[Pass]:
        """When they pass a gate on their way of that day; some come back on the next."""
        at = day.toordinal()
        weekend = day.isoweekday() > 5
        if self.hostel == AT_HOME:
            return sorted(self._commutes(at, weekend))
        return sorted(self._outings(at, weekend, day.isoweekday()))

    def _commutes(self, at: int, weekend: bool) -> Iterator[Pass]:
        if not self._does("comes", at, 0.15 if weekend else 0.92):
            return
        come = self._about("come", at, 11.0 if weekend else 8.7, 0.9)
        yield come, ENTRY
        if self._does("lunch", at, 0.3):
            yield self._about("to lunch", at, 12.6, 0.3), EXIT
            yield self._about("from lunch", at, 13.6, 0.3), ENTRY
        yield self._about("go", at, 16.0 if weekend else 17.4, 1.0), EXIT

    def _outings(self, at: int, weekend: bool, weekday: int) -> Iterator[Pass]:
        if weekday == 7 and self._goes_home(at - 1):
            return  # they come back this evening, which is told of yesterday
        if weekday == 6 and self._goes_home(at):
            yield self._about("home", at, 10.0, 1.2), EXIT
            yield 24 * HOUR + self._about("from home", at, 18.5, 1.5), ENTRY
            return
        if weekend and self._does("trip", at, 0.55):
            yield self._about("trip", at, 11.0, 1.5), EXIT
            yield self._about("from trip", at, 16.0, 0.5), ENTRY
        elif self._does("lunch", at, 0.25):
            yield self._about("to lunch", at, 12.6, 0.3), EXIT
            yield self._about("from lunch", at, 13.6, 0.3), ENTRY
        festival = at % FESTIVAL_EVERY == 0
        if self._does("evening", at, 0.9 if festival else 0.45):
            yield self._about("out", at, 18.0, 0.8), EXIT
            yield self._back(at, late=0.25 if festival else 0.06), ENTRY

    def _back(self, at: int, late: float) -> float:
        if self._does("late", at, late):
            return self._about("late", at, 23.2, 0.7)
        if self._does("all night", at, 0.015):
            return 24 * HOUR + self._about("morning", at, 7.2, 0.6)
        return self._about("back", at, 20.5, 0.9)

    def _goes_home(self, at: int) -> bool:
        return self._does("home", at, 0.18)

    def _does(self, what: str, at: int, how_likely: float) -> bool:
        return self._chance(what, at) < how_likely

    def _about(self, what: str, at: int, hour: float, spread: float) -> float:
        """Seconds from midnight, around an hour of the day."""
        two = self._chance(what, at << 1) + self._chance(what, at << 1 | 1)
        return (hour + spread * (two - 1)) * HOUR

    def _one_of(self, names: tuple[str, ...], what: str) -> str:
        return names[int(self._chance(what, 0) * len(names)) % len(names)]

    def _chance(self, what: str, at: int) -> float:
        # one name for all of them: its hash is kept, 400 students times 30 questions are not
        return chance("student", what, at << 24 | self.number)


def register(count: int) -> Iterator[tuple[str, ...]]:
    """Rows of a register of so many, the head first."""
    yield COLUMNS
    for number in range(1, count + 1):
        yield Student(number).row()
