"""The tables of laboratory results."""

from __future__ import annotations

from sqlalchemy import (
    Column, Double, ForeignKey, Integer, String, Table, Text, UniqueConstraint,
)

from iotd.store.metadata import Id, Time, metadata

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
