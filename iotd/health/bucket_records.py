"""Rollups: which local days are to be computed anew, and the buckets of those that were."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Sequence

from sqlalchemy import (
    Boolean, Column, Connection, Double, Index, Integer, String, Table, delete, insert, select,
    true, update,
)

from iotd.store.metadata import Time, metadata

reading_days = Table(
    "reading_days", metadata,
    Column("patient", String(40), primary_key=True),
    Column("kind", String(24), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("stale", Boolean, nullable=False),
    Index(None, "stale", "day"),
)

reading_buckets = Table(
    "reading_buckets", metadata,
    Column("patient", String(40), primary_key=True),
    Column("kind", String(24), primary_key=True),
    Column("width", Integer, primary_key=True, autoincrement=False),
    Column("day", String(10), primary_key=True),
    Column("start", Time, primary_key=True),
    Column("end", Time, nullable=False),
    Column("count", Integer, nullable=False),
    Column("min", Double, nullable=False),
    Column("median", Double, nullable=False),
    Column("max", Double, nullable=False),
    Column("coverage", Double, nullable=False),
)

#: Seconds: a quarter of an hour, an hour, six hours, a day. Finer ones are computed when asked.
WIDTHS_KEPT = (900, 3600, 21600, 86400)

MARKED_AT_ONCE = 100

#: Patient, kind and local day such as "2026-11-21".
Key = tuple[str, str, str]


def mark_stale(connection: Connection, keys: Sequence[Key]) -> None:
    """These days have readings that their buckets do not count yet."""
    for first in range(0, len(keys), MARKED_AT_ONCE):
        _mark_some(connection, set(keys[first:first + MARKED_AT_ONCE]))


def _mark_some(connection: Connection, keys: set[Key]) -> None:
    c = reading_days.c
    # more rows than asked for may be found, but few: one group is of few days
    query = select(c.patient, c.kind, c.day, c.stale).where(
        c.patient.in_({key[0] for key in keys}), c.kind.in_({key[1] for key in keys}),
        c.day.in_({key[2] for key in keys}),
    )
    known = {(who, kind, day): stale for who, kind, day, stale in connection.execute(query)}
    new = [dict(zip(("patient", "kind", "day"), key), stale=True) for key in keys - known.keys()]
    if new:
        connection.execute(insert(reading_days), new)
    for key in keys & known.keys():
        if not known[key]:
            connection.execute(update(reading_days).where(_is(*key)).values(stale=True))


def stale_days(connection: Connection, before: str, most: int) -> list[Key]:
    """Up to ``most`` stale days before the local day ``before``, the oldest first."""
    c = reading_days.c
    query = select(c.patient, c.kind, c.day).where(c.stale == true(), c.day < before)
    rows = connection.execute(query.order_by(c.day).limit(most))
    return [(patient, kind, day) for patient, kind, day in rows]


def days_of(
    connection: Connection, patient: str, kind: str, first: str, last: str
) -> dict[str, bool]:
    """The days from ``first`` to ``last`` that have readings, and whether each is stale."""
    c = reading_days.c
    query = select(c.day, c.stale).where(
        c.patient == patient, c.kind == kind, c.day >= first, c.day <= last
    )
    return {day: bool(stale) for day, stale in connection.execute(query)}


def buckets_of(
    connection: Connection, patient: str, kind: str, width: int, first: str, last: str
) -> list[Any]:
    """Day, start, end, count, min, median, max and coverage of the buckets that are kept
    of the days from ``first`` to ``last``, those of stale days too."""
    c = reading_buckets.c
    query = select(c.day, c.start, c.end, c.count, c.min, c.median, c.max, c.coverage).where(
        c.patient == patient, c.kind == kind, c.width == width, c.day >= first, c.day <= last,
    )
    return list(connection.execute(query))


def replace_day(connection: Connection, key: Key, rows: Sequence[dict[str, Any]]) -> None:
    """These are the buckets of a day; a day without any has none that count."""
    patient, kind, day = key
    c = reading_buckets.c
    connection.execute(delete(reading_buckets).where(
        c.patient == patient, c.kind == kind, c.width.in_(WIDTHS_KEPT), c.day == day,
    ))
    if rows:
        connection.execute(insert(reading_buckets), list(rows))
        connection.execute(update(reading_days).where(_is(*key)).values(stale=False))
    else:
        connection.execute(delete(reading_days).where(_is(*key)))


def redraw_days(connection: Connection, neighbours: Callable[[str], Iterable[str]]) -> None:
    """Days are others now (the site's time zone changed): nothing that is kept counts, and
    of each day that had readings its ``neighbours`` may have them."""
    c = reading_days.c
    known = connection.execute(select(c.patient, c.kind, c.day)).all()
    connection.execute(delete(reading_buckets))
    mark_stale(connection, sorted({
        (patient, kind, each) for patient, kind, day in known for each in neighbours(day)
    }))


def remove_buckets(connection: Connection, patient: str) -> None:
    """Nothing computed of this patient is left."""
    for table in (reading_buckets, reading_days):
        connection.execute(delete(table).where(table.c.patient == patient))


def _is(patient: str, kind: str, day: str) -> Any:
    c = reading_days.c
    return (c.patient == patient) & (c.kind == kind) & (c.day == day)
