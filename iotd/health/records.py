"""The tables of patients and their readings, and what is read from and written to them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from heapq import merge
from itertools import islice
from typing import Any, Iterable, Sequence

from sqlalchemy import (
    Column, Connection, Double, Index, String, Table, and_, delete, func, insert, or_,
    select, update,
)

from iotd.health.model import GOOD, KINDS, REJECTED
from iotd.store.metadata import Id, Time, metadata
from iotd.times import rfc3339

patients = Table(
    "patients", metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("sex", String(16), nullable=False),
    Column("birth_date", String(10)),
    Column("owner", String(64)),
    Column("created_at", Time, nullable=False),
    Column("removed_at", Time),  # being removed: nobody sees it, its readings go
)

readings = Table(
    "readings", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("patient", String(40)),  # None while its device is nobody's
    Column("device", String(64)),
    Column("kind", String(24), nullable=False),
    Column("value", Double, nullable=False),
    Column("raw", String(64), nullable=False),
    Column("at", Time, nullable=False),
    Column("received_at", Time, nullable=False),
    Column("source", String(64), nullable=False),
    Column("quality", String(8), nullable=False),
    Column("reason", String(200)),
    Index(None, "patient", "kind", "at"),
    Index(None, "device", "patient"),
)


@dataclass(frozen=True)
class Patient:
    """One person; ``owner`` is the key of the account or token that made it, or has it."""

    id: str
    name: str
    sex: str
    birth_date: str | None
    owner: str | None
    created_at: float


@dataclass(slots=True)
class Reading:
    """One measured value in the unit of its kind; times are Unix seconds, ``raw`` as it came."""

    kind: str
    value: float
    raw: str
    at: float
    received_at: float
    source: str
    patient: str | None = None
    device: str | None = None
    quality: str = GOOD
    reason: str | None = None
    id: int | None = None

    @property
    def measured_at(self) -> float:
        """When it was measured."""
        return self.at

    def as_row(self) -> dict[str, Any]:
        """What is stored, without the id."""
        return {name: getattr(self, name) for name in _ROW}

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id, "kind": self.kind, "value": self.value,
            "unit": KINDS[self.kind].unit, "measured_at": rfc3339(self.at),
            "received_at": rfc3339(self.received_at), "source": self.source,
            "device": self.device, "quality": self.quality, "reason": self.reason,
            "raw": self.raw,
        }


_ROW = tuple(each.name for each in fields(Reading) if each.name != "id")
_COLUMNS = tuple(readings.c[each.name] for each in fields(Reading))  # in its own order


def all_patients(connection: Connection) -> list[Patient]:
    """Every patient that is not being removed, by id."""
    wanted = [patients.c[name] for name in Patient.__dataclass_fields__]
    query = select(*wanted).where(patients.c.removed_at.is_(None)).order_by(patients.c.id)
    return [Patient(*row) for row in connection.execute(query)]


def being_removed(connection: Connection) -> list[str]:
    """The ids of patients whose removal was begun and not finished."""
    query = select(patients.c.id).where(patients.c.removed_at.is_not(None))
    return list(connection.execute(query).scalars())


def add_patient(connection: Connection, patient: Patient) -> None:
    """A new row."""
    values = {name: getattr(patient, name) for name in Patient.__dataclass_fields__}
    connection.execute(insert(patients).values(values))


def change_patient(connection: Connection, id: str, changes: dict[str, Any]) -> None:
    """Write these columns and no others."""
    if changes:
        connection.execute(update(patients).where(patients.c.id == id).values(changes))


def forget_patient(connection: Connection, id: str) -> None:
    """The row itself goes, once all that hung on it is gone."""
    connection.execute(delete(patients).where(patients.c.id == id))


def add_readings(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows; their ids in the same order."""
    if not rows:
        return []
    if connection.dialect.insert_executemany_returning_sort_by_parameter_order:
        query = insert(readings).returning(readings.c.id, sort_by_parameter_order=True)
        return list(connection.execute(query, list(rows)).scalars())
    # MySQL itself does not tell the ids of many rows
    return [connection.execute(insert(readings).values(row)).lastrowid for row in rows]


def find_twin(connection: Connection, row: dict[str, Any]) -> int | None:
    """The id of the same reading, where a commit of which nobody heard was one after all."""
    c = readings.c
    same_patient = c.patient.is_(None) if row["patient"] is None else c.patient == row["patient"]
    query = select(c.id).where(
        same_patient, c.kind == row["kind"], c.at == row["at"],
        c.received_at == row["received_at"], c.source == row["source"], c.raw == row["raw"],
    )
    return connection.execute(query.limit(1)).scalar()


def amend_reading(connection: Connection, id: int, quality: str, reason: str | None) -> None:
    """Judge a stored reading anew."""
    connection.execute(
        update(readings).where(readings.c.id == id).values(quality=quality, reason=reason)
    )


