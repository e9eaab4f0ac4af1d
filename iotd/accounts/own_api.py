"""JSON routes of one's own person, and the list of doctors to choose from."""

from __future__ import annotations

from typing import Any

from iotd.accounts import person_shapes as shapes
from iotd.accounts.service import Accounts
from iotd.site.headers import clear_session_cookie
from iotd.site.paging import Paging, page_of
from iotd.site.routes import Call, route


class OwnApi:
    """What people see and change of themselves."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    @route("GET", "/api/v1/session/account", answer=shapes.OwnShown)
    async def get_account(self, call: Call) -> dict[str, Any]:
        """One's own account."""
        return await self._accounts.own_profile.show(call.who)

    @route(
        "PATCH", "/api/v1/session/account", body=shapes.OwnChange, answer=shapes.OwnShown
    )
    async def change_account(self, call: Call) -> dict[str, Any]:
        """Another e-mail or full name, against the password; "" takes away what there was."""
        return await self._accounts.own_profile.change(
            call.who, call.body.password, call.body.email, call.body.full_name, call.address
        )

    @route("DELETE", "/api/v1/session/account", body=shapes.OwnRemoval, status=204)
    async def remove_account(self, call: Call) -> None:
        """Delete one's own account and all that hangs on it, against the password."""
        await self._accounts.own_profile.remove(call.who, call.body.password, call.address)
        clear_session_cookie(call.request)

    @route("GET", "/api/v1/doctors", query=Paging, answer=shapes.DoctorList)
    async def list_doctors(self, call: Call) -> dict[str, Any]:
        """The doctors whom patients can choose: verified and able to sign in."""
        return page_of(self._accounts.profiles.doctors(), call)
