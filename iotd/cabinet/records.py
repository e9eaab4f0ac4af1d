"""What is kept of cabinets: their state, visits and pictures."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    BigInteger, Boolean, Column, Connection, ForeignKey, Index, Integer, LargeBinary, String,
    Table, Text, delete, false, insert, select, update,
)
from sqlalchemy.dialects.mysql import LONGBLOB

from iotd.cabinet.model import Event, Phase, Pictured, State, Step, Visit, Want, step
from iotd.store.metadata import Id, Time, metadata

KEPT_PICTURES = 200  # of each cabinet; what became an item's photo is a copy

Blob = LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")


def of_cabinet() -> Column[Any]:
    """The column that says whose row it is; the row goes with its cabinet."""
    key = ForeignKey("cabinets.device_id", ondelete="CASCADE")
    return Column("cabinet", String(64), key, nullable=False)


cabinets = Table(
    "cabinets", metadata,
    Column(
        "device_id", String(64), ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("phase", String(16), nullable=False),
    Column("since", Time, nullable=False),
    Column("due", Time),
    Column("door", String(8), nullable=False),
    Column("lights", String(8), nullable=False),
    Column("owes", Boolean, nullable=False, server_default=false()),
    Column("weight_g", Time),
    Column("visit_id", BigInteger),
)

visits = Table(
    "cabinet_visits", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    of_cabinet(),
    Column("opened_at", Time),
    Column("before_g", Time),
    Column("closed_at", Time),
    Column("after_g", Time),
    Column("taken_g", Time),
    Column("picture_id", BigInteger),
    Column("changes", Text),  # JSON: item -> [count before, count after]
    Column("lights_off_at", Time),
    Column("outcome", String(255), nullable=False),
    Index(None, "cabinet", "id"),
    sqlite_autoincrement=True,
)

pictures = Table(
    "cabinet_pictures", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    of_cabinet(),
    Column("camera", String(64), nullable=False),
    Column("at", Time, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("jpeg", Blob, nullable=False),
    Column("counted", String(16), nullable=False),  # "", "counted", "dark" or "failed"
    Column("note", String(255), nullable=False),
    Column("boxes", Text),  # JSON
    Column("seconds", Time),
    Index(None, "cabinet", "id"),
    Index(None, "cabinet", "at"),
    sqlite_autoincrement=True,
)

_SEEN = [column for column in pictures.c if column.name not in ("jpeg", "cabinet")]


@dataclass(frozen=True)
class Picture:
    """A picture without its bytes; sizes in pixels, ``boxes`` as the counter gave them."""

    id: int
    camera: str
    at: float
    width: int
    height: int
    counted: str = ""
    note: str = ""
    boxes: str | None = None
    seconds: float | None = None


def add_cabinet(connection: Connection, id: str) -> bool:
    """Its row at its first appearance; False when it was there."""
    if connection.execute(select(cabinets.c.device_id).where(cabinets.c.device_id == id)).first():
        return False
    connection.execute(insert(cabinets).values(
        device_id=id, phase=Phase.REST.value, since=0.0, door="unknown", lights="unknown",
    ))
    return True


def known_cabinets(connection: Connection) -> list[str]:
    """The ids of all that ever appeared."""
    return list(connection.execute(select(cabinets.c.device_id)).scalars())


def load_state(connection: Connection, id: str) -> State:
    """The cabinet as its last step left it."""
    row = connection.execute(select(cabinets).where(cabinets.c.device_id == id)).mappings().one()
    values = {key: value for key, value in row.items() if key not in ("device_id", "visit_id")}
    values |= {"phase": Phase(row["phase"]), "owes": bool(row["owes"])}
    return State(**values, visit=_load_visit(connection, row["visit_id"]))


def _load_visit(connection: Connection, id: int | None) -> Visit | None:
    if id is None:
        return None
    row = connection.execute(select(visits).where(visits.c.id == id)).mappings().first()
    if row is None:
        return None
    skipped = ("cabinet", "taken_g", "changes", "picture_id")
    kept = {key: value for key, value in row.items() if key not in skipped}
    return Visit(**kept, picture=row["picture_id"])


def apply(connection: Connection, id: str, event: Event, now: float) -> frozenset[Want]:
    """One step of the cycle, all of it in this transaction; what is wanted after it."""
    state = load_state(connection, id)
    done = step(state, event, now)
    _save(connection, id, state, done)
    return done.wants


def _save(connection: Connection, id: str, before: State, done: Step) -> None:
    for visit in done.ended:
        _save_visit(connection, id, visit)
    state = done.state
    if state == before:
        return
    visit_id = None
    if state.visit is not None:
        visit_id = state.visit.id
        if state.visit != before.visit:
            visit_id = _save_visit(connection, id, state.visit)
    values = {**asdict(state), "phase": state.phase.value, "visit_id": visit_id}
    del values["visit"]
    connection.execute(update(cabinets).where(cabinets.c.device_id == id).values(values))


def _save_visit(connection: Connection, id: str, visit: Visit) -> int:
    values: dict[str, Any] = {
        **asdict(visit), "taken_g": visit.taken_g, "picture_id": visit.picture,
        "outcome": visit.outcome[:255],
    }
    del values["id"], values["picture"]
    if visit.id is None:
        made = connection.execute(insert(visits).values(cabinet=id, **values))
        assert made.inserted_primary_key is not None
        return int(made.inserted_primary_key[0])
    connection.execute(update(visits).where(visits.c.id == visit.id).values(values))
    return visit.id


def add_picture(
    connection: Connection, id: str, picture: Picture, jpeg: bytes, counting: bool
) -> tuple[int, frozenset[Want]]:
    """Keep a picture and take the step it means, and forget the oldest over the 200th."""
    made = connection.execute(insert(pictures).values(
        cabinet=id, camera=picture.camera, at=picture.at, width=picture.width,
        height=picture.height, jpeg=jpeg, counted="", note="",
    ))
    assert made.inserted_primary_key is not None
    number = int(made.inserted_primary_key[0])
    _forget_old(connection, id)
    return number, apply(connection, id, Pictured(number, counting), picture.at)


def _forget_old(connection: Connection, id: str) -> None:
    newest = select(pictures.c.id).where(pictures.c.cabinet == id).order_by(pictures.c.id.desc())
    oldest = connection.execute(newest.offset(KEPT_PICTURES - 1).limit(1)).scalar()
    if oldest is not None:
        gone = (pictures.c.cabinet == id) & (pictures.c.id < oldest)
        connection.execute(delete(pictures).where(gone))


def newest_picture(connection: Connection, id: str) -> Picture | None:
    """The newest picture, without its bytes."""
    query = select(*_SEEN).where(pictures.c.cabinet == id).order_by(pictures.c.id.desc())
    row = connection.execute(query.limit(1)).mappings().first()
    return None if row is None else Picture(**row)


def picture_info(connection: Connection, number: int) -> Picture | None:
    """One picture, without its bytes."""
    row = connection.execute(select(*_SEEN).where(pictures.c.id == number)).mappings().first()
    return None if row is None else Picture(**row)


def find_picture(
    connection: Connection, id: str, number: int | None = None, at: float | None = None
) -> tuple[float, bytes] | None:
    """When a picture was taken and its bytes: by number, the last one at a time, or the newest."""
    query = select(pictures.c.at, pictures.c.jpeg).where(pictures.c.cabinet == id)
    if number is not None:
        query = query.where(pictures.c.id == number)
    if at is not None:
        query = query.where(pictures.c.at <= at).order_by(pictures.c.at.desc())
    row = connection.execute(query.order_by(pictures.c.id.desc()).limit(1)).first()
    return None if row is None else (row[0], row[1])


def note_picture(connection: Connection, number: int, values: dict[str, Any]) -> None:
    """Write what became of counting it."""
    connection.execute(update(pictures).where(pictures.c.id == number).values(values))


def note_changes(
    connection: Connection, id: str, picture: int, changes: dict[str, list[int | None]]
) -> None:
    """Tell the visit that a picture belongs to what it changed on the shelf."""
    chosen = (visits.c.cabinet == id) & (visits.c.picture_id == picture)
    row = connection.execute(select(visits.c.id, visits.c.changes).where(chosen)).first()
    if row is not None and changes:
        told = {**json.loads(row[1] or "{}"), **changes}
        connection.execute(
            update(visits).where(visits.c.id == row[0]).values(changes=json.dumps(told))
        )


def last_closing(connection: Connection, id: str) -> float | None:
    """When the door was last closed."""
    closed = (visits.c.cabinet == id) & visits.c.closed_at.is_not(None)
    query = select(visits.c.closed_at).where(closed).order_by(visits.c.id.desc()).limit(1)
    return connection.execute(query).scalar()


def list_visits(
    connection: Connection, id: str, limit: int, after: int | None
) -> list[dict[str, Any]]:
    """Visits, the newest first, before the one ``after``; ``picture_at`` while it is kept."""
    query = (
        select(visits, pictures.c.at.label("picture_at"))
        .outerjoin(pictures, pictures.c.id == visits.c.picture_id)
        .where(visits.c.cabinet == id).order_by(visits.c.id.desc()).limit(limit)
    )
    if after is not None:
        query = query.where(visits.c.id < after)
    return [dict(row) for row in connection.execute(query).mappings()]
