"""The tables of roll-outs: which firmware goes to which boards, and how far it got."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table

from iotd.store.metadata import Time, metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

rollouts = Table(
    "rollouts", metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("build", BigInteger, nullable=False),
    Column("version", String(40), nullable=False),
    Column("state", String(16), nullable=False),  # running stopped done cancelled
    Column("wave", Integer, nullable=False),
    Column("older", Boolean, nullable=False),  # somebody allowed going back
    Column("reason", String(200), nullable=False),
    Column("started_at", Time, nullable=False),
    Column("started_by", String(64), nullable=False),
    Column("wave_at", Time),
    Column("ended_at", Time),
)

rollout_boards = Table(
    "rollout_boards", metadata,
    Column("rollout", _ID, ForeignKey("rollouts.id", ondelete="CASCADE"), primary_key=True,
           autoincrement=False),
    Column("device", String(64), ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
    Column("wave", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # waiting offered loading trying done failed
    Column("done_bytes", BigInteger, nullable=False),
    Column("total_bytes", BigInteger, nullable=False),
    Column("text", String(200), nullable=False),
    Column("changed_at", Time, nullable=False),
)
