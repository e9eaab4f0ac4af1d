"""What people do with items: names, limits, photos, counts by hand, undo, barcodes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Callable, Sequence

from iotd.accounts.records import write_audit
from iotd.cabinet import images, records, show, stock, stock_records
from iotd.cabinet.service import Cabinets
from iotd.cabinet.stock import Item
from iotd.errors import Conflict, Invalid, NotFound
from iotd.site.routes import Identity

MAX_ITEMS = 60  # of one cabinet
MAX_PHOTOS = 12  # of one item ...
MAX_ALL_PHOTOS = 120  # ... and of a cabinet: all of them are compared with every picture


class Items:
    """The shelf of each cabinet, as people steer it."""

    def __init__(self, cabinets: Cabinets) -> None:
        self._cabinets = cabinets

    def list(self, identity: Identity, cabinet: str) -> Sequence[dict[str, Any]]:
        """All items of a cabinet as JSON, in the order of their making."""
        self._cabinets.find(identity, cabinet)
        known = self._cabinets.known(cabinet)
        return [self._json(cabinet, item) for item in known.items]

    def get(self, identity: Identity, cabinet: str, key: str) -> dict[str, Any]:
        """One item, by number or name."""
        self._cabinets.find(identity, cabinet)
        return self._json(cabinet, self._cabinets.known(cabinet).item(key))

    def _json(self, cabinet: str, item: Item) -> dict[str, Any]:
        closed_at = self._cabinets.known(cabinet).closed_at
        return show.item(cabinet, item, closed_at, self._cabinets.detects)

    async def add(
        self, identity: Identity, cabinet: str, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """A new item; Conflict when its name is taken or there are 60."""
        self._cabinets.find(identity, cabinet)
        values = {key: value for key, value in fields.items() if value is not None}
        number = await self._do(identity, cabinet, "add item", _add, values)
        return self.get(identity, cabinet, str(number))

    async def change(
        self, identity: Identity, cabinet: str, key: str, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """Change ``name``, ``low_at`` or ``barcode``; what is left out stays."""
        item = self._find(identity, cabinet, key)
        if fields.get("name", "") is None:
            raise Invalid("An item needs a name.", "name")
        crossed = await self._do(identity, cabinet, "change item", _change, item.id, fields)
        self._tell(cabinet, crossed)
        self._cabinets.counting.forget(cabinet)
        return self.get(identity, cabinet, str(item.id))

    async def remove(self, identity: Identity, cabinet: str, key: str) -> None:
        """Forget an item and its photos; the journal stays."""
        item = self._find(identity, cabinet, key)
        await self._do(identity, cabinet, "remove item", _remove, item.id)
        self._cabinets.counting.forget(cabinet)
        if item.low:
            self._tell(cabinet, [replace(item, low=False)])

    async def correct(
        self, identity: Identity, cabinet: str, key: str, number: int
    ) -> dict[str, Any]:
        """A count by hand."""
        item = self._find(identity, cabinet, key)
        crossed = await self._do(
            identity, cabinet, "correct count", _correct, item.id, number, identity.name,
            self._cabinets.now(),
        )
        self._tell(cabinet, crossed)
        return self.get(identity, cabinet, str(item.id))

    async def undo(self, identity: Identity, cabinet: str, key: str) -> dict[str, Any]:
        """Take back the newest change of a count; Conflict when there is none."""
        item = self._find(identity, cabinet, key)
        crossed = await self._do(
            identity, cabinet, "undo count", _undo, item.id, identity.name, self._cabinets.now()
        )
        self._tell(cabinet, crossed)
        return self.get(identity, cabinet, str(item.id))

    async def add_photo(
        self, identity: Identity, cabinet: str, key: str, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """A reference photo: an uploaded image, or a box of one of the cabinet's pictures."""
        item = self._find(identity, cabinet, key)
        source = await self._photo_source(cabinet, fields)
        box = fields.get("box")
        cut = await self._cabinets.in_thread(
            partial(images.clean, source, box=tuple(box) if box is not None else None)
        )
        number = await self._do(
            identity, cabinet, "add photo", _add_photo, item.id, self._cabinets.now(), cut
        )
        self._cabinets.counting.photos_changed(cabinet)
        return next(
            photo for photo in self.get(identity, cabinet, str(item.id))["photos"]
            if photo["id"] == number
        )

    async def _photo_source(self, cabinet: str, fields: dict[str, Any]) -> bytes | str:
        image, number = fields.get("image"), fields.get("picture")
        if image is not None and number is not None:
            raise Invalid("Give an image, or the number of a picture, not both.", "picture")
        if image is not None:
            return str(image)
        if fields.get("box") is None:
            raise Invalid("Give an image, or a box in one of the cabinet's pictures.", "image")
        found = await self._cabinets.store.read(records.find_picture, cabinet, number)
        if found is None:
            raise NotFound("There is no such picture of this cabinet.", "picture")
        return bytes(found[1])

    async def photo(self, identity: Identity, cabinet: str, key: str, number: int) -> bytes:
        """A photo's bytes."""
        item = self._find(identity, cabinet, key)
        jpeg = await self._cabinets.store.read(stock_records.photo_bytes, item.id, number)
        if jpeg is None:
            raise NotFound("There is no such photo.", "photo")
        return bytes(jpeg)

    async def remove_photo(
        self, identity: Identity, cabinet: str, key: str, number: int
    ) -> None:
        """Forget a photo."""
        item = self._find(identity, cabinet, key)
        if number not in [photo.id for photo in item.photos]:
            raise NotFound("There is no such photo.", "photo")
        await self._do(identity, cabinet, "remove photo", _remove_photo, item.id, number)
        self._cabinets.counting.photos_changed(cabinet)

    async def codes(self, identity: Identity, cabinet: str, image: str) -> Sequence[dict[str, Any]]:
        """The barcodes on an uploaded picture, and which item each belongs to."""
        self._cabinets.find(identity, cabinet)
        cut = await self._cabinets.in_thread(images.clean, image, images.CODE_SIDE)
        codes = await self._cabinets.counter.barcodes(cut.jpeg)
        known = self._cabinets.known(cabinet)
        by_code = {item.barcode: item for item in known.items if item.barcode}
        return [
            {"code": code,
             "item": self._json(cabinet, by_code[code]) if code in by_code else None}
            for code in dict.fromkeys(codes)
        ]

    def _find(self, identity: Identity, cabinet: str, key: str) -> Item:
        self._cabinets.find(identity, cabinet)
        return self._cabinets.known(cabinet).item(key)

    async def _do(
        self, identity: Identity, cabinet: str, action: str, work: Callable[..., Any], *args: Any
    ) -> Any:
        at = self._cabinets.now()

        def write(connection: Any, id: str) -> Any:
            result, detail = work(connection, id, *args)
            write_audit(connection, at, identity.name, action, id, detail,
                        patient=self._cabinets.patient_of(id))
            return result

        return await self._cabinets.commit(cabinet, write)

    def _tell(self, cabinet: str, crossed: Sequence[Item]) -> None:
        for item in crossed:
            self._cabinets.alert(cabinet, item)


