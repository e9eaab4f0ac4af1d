"""Patients, readings and what is computed of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iotd.store.migrations.steps import ID, OPTIONS, PLAIN, TIME, index

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _patients()
    _readings()
    _buckets()


def _patients() -> None:
    op.create_table(
        "patients",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("sex", sa.String(16), nullable=False),
        sa.Column("birth_date", sa.String(10)),
        sa.Column("owner", sa.String(64)),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("removed_at", TIME),
        **PLAIN,
    )


def _readings() -> None:
    op.create_table(
        "readings",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("patient", sa.String(40)),
        sa.Column("device", sa.String(64)),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("raw", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("quality", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(200)),
        **OPTIONS,
    )
    index("readings", ["patient", "kind", "at"])
    index("readings", ["device", "patient"])


def _buckets() -> None:
    op.create_table(
        "reading_days",
        sa.Column("patient", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(24), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("stale", sa.Boolean, nullable=False),
        **PLAIN,
    )
    index("reading_days", ["stale", "day"])
    op.create_table(
        "reading_buckets",
        sa.Column("patient", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(24), primary_key=True),
        sa.Column("width", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("start", TIME, primary_key=True),
        sa.Column("end", TIME, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("min", sa.Double, nullable=False),
        sa.Column("median", sa.Double, nullable=False),
        sa.Column("max", sa.Double, nullable=False),
        sa.Column("coverage", sa.Double, nullable=False),
        **PLAIN,
    )
