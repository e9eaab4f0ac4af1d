"""Boards as a fleet: what they tell of themselves, and roll-outs of their firmware."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iotd.store.migrations.steps import ID, OPTIONS, PLAIN, TIME, column, index

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    column("devices", sa.Column("place", sa.String(100)))
    index("audit", ["subject"])  # what people did to one board
    for part in (_boards, _events, _rollouts, _rollout_boards):
        part()


def _boards() -> None:
    op.create_table(
        "boards",
        sa.Column("device", sa.String(64), sa.ForeignKey("devices.id", ondelete="CASCADE"),
                  primary_key=True),
        sa.Column("version", sa.String(40)),
        sa.Column("build", sa.BigInteger),
        sa.Column("firmware_kind", sa.String(40)),
        sa.Column("chip", sa.String(40)),
        sa.Column("slot", sa.String(40)),
        sa.Column("mpy", sa.Integer),
        sa.Column("boot", sa.String(40)),
        sa.Column("booted_at", TIME),
        sa.Column("reset", sa.String(40)),
        sa.Column("restarts", sa.Integer, nullable=False),
        sa.Column("free_memory", sa.BigInteger),
        sa.Column("last_update", sa.String(40)),
        sa.Column("tls", sa.Integer),
        sa.Column("told_at", TIME, nullable=False),
        **PLAIN,
    )


def _events() -> None:
    op.create_table(
        "board_events",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("device", sa.String(64), sa.ForeignKey("devices.id", ondelete="CASCADE"),
                  nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("what", sa.String(24), nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("result", sa.String(24), nullable=False),
        **OPTIONS,
    )
    index("board_events", ["device", "id"])
    index("board_events", ["at"])


def _rollouts() -> None:
    op.create_table(
        "rollouts",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("build", sa.BigInteger, nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("wave", sa.Integer, nullable=False),
        sa.Column("older", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("started_by", sa.String(64), nullable=False),
        sa.Column("wave_at", TIME),
        sa.Column("ended_at", TIME),
        **OPTIONS,
    )


def _rollout_boards() -> None:
    op.create_table(
        "rollout_boards",
        sa.Column("rollout", ID, sa.ForeignKey("rollouts.id", ondelete="CASCADE"),
                  primary_key=True, autoincrement=False),
        sa.Column("device", sa.String(64), sa.ForeignKey("devices.id", ondelete="CASCADE"),
                  primary_key=True),
        sa.Column("wave", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("done_bytes", sa.BigInteger, nullable=False),
        sa.Column("total_bytes", sa.BigInteger, nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("boot", sa.String(40)),
        sa.Column("last", sa.String(40)),
        sa.Column("tries", sa.Integer, nullable=False),
        **PLAIN,
    )
