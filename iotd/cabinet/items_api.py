"""Items over HTTP: names and limits, photos, counts by hand, the journal, barcodes."""

from __future__ import annotations

from typing import Any

from iotd.cabinet import show, stock_records
from iotd.cabinet.items import Items
from iotd.cabinet.service import Cabinets
from iotd.cabinet.shapes import (
    ChangeList, CodeList, Correction, ItemChange, ItemList, ItemOut, JournalQuery, NewItem,
    NewPhoto, PhotoList, PhotoOut, Upload,
)
from iotd.site.paging import Paging, as_page, page_of
from iotd.site.routes import Answer, Call, route

UPLOAD_LIMIT = 6 * 1024 * 1024  # 4 MiB in base64, and the JSON around it
_ITEM = "/api/v1/cabinets/<id>/items/<item>"


class ItemsApi:
    """Routes of what a cabinet holds; an item goes by its number or its name."""

    def __init__(self, cabinets: Cabinets) -> None:
        self._cabinets, self._items = cabinets, Items(cabinets)

    @route("GET", "/api/v1/cabinets/<id>/items", query=Paging, answer=ItemList)
    async def list_items(self, call: Call, id: str) -> dict[str, Any]:
        """Everything that is counted in it."""
        await self._cabinets.look_at(call, id)
        return page_of(self._items.list(call.who, id), call)

    @route("POST", "/api/v1/cabinets/<id>/items", body=NewItem, answer=ItemOut, status=201)
    async def add_item(self, call: Call, id: str) -> dict[str, Any]:
        """A new item."""
        return await self._items.add(call.who, id, call.body.model_dump())

    @route("GET", _ITEM, answer=ItemOut)
    async def get_item(self, call: Call, id: str, item: str) -> dict[str, Any]:
        """One item."""
        await self._cabinets.look_at(call, id)
        return self._items.get(call.who, id, item)

    @route("PATCH", _ITEM, body=ItemChange, answer=ItemOut)
    async def change_item(self, call: Call, id: str, item: str) -> dict[str, Any]:
        """Change its name, its limit or its barcode."""
        fields = call.body.model_dump(exclude_unset=True)
        return await self._items.change(call.who, id, item, fields)

    @route("DELETE", _ITEM, status=204)
    async def remove_item(self, call: Call, id: str, item: str) -> None:
        """Forget it and its photos."""
        await self._items.remove(call.who, id, item)

    @route("POST", _ITEM + "/count", body=Correction, answer=ItemOut)
    async def correct(self, call: Call, id: str, item: str) -> dict[str, Any]:
        """Say how many there are; holds against pictures that show nothing new."""
        return await self._items.correct(call.who, id, item, call.body.count)

    @route("POST", _ITEM + "/undo", answer=ItemOut)
    async def undo(self, call: Call, id: str, item: str) -> dict[str, Any]:
        """Take back the newest change of its count."""
        return await self._items.undo(call.who, id, item)

    @route("GET", _ITEM + "/photos", query=Paging, answer=PhotoList)
    async def list_photos(self, call: Call, id: str, item: str) -> dict[str, Any]:
        """Its reference photos."""
        await self._cabinets.look_at(call, id)
        return page_of(self._items.get(call.who, id, item)["photos"], call)

    @route("POST", _ITEM + "/photos", body=NewPhoto, answer=PhotoOut, status=201,
           body_limit=UPLOAD_LIMIT)
    async def add_photo(self, call: Call, id: str, item: str) -> dict[str, Any]:
        """A reference photo, uploaded or cut out of one of the cabinet's pictures."""
        return await self._items.add_photo(call.who, id, item, call.body.model_dump())

    @route("GET", _ITEM + "/photos/<int:photo>", kind="plain")
    async def get_photo(self, call: Call, id: str, item: str, photo: int) -> Answer:
        """A photo."""
        await self._cabinets.look_at(call, id)
        jpeg = await self._items.photo(call.who, id, item, photo)
        return Answer(jpeg, content_type="image/jpeg")

    @route("DELETE", _ITEM + "/photos/<int:photo>", status=204)
    async def remove_photo(self, call: Call, id: str, item: str, photo: int) -> None:
        """Forget a photo."""
        await self._items.remove_photo(call.who, id, item, photo)

    @route("GET", "/api/v1/cabinets/<id>/journal", query=JournalQuery, answer=ChangeList)
    async def journal(self, call: Call, id: str) -> dict[str, Any]:
        """Every change of a count and who or what made it, the newest first."""
        await self._cabinets.look_at(call, id)
        query = call.query
        rows = await self._cabinets.store.read(
            stock_records.list_changes, id, query.limit + 1, query.after, query.item
        )
        return as_page([show.change(row) for row in rows], call)

    @route("POST", "/api/v1/cabinets/<id>/barcode", body=Upload, answer=CodeList,
           body_limit=UPLOAD_LIMIT)
    async def barcode(self, call: Call, id: str) -> dict[str, Any]:
        """The barcodes on a picture, and the item that has each."""
        return {"items": await self._items.codes(call.who, id, call.body.image), "next": None}
