"""Readings and data sheets as CSV: a page of lines at a time."""

from __future__ import annotations

from typing import Any, Sequence

from sqlalchemy import Connection

from iotd.health import records, sheet
from iotd.calendar import Calendar
from iotd.health.model import KINDS
from iotd.health.records import Reading
from iotd.site.csv_lines import lines
from iotd.times import rfc3339

READINGS = ("measured_at", "local_time", "kind", "value", "unit", "source", "quality",
            "received_at")
SHEET = ("measured_at", "local_time", *KINDS, "source", "quality")
AT_ONCE = 2000  # lines of a page


def readings_page(
    connection: Connection, calendar: Calendar, patient: str, kind: str | None,
    since: float | None, until: float | None, after: sheet.Point | None,
) -> tuple[bytes, sheet.Point | None]:
    """Some lines, and where to go on; None at the end."""
    found = records.list_readings(connection, patient, kind, since, until, AT_ONCE, after)
    last = (found[-1].at, found[-1].id or 0) if len(found) == AT_ONCE else None
    return lines(_reading(each, calendar) for each in found), last


def sheet_page(
    connection: Connection, calendar: Calendar, patient: str,
    since: float | None, until: float | None, after: sheet.Place | None,
) -> tuple[bytes, sheet.Place | None]:
    """The same of a data sheet."""
    rows, place = sheet.read_page(connection, patient, since, until, AT_ONCE, after)
    return lines(_row(each, calendar) for each in rows), place


def number(value: float | None) -> str:
    """The shortest text of a value; nothing for none."""
    return "" if value is None else f"{value:.10g}"


def _reading(reading: Reading, calendar: Calendar) -> Sequence[Any]:
    return (
        rfc3339(reading.at), _local(reading.at, calendar), reading.kind, number(reading.value),
        KINDS[reading.kind].unit, reading.source, reading.quality, rfc3339(reading.received_at),
    )


def _row(row: sheet.Row, calendar: Calendar) -> Sequence[Any]:
    told = row.as_json()
    return (
        told["measured_at"], _local(row.start[0], calendar),
        *(number(told[name]) for name in KINDS), row.source, told["quality"],
    )


def _local(at: float, calendar: Calendar) -> str:
    return calendar.local(at).replace(tzinfo=None).isoformat(" ", "seconds")
