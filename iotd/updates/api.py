"""Releases and roll-outs over HTTP."""

from __future__ import annotations

from typing import Any

from iotd.errors import NotFound
from iotd.site.paging import Paging, as_page, page_of
from iotd.site.routes import Call, route
from iotd.updates.service import Updates
from iotd.updates.shapes import (
    ReleaseIn, ReleaseList, ReleaseOut, RolloutIn, RolloutList, RolloutWithBoards,
)


class UpdatesApi:
    """Routes of firmware for boards."""

    def __init__(self, updates: Updates) -> None:
        self._office = updates.office

    @route("GET", "/api/v1/firmware", query=Paging, answer=ReleaseList)
    async def list_firmware(self, call: Call) -> dict[str, Any]:
        """Releases of firmware, newest first; one that was altered says so."""
        return page_of(await self._office.firmware(), call)

    @route("POST", "/api/v1/firmware", body=ReleaseIn, answer=ReleaseOut, status=201)
    async def release_firmware(self, call: Call) -> dict[str, Any]:
        """Make a signed release of the firmware that this iotd came with."""
        return await self._office.release(call.who.name)

    @route("GET", "/api/v1/rollouts", query=Paging, answer=RolloutList)
    async def list_rollouts(self, call: Call) -> dict[str, Any]:
        """Roll-outs, newest first."""
        found = await self._office.page(call.query.limit + 1, call.query.after)
        return as_page(found, call)

    @route("POST", "/api/v1/rollouts", body=RolloutIn, answer=RolloutWithBoards, status=201)
    async def start_rollout(self, call: Call) -> dict[str, Any]:
        """Bring a build to boards over the air, in waves of one, a tenth, and the rest."""
        body = call.body or RolloutIn(build=None, devices=None, older=False)
        return await self._office.start(body.build, body.devices, body.older, call.who.name)

    @route("GET", "/api/v1/rollouts/<id>", answer=RolloutWithBoards)
    async def get_rollout(self, call: Call, id: str) -> dict[str, Any]:
        """One roll-out, board by board."""
        return await self._office.get(_number(id))

    @route("POST", "/api/v1/rollouts/<id>/cancel", answer=RolloutWithBoards)
    async def cancel_rollout(self, call: Call, id: str) -> dict[str, Any]:
        """End it: no further board begins."""
        return await self._office.cancel(_number(id), call.who.name)

    @route("POST", "/api/v1/rollouts/<id>/resume", answer=RolloutWithBoards)
    async def resume_rollout(self, call: Call, id: str) -> dict[str, Any]:
        """Go on with one that stopped; boards that failed try again."""
        return await self._office.resume(_number(id), call.who.name)


def _number(id: str) -> int:
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise NotFound(f"There is no roll-out {id[:20]!r}.", "id")
    return int(id)
