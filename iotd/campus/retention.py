"""Sightings that no late data can reach any more are deleted, a few at a time.

Kept are those up to seven days older than the student's newest, and every movement.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

from sqlalchemy import Connection

from iotd.campus.model import KEPT
from iotd.campus.sighting_records import Part, remove_old, remove_part, students_in

AT_ONCE = 1000  # students of one transaction: 10 ms on SQLite
NEVER = 1 << 62  # behind every moment


class Step(NamedTuple):
    """How far a part was looked through: behind which student to go on (None: to its end),
    whether there is nothing left in it."""

    after: int | None
    empty: bool = False


def prune(
    connection: Connection, part: Part, newest: Callable[[int], int | None], after: int,
    current: bool,
) -> Step:
    """Delete what is too old of some students in a part; the ``current`` one itself stays.

    ``newest(student)`` is when it was seen last, None for somebody who is not known any more.
    """
    number = part.number
    students = students_in(connection, number, after, AT_ONCE)
    limits = []
    for student in students:
        at = newest(student)
        limits.append((student, NEVER if at is None else at - KEPT))
    remove_old(connection, part, limits)
    if len(students) == AT_ONCE:
        return Step(students[-1])
    empty = not current and not students_in(connection, number, -1, 1)
    if empty:
        remove_part(connection, number)
    return Step(None, empty)


def reachable(part: Part, newest: int) -> bool:
    """Whether all that is in a part may still be needed; ``newest`` is the newest of anybody."""
    return part.first_at >= newest - KEPT
