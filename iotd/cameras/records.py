"""What is kept of cameras beside their device row: whether somebody started them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean, Column, Connection, ForeignKey, String, Table, delete, false, insert, select,
)

from iotd.store.metadata import metadata

cameras = Table(
    "cameras", metadata,
    Column(
        "device_id", String(64), ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("started", Boolean, nullable=False, server_default=false()),
)


def all_started(connection: Connection) -> dict[str, bool]:
    """Every camera that was ever started or stopped, and which of both."""
    rows = connection.execute(select(cameras.c.device_id, cameras.c.started))
    return {id: bool(started) for id, started in rows}


def save_started(connection: Connection, id: str, started: bool) -> None:
    """Remember it across reconnects and restarts."""
    connection.execute(delete(cameras).where(cameras.c.device_id == id))
    connection.execute(insert(cameras).values(device_id=id, started=started))
