"""Items, their photos, and the journal of every change of a count: never rewritten."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, replace
from typing import Any, Collection

from sqlalchemy import (
    BigInteger, Boolean, Column, Connection, ForeignKey, Index, Integer, String, Table,
    UniqueConstraint, delete, false, insert, select, update,
)

from iotd.cabinet.records import Blob, of_cabinet
from iotd.cabinet.stock import FIELD_ITEMS, Item, PhotoInfo
from iotd.store.metadata import Id, Time, metadata

items = Table(
    "cabinet_items", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    of_cabinet(),
    Column("name", String(60), nullable=False),
    Column("low_at", Integer),
    Column("barcode", String(64)),
    Column("count", Integer),
    Column("count_from", String(16)),
    Column("count_at", Time),
    Column("checked_at", Time),
    Column("provisional", Integer),
    Column("provisional_picture", BigInteger),
    Column("ignored", Integer),
    Column("low", Boolean, nullable=False, server_default=false()),
    Column("told", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("cabinet", "name"),
    sqlite_autoincrement=True,
)

photos = Table(
    "cabinet_photos", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("item_id", Id, ForeignKey("cabinet_items.id", ondelete="CASCADE"), nullable=False),
    Column("at", Time, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("weak", Boolean, nullable=False, server_default=false()),
    Column("jpeg", Blob, nullable=False),
    Index(None, "item_id"),
    sqlite_autoincrement=True,
)

changes = Table(
    "cabinet_changes", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    of_cabinet(),
    Column("item_id", BigInteger, nullable=False),
    Column("item", String(60), nullable=False),
    Column("at", Time, nullable=False),
    Column("cause", String(16), nullable=False),  # counted, corrected or undone
    Column("who", String(64), nullable=False),
    Column("before", Integer),
    Column("after", Integer),
    Column("picture_id", BigInteger),
    Column("undoes", BigInteger),
    Index(None, "cabinet", "id"),
    Index(None, "item_id", "id"),
    sqlite_autoincrement=True,
)


def add_item(connection: Connection, cabinet: str, name: str, **values: Any) -> int:
    """A new item; its id."""
    made = connection.execute(insert(items).values(cabinet=cabinet, name=name, **values))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def add_field_items(connection: Connection, cabinet: str) -> None:
    """The names that field cabinets hold; photos are up to people."""
    for name in FIELD_ITEMS:
        add_item(connection, cabinet, name)


def all_items(connection: Connection, cabinet: str) -> tuple[Item, ...]:
    """The cabinet's items in the order of their making, with what photos they have."""
    known = _photos_by_item(connection, cabinet)
    rows = connection.execute(
        select(items).where(items.c.cabinet == cabinet).order_by(items.c.id)
    ).mappings()
    return tuple(_item(row, known[row["id"]]) for row in rows)


def _item(row: Any, known: list[PhotoInfo]) -> Item:
    values = {key: value for key, value in row.items() if key != "cabinet"}
    flags = {"low": bool(row["low"]), "told": bool(row["told"])}
    return Item(**{**values, **flags, "photos": tuple(known)})


def _photos_by_item(connection: Connection, cabinet: str) -> dict[int, list[PhotoInfo]]:
    found: dict[int, list[PhotoInfo]] = defaultdict(list)
    query = (
        select(photos.c.item_id, photos.c.id, photos.c.width, photos.c.height, photos.c.weak)
        .join(items, items.c.id == photos.c.item_id)
        .where(items.c.cabinet == cabinet).order_by(photos.c.id)
    )
    for item_id, id, width, height, weak in connection.execute(query):
        found[item_id].append(PhotoInfo(id, width, height, bool(weak)))
    return found


def change_item(connection: Connection, id: int, values: dict[str, Any]) -> None:
    """Write these columns and no others."""
    if values:
        connection.execute(update(items).where(items.c.id == id).values(values))


def save_count(connection: Connection, item: Item) -> None:
    """Write what is known of its count."""
    values = asdict(item)
    for name in ("id", "name", "low_at", "barcode", "photos", "told"):
        del values[name]
    change_item(connection, item.id, values)


def save_crossing(connection: Connection, item: Item) -> list[Item]:
    """Save its count; the item itself if it became low by this, or is low no longer."""
    told = replace(item, low=item.is_low)
    save_count(connection, told)
    return [told] if told.low != item.low else []


def mark_told(connection: Connection, id: int, low: bool) -> None:
    """Who listens to alerts has it on disk whether this item is low."""
    change_item(connection, id, {"told": low})


def mark_weak(connection: Connection, weak: Collection[int], others: Collection[int]) -> None:
    """Note which of an item's photos nothing can be known by."""
    for numbers, value in ((weak, True), (others, False)):
        if numbers:
            chosen = photos.c.id.in_(sorted(numbers)) & (photos.c.weak != value)
            connection.execute(update(photos).where(chosen).values(weak=value))


def remove_item(connection: Connection, id: int) -> None:
    """It and its photos are gone; the journal stays."""
    connection.execute(delete(items).where(items.c.id == id))


def add_photo(
    connection: Connection, item: int, at: float, width: int, height: int, jpeg: bytes
) -> int:
    """A new reference photo; its id."""
    made = connection.execute(insert(photos).values(
        item_id=item, at=at, width=width, height=height, jpeg=jpeg,
    ))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def remove_photo(connection: Connection, item: int, id: int) -> None:
    """Forget one photo of an item."""
    connection.execute(delete(photos).where((photos.c.id == id) & (photos.c.item_id == item)))


def photo_bytes(connection: Connection, item: int, id: int) -> bytes | None:
    """One photo, or None."""
    chosen = (photos.c.id == id) & (photos.c.item_id == item)
    return connection.execute(select(photos.c.jpeg).where(chosen)).scalar()


def photos_of(connection: Connection, cabinet: str) -> list[tuple[str, int, bytes]]:
    """Every photo of a cabinet as (name of its item, id, bytes)."""
    query = (
        select(items.c.name, photos.c.id, photos.c.jpeg)
        .join(items, items.c.id == photos.c.item_id)
        .where(items.c.cabinet == cabinet).order_by(items.c.id, photos.c.id)
    )
    return [(name, id, jpeg) for name, id, jpeg in connection.execute(query)]


def write_change(
    connection: Connection, cabinet: str, item: Item, at: float, cause: str, who: str,
    after: int | None, picture: int | None = None, undoes: int | None = None,
) -> None:
    """One line of the journal: ``item`` is as it was before."""
    connection.execute(insert(changes).values(
        cabinet=cabinet, item_id=item.id, item=item.name, at=at, cause=cause, who=who[:64],
        before=item.count, after=after, picture_id=picture, undoes=undoes,
    ))


def last_change(connection: Connection, item: int) -> dict[str, Any] | None:
    """The newest change of an item that was not taken back, and is no taking back."""
    taken_back = select(changes.c.undoes).where(
        (changes.c.item_id == item) & changes.c.undoes.is_not(None)
    )
    query = select(changes).where(
        (changes.c.item_id == item) & changes.c.undoes.is_(None)
        & changes.c.id.not_in(taken_back)
    )
    row = connection.execute(query.order_by(changes.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


def list_changes(
    connection: Connection, cabinet: str, limit: int, after: int | None, item: int | None = None
) -> list[dict[str, Any]]:
    """The journal, the newest first, before the line ``after``; of one item or all."""
    query = select(changes).where(changes.c.cabinet == cabinet)
    if item is not None:
        query = query.where(changes.c.item_id == item)
    if after is not None:
        query = query.where(changes.c.id < after)
    rows = connection.execute(query.order_by(changes.c.id.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]
