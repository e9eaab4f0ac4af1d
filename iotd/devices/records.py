"""The devices' table."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Mapping

from sqlalchemy import (
    Column, Connection, Integer, String, Table, Text, delete, insert, select, update,
)

from iotd.devices.model import Approval, Device
from iotd.store.metadata import Time, metadata

devices = Table(
    "devices", metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("approval", String(16), nullable=False),
    Column("address", String(64)),
    Column("wire", String(8), nullable=False),
    Column("key_sealed", Text),
    Column("first_seen", Time, nullable=False),
    Column("last_seen", Time),
    Column("rssi", Integer),
    Column("firmware", String(64)),
    Column("patient", String(40)),
    Column("camera", String(64)),
    Column("place", String(100)),
)


def all_devices(connection: Connection) -> list[Device]:
    """Every device."""
    rows = connection.execute(select(devices).order_by(devices.c.id)).mappings()
    return [Device(**{**row, "approval": Approval(row["approval"])}) for row in rows]


def save_device(connection: Connection, device: Device) -> None:
    """Make the row, or bring it up to date."""
    values: dict[str, Any] = {**asdict(device), "approval": device.approval.value}
    known = connection.execute(
        select(devices.c.id).where(devices.c.id == device.id).with_for_update()
    ).first()
    if known is None:
        connection.execute(insert(devices).values(values))
    else:
        connection.execute(update(devices).where(devices.c.id == device.id).values(values))


def change_device(connection: Connection, id: str, changes: Mapping[str, Any]) -> None:
    """Write these columns and no others; a device that is gone stays gone."""
    values = {k: v.value if isinstance(v, Approval) else v for k, v in changes.items()}
    if values:
        connection.execute(update(devices).where(devices.c.id == id).values(values))


def touch_devices(connection: Connection, last_seen: dict[str, float]) -> None:
    """Write when devices were last heard."""
    for id, at in last_seen.items():
        connection.execute(update(devices).where(devices.c.id == id).values(last_seen=at))


def remove_device(connection: Connection, id: str) -> None:
    """Forget it and what hangs on it."""
    connection.execute(delete(devices).where(devices.c.id == id))


def merge_device(
    connection: Connection, duplicate: str, kept: str, changes: Mapping[str, Any]
) -> None:
    """``duplicate`` was ``kept`` at another address: one row remains, the kept one."""
    remove_device(connection, duplicate)
    change_device(connection, kept, changes)
