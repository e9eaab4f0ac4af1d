"""JSON routes of the first run, of signing in, and of one's own account."""

from __future__ import annotations

from typing import Any

from iotd.accounts import shapes
from iotd.accounts.enrol_api import EnrolApi
from iotd.accounts.model import lifetime
from iotd.accounts.own_api import OwnApi
from iotd.site.headers import clear_session_cookie, set_session_cookie
from iotd.site.paging import TextPaging, page_of
from iotd.site.routes import Call, route


class SessionApi(EnrolApi, OwnApi):
    """What people do about their own account, before they have one too."""

    @route("POST", "/api/v1/setup", body=shapes.SetUp, answer=shapes.UserShown, status=201)
    async def set_up(self, call: Call) -> dict[str, Any]:
        """Make the admin account of a new site, against the token in the log."""
        wanted = call.body
        return await self._accounts.make_first_admin(
            wanted.token, wanted.username, wanted.password, call.address
        )

    @route("POST", "/api/v1/session", body=shapes.Credentials, answer=shapes.SessionMade)
    async def log_in(self, call: Call) -> dict[str, Any]:
        """Sign in; the session is a cookie, ``csrf`` goes with every write."""
        signed_in = await self._accounts.log_in(
            call.body.username, call.body.password, call.body.otp or None, call.address,
            agent=_agent(call), email=call.body.email, full_name=call.body.full_name,
            replaces=call.identity.session if call.identity and call.identity.csrf else None,
        )
        longest = int(lifetime(signed_in.user.role).absolute)
        set_session_cookie(call.request, signed_in.token, longest)
        return signed_in.as_json()

    @route("GET", "/api/v1/session", answer=shapes.WhoAmI)
    async def whoami(self, call: Call) -> dict[str, Any]:
        """Who is signed in."""
        who = call.who
        totp = who.user_id is not None and bool(self._accounts.own.show(who)["totp"])
        return {"name": who.name, "role": who.role, "csrf": who.csrf, "totp": totp}

    @route("DELETE", "/api/v1/session", status=204)
    async def log_out(self, call: Call) -> None:
        """Sign out."""
        clear_session_cookie(call.request)
        await self._accounts.own.log_out(call.who, call.address)

    @route("GET", "/api/v1/sessions", query=TextPaging, answer=shapes.SessionList)
    async def list_sessions(self, call: Call) -> dict[str, Any]:
        """Where one is signed in, the newest first."""
        return page_of(self._accounts.own.sessions(call.who), call)

    @route("DELETE", "/api/v1/sessions/<id>", status=204)
    async def end_session(self, call: Call, id: str) -> None:
        """End one of one's own sessions."""
        await self._accounts.own.end_session(call.who, id, call.address)

    @route("PUT", "/api/v1/session/password", body=shapes.NewPassword, status=204)
    async def change_password(self, call: Call) -> None:
        """Take a new password; all other sessions end."""
        await self._accounts.own.change_password(
            call.who, call.body.old, call.body.new, call.address
        )

    @route(
        "POST", "/api/v1/session/second-factor",
        body=shapes.CodeMaybeShown, answer=shapes.EnrolmentShown,
    )
    async def start_second_factor(self, call: Call) -> dict[str, Any]:
        """A new secret for a telephone; against a code when there is one already."""
        otp = call.body.otp if call.body is not None else None
        return await self._accounts.own.start_second_factor(call.who, otp, call.address)

    @route(
        "PUT", "/api/v1/session/second-factor",
        body=shapes.CodeShown, answer=shapes.RecoveryCodes,
    )
    async def confirm_second_factor(self, call: Call) -> dict[str, Any]:
        """Turn the new secret on by a code of it; all other sessions end."""
        codes = await self._accounts.own.confirm_second_factor(
            call.who, call.body.otp, call.address
        )
        return {"recovery_codes": codes}

    @route(
        "POST", "/api/v1/session/recovery-codes",
        body=shapes.CodeShown, answer=shapes.RecoveryCodes,
    )
    async def new_recovery_codes(self, call: Call) -> dict[str, Any]:
        """Ten new recovery codes in place of those before."""
        codes = await self._accounts.own.new_recovery_codes(
            call.who, call.body.otp, call.address
        )
        return {"recovery_codes": codes}


def _agent(call: Call) -> str:
    """What the browser calls itself, as far as it can be shown."""
    told = (call.request.getHeader(b"user-agent") or b"").decode("utf-8", "replace")
    return "".join(letter for letter in told[:1000] if letter.isprintable())
