"""The tables of the fleet: the newest report of each board, and what happened to it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from iotd.store.metadata import Time, metadata

boards = Table(
    "boards", metadata,
    Column("device", String(64), ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
    Column("version", String(40)),
    Column("build", BigInteger),
    Column("firmware_kind", String(40)),
    Column("chip", String(40)),
    Column("slot", String(40)),
    Column("mpy", Integer),
    Column("boot", String(40)),
    Column("booted_at", Time),
    Column("reset", String(40)),
    Column("restarts", Integer, nullable=False),
    Column("free_memory", BigInteger),
    Column("last_update", String(40)),
    Column("tls", Integer),
    Column("told_at", Time, nullable=False),
)

board_events = Table(
    "board_events", metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True,
           autoincrement=True),
    Column("device", String(64), ForeignKey("devices.id", ondelete="CASCADE"), nullable=False),
    Column("at", Time, nullable=False),
    Column("what", String(24), nullable=False),  # connected lost restarted command update alarm
    Column("text", String(200), nullable=False),
    Column("by", String(64), nullable=False),
    Column("result", String(24), nullable=False),
    Index("ix_board_events_device_id", "device", "id"),
    Index("ix_board_events_at", "at"),
)
