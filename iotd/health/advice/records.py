"""The tables of advice and notes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from iotd.store.metadata import Id, Time, metadata

Words = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


def of_patient() -> Column[str]:
    """The column that says whose row it is; the row goes with the patient."""
    key = ForeignKey("patients.id", ondelete="CASCADE")
    return Column("patient", String(40), key, nullable=False)


versions = Table(
    "advice_versions", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    of_patient(),
    Column("section", String(16), nullable=False),
    Column("text", Words, nullable=False),
    Column("state", String(12), nullable=False),  # draft, published
    Column("author", String(64), nullable=False),
    Column("author_name", String(100), nullable=False),
    Column("at", Time, nullable=False),
    Column("base", BigInteger),  # the version that its author had read
    Index(None, "patient", "section", "id"),
    sqlite_autoincrement=True,
)

notes = Table(
    "notes", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    of_patient(),
    Column("note", BigInteger),  # the note of which this is a later version
    Column("text", Words, nullable=False),
    Column("author", String(64), nullable=False),
    Column("author_name", String(100), nullable=False),
    Column("at", Time, nullable=False),
    Index(None, "patient", "id"),
    sqlite_autoincrement=True,
)
