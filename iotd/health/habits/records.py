"""The tables of habits and of what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Collection, Iterable, Sequence

from sqlalchemy import (
    Column, Connection, Double, ForeignKey, Index, Integer, String, Table, delete, func, insert,
    select, update,
)

from iotd.health.habits.model import Mark, Plan
from iotd.store.metadata import Id, Time, metadata

habits = Table(
    "habits", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("patient", String(40), ForeignKey("patients.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("ready", String(24)),  # which of the ready ones it is
    Column("per", String(8), nullable=False),  # day, week
    Column("times", Integer, nullable=False),  # in each day or week
    Column("target", Double),  # of an amount, such as 2 (litres)
    Column("unit", String(16), nullable=False),
    Column("remind_at", String(5)),  # local time of day
    Column("reminded_on", String(10)),  # the day it was last reminded of
    Column("position", Integer, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("archived_at", Time),
    Index(None, "patient"),
    sqlite_autoincrement=True,
)

checkins = Table(
    "habit_checkins", metadata,
    Column("habit_id", Id, ForeignKey("habits.id", ondelete="CASCADE"), primary_key=True,
           autoincrement=False),
    Column("day", String(10), primary_key=True),
    Column("state", String(8), nullable=False),  # done, skip, missed
    Column("count", Integer, nullable=False),  # how often that day
    Column("value", Double),
    Column("at", Time, nullable=False),
    Column("by", String(64), nullable=False),
)

settings = Table(
    "habit_settings", metadata,
    Column("patient", String(40), ForeignKey("patients.id", ondelete="CASCADE"),
           primary_key=True),
    Column("timezone", String(64), nullable=False),  # "": the site's
    Column("day_start", Integer, nullable=False),  # minutes after midnight
)


@dataclass(frozen=True)
class Habit:
    """A habit as it is kept; times in Unix seconds."""

    id: int
    patient: str
    name: str
    ready: str | None
    per: str
    times: int
    target: float | None
    unit: str
    remind_at: str | None
    reminded_on: str | None
    position: int
    created_at: float
    archived_at: float | None

    @property
    def plan(self) -> Plan:
        """What is to be done."""
        return Plan(self.per, self.times, self.target)


@dataclass(frozen=True)
class Checkin:
    """What was said of a day, when and by whom."""

    day: date
    mark: Mark
    at: float
    by: str


@dataclass(frozen=True)
class Settings:
    """Whose days they are; an empty zone is the site's."""

    timezone: str = ""
    day_start: int = 0


def all_of(connection: Connection, patient: str) -> list[Habit]:
    """A patient's habits in their own order, archived ones among them."""
    query = select(habits).where(habits.c.patient == patient)
    rows = connection.execute(query.order_by(habits.c.position, habits.c.id)).mappings()
    return [Habit(**row) for row in rows]


def find(connection: Connection, patient: str, id: int) -> Habit | None:
    """One habit of a patient, or None."""
    query = select(habits).where((habits.c.patient == patient) & (habits.c.id == id))
    row = connection.execute(query).mappings().first()
    return None if row is None else Habit(**row)


def add(connection: Connection, patient: str, values: dict[str, Any]) -> int:
    """A new habit after the others; its id."""
    last = select(func.max(habits.c.position)).where(habits.c.patient == patient)
    position = (connection.execute(last).scalar() or 0) + 1
    made = connection.execute(insert(habits).values(patient=patient, position=position, **values))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def change(connection: Connection, id: int, values: dict[str, Any]) -> None:
    """Write these columns and no others."""
    if values:
        connection.execute(update(habits).where(habits.c.id == id).values(values))


def remove(connection: Connection, id: int) -> None:
    """It and all that was checked is gone."""
    connection.execute(delete(checkins).where(checkins.c.habit_id == id))
    connection.execute(delete(habits).where(habits.c.id == id))


def order(connection: Connection, ids: Sequence[int]) -> None:
    """These in this order."""
    for position, id in enumerate(ids, 1):
        change(connection, id, {"position": position})


