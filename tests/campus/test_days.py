"""5,000 campus days through the applier and a database, beside the oracle."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.calendar import Calendar
from iotd.campus import applier, cells, statistics_records
from iotd.campus.applier import Work
from iotd.campus.memory import Memory
from iotd.campus.model import Heard, pack_source
from iotd.campus.movement_records import all_of
from iotd.campus.retention import prune
from iotd.campus.sighting_records import load_parts
from iotd.store import connect
from iotd.store.engine import Store
from tests.campus import campus_day, oracle

ZONE = "Europe/Berlin"
REPEAT = 180
DAYS, EXAMPLES = 10, 500
PART_ROWS = 200  # in life 50,000
PRUNED = 4  # parts: this campus stands in the last ones
# days around which the clock is set back, set forward, and ordinary ones
FIRST_DAYS = tuple(
    int(datetime(*day, tzinfo=timezone.utc).timestamp()) * 1_000_000
    for day in ((2026, 10, 22), (2027, 3, 24), (2026, 12, 27))
)
BYTES = DAYS * campus_day.EVENTS * campus_day.SIZE


class Counts:
    """Statistics in the store alone."""

    def __init__(self) -> None:
        self.hours = cells.Hours(Calendar(ZONE))

    def change(self, connection: Any, deltas: cells.Deltas) -> None:
        """No row of the store may ever be below zero."""
        assert statistics_records.change_days(connection, deltas) == []

    def add_strangers(self, connection: Any, new: Any) -> None:
        """None come."""


class House:
    """One database for all campuses: each has students, groups and boots of its own."""

    def __init__(self) -> None:
        folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="iotd-days-", dir=folder))
        store = Store("sqlite:///days.sqlite3", self.folder)
        store.open()
        self.engine = connect.writing(store.url)
        self.counts = Counts()
        self.campuses = 0
        self.restart()

    def restart(self) -> None:
        """Memory as a new process reads it."""
        self.memory = Memory(self.group_of)
        with self.engine.begin() as connection:
            self.memory.load(connection)

    def group_of(self, student: int) -> int:
        """Two groups a campus."""
        return student // 10 * 2 + student % 2

    def commit(self, messages: list[Heard]) -> None:
        """One batch."""
        with self.engine.begin() as connection:
            work = Work(connection, self.memory, self.counts, REPEAT)
            work.hear(messages)
            applied = work.finish(self.memory.place)
        self.memory.adopt(applied)

    def prune(self) -> None:
        """Delete what no late data can reach."""
        memory, current = self.memory, max(self.memory.parts, default=0)
        with self.engine.begin() as connection:
            for part in [*load_parts(connection).values()][-PRUNED:]:
                prune(connection, part, memory.newest.get, -1, part.number == current)

    def close(self) -> None:
        """Leave nothing behind."""
        self.engine.dispose()
        shutil.rmtree(self.folder)


class DaysTests(SynchronousTestCase):
    """Against the oracle."""

    def setUp(self) -> None:
        self.patch(applier, "PART_ROWS", PART_ROWS)
        self.house = House()
        self.addCleanup(self.house.close)

    @settings(max_examples=EXAMPLES, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))
    @given(st.binary(min_size=BYTES // 2, max_size=BYTES), st.sampled_from(FIRST_DAYS))
    def test_any_order_gives_what_the_rule_makes_of_all(self, data: bytes, day: int) -> None:
        """Duplicates, losses, disorder, restarts, midnights, corrections: movements, headcount
        and statistics are the oracle's, in the store and in memory."""
        house = self.house
        house.campuses += 1
        first = house.campuses * 10
        told: list[Heard] = []
        waiting: list[Heard] = []
        for step in campus_day.draw(data, day, first, f"boot-{house.campuses}"):
            waiting.append(step.message)
            if step.commit:
                house.commit(waiting)
                told += waiting
                waiting = []
            if step.restart:
                house.restart()
                house.prune()
                self._compare(told, first)
        house.commit(waiting)
        self._compare(told + waiting, first)

    def _compare(self, told: list[Heard], first: int) -> None:
        house, students = self.house, range(first, first + campus_day.STUDENTS)
        wanted = oracle.all_movements(told, lambda gate: house.memory.gates[gate], REPEAT)
        with house.engine.connect() as connection:
            made = {student: all_of(connection, student) for student in students}
            rows = {
                (row.day, row.group_id): cells.lanes(cells.from_bytes(row.cells))
                for row in connection.execute(statistics_records.days.select().where(
                    statistics_records.days.c.group_id.in_({*map(house.group_of, students)})
                ))
            }
        sources = {
            student: [(each.at, pack_source(each.method, each.direction, each.gate))
                      for each in wanted.get(student, ())]
            for student in students
        }
        self.assertEqual(
            {student: [each.key for each in found] for student, found in made.items()}, sources
        )
        inside = oracle.inside(wanted)
        self.assertEqual(
            {each for each in students
             if each in house.memory.states and house.memory.states[each].inside}, inside
        )
        groups = {each: house.group_of(each) for each in students}
        days = oracle.statistics(wanted, groups, ZONE)
        self.assertEqual(rows, {
            key: (*day.entries, *day.exits, day.outings, day.seconds)
            for key, day in days.items()
        })
