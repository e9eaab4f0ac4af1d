"""The tables of the fleet: the newest report of each board, and what happened to it."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from sqlalchemy import (
    BigInteger, Column, Connection, ForeignKey, Index, Integer, String, Table, bindparam, delete,
    insert, select, update,
)

from iotd.devices.records import devices
from iotd.fleet.model import Board, Event
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


def all_boards(connection: Connection) -> list[Board]:
    """What every board told last."""
    rows = connection.execute(select(boards)).mappings()
    return [Board(**row) for row in rows]


def write_news(
    connection: Connection, news: Sequence[Board], events: Sequence[Event],
    heard: Mapping[str, tuple[str | None, int | None]],
) -> None:
    """Boards as they are now, what happened, and ``heard``: firmware and dBm by device.

    What is told of a device that is gone goes with it.
    """
    told = {board.device for board in news}
    there = _known(connection, devices.c.id, told | {event.device for event in events})
    known = _known(connection, boards.c.device, told)
    rows = [vars(board) for board in news if board.device in there]
    _many(connection, insert(boards), [row for row in rows if row["device"] not in known])
    _many(connection, _UPDATE, [
        {**row, "of": row["device"]} for row in rows if row["device"] in known
    ])
    _many(connection, insert(board_events), [vars(e) for e in events if e.device in there])
    _many(connection, _HEARD, [
        {"of": id, "firmware": firmware, "rssi": rssi} for id, (firmware, rssi) in heard.items()
    ])


_UPDATE = update(boards).where(boards.c.device == bindparam("of"))
_HEARD = update(devices).where(devices.c.id == bindparam("of"))
_CHUNK = 500  # values in one IN, rows in one DELETE


def _known(connection: Connection, column: Any, wanted: Iterable[str]) -> set[str]:
    found: set[str] = set()
    names = sorted(wanted)
    for start in range(0, len(names), _CHUNK):
        asked = select(column).where(column.in_(names[start:start + _CHUNK]))
        found.update(connection.execute(asked).scalars())
    return found


def _many(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def trim(connection: Connection, device: str, keep: int) -> None:
    """Let the oldest events of a board go, beyond the newest ``keep``."""
    own = board_events.c.device == device
    newest = select(board_events.c.id).where(own).order_by(board_events.c.id.desc())
    oldest = connection.execute(newest.limit(1).offset(keep)).scalar()
    if oldest is not None:
        connection.execute(delete(board_events).where(own, board_events.c.id <= oldest))


def drop_old(connection: Connection, before: float) -> int:
    """Let some of the events from before then go; how many, 0: there are none any more."""
    old = select(board_events.c.id).where(board_events.c.at < before).limit(_CHUNK)
    ids = list(connection.execute(old).scalars())
    if ids:
        connection.execute(delete(board_events).where(board_events.c.id.in_(ids)))
    return len(ids)
