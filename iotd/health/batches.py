"""One group of readings on their way to the disk: what it is made of, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

from twisted.internet.defer import Deferred

from iotd.accounts.shared import By
from iotd.health import bucket_records, records
from iotd.health.bucket_records import Key
from iotd.health.records import Reading


@dataclass(slots=True)
class Arrival:
    """A reading to store; ``told`` is who waits for that, ``by`` who is to be audited."""

    reading: Reading
    told: Deferred[Reading] | None = None
    by: By | None = None


@dataclass(slots=True)
class Amendment:
    """A reading that was judged anew after it was put in line."""

    reading: Reading


@dataclass(slots=True)
class Adoption:
    """A device's readings that are nobody's become a patient's."""

    device: str
    patient: str


Item = Arrival | Amendment | Adoption


@dataclass
class Batch:
    """One group as plain values, for the thread that writes."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    amended: list[tuple[int, str, str | None]] = field(default_factory=list)
    adopted: list[tuple[str, str]] = field(default_factory=list)
    stale: set[Key] = field(default_factory=set)
    audited: list[tuple[By, str, str]] = field(default_factory=list)
    again: bool = False  # a try before this one may have been a commit after all


def write_batch(connection: Any, batch: Batch, day_of: Callable[[float], str]) -> list[int]:
    """Store a group; the ids of its rows."""
    ids = _insert(connection, batch)
    for amended in batch.amended:
        records.amend_reading(connection, *amended)
    stale = set(batch.stale)
    for device, patient in batch.adopted:
        moved = records.adopt(connection, device, patient)
        stale |= {(patient, kind, day_of(at)) for kind, at in moved}
    bucket_records.mark_stale(connection, sorted(stale))
    for by, patient, said in batch.audited:
        by.audit(connection, "add reading", patient, said, patient=patient)
    return ids


def _insert(connection: Any, batch: Batch) -> list[int]:
    if not batch.again:
        return records.add_readings(connection, batch.rows)
    ids = []
    for row in batch.rows:
        twin = records.find_twin(connection, row)
        ids.append(records.add_readings(connection, [row])[0] if twin is None else twin)
    return ids