def adopt(connection: Connection, device: str, patient: str) -> list[tuple[str, float]]:
    """Give a device's readings that are nobody's to ``patient``; kind and time of each."""
    loose = and_(readings.c.device == device, readings.c.patient.is_(None))
    query = select(readings.c.kind, readings.c.at).where(loose).distinct()
    moved = [(kind, at) for kind, at in connection.execute(query)]
    if moved:
        connection.execute(update(readings).where(loose).values(patient=patient))
    return moved


def remove_readings(connection: Connection, patient: str, most: int) -> int:
    """Delete up to ``most`` readings of a patient; how many those were."""
    query = select(readings.c.id).where(readings.c.patient == patient).limit(most)
    ids = list(connection.execute(query).scalars())
    if ids:
        connection.execute(delete(readings).where(readings.c.id.in_(ids)))
    return len(ids)


def find_reading(connection: Connection, patient: str, id: int) -> Reading | None:
    """One reading of a patient, or None when there is none such."""
    mine = and_(readings.c.id == id, readings.c.patient == patient)
    row = connection.execute(select(*_COLUMNS).where(mine)).first()
    return None if row is None else Reading(*row)


def remove_reading(connection: Connection, id: int) -> None:
    """Delete one reading."""
    connection.execute(delete(readings).where(readings.c.id == id))


def newest_of_devices(connection: Connection, most: int) -> list[Reading]:
    """The last ``most`` readings that devices sent, the oldest first."""
    query = select(*_COLUMNS).order_by(readings.c.id.desc()).limit(most)
    found = [Reading(**row) for row in connection.execute(query).mappings()]
    return [reading for reading in reversed(found) if reading.device is not None]


def is_loose(connection: Connection, device: str) -> bool:
    """Whether a device has readings that are nobody's."""
    loose = and_(readings.c.device == device, readings.c.patient.is_(None))
    return connection.execute(select(readings.c.id).where(loose).limit(1)).first() is not None


def latest(
    connection: Connection, patient: str, kind: str, before: float, most: int
) -> list[Reading]:
    """The newest ``most`` readings measured before ``before``, the newest first."""
    return list_readings(connection, patient, kind, None, before, most)


def list_readings(
    connection: Connection, patient: str, kind: str | None, since: float | None,
    until: float | None, most: int, after: tuple[float, int] | None = None,
) -> list[Reading]:
    """Readings from ``since`` to before ``until``, the newest first.

    ``after`` is time and id of the last one seen.
    """
    # asked for in one query, all kinds would be sorted by a look at every reading
    kinds = [kind] if kind is not None else list(KINDS)
    found = [_of_kind(connection, patient, each, since, until, most, after) for each in kinds]
    merged = merge(*found, key=lambda each: (each.at, each.id), reverse=True)
    return list(islice(merged, most))


def _of_kind(
    connection: Connection, patient: str, kind: str, since: float | None,
    until: float | None, most: int, after: tuple[float, int] | None,
) -> list[Reading]:
    c = readings.c
    query = select(*_COLUMNS).where(c.patient == patient, c.kind == kind)
    if since is not None:
        query = query.where(c.at >= since)
    if until is not None:
        query = query.where(c.at < until)
    if after is not None:
        at, id = after
        query = query.where(c.at <= at, or_(c.at < at, c.id < id))
    query = query.order_by(c.at.desc(), c.id.desc()).limit(most)
    return [Reading(*row) for row in connection.execute(query)]


def newest_good(
    connection: Connection, patient: str, kind: str, since: float, until: float,
    without: Iterable[str] = (),
) -> Reading | None:
    """The newest good reading from ``since`` to before ``until``, none of these sources."""
    c = readings.c
    query = select(*_COLUMNS).where(
        c.patient == patient, c.kind == kind, c.at >= since, c.at < until, c.quality == GOOD,
        c.source.not_in(tuple(without)),
    )
    row = connection.execute(query.order_by(c.at.desc(), c.id.desc()).limit(1)).first()
    return None if row is None else Reading(*row)


def first_at(connection: Connection, patient: str, kind: str) -> float | None:
    """When the oldest reading of a kind was measured."""
    mine = and_(readings.c.patient == patient, readings.c.kind == kind)
    return connection.execute(select(func.min(readings.c.at)).where(mine)).scalar()


def good_values(
    connection: Connection, patient: str, kind: str, since: float, until: float
) -> list[tuple[float, float]]:
    """Time and value of each good reading from ``since`` to before ``until``, by time."""
    c = readings.c
    query = select(c.at, c.value).where(
        c.patient == patient, c.kind == kind, c.at >= since, c.at < until, c.quality == GOOD,
    )
    return [(at, value) for at, value in connection.execute(query.order_by(c.at))]


def trend(
    connection: Connection, patient: str, kind: str, since: float, until: float, most: int
) -> list[tuple[float, float]]:
    """Time and value of the newest readings that were not rejected, by time."""
    c = readings.c
    query = select(c.at, c.value).where(
        c.patient == patient, c.kind == kind, c.at >= since, c.at < until,
        c.quality != REJECTED,
    )
    rows = connection.execute(query.order_by(c.at.desc()).limit(most)).all()
    return [(at, value) for at, value in reversed(rows)]
