"""The applier on a database: sightings in, movements out, one transaction each."""

from __future__ import annotations

from typing import Any, Iterable

from iotd.calendar import Calendar
from iotd.campus import cells, statistics_records
from iotd.campus.applier import Work
from iotd.campus.memory import Applied, Memory
from iotd.campus.model import (
    DIRECTIONS, SECOND, Heard, Method, direction_of, gate_of, method_of,
)
from iotd.campus.movement_records import Movement, all_of
from iotd.campus.retention import prune
from tests.databases import DatabaseTest

ENTRY, EXIT = 0, 1
START = 1_800_000_000  # Unix seconds
ANNA, BEN = 1, 2
NOBODY_KNOWN = 99


def us(seconds: float) -> int:
    """Seconds after START as a moment."""
    return round((START + seconds) * SECOND)


def seen(
    seconds: float, direction: int, student: int = ANNA, method: int = Method.WIFI,
    gate: str = "north", boot: str | None = None, seq: int | None = None, flags: int = 0,
    received: float | None = None,
) -> Heard:
    """A gate has seen one student."""
    came = us(seconds if received is None else received)
    return Heard(gate, boot, seq, us(seconds), came, direction, method, (student,), flags)


def corrected(seconds: float, direction: int, student: int = ANNA) -> Heard:
    """A person's word."""
    return seen(seconds, direction, student, Method.CORRECTION, gate="")


class Counts:
    """Statistics in the store alone."""

    def __init__(self, zone: str = "UTC") -> None:
        self.hours = cells.Hours(Calendar(zone))

    def change(self, connection: Any, deltas: cells.Deltas) -> None:
        """No count may ever be below zero."""
        assert statistics_records.change_days(connection, deltas) == []

    def add_strangers(self, connection: Any, new: Any) -> None:
        """As in life."""
        statistics_records.add_strangers(connection, new)


class WorkTest(DatabaseTest):
    """Mixin: ``self.apply(...)`` is one transaction, ``self.moved()`` what is stored."""

    repeat_seconds = 180

    def setUp(self) -> None:
        self.store = self.new_store()
        self.counts = Counts()
        self.restart()

    def restart(self) -> None:
        """Memory as a new process reads it."""
        self.memory = Memory({ANNA: 11, BEN: 12}.get)
        self.store.call(self.memory.load)

    def apply(self, *messages: Heard, strangers: Any = None) -> Applied:
        """Messages of one transaction."""
        applied: Applied = self.store.call(self._work, messages, strangers or {})
        self.memory.adopt(applied)
        return applied

    def _work(self, connection: Any, messages: Iterable[Heard], strangers: Any) -> Applied:
        work = Work(connection, self.memory, self.counts, self.repeat_seconds)
        work.hear(messages)
        work.count_strangers(strangers)
        return work.finish(self.memory.place)

    def prune(self) -> None:
        """Delete what no late data can reach, of every part; a part stays that is empty."""
        for part in [*self.memory.parts.values()]:
            self.store.call(prune, part, self.memory.newest.get, -1, True)

    def rows(self, student: int = ANNA) -> list[Movement]:
        """A student's movements as they are stored."""
        found: list[Movement] = self.store.call(all_of, student)
        return found

    def moved(self, student: int = ANNA) -> list[tuple[float, str]]:
        """The same in short: seconds after START, and which way."""
        return [
            (row.at / SECOND - START, DIRECTIONS[direction_of(row.source)])
            for row in self.rows(student)
        ]

    def told(self, student: int = ANNA) -> list[tuple[str, str | None]]:
        """The same by method and gate."""
        names = self.memory.gate_names
        return [(method_of(row.source).name, names.get(gate_of(row.source)))
                for row in self.rows(student)]

    def counted(self) -> dict[tuple[str, int], tuple[int, ...]]:
        """Entries, exits, outings and seconds out, by day and group."""
        def read(connection: Any) -> dict[tuple[str, int], tuple[int, ...]]:
            rows = connection.execute(statistics_records.days.select())
            lanes = {(row.day, row.group_id): cells.lanes(cells.from_bytes(row.cells))
                     for row in rows}
            return {key: (sum(row[:24]), sum(row[24:48]), *row[48:])
                    for key, row in lanes.items()}

        found: dict[tuple[str, int], tuple[int, ...]] = self.store.call(read)
        return found

    def sightings(self) -> int:
        """How many are stored."""
        count: int = self.store.call(lambda connection: connection.exec_driver_sql(
            "SELECT COUNT(*) FROM campus_sightings").scalar())
        return count
