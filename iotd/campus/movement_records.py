"""The table of movements; times are whole microseconds, see :mod:`iotd.campus.model`."""

from __future__ import annotations

from collections import defaultdict
from typing import Iterable, NamedTuple, Sequence

from sqlalchemy import (
    BigInteger, Column, Connection, Integer, PrimaryKeyConstraint, Table, and_, delete, or_,
    select,
)

from iotd.campus.bulk import add_rows
from iotd.campus.model import Key, State, direction_of
from iotd.store.metadata import metadata

# Kept for good. ``group_id``: the student's group when it was written.
movements = Table(
    "campus_movements", metadata,
    Column("student_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("source", Integer, nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("flags", Integer, nullable=False),
    PrimaryKeyConstraint("student_id", "at", "source"),
    sqlite_with_rowid=False,
)

Place = tuple[int, int, int]  # of a movement among all: student, at, source
COLUMNS = ("student_id", "at", "source", "group_id", "received_at", "flags")


class Movement(NamedTuple):
    """One row; times in microseconds, ``source`` packed."""

    student: int
    at: int
    source: int
    group: int
    received_at: int
    flags: int

    @property
    def key(self) -> Key:
        """Its place among those of the same student."""
        return self.at, self.source

    @property
    def id(self) -> str:
        """What the API calls it."""
        return f"{self.student}-{self.at}-{self.source}"


_c = movements.c
_ROW = [_c[name] for name in COLUMNS]
_DOWN = (_c.at.desc(), _c.student_id.desc(), _c.source.desc())

# Two seeks for each student and no more, in either dialect: 20,000 take 0.2 s.
_NEWEST = (
    "(SELECT x.%s FROM campus_movements x WHERE x.student_id = s.student_id"
    " ORDER BY x.at DESC, x.source DESC LIMIT 1)"
)
_LAST = f"SELECT s.student_id, {_NEWEST % 'at'}, {_NEWEST % 'source'} FROM campus_seen s"

# From the one before on; whole numbers only, written into the text: SQLAlchemy's own way
# takes ten times as long, and late data can be much.
_FROM = (
    "SELECT student_id, at, source, group_id, received_at, flags FROM campus_movements"
    " WHERE student_id = %d AND at >= COALESCE((SELECT MAX(x.at) FROM campus_movements x"
    " WHERE x.student_id = %d AND x.at < %d), 0)"
)


def load_states(connection: Connection) -> dict[int, State]:
    """Where every student stands who ever moved."""
    return {
        student: State(direction_of(source), at, source)
        for student, at, source in connection.exec_driver_sql(_LAST) if at is not None
    }


def add_movements(connection: Connection, rows: Sequence[Movement]) -> None:
    """Write new ones."""
    add_rows(connection, "campus_movements", COLUMNS, rows)


def remove_movements(connection: Connection, student: int, keys: Iterable[Key]) -> None:
    """Take back those that late data undid."""
    for key in keys:
        connection.exec_driver_sql(
            "DELETE FROM campus_movements WHERE student_id = %d AND at = %d AND source = %d"
            % (student, *key)
        )


def movements_from(
    connection: Connection, starts: Iterable[tuple[int, int]]
) -> dict[int, list[Movement]]:
    """For each (student, moment) the last movement before it, and all from it on, in order."""
    asked = " UNION ALL ".join([_FROM % (student, student, at) for student, at in starts])
    found: dict[int, list[Movement]] = defaultdict(list)
    for row in connection.exec_driver_sql(asked):
        found[row[0]].append(Movement(*row))
    for rows in found.values():
        rows.sort()
    return found


def all_of(connection: Connection, student: int) -> list[Movement]:
    """Every movement of a student, in order."""
    query = select(*_ROW).where(_c.student_id == student).order_by(_c.at, _c.source)
    return [Movement(*row) for row in connection.execute(query)]


def newest(connection: Connection, limit: int, before: Place | None = None) -> list[Movement]:
    """The last movements of all students, the newest first, beginning below ``before``."""
    query = select(*_ROW)
    if before is not None:
        student, at, source = before
        query = query.where(_c.at <= at, or_(
            _c.at < at, _c.student_id < student,
            and_(_c.student_id == student, _c.source < source),
        ))
    rows = connection.execute(query.order_by(*_DOWN).limit(limit))
    return [Movement(*row) for row in rows]


def newest_of(
    connection: Connection, student: int, limit: int, before: Key | None
) -> list[Movement]:
    """Movements of one student, the newest first, beginning below ``before``."""
    query = select(*_ROW).where(_c.student_id == student)
    if before is not None:
        at, source = before
        query = query.where(or_(_c.at < at, and_(_c.at == at, _c.source < source)))
    rows = connection.execute(query.order_by(_c.at.desc(), _c.source.desc()).limit(limit))
    return [Movement(*row) for row in rows]


def page_of_all(
    connection: Connection, since: int, until: int, after: Movement | None, limit: int
) -> list[Movement]:
    """Movements from ``since`` on and before ``until``, in order of time, behind ``after``."""
    query = select(*_ROW).where(_c.at >= (since if after is None else after.at), _c.at < until)
    if after is not None:
        query = query.where(or_(
            _c.at > after.at, _c.student_id > after.student,
            and_(_c.student_id == after.student, _c.source > after.source),
        ))
    rows = connection.execute(query.order_by(_c.at, _c.student_id, _c.source).limit(limit))
    return [Movement(*row) for row in rows]


def remove_all_of(connection: Connection, student: int) -> None:
    """Delete every movement of a student."""
    connection.execute(delete(movements).where(_c.student_id == student))
