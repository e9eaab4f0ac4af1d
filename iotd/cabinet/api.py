"""Cabinets over HTTP: state, history, pictures, a look, lights."""

from __future__ import annotations

from typing import Any

from iotd.cabinet import records, show
from iotd.cabinet.service import Cabinets
from iotd.cabinet.shapes import (
    BoxesOut, CabinetList, CabinetOut, Lights, PictureQuery, VisitList,
)
from iotd.errors import NotFound
from iotd.site.paging import Paging, TextPaging, as_page, page_of
from iotd.site.routes import Answer, Call, route
from iotd.times import rfc3339


class CabinetsApi:
    """Routes of cabinets; each sees those that are theirs."""

    def __init__(self, cabinets: Cabinets) -> None:
        self._cabinets = cabinets

    @route("GET", "/api/v1/cabinets", query=TextPaging, answer=CabinetList)
    async def list_cabinets(self, call: Call) -> dict[str, Any]:
        """Every cabinet that one may see, by id."""
        return page_of(await self._cabinets.list_for(call), call)

    @route("GET", "/api/v1/cabinets/<id>", answer=CabinetOut)
    async def get_cabinet(self, call: Call, id: str) -> dict[str, Any]:
        """One cabinet."""
        return self._cabinets.json(await self._cabinets.look_at(call, id))

    @route("GET", "/api/v1/cabinets/<id>/history", query=Paging, answer=VisitList)
    async def history(self, call: Call, id: str) -> dict[str, Any]:
        """Its openings and closings, the newest first."""
        await self._cabinets.look_at(call, id)
        rows = await self._cabinets.store.read(
            records.list_visits, id, call.query.limit + 1, call.query.after
        )
        return as_page([show.visit(id, row) for row in rows], call)

    @route("GET", "/api/v1/cabinets/<id>/picture.jpg", query=PictureQuery, kind="plain")
    async def picture(self, call: Call, id: str) -> Answer:
        """The newest picture, or an earlier one: the camera's own bytes."""
        await self._cabinets.look_at(call, id)
        at = call.query.at.timestamp() if call.query.at else None
        found = await self._cabinets.store.read(records.find_picture, id, call.query.id, at)
        if found is None:
            raise NotFound("There is no such picture.", "id")
        taken, jpeg = found
        headers = {"X-Timestamp": f"{taken:.3f}", "X-Taken-At": rfc3339(taken) or ""}
        return Answer(bytes(jpeg), headers=headers, content_type="image/jpeg")

    @route("GET", "/api/v1/cabinets/<id>/boxes", answer=BoxesOut)
    async def boxes(self, call: Call, id: str) -> dict[str, Any]:
        """What was found on the newest picture, and where."""
        await self._cabinets.look_at(call, id)
        return show.boxes(id, self._cabinets.known(id))

    @route("POST", "/api/v1/cabinets/<id>/look", answer=CabinetOut, status=202)
    async def look(self, call: Call, id: str) -> dict[str, Any]:
        """Ask its camera for a picture now; counts follow by themselves."""
        return await self._cabinets.look(call.who, id)

    @route("POST", "/api/v1/cabinets/<id>/lights", body=Lights, answer=CabinetOut)
    async def lights(self, call: Call, id: str) -> dict[str, Any]:
        """Switch the lights, also when they seem right."""
        return await self._cabinets.lights(call.who, id, call.body.on)
