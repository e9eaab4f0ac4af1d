"""Statistics counted anew from the movements themselves, a month at a time, beside what is kept.

Of each month both are read from one snapshot, so what is committed meanwhile changes neither:
the difference may be added later, whatever else was added in between.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Any, Callable, Iterable, NamedTuple, Sequence

from sqlalchemy import Connection, func, select

from iotd.campus import cells
from iotd.campus.cells import ENTRIES, EXITS, OUTINGS, SECONDS, Deltas, Hours, Key, Move
from iotd.campus.model import SECOND
from iotd.campus.movement_records import movements
from iotd.campus.register_records import CATEGORIES, groups, students
from iotd.campus.statistics_records import read_days, span_of_days

MONTH = 31  # days that are compared at once: 1,500 groups are 20 MB
STUDENTS = 400  # of one query: 20,000 movements of a month on a busy campus


class Difference(NamedTuple):
    """Of one day and group: the row that is kept, and the one that is right."""

    key: Key
    kept: int
    right: int

    def as_json(self, names: dict[int, dict[str, Any]]) -> dict[str, Any]:
        """In counts; ``names`` has the values of groups."""
        day, group = self.key
        known = names.get(group, dict.fromkeys(CATEGORIES))
        return {"day": day, "group": group, **known, "kept": _told(self.kept),
                "right": _told(self.right)}


def _told(row: int) -> dict[str, int]:
    counts = cells.lanes(row)
    return {
        "entries": sum(counts[ENTRIES:EXITS]), "exits": sum(counts[EXITS:OUTINGS]),
        "outings": counts[OUTINGS], "seconds_outside": counts[SECONDS],
    }


class Extent(NamedTuple):
    """What there is to be compared: the months' days, ids of students, how many movements."""

    months: list[list[str]]
    students: list[int]
    movements: int

    @property
    def steps(self) -> int:
        """How often :func:`compare` says that it came further, in all."""
        return len(self.months) * steps_of(self.students)


def steps_of(ids: Sequence[int]) -> int:
    """How many queries the students take."""
    return -(-len(ids) // STUDENTS)


def extent(connection: Connection, hours: Hours) -> Extent:
    """From the first to the last day of which there are movements or statistics."""
    first, last, count = connection.execute(
        select(func.min(movements.c.at), func.max(movements.c.at), func.count())
        .select_from(movements)
    ).one()
    days = [*(span_of_days(connection) or ())]
    days += [hours.place(at)[0] for at in (first, last) if at is not None]
    ids = list(connection.execute(select(students.c.id).order_by(students.c.id)).scalars())
    return Extent(_months(min(days), max(days)) if days else [], ids, count)


def _months(first: str, last: str) -> list[list[str]]:
    day, end, found = date.fromisoformat(first), date.fromisoformat(last), []
    while day <= end:
        days = min(MONTH, (end - day).days + 1)
        found.append([(day + timedelta(days=n)).isoformat() for n in range(days)])
        day += timedelta(days=days)
    return found


def compare(
    connection: Connection, hours: Hours, days: Sequence[str], ids: Sequence[int],
    told: Callable[[int], None],
) -> list[Difference]:
    """Where rows of these days, which follow each other, are not what movements say; blocks.

    ``told(n)`` is called after each query, on this thread, and may raise to end it.
    """
    _hold_snapshot(connection)
    right: Deltas = {}
    since = round(hours.calendar.span(days[0])[0]) * SECOND
    until = round(hours.calendar.span(days[-1])[1]) * SECOND
    for n, first in enumerate(range(0, len(ids), STUDENTS), 1):
        _count_some(connection, hours, ids[first:first + STUDENTS], (since, until), right)
        told(n)
    kept = read_days(connection, days)
    return [
        Difference(key, kept.get(key, 0), right.get(key, 0))
        for key in sorted(kept.keys() | right.keys()) if kept.get(key, 0) != right.get(key, 0)
    ]


def _hold_snapshot(connection: Connection) -> None:
    # SQLite's transactions always are one; ours on MySQL see each query's newest
    if connection.dialect.name == "mysql" or connection.dialect.name == "mariadb":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")


def _count_some(
    connection: Connection, hours: Hours, ids: Sequence[int], span: tuple[int, int], into: Deltas
) -> None:
    before, c = _last_before(connection, ids, span[0]), movements.c
    query = select(c.student_id, c.at, c.source, c.group_id).where(
        c.student_id.in_(ids), c.at >= span[0], c.at < span[1]
    ).order_by(c.student_id, c.at, c.source)
    rows: Iterable[Any] = connection.execute(query)
    for student, some in groupby(rows, lambda row: row[0]):
        cells.count((row[1:] for row in some), hours, into, before.get(student))


def _last_before(connection: Connection, ids: Sequence[int], at: int) -> dict[int, Move]:
    """Of each student the last movement before a moment."""
    c = movements.c
    last = [
        select(column).where(c.student_id == students.c.id, c.at < at)
        .order_by(c.at.desc(), c.source.desc()).limit(1).scalar_subquery()
        for column in (c.at, c.source, c.group_id)
    ]
    rows = connection.execute(select(students.c.id, *last).where(students.c.id.in_(ids)))
    return {row[0]: (row[1], row[2], row[3]) for row in rows if row[1] is not None}


def group_names(connection: Connection) -> dict[int, dict[str, Any]]:
    """The values of each group."""
    query = select(groups.c.id, *(groups.c[name] for name in CATEGORIES))
    return {row[0]: dict(zip(CATEGORIES, row[1:])) for row in connection.execute(query)}
