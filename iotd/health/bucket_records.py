"""Rollups: which local days are to be computed anew, and the buckets of those that were."""

from __future__ import annotations

from typing import Any, Iterable, Sequence

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
    Column("start", Time, primary_key=True),
    Column("end", Time, nullable=False),
    Column("day", String(10), nullable=False),
    Column("count", Integer, nullable=False),
    Column("min", Double, nullable=False),
    Column("median", Double, nullable=False),
    Column("max", Double, nullable=False),
    Column("coverage", Double, nullable=False),
)

#: Patient, kind and local day such as "2026-11-21".
Key = tuple[str, str, str]


def mark_stale(connection: Connection, keys: Iterable[Key]) -> None:
    """These days have readings that their buckets do not count yet."""
    for patient, kind, day in keys:
        this = _is(patient, kind, day)
        known = connection.execute(select(reading_days.c.stale).where(this)).scalar()
        if known is None:
            connection.execute(
                insert(reading_days).values(patient=patient, kind=kind, day=day, stale=True)
            )
        elif not known:
            connection.execute(update(reading_days).where(this).values(stale=True))


def mark_all_stale(connection: Connection) -> None:
    """Nothing computed counts any more; what a day is has changed."""
    connection.execute(delete(reading_buckets))
    connection.execute(delete(reading_days))


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
    connection: Connection, patient: str, kind: str, width: int, since: float, until: float
) -> list[Any]:
    """Stored buckets that begin from ``since`` to before ``until``, by time."""
    c = reading_buckets.c
    query = select(c.day, c.start, c.end, c.count, c.min, c.median, c.max, c.coverage).where(
        c.patient == patient, c.kind == kind, c.width == width,
        c.start >= since, c.start < until,
    )
    return list(connection.execute(query.order_by(c.start)))


def replace_day(
    connection: Connection, key: Key, since: float, until: float, rows: Sequence[dict[str, Any]]
) -> None:
    """These are the buckets of a day, which lasts from ``since`` to before ``until``."""
    patient, kind, day = key
    c = reading_buckets.c
    connection.execute(delete(reading_buckets).where(
        c.patient == patient, c.kind == kind,
        c.width.in_([each for each in WIDTHS_KEPT]), c.start >= since, c.start < until,
    ))
    if rows:
        connection.execute(insert(reading_buckets), list(rows))
        connection.execute(update(reading_days).where(_is(*key)).values(stale=False))
    else:
        connection.execute(delete(reading_days).where(_is(*key)))


def remove_buckets(connection: Connection, patient: str) -> None:
    """Nothing computed of this patient is left."""
    for table in (reading_buckets, reading_days):
        connection.execute(delete(table).where(table.c.patient == patient))


def _is(patient: str, kind: str, day: str) -> Any:
    c = reading_days.c
    return (c.patient == patient) & (c.kind == kind) & (c.day == day)


#: Seconds: a quarter of an hour, an hour, six hours, a day. Finer ones are computed when asked.
WIDTHS_KEPT = (900, 3600, 21600, 86400)
