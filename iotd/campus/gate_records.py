"""Tables of gates: their numbers and floors, and which messages of which boot were applied."""

from __future__ import annotations

from typing import Any, Iterator

from sqlalchemy import (
    BigInteger, Column, Connection, Integer, PrimaryKeyConstraint, String, Table, Text, insert,
    select, update,
)

from iotd.store.metadata import Id, Time, metadata

# A gate keeps its number when its device is removed: movements go on naming it.
gates = Table(
    "campus_gates", metadata,
    Column("number", Id, primary_key=True),
    Column("device_id", String(64), nullable=False, unique=True),
    Column("min_rssi", Integer),
)

# ``heard``: the ``seq`` that were applied, as JSON pairs [from, to].
boots = Table(
    "campus_boots", metadata,
    Column("gate", BigInteger, nullable=False),
    Column("boot", String(32), nullable=False),
    Column("first_heard", Time, nullable=False),
    Column("last_heard", Time, nullable=False),
    Column("heard", Text, nullable=False),
    PrimaryKeyConstraint("gate", "boot"),
)


def number_of(connection: Connection, device_id: str) -> int:
    """The gate's number, made at its first use."""
    known = select(gates.c.number).where(gates.c.device_id == device_id)
    number = connection.execute(known).scalar()
    if number is None:
        connection.execute(insert(gates).values(device_id=device_id, min_rssi=None))
        number = connection.execute(known).scalar_one()
    return int(number)


def all_floors(connection: Connection) -> dict[str, int]:
    """The floor in dBm of each gate that has one of its own."""
    rows = connection.execute(
        select(gates.c.device_id, gates.c.min_rssi).where(gates.c.min_rssi.is_not(None))
    )
    return {row.device_id: row.min_rssi for row in rows}


def set_floor(connection: Connection, device_id: str, min_rssi: int | None) -> None:
    """Give a gate a floor of its own, or the default again (None)."""
    number = number_of(connection, device_id)
    connection.execute(update(gates).where(gates.c.number == number).values(min_rssi=min_rssi))


def boots_since(connection: Connection, at: float) -> Iterator[Any]:
    """Rows of ``device_id boot last_heard heard`` heard since, those heard last first."""
    found = select(gates.c.device_id, boots.c.boot, boots.c.last_heard, boots.c.heard)
    found = found.join_from(boots, gates, boots.c.gate == gates.c.number)
    found = found.where(boots.c.last_heard >= at).order_by(boots.c.last_heard.desc())
    yield from connection.execute(found)
