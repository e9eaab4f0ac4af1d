"""A cabinet as the store has it, to be kept in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from iotd.cabinet import records, stock_records
from iotd.cabinet.model import State
from iotd.cabinet.records import Picture
from iotd.cabinet.stock import Item
from iotd.errors import NotFound


@dataclass(frozen=True)
class Known:
    """A cabinet as the newest commit left it."""

    state: State = State()
    items: tuple[Item, ...] = ()
    picture: Picture | None = None
    closed_at: float | None = None

    def item(self, key: str) -> Item:
        """An item by its number or its name, else NotFound."""
        for item in self.items:
            if key in (str(item.id), item.name):
                return item
        raise NotFound(f"There is no item {key[:60]!r} in this cabinet.", "item")


def appear(connection: Any, id: str) -> None:
    """A cabinet's first appearance gives it its row and the field's items."""
    if records.add_cabinet(connection, id):
        stock_records.add_field_items(connection, id)


def look_up(connection: Any, id: str) -> Known:
    """A cabinet as it is in the store."""
    return Known(
        records.load_state(connection, id), stock_records.all_items(connection, id),
        records.newest_picture(connection, id), records.last_closing(connection, id),
    )


def then_look_up(
    connection: Any, id: str, work: Callable[..., Any], args: tuple[Any, ...]
) -> tuple[Any, Known]:
    """``work(connection, id, *args)``'s result, and the cabinet as it is after it."""
    appear(connection, id)
    return work(connection, id, *args), look_up(connection, id)
