"""A demonstration's cabinet: what its door, scale and camera told for some weeks."""

from __future__ import annotations

import io
import random

from PIL import Image
from sqlalchemy import Connection

from iotd.cabinet import records, stock_records
from iotd.cabinet.known import appear
from iotd.cabinet.model import Closed, Opened, Said
from iotd.cabinet.records import Picture
from iotd.cabinet.stock import corrected
from iotd.simulate.cupboard import Cupboard
from iotd.simulate.person import DAY
from iotd.simulate.shelf import ITEMS, draw_package, draw_shelf

HOURS = (7.6, 12.4, 16.1, 20.3)  # of a day, when somebody is hungry
MOST_DAYS = 30
WITH_PICTURE = 6  # the newest visits
LOW_AT = {"Pepsi": 1}


def fill(connection: Connection, id: str, now: float, days: int) -> int:
    """Visits of the last days, photos of the items, a few pictures; how many visits."""
    appear(connection, id)
    _add_photos(connection, id, now)
    moments = _moments(now, min(days, MOST_DAYS))
    cupboard = Cupboard("past")
    for left, at in zip(range(len(moments), 0, -1), moments):
        _visit(connection, id, cupboard, at, with_picture=left <= WITH_PICTURE)
    return len(moments)


def _moments(now: float, days: int) -> list[float]:
    chance = random.Random(days)
    today = now // DAY * DAY
    moments = [
        today - day * DAY + (hour + chance.uniform(-0.8, 0.8)) * 3600
        for day in range(days, -1, -1) for hour in HOURS if chance.random() < 0.85
    ]
    return [at for at in moments if at < now - 600]


def _visit(
    connection: Connection, id: str, cupboard: Cupboard, at: float, with_picture: bool
) -> None:
    records.apply(connection, id, Opened(round(cupboard.grams, 4)), at)
    cupboard.visit()
    closed = Closed(round(cupboard.grams, 4), camera=with_picture)  # it came last week
    records.apply(connection, id, closed, at + 20)
    if with_picture:
        jpeg = draw_shelf(cupboard.counts, int(at))
        picture = Picture(0, "img", at + 22, 640, 480)
        records.add_picture(connection, id, picture, jpeg, counting=False)
    records.apply(connection, id, Said(on=False), at + 23)
    _count(connection, id, cupboard, at + 60)


def _count(connection: Connection, id: str, cupboard: Cupboard, at: float) -> None:
    """Somebody says what stands there now: the camera came last week."""
    for item in stock_records.all_items(connection, id):
        number = cupboard.counts.get(item.name)
        if number is not None and number != item.count:
            stock_records.write_change(
                connection, id, item, at, "corrected", "ada", number)
            stock_records.save_crossing(connection, corrected(item, number, at))


def _add_photos(connection: Connection, id: str, now: float) -> None:
    for item in stock_records.all_items(connection, id):
        if item.name in ITEMS:
            jpeg = draw_package(item.name)
            width, height = Image.open(io.BytesIO(jpeg)).size
            stock_records.add_photo(connection, item.id, now, width, height, jpeg)
            if item.name in LOW_AT:
                stock_records.change_item(connection, item.id, {"low_at": LOW_AT[item.name]})
