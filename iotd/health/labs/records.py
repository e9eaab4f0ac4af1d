"""The tables of laboratory results, and what is asked of them."""

from __future__ import annotations

import json
from typing import Any, Iterable

from sqlalchemy import (
    Column, Connection, Double, ForeignKey, Integer, String, Table, Text, UniqueConstraint,
    delete, func, insert, select, update,
)

from iotd.health.labs.analytes import ANALYTES
from iotd.health.labs.model import Result
from iotd.health.labs.ranges import SITE, Range
from iotd.health.labs.reports import Report
from iotd.store.metadata import Id, Time, metadata

MOST_COLUMNS = 50  # kinds of files that are remembered of one owner

reports = Table(
    "lab_reports", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("patient", String(40), ForeignKey("patients.id", ondelete="CASCADE"), nullable=False),
    Column("date", String(10), nullable=False),
    Column("laboratory", String(100), nullable=False),
    Column("source", String(16), nullable=False),  # hand, csv, api, fhir
    Column("created_at", Time, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("changed_at", Time, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("patient", "date"),
    sqlite_autoincrement=True,
)

values = Table(
    "lab_values", metadata,
    Column("report_id", Id, ForeignKey("lab_reports.id", ondelete="CASCADE"), primary_key=True,
           autoincrement=False),
    Column("analyte", String(24), primary_key=True),
    Column("value", Double, nullable=False),  # in the unit of the analyte
    Column("comparator", String(2)),  # "<3" was told: the value is a limit, not a result
    Column("given_value", Double, nullable=False),  # as it was told ...
    Column("given_unit", String(24), nullable=False),
    Column("low", Double),  # the laboratory's own range, in the unit of the analyte
    Column("high", Double),
    Column("fasting", String(8)),  # of glucose: fasting, random, or not told
)

columns = Table(
    "lab_columns", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("owner", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),  # of the head line of a file
    Column("mapping", Text, nullable=False),  # JSON
    Column("used_at", Time, nullable=False),
    UniqueConstraint("owner", "fingerprint"),
    sqlite_autoincrement=True,
)

ranges = Table(
    "lab_ranges", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("analyte", String(24), nullable=False),
    Column("sex", String(8), nullable=False),  # female, male, or any
    Column("age_from", Integer, nullable=False),
    Column("age_to", Integer, nullable=False),
    Column("low", Double),
    Column("high", Double),
    Column("source", String(200), nullable=False),
    Column("changed_at", Time, nullable=False),
    Column("changed_by", String(64), nullable=False),
    sqlite_autoincrement=True,
)


def list_reports(connection: Connection, patient: str) -> list[Report]:
    """Every report of a patient, the oldest first."""
    c = reports.c
    rows = connection.execute(
        select(reports).where(c.patient == patient).order_by(c.date)
    ).mappings().all()
    held = _results(connection, select(c.id).where(c.patient == patient))
    return [_report(row, held.get(row["id"], {})) for row in rows]


def find_report(connection: Connection, patient: str, day: str) -> Report | None:
    """The report of a day."""
    c = reports.c
    row = connection.execute(
        select(reports).where(c.patient == patient, c.date == day)
    ).mappings().one_or_none()
    if row is None:
        return None
    return _report(row, _results(connection, [row["id"]]).get(row["id"], {}))


def count_reports(connection: Connection, patient: str) -> int:
    """How many reports a patient has."""
    query = select(func.count()).select_from(reports).where(reports.c.patient == patient)
    return int(connection.execute(query).scalar_one())


def _report(row: Any, results: dict[str, Result]) -> Report:
    return Report(
        row["id"], row["date"], row["laboratory"], row["source"], row["version"],
        row["changed_at"], results,
    )


def _results(connection: Connection, ids: Any) -> dict[int, dict[str, Result]]:
    found: dict[int, dict[str, Result]] = {}
    for row in connection.execute(select(values).where(values.c.report_id.in_(ids))).mappings():
        if row["analyte"] not in ANALYTES:  # of a later version
            continue
        found.setdefault(row["report_id"], {})[row["analyte"]] = Result(
            row["analyte"], row["value"], row["comparator"], row["given_value"],
            row["given_unit"], row["low"], row["high"], row["fasting"],
        )
    return found


def add_report(
    connection: Connection, patient: str, day: str, laboratory: str, source: str, who: str,
    at: float,
) -> int:
    """A report without results; its number."""
    made: Any = connection.execute(insert(reports).values(
        patient=patient, date=day, laboratory=laboratory, source=source, created_at=at,
        created_by=who, changed_at=at, changed_by=who, version=1,
    ))
    return int(made.inserted_primary_key[0])


def touch_report(
    connection: Connection, id: int, laboratory: str, source: str, who: str, at: float
) -> None:
    """Another version of a report."""
    connection.execute(update(reports).where(reports.c.id == id).values(
        laboratory=laboratory, source=source, changed_at=at, changed_by=who,
        version=reports.c.version + 1,
    ))


def put_result(connection: Connection, report: int, result: Result) -> None:
    """Put a result in the place of what was there."""
    drop_result(connection, report, result.key)
    connection.execute(insert(values).values(
        report_id=report, analyte=result.key, value=result.value, comparator=result.comparator,
        given_value=result.given, given_unit=result.unit, low=result.low, high=result.high,
        fasting=result.fasting,
    ))


def drop_result(connection: Connection, report: int, key: str) -> None:
    """Take a result out."""
    connection.execute(
        delete(values).where(values.c.report_id == report, values.c.analyte == key)
    )


def remove_report(connection: Connection, id: int) -> None:
    """Remove a report and its results."""
    connection.execute(delete(values).where(values.c.report_id == id))
    connection.execute(delete(reports).where(reports.c.id == id))


def site_ranges(connection: Connection) -> list[Range]:
    """The ranges that admins of this site have entered."""
    c = ranges.c
    return [
        Range(row["analyte"], row["low"], row["high"], row["source"], row["sex"],
              row["age_from"], row["age_to"], kind=SITE)
        for row in connection.execute(select(ranges).order_by(c.id)).mappings()
        if row["analyte"] in ANALYTES
    ]


def put_site_ranges(
    connection: Connection, analyte: str, rows: Iterable[Range], who: str, at: float
) -> None:
    """Put these in the place of an analyte's ranges of this site; none: as they are built in."""
    connection.execute(delete(ranges).where(ranges.c.analyte == analyte))
    for row in rows:
        connection.execute(insert(ranges).values(
            analyte=analyte, sex=row.sex, age_from=row.age_from, age_to=row.age_to,
            low=row.low, high=row.high, source=row.source, changed_at=at, changed_by=who,
        ))


def find_columns(connection: Connection, owner: str, fingerprint: str) -> dict[str, Any] | None:
    """What somebody said of the columns of such files before."""
    c = columns.c
    found = connection.execute(
        select(c.mapping).where(c.owner == owner, c.fingerprint == fingerprint)
    ).scalar_one_or_none()
    return None if found is None else json.loads(found)


def keep_columns(
    connection: Connection, owner: str, fingerprint: str, mapping: dict[str, Any], at: float
) -> None:
    """Remember what somebody said of the columns of such files; the last 50 kinds."""
    c = columns.c
    mine = c.owner == owner
    connection.execute(delete(columns).where(mine, c.fingerprint == fingerprint))
    old = connection.execute(
        select(c.id).where(mine).order_by(c.used_at.desc()).offset(MOST_COLUMNS - 1).limit(1000)
    ).scalars().all()
    if old:
        connection.execute(delete(columns).where(c.id.in_(old)))
    connection.execute(insert(columns).values(
        owner=owner, fingerprint=fingerprint, mapping=json.dumps(mapping), used_at=at,
    ))


def forget_columns(connection: Connection, owner: str) -> None:
    """Forget it all, with the account."""
    connection.execute(delete(columns).where(columns.c.owner == owner))
