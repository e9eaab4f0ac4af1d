"""HTML routes of cabinets; what they show at first is what the JSON routes answer."""

from __future__ import annotations

from iotd.cabinet import records, show
from iotd.cabinet.items import Items
from iotd.cabinet.service import Cabinets
from iotd.site.routes import Call, Page, route

VISITS = 12  # on the page at first; older ones are a button away


class CabinetPages:
    """Pages of cabinets; each sees those that are theirs."""

    def __init__(self, cabinets: Cabinets) -> None:
        self._cabinets, self._items = cabinets, Items(cabinets)

    @route("GET", "/cabinets", kind="page")
    async def cabinets_page(self, call: Call) -> Page:
        """All cabinets."""
        shown = await self._cabinets.list_for(call)
        return Page("cabinets.html", {"cabinets": shown}, title="Cabinets")

    @route("GET", "/cabinets/<id>", kind="page")
    async def cabinet_page(self, call: Call, id: str) -> Page:
        """One cabinet: door, lights, weight, picture, what is on its shelf, history."""
        cabinet = self._cabinets.json(await self._cabinets.look_at(call, id))
        rows = await self._cabinets.store.read(records.list_visits, id, VISITS + 1, None)
        visits = [show.visit(id, row) for row in rows[:VISITS]]
        onward = f"/api/v1/cabinets/{id}/history?limit={VISITS}&after={visits[-1]['id']}" \
            if len(rows) > VISITS else None
        return Page("cabinet.html", title=cabinet["name"], data={
            "cabinet": cabinet,
            "boxes": show.boxes(id, self._cabinets.known(id)),
            "items": self._items.list(call.who, id),
            "history": {"items": visits, "next": onward},
        })
