"""The table of questionnaires."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from iotd.store.metadata import Time, metadata

questionnaires = Table(
    "questionnaires", metadata,
    Column("patient", String(40), ForeignKey("patients.id", ondelete="CASCADE"),
           primary_key=True),
    Column("answers", Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb"), nullable=False),
    Column("step", String(24), nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Time, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("finished_at", Time),
)
