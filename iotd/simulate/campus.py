"""A campus day: who passes which gate when, at the pace of the clock or faster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import NamedTuple, Sequence
from zoneinfo import ZoneInfo

from iotd.simulate.chance import chance
from iotd.simulate.students import Student
from iotd.wire.sightings import Sight

DAY_SECONDS = 86_400.0
#: At another pace the day begins where most is to be seen: looked for in these steps,
#: each with what happens in the time after it.
STEP, LOOK = 900.0, 2700.0
#: What is shorter moves nobody: the daemon takes it for a repetition.
SHORTEST_STAY = 200.0
AROUND = 3  # strangers' phones near a gate, most often


class Passage(NamedTuple):
    """A student at a gate; ``at`` in seconds since 1970 of the campus's own time."""

    at: float
    student: int
    gate: int
    direction: int


@dataclass(frozen=True)
class Campus:
    """``students`` of them, and gates by direction: an entry, an exit, an entry, ..."""

    students: int
    gates: int
    timezone: str = "UTC"

    def direction(self, gate: int) -> int:
        """Of a gate by number from 0 on."""
        return gate % 2

    def passages(self, day: date) -> list[Passage]:
        """All that begins on that local day, in order; some of it ends on the next."""
        return _passages(self, day)

    def between(self, start: float, end: float) -> list[Passage]:
        """Those after ``start`` up to ``end``, in order."""
        zone = ZoneInfo(self.timezone)
        # what began two days ago may end today
        day = datetime.fromtimestamp(start, zone).date() - timedelta(days=2)
        last = datetime.fromtimestamp(end, zone).date()
        found = []
        while day <= last:
            found += [each for each in self.passages(day) if start < each.at <= end]
            day += timedelta(days=1)
        return sorted(found)

    def gate_of(self, number: int, direction: int, moment: int) -> int:
        """Which gate of this direction a student takes at that half hour."""
        pairs = max(1, self.gates // 2)
        pair = int(chance("student", "gate", moment << 24 | number) * pairs) % pairs
        return 2 * pair + direction if self.gates > 1 else 0


@lru_cache(maxsize=8)
def _passages(campus: Campus, day: date) -> list[Passage]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(campus.timezone))
    start, half_hours = midnight.timestamp(), day.toordinal() * 48
    return sorted(
        Passage(start + second, number,
                campus.gate_of(number, direction, half_hours + int(second // 1800)), direction)
        for number in range(1, campus.students + 1)
        for second, direction in Student(number).passes(day)
    )


def liveliest(campus: Campus, now: float) -> float:
    """When on the present day most students move, seen from where they are now.

    In the evening day scholars come rather than go: they are out already.
    """
    state = {each.student: each.direction for each in campus.between(now - 3 * DAY_SECONDS, now)}
    midnight = _midnight(now, campus.timezone)
    day = campus.between(midnight, midnight + DAY_SECONDS)
    starts = [midnight + step * STEP for step in range(int(DAY_SECONDS // STEP))]
    return max(starts, key=lambda start: len({
        each.student for each in day
        if start < each.at <= start + LOOK and state.get(each.student) != each.direction
    }))


def _midnight(now: float, timezone: str) -> float:
    day = datetime.fromtimestamp(now, ZoneInfo(timezone))
    return day.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


class Pace:
    """The campus's own time: ``began`` at our ``start``, a day of it takes ``day_seconds``."""

    def __init__(self, start: float, day_seconds: float, began: float) -> None:
        self._start, self._began = start, began
        self._quickness = DAY_SECONDS / day_seconds

    def campus(self, now: float) -> float:
        """The campus's time at our ``now``."""
        return self._began + (now - self._start) * self._quickness

    @property
    def quickness(self) -> float:
        """How much faster than ours it runs."""
        return self._quickness


class Crowd:
    """What gates see besides who passes: phones of nobody known, which change their address."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)
        self._near: list[str] = []

    def around(self, own: Sequence[str] = ()) -> list[Sight]:
        """Up to five phones by strength, those in ``own`` among the strongest."""
        if len(self._near) > AROUND or self._near and self._chance.random() < 0.3:
            self._near.pop(0)
        if len(self._near) < AROUND and self._chance.random() < 0.5:
            self._near.append(f"{self._chance.randrange(2**46) << 2 | 2:012x}"[-12:])
        strong: list[Sight] = [(mac, self._chance.randrange(-60, -35)) for mac in own]
        weak: list[Sight] = [(_local(mac), self._chance.randrange(-92, -62)) for mac in self._near]
        return sorted(strong + weak, key=lambda each: -(each[1] or 0))[:5]


def _local(mac: str) -> str:
    """The same as an address that a phone made up: its second digit is 2, 6, a or e."""
    return mac[0] + "26ae"[int(mac[1], 16) % 4] + mac[2:]


def long_enough(passages: Sequence[Passage], quickness: float) -> list[Passage]:
    """Without stays that are over too soon at this pace."""
    least, gone = SHORTEST_STAY * quickness, set()
    last: dict[int, Passage] = {}
    for each in passages:
        before = last.pop(each.student, None)
        if before is not None and each.at - before.at < least:
            gone |= {before, each}
        else:
            last[each.student] = each
    return [each for each in passages if each not in gone]
