"""Tables of sightings: what late data is judged among; times are whole microseconds."""

from __future__ import annotations

from collections import defaultdict
from typing import Collection, Iterable, Iterator, NamedTuple

from sqlalchemy import (
    BigInteger, Column, Connection, Integer, PrimaryKeyConstraint, SmallInteger, Table, delete,
    select,
)

from iotd.campus.bulk import Row, add_rows, listed, put_rows
from iotd.store.metadata import metadata

# Every sighting of the last seven days before a student's newest, whether it moved anything
# or not. What is written at about the same time stands together, in a part: with the student
# first, a commit of 4,000 rows wrote to 3,000 pages (14 us of CPU a row on SQLite, and ever
# more); so it writes to 300 (3 us, however many there are).
sightings = Table(
    "campus_sightings", metadata,
    Column("part", Integer, nullable=False),
    Column("student_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("source", Integer, nullable=False),
    Column("flags", SmallInteger, nullable=False),
    PrimaryKeyConstraint("part", "student_id", "at", "source"),
    sqlite_with_rowid=False,
)

# ``sightings``: how many were written.
parts = Table(
    "campus_parts", metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("sightings", Integer, nullable=False),
)

# When each student was seen last.
seen = Table(
    "campus_seen", metadata,
    Column("student_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

PART_ROWS = 50_000  # what one part holds, about
SOME = 200  # parts of one statement
AT_ONCE = 100  # students of one statement

_COLUMNS = ("part", "student_id", "at", "source", "flags")
_c = sightings.c


class Part(NamedTuple):
    """One part: its number, the times of its oldest and newest sighting, how many."""

    number: int
    first_at: int
    last_at: int
    sightings: int


class Seen(NamedTuple):
    """A sighting of a student: when, packed source, flags."""

    at: int
    source: int
    flags: int


def load_parts(connection: Connection) -> dict[int, Part]:
    """All of them by number, in order."""
    query = select(parts.c.number, parts.c.first_at, parts.c.last_at, parts.c.sightings)
    rows = connection.execute(query.order_by(parts.c.number))
    return {row.number: Part(*row) for row in rows}


def load_newest(connection: Connection) -> dict[int, int]:
    """When each student was seen last."""
    return dict(connection.exec_driver_sql("SELECT student_id, at FROM campus_seen").all())


def add_sightings(connection: Connection, part: Part, rows: list[Row]) -> Part:
    """Write (part's number, student, at, source, flags); the part as it is then.

    The rows are sorted in place: in the order of the key, neighbours share pages.
    """
    rows.sort()
    add_rows(connection, "campus_sightings", _COLUMNS, rows)
    ats = [row[2] for row in rows]
    grown = part.sightings + len(rows)
    part = Part(part.number, min(part.first_at, min(ats)), max(part.last_at, max(ats)), grown)
    put_rows(connection, "campus_parts", Part._fields, [part])
    return part


def put_newest(connection: Connection, newest: dict[int, int]) -> None:
    """Note when students were seen last."""
    put_rows(connection, "campus_seen", ("student_id", "at"), sorted(newest.items()))


class Look(NamedTuple):
    """Whose sightings are wanted: from ``since`` on and before ``until``."""

    student: int
    since: int
    until: int


def sightings_in(
    connection: Connection, known: Collection[Part], looks: Iterable[Look]
) -> dict[int, list[Seen]]:
    """By student, in order."""
    found: dict[int, list[Seen]] = defaultdict(list)
    for some in _texts(known, looks):
        for student, *seen in connection.exec_driver_sql(" UNION ALL ".join(some)):
            found[student].append(Seen(*seen))
    for each in found.values():
        each.sort()
    return found


def _texts(known: Collection[Part], looks: Iterable[Look]) -> Iterator[list[str]]:
    # whole numbers only: see movement_records
    some = []
    for student, since, until in looks:
        meant = [part.number for part in known if part.first_at < until and part.last_at >= since]
        if not meant:
            continue
        some.append(
            "SELECT student_id, at, source, flags FROM campus_sightings WHERE part IN (%s)"
            " AND student_id = %d AND at >= %d AND at < %d"
            % (listed(meant), student, since, until)
        )
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def remove_sightings_of(connection: Connection, among: Iterable[int], student: int) -> None:
    """Delete every sighting of a student, and when it was seen last."""
    numbers = [*among]
    for first in range(0, len(numbers), SOME):
        some = numbers[first:first + SOME]
        connection.execute(delete(sightings).where(_c.part.in_(some), _c.student_id == student))
    connection.execute(delete(seen).where(seen.c.student_id == student))


def students_in(connection: Connection, part: int, after: int, limit: int) -> list[int]:
    """Whose sightings are in a part: so many at most, by their ids behind ``after``."""
    query = select(_c.student_id).where(_c.part == part, _c.student_id > after).distinct()
    return [*connection.execute(query.order_by(_c.student_id).limit(limit)).scalars()]


def remove_old(
    connection: Connection, part: Part, limits: Iterable[tuple[int, int]]
) -> None:
    """Delete a part's sightings of each student before a moment: (student, moment)."""
    whole = []
    for student, at in limits:
        if at > part.last_at:
            whole.append(student)  # usually all: one statement for them together
        elif at > part.first_at:
            connection.exec_driver_sql(
                "DELETE FROM campus_sightings WHERE part = %d AND student_id = %d AND at < %d"
                % (part.number, student, at)
            )
    if whole:
        connection.exec_driver_sql(
            "DELETE FROM campus_sightings WHERE part = %d AND student_id IN (%s)"
            % (part.number, listed(whole))
        )


def remove_part(connection: Connection, number: int) -> None:
    """Forget a part that is empty."""
    connection.execute(delete(parts).where(parts.c.number == number))
