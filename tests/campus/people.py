"""A small campus for tests of counts: groups, students, and where they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, NamedTuple

from iotd.campus.model import ENTRY, EXIT, SECOND, Method, pack_source

COME, GO = (pack_source(Method.WIFI, way, 3) for way in (ENTRY, EXIT))


class Group(NamedTuple):
    """As the register has it."""

    id: int
    year: int
    branch: str
    stream: str
    hostel: str
    gender: str


class Student(NamedTuple):
    """As the register has it."""

    id: int
    rollno: str
    group: Group


GROUPS = {
    each.id: each for each in (
        Group(1, 1, "CSE", "BTech", "Asha", "F"), Group(2, 1, "CSE", "BTech", "Birch", "M"),
        Group(3, 2, "CSE", "MTech", "Asha", "F"), Group(4, 2, "ECE", "BTech", "Birch", "M"),
        Group(5, 2, "ECE", "BTech", "", "F"), Group(6, 10, "Arts, fine", "BA", "Asha", "M"),
    )
}


@dataclass
class People:
    """Six students, one of each group; ``state`` as movements know it."""

    students: dict[int, Student] = field(default_factory=lambda: {
        id: Student(id, f"R{id}", group) for id, group in GROUPS.items()
    })
    state: dict[int, tuple[bool | None, int | None]] = field(default_factory=dict)

    def state_of(self, id: int) -> tuple[bool | None, int | None]:
        """Never seen, unless a test says so."""
        return self.state.get(id, (None, None))

    def groups(self) -> Any:
        """Every group of the register."""
        return GROUPS.values()


def at(text: str) -> int:
    """Microseconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * SECOND
