"""The fleet over HTTP."""

from __future__ import annotations

from typing import Any

from iotd.fleet.actions import Actions
from iotd.fleet.history import history
from iotd.fleet.service import Fleet
from iotd.fleet.shapes import Acting, ActedList, BoardList, BoardOut, EventList, EventPaging
from iotd.site.paging import TextPaging, as_page, page_of
from iotd.site.routes import Call, route
from iotd.times import rfc3339


class FleetApi:
    """Routes of boards."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet, self._actions = fleet, Actions(fleet)

    @route("GET", "/api/v1/boards", query=TextPaging, answer=BoardList)
    async def list_boards(self, call: Call) -> dict[str, Any]:
        """Every device with what it told of itself, by id."""
        return page_of(self._fleet.list(), call)

    @route("GET", "/api/v1/boards/<id>", answer=BoardOut)
    async def get_board(self, call: Call, id: str) -> dict[str, Any]:
        """One board."""
        return self._fleet.get(id)

    @route("GET", "/api/v1/boards/<id>/events", query=EventPaging, answer=EventList)
    async def list_board_events(self, call: Call, id: str) -> dict[str, Any]:
        """What happened to a board and what people did to it, the newest first."""
        since = self._fleet.registry.device(id).first_seen
        await self._fleet.settle(id)
        found = await self._fleet.store.read(
            history, id, since, call.query.limit + 1, call.query.after
        )
        return as_page([{**one, "at": rfc3339(one["at"])} for one in found], call)

    @route("POST", "/api/v1/boards/actions", body=Acting, answer=ActedList)
    async def act_on_boards(self, call: Call) -> dict[str, Any]:
        """Approve, revoke, remove, command, place or update many; each has its own result."""
        body = call.body
        items = await self._actions.act(
            body.action, body.devices, call.who.name, body.command, body.place
        )
        return {"items": items}
