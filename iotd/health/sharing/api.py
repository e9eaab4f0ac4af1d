"""Shares over HTTP: SharesApi(service=, patients=, looks=) and, without an account,
SharedApi(links)."""

from __future__ import annotations

from typing import Any

from iotd.accounts.shared import By
from iotd.errors import Invalid
from iotd.health.access import Looks
from iotd.health.patients import Patients
from iotd.health.sharing.links import Links
from iotd.health.sharing.service import Shares
from iotd.health.sharing.shapes import (
    NewShare, Opening, ShareList, ShareOut, ShareQuery, SharedOut,
)
from iotd.site.paging import page_of
from iotd.site.routes import Call, route

SHARES = "/api/v1/patients/<id>/shares"
OF_LINKS = ("passcode", "openings")


class SharesApi:
    """What a patient, or an admin for one, does with shares."""

    def __init__(self, *, service: Shares, patients: Patients, looks: Looks) -> None:
        self._shares, self._patients, self._looks = service, patients, looks

    @route("GET", SHARES, query=ShareQuery, answer=ShareList)
    async def list_shares(self, call: Call, id: str) -> dict[str, Any]:
        """Who was let into what, the newest first."""
        await self._looks.look(call, id, "view shares")
        return page_of(self._shares.list(id, call.query.state), call)

    @route("POST", SHARES, body=NewShare, answer=ShareOut, status=201)
    async def add_share(self, call: Call, id: str) -> dict[str, Any]:
        """Let a doctor in, or make a link."""
        self._patients.access.check(call.who, id)
        by = By(call.who.name, call.now, call.address)
        given = call.body.model_dump(exclude_unset=True)
        if given.get("doctor") is None:
            given.pop("doctor", None)
            made: dict[str, Any] = await self._shares.add_link(id, by, **given)
            return made
        for field in OF_LINKS:
            if given.pop(field, None) is not None:
                raise Invalid(f"{field} is of links; a doctor signs in instead.", field)
        return await self._shares.add_doctor(id, by, given.pop("doctor"), **given)

    @route("DELETE", SHARES + "/<sid>", status=204)
    async def revoke_share(self, call: Call, id: str, sid: str) -> None:
        """Take it back: from now on it opens nothing."""
        self._patients.access.check(call.who, id)
        await self._shares.revoke(id, sid, By(call.who.name, call.now, call.address))


class SharedApi:
    """What a link opens."""

    def __init__(self, links: Links) -> None:
        self._links = links

    @route("POST", "/api/v1/shared", body=Opening, answer=SharedOut, body_limit=4096)
    async def open_link(self, call: Call) -> dict[str, Any]:
        """Open a link, without an account: its sections; each time counts and is written down."""
        opened: dict[str, Any] = await self._links.open(
            call.body.token, call.body.passcode, call.address
        )
        return opened
