"""The tables of roll-outs: which firmware goes to which boards, and how far it got."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Iterable, Mapping, Sequence

from sqlalchemy import (
    BigInteger, Boolean, Column, Connection, ForeignKey, Integer, String, Table, bindparam, func,
    insert, select, update,
)

from iotd.devices.records import devices
from iotd.errors import Conflict
from iotd.store.metadata import Time, metadata
from iotd.updates import model
from iotd.updates.model import Board, Rollout, Tally

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
    Column("state", String(16), nullable=False),  # waiting offered loading trying done failed left
    Column("done_bytes", BigInteger, nullable=False),
    Column("total_bytes", BigInteger, nullable=False),
    Column("text", String(200), nullable=False),
    Column("changed_at", Time, nullable=False),
    # what it told when it was offered: told again after a restart of iotd it is no news
    Column("boot", String(40)),
    Column("last", String(40)),
    Column("tries", Integer, nullable=False),
)

#: Of a board; the rest is what this process knows of it.
_KEPT = ("device", "wave", "state", "done_bytes", "total_bytes", "text", "changed_at", "boot",
         "last", "tries")
_AT_ONCE = 500  # names in one statement


def live_rollouts(connection: Connection) -> list[tuple[Rollout, list[Board]]]:
    """Those that go on, or may, by id: not cancelled, and with a board that has not ended."""
    unended = select(rollout_boards.c.rollout).where(rollout_boards.c.state.not_in(model.ENDED))
    wanted = rollouts.c.state.in_((model.RUNNING, model.STOPPED)) | (
        (rollouts.c.state == model.OVER) & rollouts.c.id.in_(unended)
    )
    rows = connection.execute(select(rollouts).where(wanted).order_by(rollouts.c.id)).mappings()
    return [(_rollout(row), boards_of(connection, row["id"])) for row in rows.all()]


def get_rollout(connection: Connection, id: int) -> Rollout | None:
    """One of them, however it ended."""
    row = connection.execute(select(rollouts).where(rollouts.c.id == id)).mappings().first()
    return None if row is None else _rollout(row)


def boards_of(connection: Connection, rollout: int) -> list[Board]:
    """The boards of a roll-out, by wave and id."""
    of = rollout_boards.c
    query = select(rollout_boards).where(of.rollout == rollout).order_by(of.wave, of.device)
    return [_board(row) for row in connection.execute(query).mappings()]


def list_rollouts(
    connection: Connection, limit: int, before: int | None
) -> list[tuple[Rollout, Tally]]:
    """Roll-outs, newest first, from below an id on. The database counts their boards: a page
    of them can have 100,000."""
    query = select(rollouts).order_by(rollouts.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(rollouts.c.id < before)
    found = [_rollout(row) for row in connection.execute(query).mappings()]
    of = rollout_boards.c
    counted = (
        select(of.rollout, of.state, func.count(), func.max(of.wave))
        .where(of.rollout.in_([each.id for each in found])).group_by(of.rollout, of.state)
    )
    counts: dict[int, dict[str, int]] = {each.id: {} for each in found}
    waves = dict.fromkeys(counts, 0)
    for id, state, count, wave in connection.execute(counted):
        counts[id][state] = count
        waves[id] = max(waves[id], wave)
    return [(each, Tally(waves[each.id], counts[each.id])) for each in found]


def add_rollout(
    connection: Connection, rollout: Rollout, boards: Iterable[Board]
) -> tuple[Rollout, list[Board]]:
    """The roll-out with its id, and those of its boards that are still devices; what earlier
    ones wanted of these ends. Conflict while another one runs."""
    must_be_none_running(connection)
    there = set(connection.execute(select(devices.c.id)).scalars())
    taken = [each for each in boards if each.device in there]
    if not taken:
        raise Conflict("These boards were removed meanwhile.", "devices")
    fields = {key: value for key, value in asdict(rollout).items() if key != "id"}
    id = int(connection.execute(insert(rollouts).values(**fields)).lastrowid)
    _leave_to(connection, id, [each.device for each in taken], rollout.started_at)
    connection.execute(insert(rollout_boards), [
        {"rollout": id, **{name: getattr(each, name) for name in _KEPT}} for each in taken
    ])
    return replace(rollout, id=id), taken


def must_be_none_running(connection: Connection) -> None:
    """Conflict while a roll-out runs: two would take boards from each other."""
    query = select(rollouts.c.id).where(rollouts.c.state == model.RUNNING)
    if (running := connection.execute(query).scalar()) is not None:
        raise Conflict(f"Roll-out {running} is under way: wait, or cancel it first.", "build")


def save_rollout(connection: Connection, rollout: Rollout) -> None:
    """What it has become."""
    fields = asdict(rollout)
    connection.execute(update(rollouts).where(rollouts.c.id == fields.pop("id")).values(**fields))


def change_rollout(connection: Connection, id: int, changes: Mapping[str, Any]) -> None:
    """Set columns of one."""
    connection.execute(update(rollouts).where(rollouts.c.id == id).values(**changes))


def save_boards(connection: Connection, rollout: int, boards: Iterable[Board]) -> None:
    """What these boards of it have become; one that was removed meanwhile is passed over."""
    told = [{f"new_{name}": getattr(each, name) for name in _KEPT} for each in boards]
    if not told:
        return
    of = rollout_boards.c
    connection.execute(
        update(rollout_boards)
        .where(of.rollout == rollout, of.device == bindparam("new_device"))
        .values({name: bindparam(f"new_{name}") for name in _KEPT if name != "device"}),
        told,
    )


def _leave_to(connection: Connection, id: int, devices: Sequence[str], now: float) -> None:
    of = rollout_boards.c
    for start in range(0, len(devices), _AT_ONCE):
        some = devices[start:start + _AT_ONCE]
        connection.execute(
            update(rollout_boards)
            .where(of.rollout < id, of.device.in_(some), of.state.not_in(model.ENDED))
            .values(state=model.LEFT, text=f"roll-out {id} has it", changed_at=now)
        )


def _rollout(row: Mapping[Any, Any]) -> Rollout:
    return Rollout(**{**row, "older": bool(row["older"])})


def _board(row: Mapping[Any, Any]) -> Board:
    return Board(**{name: row[name] for name in _KEPT})