def marks_of(
    connection: Connection, ids: Collection[int], since: date | None = None
) -> dict[int, dict[date, Mark]]:
    """What was said of these habits, by habit and day; all of it, or from a day on."""
    found: dict[int, dict[date, Mark]] = {id: {} for id in ids}
    c = checkins.c
    query = select(c.habit_id, c.day, c.state, c.count, c.value).where(c.habit_id.in_(sorted(ids)))
    if since is not None:
        query = query.where(c.day >= since.isoformat())
    for id, day, state, count, value in connection.execute(query).all() if ids else ():
        found[id][date.fromisoformat(day)] = Mark(state, count, value)
    return found


def _checkin(row: Any) -> Checkin:
    mark = Mark(row["state"], row["count"], row["value"])
    return Checkin(date.fromisoformat(row["day"]), mark, row["at"], row["by"])


def find_checkin(connection: Connection, id: int, day: date) -> Checkin | None:
    """What was said of one day."""
    chosen = (checkins.c.habit_id == id) & (checkins.c.day == day.isoformat())
    row = connection.execute(select(checkins).where(chosen)).mappings().first()
    return None if row is None else _checkin(row)


def put_checkin(
    connection: Connection, id: int, day: date, mark: Mark | None, at: float, by: str
) -> None:
    """What is said of a day from now on; None: nothing."""
    chosen = (checkins.c.habit_id == id) & (checkins.c.day == day.isoformat())
    connection.execute(delete(checkins).where(chosen))
    if mark is not None:
        connection.execute(insert(checkins).values(
            habit_id=id, day=day.isoformat(), state=mark.state, count=mark.count,
            value=mark.value, at=at, by=by[:64],
        ))


def list_checkins(
    connection: Connection, id: int, since: date | None, until: date | None,
    after: str | None, limit: int,
) -> list[Checkin]:
    """What was said of the days from ``since`` to ``until``, the oldest first."""
    query = select(checkins).where(checkins.c.habit_id == id)
    if since is not None:
        query = query.where(checkins.c.day >= since.isoformat())
    if until is not None:
        query = query.where(checkins.c.day <= until.isoformat())
    if after is not None:
        query = query.where(checkins.c.day > after)
    rows = connection.execute(query.order_by(checkins.c.day).limit(limit)).mappings()
    return [_checkin(row) for row in rows]


def settings_of(connection: Connection, patient: str) -> Settings:
    """A patient's, or those that hold for everybody."""
    query = select(settings.c.timezone, settings.c.day_start)
    row = connection.execute(query.where(settings.c.patient == patient)).mappings().first()
    return Settings() if row is None else Settings(**row)


def put_settings(connection: Connection, patient: str, wanted: Settings) -> None:
    """A patient's from now on."""
    connection.execute(delete(settings).where(settings.c.patient == patient))
    connection.execute(insert(settings).values(
        patient=patient, timezone=wanted.timezone, day_start=wanted.day_start,
    ))


def to_remind(connection: Connection) -> list[tuple[Habit, Settings]]:
    """Every habit with a reminder, and whose days it goes by."""
    query = (
        select(habits, settings.c.timezone, settings.c.day_start)
        .outerjoin(settings, settings.c.patient == habits.c.patient)
        .where(habits.c.remind_at.is_not(None) & habits.c.archived_at.is_(None))
        .order_by(habits.c.id)
    )
    found = []
    for row in connection.execute(query).mappings():
        values = dict(row)
        zone, start = values.pop("timezone"), values.pop("day_start")
        found.append((Habit(**values), Settings(zone or "", start or 0)))
    return found


def mark_reminded(connection: Connection, days: Iterable[tuple[int, str]]) -> list[int]:
    """Note which habits are reminded of which day; those that were not yet."""
    told = []
    for id, day in days:
        new = habits.c.reminded_on.is_(None) | (habits.c.reminded_on != day)
        changed = update(habits).where((habits.c.id == id) & new).values(reminded_on=day)
        if connection.execute(changed).rowcount:
            told.append(id)
    return told
