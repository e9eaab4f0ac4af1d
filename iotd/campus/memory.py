"""What the applier keeps in memory: where students stand, what was applied already.

It changes on the reactor only, by :meth:`Memory.adopt`, after a commit; meanwhile one
transaction at a time reads it on the writer's thread.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, NamedTuple

from sqlalchemy import Connection, select

from iotd.campus.boot_records import Numbers
from iotd.campus.gate_records import gates as gate_table
from iotd.campus.model import ENTRY, State
from iotd.campus.movement_records import Movement, load_states
from iotd.campus.sighting_records import Part, load_parts
from iotd.store.records import get_fact, put_fact

FACT = "campus_spool"
BOOTS = 4000  # whose numbers are in memory; those of others are read when they speak

#: A gate's number and its boot.
Boot = tuple[int, str]


class Place(NamedTuple):
    """How far the spool was applied: which spool, up to which batch, and how many
    transactions have changed movements in all."""

    spool: str = ""
    batch: int = 0
    turn: int = 0


@dataclass
class Applied:
    """What one transaction changed; nothing else may be taken over from it."""

    place: Place
    states: dict[int, State] = field(default_factory=dict)
    boots: dict[Boot, Numbers] = field(default_factory=dict)
    gates: dict[str, int] = field(default_factory=dict)
    parts: dict[int, Part] = field(default_factory=dict)
    statistics: dict[tuple[str, int], int] = field(default_factory=dict)
    strangers: dict[tuple[str, int, int], int] = field(default_factory=dict)
    added: dict[Movement, None] = field(default_factory=dict)
    removed: int = 0
    messages: int = 0
    sightings: int = 0
    late: int = 0  # students who were judged anew
    duplicates: Counter[str] = field(default_factory=Counter)  # messages by gate


class Memory:
    """``states`` by student, ``gates`` numbers by device, ``inside`` and ``seen`` students by
    group; ``group_of(student)`` is the register's, None for somebody it does not know."""

    def __init__(self, group_of: Callable[[int], int | None]) -> None:
        self.group_of = group_of
        self.place = Place()
        self.states: dict[int, State] = {}
        self.boots: dict[Boot, Numbers] = {}
        self.gates: dict[str, int] = {}
        self.gate_names: dict[int, str] = {}
        self.parts: dict[int, Part] = {}
        self.inside: Counter[int] = Counter()
        self.seen: Counter[int] = Counter()
        self._counted: dict[int, tuple[int, bool]] = {}

    def load(self, connection: Connection) -> None:
        """Read it all: 20,000 students take half a second."""
        self.place = read_place(connection)
        self.states = load_states(connection)
        self.parts = load_parts(connection)
        self._name(connection.execute(select(gate_table.c.device_id, gate_table.c.number)))
        self.boots.clear()
        self.inside.clear()
        self.seen.clear()
        self._counted.clear()
        self.count(self.states)

    def adopt(self, applied: Applied) -> None:
        """Take over what was committed."""
        self.place = applied.place
        self.states.update(applied.states)
        self.parts.update(applied.parts)
        self._name(applied.gates.items())
        self.boots.update(applied.boots)
        while len(self.boots) > BOOTS:
            del self.boots[next(iter(self.boots))]
        self.count(applied.states)

    def forget(self, student: int) -> None:
        """A student was erased."""
        self.states.pop(student, None)
        self.count([student])

    def count(self, students: Iterable[int]) -> None:
        """See anew in which group, and whether inside, these count."""
        for student in students:
            state, group = self.states.get(student), self.group_of(student)
            if state is None or state.direction is None or group is None:
                now = None
            else:
                now = group, state.direction == ENTRY
            before = self._counted.get(student)
            if now != before:
                self._move(student, before, now)

    def _move(
        self, student: int, before: tuple[int, bool] | None, now: tuple[int, bool] | None
    ) -> None:
        if before is not None:
            self.seen[before[0]] -= 1
            self.inside[before[0]] -= before[1]
            del self._counted[student]
        if now is not None:
            self.seen[now[0]] += 1
            self.inside[now[0]] += now[1]
            self._counted[student] = now

    def _name(self, gates: Iterable[Any]) -> None:
        for device, number in gates:
            self.gates[device] = number
            self.gate_names[number] = device


def read_place(connection: Connection) -> Place:
    """How far the store is."""
    text = get_fact(connection, FACT)
    return Place(*json.loads(text)) if text else Place()


def write_place(connection: Connection, place: Place) -> None:
    """The same, written."""
    put_fact(connection, FACT, json.dumps(place))
