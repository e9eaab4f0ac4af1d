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
from iotd.campus.model import State
from iotd.campus.movement_records import Movement, load_states
from iotd.campus.sighting_records import Part, load_newest, load_parts
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
    """What one transaction changed; ``moved`` are those whose last movement is another now."""

    place: Place
    newest: dict[int, int] = field(default_factory=dict)
    moved: dict[int, State] = field(default_factory=dict)
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
    """``states`` and ``newest`` (when it was seen last) by student, numbers of ``gates``;
    ``group_of(student)`` is the register's, None for somebody it does not know (any more)."""

    def __init__(self, group_of: Callable[[int], int | None]) -> None:
        self.group_of = group_of
        self.place = Place()
        self.states: dict[int, State] = {}
        self.newest: dict[int, int] = {}
        self.boots: dict[Boot, Numbers] = {}
        self.gates: dict[str, int] = {}
        self.gate_names: dict[int, str] = {}
        self.parts: dict[int, Part] = {}

    def load(self, connection: Connection) -> None:
        """Read it all: 20,000 students take 0.2 s."""
        self.place = read_place(connection)
        self.newest = load_newest(connection)
        self.states = load_states(connection)
        self.parts = load_parts(connection)
        self.boots.clear()
        self._name(connection.execute(select(gate_table.c.device_id, gate_table.c.number)))

    def adopt(self, applied: Applied) -> None:
        """Take over what was committed."""
        self.place = applied.place
        self.newest.update(applied.newest)
        self.states.update(applied.moved)
        self.parts.update(applied.parts)
        self._name(applied.gates.items())
        for boot in applied.boots:
            self.boots.pop(boot, None)  # those heard last come last
        self.boots.update(applied.boots)
        while len(self.boots) > BOOTS:
            del self.boots[next(iter(self.boots))]

    def forget(self, student: int) -> None:
        """A student was erased."""
        self.states.pop(student, None)
        self.newest.pop(student, None)

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
