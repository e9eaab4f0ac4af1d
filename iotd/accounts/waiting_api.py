"""JSON routes of admins: who waits to be let in, and which doctors are who they say."""

from __future__ import annotations

from typing import Any

from iotd.accounts import person_shapes as shapes
from iotd.accounts.service import Accounts
from iotd.accounts.shapes import UserShown
from iotd.site.paging import Paging, page_of
from iotd.site.routes import Call, route


class WaitingApi:
    """What admins answer to those who signed up."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    @route("GET", "/api/v1/sign-ups", query=Paging, answer=shapes.SignUpList)
    async def list_sign_ups(self, call: Call) -> dict[str, Any]:
        """Who waits to be let in."""
        return page_of(self._accounts.sign_ups.waiting(), call)

    @route("POST", "/api/v1/sign-ups/<int:id>/approve", answer=UserShown)
    async def let_in(self, call: Call, id: int) -> dict[str, Any]:
        """Let somebody in."""
        return await self._accounts.sign_ups.let_in(id, call.who.name, call.address)

    @route("DELETE", "/api/v1/sign-ups/<int:id>", status=204)
    async def refuse_sign_up(self, call: Call, id: int) -> None:
        """Refuse somebody; the account is gone."""
        await self._accounts.sign_ups.refuse(id, call.who.name, call.address)

    @route("POST", "/api/v1/users/<int:id>/verify", answer=UserShown)
    async def verify_doctor(self, call: Call, id: int) -> dict[str, Any]:
        """Vouch for a doctor, whom patients can choose from then on."""
        return await self._accounts.sign_ups.verify(id, call.who.name, call.address)

    @route("POST", "/api/v1/users/<int:id>/national-id", answer=shapes.NationalId)
    async def reveal_national_id(self, call: Call, id: int) -> dict[str, Any]:
        """The national id that a doctor gave; that it was looked at is audited."""
        shown = await self._accounts.sign_ups.reveal(id, call.who.name, call.address)
        return {"national_id": shown}
