"""What a daemon shows and stores of a campus, beside what the oracle makes of the same messages."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Iterable
from urllib.parse import urlencode
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
from tests.running_daemon import RunningDaemon
from tests.system.campus_plan import CATEGORIES, DIRECTIONS, People

REPEAT = 180
ZONE = "Asia/Kolkata"
DAYS = 8  # that a plan's week touches at most
METHODS = ("correction", "fingerprint", "face", "rfid", "wifi")
CAMPUS = "/api/v1/campus"
WHO = "admin"  # one token for all: making one takes a second

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


class Campus:
    """Asks a daemon, and compares."""

    def __init__(self, daemon: RunningDaemon, test: Any) -> None:
        self._daemon, self._test = daemon, test

    def get(self, path: str) -> Any:
        """JSON below /api/v1/campus."""
        return self._daemon.call("GET", f"{CAMPUS}/{path}", role=WHO)

    def fit(self, truth: Truth, stored: Stored) -> None:
        """Every number over HTTP and every row is the oracle's."""
        test = self._test
        test.assertEqual(*_without_equal(stored.movements, truth.rows))
        test.assertEqual(stored.days, truth.days)
        self._headcounts(truth)
        self._statistics(truth)
        self._insights(truth)
        self._movements(truth, stored)

    def _headcounts(self, truth: Truth) -> None:
        told, wanted = self.get("summary"), truth.summary()
        self._test.assertEqual({name: told[name] for name in wanted}, wanted)
        states = {
            one["rollno"]: one["state"] for one in self._pages("students?limit=1000")
        }
        self._test.assertEqual(states, {
            one.rollno: "inside" if place in truth.inside else
            "outside" if place in truth.movements else "unknown"
            for place, one in enumerate(truth.people.all)
        })

    def _statistics(self, truth: Truth) -> None:
        equal = self._test.assertEqual
        days, told = truth.by_day(), self.get(f"trends?days={DAYS}")["items"]
        today = date.fromisoformat(told[-1]["bucket"])
        equal((datetime.now(ZoneInfo(ZONE)).date() - today).days // 2, 0)  # midnight may be now
        asked = [(today - timedelta(days=back)).isoformat() for back in reversed(range(DAYS))]
        equal([(each["bucket"], each["entries"], each["exits"]) for each in told],
              [(day, *days[day]) for day in asked])
        heat = truth.by_weekday_and_hour()
        equal(
            {(each["weekday"], each["hour"]): (each["entries"], each["exits"])
             for each in self.get(f"heatmap?days={DAYS}")["items"]},
            {(weekday, hour): heat[weekday, hour]
             for weekday in range(1, 8) for hour in range(24)},
        )
        for by in CATEGORIES:
            equal({each.pop("value"): tuple(each.values())
                   for each in self.get(f"demographics?by={by}&days={DAYS}")["items"]},
                  truth.demographics(by), by)

    def _insights(self, truth: Truth) -> None:
        equal, told = self._test.assertEqual, self.get(f"insights?days={DAYS}")
        by_day = {day: entries + exits for day, (entries, exits) in truth.by_day().items()}
        by_hour: Counter[int] = Counter()
        for (_, hour), (entries, exits) in truth.by_weekday_and_hour().items():
            by_hour[hour] += entries + exits
        equal(told["peak_day"]["movements"], max(by_day.values()))
        equal(by_day[told["peak_day"]["day"]], max(by_day.values()))
        equal(by_hour[told["peak_hour"]["hour"]], max(by_hour.values()))
        equal(told["peak_load"]["inside"], truth.most_inside())
        some = {"gender": "F", "branch": "CSE"}
        meant = {place for place, one in enumerate(truth.people.all)
                 if some.items() <= dict(zip(CATEGORIES, one.values)).items()}
        told = self.get("summary?" + urlencode(some))
        equal((told["registered"], told["inside"]), (len(meant), len(meant & truth.inside)))

    def _movements(self, truth: Truth, stored: Stored) -> None:
        equal = self._test.assertEqual
        wanted = truth.csv_rows({number: gate for gate, number in stored.gates.items()})
        answer = self._daemon.ask("GET", f"{CAMPUS}/movements.csv", role=WHO)
        equal(answer.status, 200, answer.body[:500])
        rows = csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig")))
        equal(*_without_equal([_line(row) for row in rows], wanted))
        newest = [_line(each) for each in self.get("recent?limit=5")["items"]]
        equal([line[0] for line in newest], [line[0] for line in wanted[:-6:-1]])
        self._test.assertLessEqual(set(newest), set(wanted))

    def _pages(self, path: str) -> Iterable[Any]:
        next_url: str | None = f"{CAMPUS}/{path}"
        while next_url:
            answer = self._daemon.call("GET", next_url, role=WHO)
            yield from answer["items"]
            next_url = answer["next"]


def _line(row: Any) -> tuple[str, ...]:
    return row["at"], row["rollno"], row["direction"], row["gate"], row["method"]


def moment(at: int) -> str:
    """RFC 3339 with milliseconds, of microseconds."""
    seconds = datetime.fromtimestamp(at // 1_000_000, timezone.utc)
    return f"{seconds:%Y-%m-%dT%H:%M:%S}.{at // 1000 % 1000:03}Z"


def _without_equal(got: list[Any], wanted: list[Any]) -> tuple[Any, Any]:
    """Only what differs: lists of thousands would fill the screen."""
    left, right = Counter(map(str, got)), Counter(map(str, wanted))
    return sorted((left - right).elements())[:20], sorted((right - left).elements())[:20]
