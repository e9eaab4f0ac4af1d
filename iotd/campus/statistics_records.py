"""Tables of statistics by local day and group, and of unidentified devices."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Collection, Iterable, Sequence

from sqlalchemy import (
    BigInteger, Column, Connection, Integer, LargeBinary, PrimaryKeyConstraint, String, Table,
    delete, func, select, text,
)

from iotd.campus import cells as packed
from iotd.campus.cells import Deltas
from iotd.store.metadata import metadata
from iotd.store.records import get_fact, put_fact

# ``cells``: see :mod:`iotd.campus.cells`.
days = Table(
    "campus_days", metadata,
    Column("day", String(10), nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("cells", LargeBinary(512), nullable=False),
    PrimaryKeyConstraint("day", "group_id"),
)

# How many different unregistered devices; ``hour`` 0-23 or 24 for the whole day, ``gate`` the
# gate's number or 0 for all of them together.
strangers = Table(
    "campus_strangers", metadata,
    Column("day", String(10), nullable=False),
    Column("hour", Integer, nullable=False),
    Column("gate", BigInteger, nullable=False),
    Column("devices", Integer, nullable=False),
    PrimaryKeyConstraint("day", "hour", "gate"),
)

ZONE = "campus_statistics"  # the fact in which time zone they are kept; empty when damaged
WHOLE_DAY = 24
ALL_GATES = 0
AT_ONCE = 500  # keys of a statement

#: New devices by day, hour (24: the day) and gate number (0: all).
Strangers = dict[tuple[str, int, int], int]

# both databases know it, and it is one statement for new rows and old ones
_PUT = text("REPLACE INTO campus_days (day, group_id, cells) VALUES (:day, :group_id, :cells)")
_PUT_STRANGERS = text(
    "REPLACE INTO campus_strangers (day, hour, gate, devices)"
    " VALUES (:day, :hour, :gate, :devices)"
)


def change_days(connection: Connection, deltas: Deltas) -> list[packed.Key]:
    """Add to the rows of these days and groups; the keys whose rows were damaged.

    Of those ``deltas`` says afterwards what was added in truth, so that memory follows.
    """
    kept = _kept(connection, deltas)
    rows, empty, damaged = [], [], []
    for key, delta in deltas.items():
        row = kept.get(key, 0) + delta
        if not packed.is_sound(row):
            damaged.append(key)
            row = packed.clamp(row)
            deltas[key] = row - kept.get(key, 0)
        if row:
            rows.append(dict(zip(("day", "group_id"), key), cells=packed.to_bytes(row)))
        elif key in kept:
            empty.append(key)
    if rows:
        connection.execute(_PUT, rows)
    for day, group in empty:
        connection.execute(delete(days).where(days.c.day == day, days.c.group_id == group))
    return damaged


def _kept(connection: Connection, keys: Iterable[packed.Key]) -> Deltas:
    by_day: dict[str, list[int]] = defaultdict(list)
    for day, group in keys:
        by_day[day].append(group)
    found: Deltas = {}
    for day, some in by_day.items():
        for first in range(0, len(some), AT_ONCE):
            found.update(read_days(connection, [day], some[first:first + AT_ONCE]))
    return found


def read_days(
    connection: Connection, wanted: Collection[str], groups: Collection[int] | None = None
) -> Deltas:
    """The rows of some days that are not empty; of some groups, or of all."""
    query = select(days.c.day, days.c.group_id, days.c.cells).where(days.c.day.in_(wanted))
    if groups is not None:
        query = query.where(days.c.group_id.in_(groups))
    return {
        (day, group): packed.from_bytes(cells) for day, group, cells in connection.execute(query)
    }


def span_of_days(connection: Connection) -> tuple[str, str] | None:
    """The first and last day of which anything is counted; None when there is none."""
    first, last = connection.execute(select(func.min(days.c.day), func.max(days.c.day))).one()
    return None if first is None else (first, last)


def kept_zone(connection: Connection) -> str | None:
    """In which time zone statistics are whole; None or empty when they must be rebuilt."""
    return get_fact(connection, ZONE)


def keep_zone(connection: Connection, zone: str) -> None:
    """They are whole, in this time zone; empty: they are damaged."""
    put_fact(connection, ZONE, zone)


def add_strangers(connection: Connection, new: Strangers) -> None:
    """Count devices that were new there and then."""
    c, by_day = strangers.c, sorted({day for day, _, _ in new})
    known: Strangers = {}
    for day in by_day:
        rows = connection.execute(select(c.hour, c.gate, c.devices).where(c.day == day))
        known.update(((day, hour, gate), devices) for hour, gate, devices in rows)
    more: list[dict[str, Any]] = [
        dict(zip(("day", "hour", "gate"), key), devices=known.get(key, 0) + count)
        for key, count in new.items() if count
    ]
    if more:
        connection.execute(_PUT_STRANGERS, more)


def strangers_of(connection: Connection, day: str) -> int:
    """How many different unregistered devices all gates saw on a day."""
    c = strangers.c
    found = connection.execute(select(c.devices).where(
        c.day == day, c.hour == WHOLE_DAY, c.gate == ALL_GATES
    )).scalar()
    return found or 0


def list_strangers(connection: Connection, day: str) -> Sequence[tuple[int, int, int]]:
    """Hour, gate number and devices of a day, 24 and 0 standing for all."""
    c = strangers.c
    rows = connection.execute(
        select(c.hour, c.gate, c.devices).where(c.day == day).order_by(c.hour, c.gate)
    )
    return [tuple(row) for row in rows]  # type: ignore[misc]
