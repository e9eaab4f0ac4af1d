"""JSON routes of those who have no session: signing up, and a forgotten password."""

from __future__ import annotations

from typing import Any

from iotd.accounts import person_shapes as shapes
from iotd.accounts.service import Accounts
from iotd.accounts.sign_ups import Wanted
from iotd.site.routes import Call, route

FORGOT = "If this account has an e-mail address, a mail is under way to it."


class EnrolApi:
    """What strangers may ask for."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    @route(
        "POST", "/api/v1/sign-ups", body=shapes.SignUp, answer=shapes.SignUpMade, status=201
    )
    async def sign_up(self, call: Call) -> dict[str, Any]:
        """Make an account of one's own wish; ``state`` says whether an admin has to let it in."""
        return await self._accounts.sign_ups.ask(Wanted(**call.body.model_dump()), call.address)

    @route(
        "POST", "/api/v1/password/forgot", body=shapes.Forgotten, answer=shapes.Forgot, status=202
    )
    async def forgot_password(self, call: Call) -> dict[str, Any]:
        """Have an address mailed under which a new password is chosen; the answer is the
        same whether there is such an account or not."""
        self._accounts.resets.ask(call.body.name, call.address)
        return {"detail": FORGOT}

    @route("POST", "/api/v1/password/reset", body=shapes.NewByToken, status=204)
    async def reset_password(self, call: Call) -> None:
        """A new password against the token of that mail; all sessions end."""
        await self._accounts.resets.reset(call.body.token, call.body.password, call.address)