def _item(connection: Any, cabinet: str, number: int) -> Item:
    for item in stock_records.all_items(connection, cabinet):
        if item.id == number:
            return item
    raise NotFound("This item is gone.", "item")


def _named(number: int) -> str:
    """An item in the audit: what it is and how much there is of it are nobody's business there."""
    return f"item {number}"


def _check_unique(connection: Any, cabinet: str, values: dict[str, Any], own: int | None) -> None:
    for item in stock_records.all_items(connection, cabinet):
        if item.id == own:
            continue
        if values.get("name", "").casefold() == item.name.casefold():
            raise Conflict(f"There is an item {item.name} already.", "name")
        if values.get("barcode") and values["barcode"] == item.barcode:
            raise Conflict(f"{item.name} has this barcode already.", "barcode")


def _add(connection: Any, cabinet: str, values: dict[str, Any]) -> tuple[int, str]:
    if len(stock_records.all_items(connection, cabinet)) >= MAX_ITEMS:
        raise Conflict(f"A cabinet holds at most {MAX_ITEMS} kinds of item.", "name")
    _check_unique(connection, cabinet, values, None)
    number = stock_records.add_item(connection, cabinet, **values)
    return number, _named(number)


def _change(
    connection: Any, cabinet: str, number: int, values: dict[str, Any]
) -> tuple[list[Item], str]:
    _item(connection, cabinet, number)
    _check_unique(connection, cabinet, values, number)
    stock_records.change_item(connection, number, values)
    item = _item(connection, cabinet, number)
    return stock_records.save_crossing(connection, item), f"{_named(number)}: {', '.join(values)}"


def _remove(connection: Any, cabinet: str, number: int) -> tuple[None, str]:
    stock_records.remove_item(connection, number)
    return None, _named(number)


def _correct(
    connection: Any, cabinet: str, number: int, count: int, who: str, at: float
) -> tuple[list[Item], str]:
    item = _item(connection, cabinet, number)
    stock_records.write_change(connection, cabinet, item, at, "corrected", who, count)
    crossed = stock_records.save_crossing(connection, stock.corrected(item, count, at))
    return crossed, _named(number)


def _undo(
    connection: Any, cabinet: str, number: int, who: str, at: float
) -> tuple[list[Item], str]:
    item = _item(connection, cabinet, number)
    last = stock_records.last_change(connection, number)
    if last is None:
        raise Conflict("There is no change of this count to take back.", "item")
    stock_records.write_change(
        connection, cabinet, item, at, "undone", who, last["before"], undoes=last["id"]
    )
    back = stock.undone(item, last["before"], last["after"], last["cause"], at)
    return stock_records.save_crossing(connection, back), _named(number)


def _add_photo(
    connection: Any, cabinet: str, number: int, at: float, cut: images.Clean
) -> tuple[int, str]:
    item = _item(connection, cabinet, number)
    if len(item.photos) >= MAX_PHOTOS:
        raise Conflict(f"An item has at most {MAX_PHOTOS} photos: remove one first.", "item")
    if sum(len(each.photos) for each in stock_records.all_items(connection, cabinet)
           ) >= MAX_ALL_PHOTOS:
        raise Conflict(f"A cabinet has at most {MAX_ALL_PHOTOS} photos: remove one first.", "item")
    added = stock_records.add_photo(connection, number, at, cut.width, cut.height, cut.jpeg)
    return added, f"{_named(number)}, photo {added}"


def _remove_photo(
    connection: Any, cabinet: str, number: int, photo: int
) -> tuple[None, str]:
    stock_records.remove_photo(connection, number, photo)
    return None, f"{_named(number)}, photo {photo}"
