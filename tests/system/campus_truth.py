"""What a daemon has stored of a campus, and what the oracle makes of the same messages."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Iterable
from zoneinfo import ZoneInfo

from sqlalchemy import select

from iotd.campus import cells
from iotd.campus.gate_records import gates as gate_table
from iotd.campus.model import Heard, direction_of, gate_of, pack_source
from iotd.campus.movement_records import movements as movement_table
from iotd.campus.register_records import groups as group_table, students as student_table
from iotd.campus.sighting_records import sightings as sighting_table
from iotd.campus.statistics_records import days as day_table
from iotd.store import connect
from tests.campus import oracle
from tests.system.campus_plan import CATEGORIES, DIRECTIONS, People

REPEAT = 180
ZONE = "Asia/Kolkata"
DAYS = 8  # that a plan's week touches at most
METHODS = ("correction", "fingerprint", "face", "rfid", "wifi")

Row = tuple[str, int, int]  # roll number, microseconds, packed source


class Stored:
    """The rows of a database, by names instead of numbers."""

    def __init__(self, url: str, data: Path, people: People) -> None:
        number = {one.rollno: place for place, one in enumerate(people.all)}
        engine = connect.reading(connect.parse_url(url, data))
        with engine.connect() as connection:
            read: Callable[..., Any] = connection.execute
            rollnos = dict(map(tuple, read(select(student_table.c.id, student_table.c.rollno))))
            self.gates = {row.device_id: row.number for row in read(select(gate_table))}
            c = movement_table.c
            self.movements: list[Row] = sorted(
                (rollnos[student], at, source)
                for student, at, source in read(select(c.student_id, c.at, c.source))
            )
            names = {place: gate for gate, place in self.gates.items()}
            c = sighting_table.c
            self.sightings = [
                (number[rollnos[student]], at, direction_of(source), names[gate_of(source)])
                for student, at, source in read(select(c.student_id, c.at, c.source).distinct())
            ]
            values = {row.id: tuple(getattr(row, name) for name in CATEGORIES)
                      for row in read(select(group_table))}
            self.days = {
                (row.day, values[row.group_id]): cells.lanes(cells.from_bytes(row.cells))
                for row in read(select(day_table))
            }
        engine.dispose()


class Truth:
    """What must be, of all messages that gates ever sent; ``gate_number`` is the database's."""

    def __init__(
        self, people: People, messages: Iterable[Heard], gate_number: Callable[[str], int]
    ) -> None:
        self.people = people
        self.movements = oracle.all_movements(messages, gate_number, REPEAT)
        self.inside = oracle.inside(self.movements)
        self._gates: dict[int, str] = {}
        self._groups = sorted({one.values for one in people.all}, key=str)
        number = {values: place for place, values in enumerate(self._groups)}
        self._group_of = {place: number[one.values] for place, one in enumerate(people.all)}

    @property
    def rows(self) -> list[Row]:
        """As :class:`Stored` has them."""
        return sorted(
            (self.people.all[student].rollno, one.at,
             pack_source(one.method, one.direction, one.gate))
            for student, made in self.movements.items() for one in made
        )

    @property
    def days(self) -> dict[tuple[str, tuple[Any, ...]], tuple[int, ...]]:
        """Likewise: entries and exits by hour, outings, seconds outside."""
        counted = oracle.statistics(self.movements, self._group_of, ZONE)
        return {
            (day, self._groups[group]): (*one.entries, *one.exits, one.outings, one.seconds)
            for (day, group), one in counted.items()
        }

    def summary(self) -> dict[str, Any]:
        """Of everybody."""
        registered = len(self.people.all)
        last = max((made[-1].at for made in self.movements.values()), default=None)
        return {
            "inside": len(self.inside), "outside": registered - len(self.inside),
            "registered": registered, "unknown": registered - len(self.movements),
            "last_movement_at": None if last is None else moment(last),
        }

    def demographics(self, by: str) -> dict[Any, tuple[Any, ...]]:
        """By value: entries, exits, inside, outside, mean minutes outside, hours of the day."""
        place = list(CATEGORIES).index(by)
        sums: dict[Any, list[int]] = defaultdict(lambda: [0] * 50)
        for (_, values), counts in self.days.items():
            sums[values[place]] = [a + b for a, b in zip(sums[values[place]], counts)]
        people = Counter(one.values[place] for one in self.people.all)
        inside = Counter(self.people.all[student].values[place] for student in self.inside)
        return {
            value: (
                sum(row[:24]), sum(row[24:48]), inside[value], count - inside[value],
                round(row[49] / row[48] / 60, 1) if row[48] else None,
                [a + b for a, b in zip(row[:24], row[24:48])],
            )
            for value, count in people.items() for row in (sums[value],)
        }

    def by_day(self) -> dict[str, tuple[int, int]]:
        """Entries and exits."""
        found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for (day, _), row in self.days.items():
            entries, exits = found[day]
            found[day] = entries + sum(row[:24]), exits + sum(row[24:48])
        return found

    def by_weekday_and_hour(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Entries and exits."""
        found: dict[tuple[int, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
        for (day, _), row in self.days.items():
            weekday = date.fromisoformat(day).isoweekday()
            for hour in range(24):
                entries, exits = found[weekday, hour]
                found[weekday, hour] = entries + row[hour], exits + row[24 + hour]
        return found

    def inside_at(self, at: int) -> int:
        """How many were inside just before a moment, in microseconds: also those who were
        first seen when they left later."""
        last = ([one for one in made if one.at < at] for made in self.movements.values())
        first = (made[0] for made in self.movements.values())
        return sum(
            before[-1].direction == oracle.ENTRY if before else after.direction != oracle.ENTRY
            for before, after in zip(last, first)
        )

    def most_inside(self) -> int:
        """At the end of any hour of the last days, or now."""
        now = datetime.now(ZoneInfo(ZONE))
        hour = now.replace(minute=0, second=0, microsecond=0)
        hours = range(DAYS * 24 if self.movements else 0)
        ends = (round((hour - timedelta(hours=back)).timestamp()) * 1_000_000 for back in hours)
        return max([len(self.inside), *map(self.inside_at, ends)])

    def csv_rows(self, names: dict[int, str]) -> list[tuple[str, ...]]:
        """Of movements.csv: when, who, which way, where and how; ``names`` of gates by number."""
        return sorted(
            (moment(one.at), self.people.all[student].rollno,
             DIRECTIONS[one.direction], names[one.gate], METHODS[one.method])
            for student, made in self.movements.items() for one in made
        )


def moment(at: int) -> str:
    """RFC 3339 with milliseconds, of microseconds."""
    seconds = datetime.fromtimestamp(at // 1_000_000, timezone.utc)
    return f"{seconds:%Y-%m-%dT%H:%M:%S}.{at // 1000 % 1000:03}Z"
