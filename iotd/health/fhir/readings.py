"""Which readings an export holds: each by itself, or the median of each hour or day.

A watch that is polled every 30 s says 260,000 values of a kind in 90 days. Good
ones only: suspect and rejected readings are no measurements to go on with, and
are in ``readings.csv`` with their reasons.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from iotd.calendar import Calendar
from iotd.errors import Invalid
from iotd.health import records
from iotd.health.buckets import Bucket, Reader
from iotd.health.model import GOOD
from iotd.health.records import Reading

DETAILS = ("auto", "all", "hour", "day")
DAYS = 90  # when nothing is said
SINGLY = 500  # readings of a kind that are told one by one when nothing is said
MOST = 10_000  # readings, or medians, in one export
_WIDTHS = {"hour": 3600, "day": 86400}
#: Kinds that are told in the same way, for they are one measurement.
_TOGETHER = (("heart_rate",), ("body_temperature",), ("spo2",), ("bp_systolic", "bp_diastolic"))


@dataclass(frozen=True)
class Span:
    """What is asked for, in Unix seconds."""

    since: float
    until: float
    detail: str = "auto"


@dataclass
class Measured:
    """Readings by kind, the newest first; or, of other kinds, medians by time."""

    singly: dict[str, list[Reading]] = field(default_factory=dict)
    medians: dict[str, list[Bucket]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many there are."""
        singly = sum(len(each) for each in self.singly.values())
        return singly + sum(len(each) for each in self.medians.values())


def read(
    connection: Connection, calendar: Calendar, slot: float, patient: str, span: Span
) -> Measured:
    """The good readings of a span; Invalid when they are too many."""
    found = Measured()
    for kinds in _TOGETHER:
        left = MOST - found.count
        singly = _singly(connection, patient, span, kinds, left)
        if singly is not None:
            found.singly |= singly
            continue
        for kind in kinds:
            reader = Reader(connection, calendar, slot, patient, kind)
            width = _WIDTHS.get(span.detail, _WIDTHS["day"])
            found.medians[kind] = reader.read(width, span.since, span.until, left + 1)
        if found.count > MOST:
            raise _too_many()
    return found


def _singly(
    connection: Connection, patient: str, span: Span, kinds: tuple[str, ...], left: int
) -> dict[str, list[Reading]] | None:
    """The good readings of these kinds; None when medians are to stand for them."""
    if span.detail in _WIDTHS:
        return None
    most = left if span.detail == "all" else SINGLY
    found = {
        kind: records.list_readings(connection, patient, kind, span.since, span.until, most + 1)
        for kind in kinds
    }
    if max(map(len, found.values())) > most:
        if span.detail == "all":
            raise _too_many()
        return None
    return {
        kind: [each for each in rows if each.quality == GOOD] for kind, rows in found.items()
    }


def _too_many() -> Invalid:
    return Invalid(
        f"These are more than {MOST:,} readings: ask for less with since and until, or for"
        " readings=day.", "readings",
    )
