"""JSON routes of admins: accounts, tokens, and what was done."""

from __future__ import annotations

from typing import Any, Iterable

from iotd.accounts import shapes
from iotd.accounts.service import Accounts
from iotd.accounts.waiting_api import WaitingApi
from iotd.site.paging import Paging, as_page, page_of
from iotd.site.routes import Call, route


class AdminApi(WaitingApi):
    """What admins do about everybody's accounts."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts)
        self._people = accounts.people

    @route("GET", "/api/v1/users", query=Paging, answer=shapes.UserList)
    async def list_users(self, call: Call) -> dict[str, Any]:
        """All accounts, by id."""
        return page_of(_by_id(self._people.all()), call)

    @route("POST", "/api/v1/users", body=shapes.NewUser, answer=shapes.UserMade, status=201)
    async def add_user(self, call: Call) -> dict[str, Any]:
        """Make an account; without a password one is made up and told this once."""
        new = call.body
        return await self._people.add(
            new.name, new.role, new.password, call.who.name, call.address,
            new.email, new.full_name,
        )

    @route(
        "PATCH", "/api/v1/users/<int:id>",
        body=shapes.UserChange, answer=shapes.UserShown,
    )
    async def change_user(self, call: Call, id: int) -> dict[str, Any]:
        """Give another role, or shut out and let in again, which ends the account's
        sessions; another e-mail or full name."""
        wanted = call.body
        return await self._people.change(
            id, wanted.role, wanted.disabled, call.who.name, call.address,
            wanted.email, wanted.full_name,
        )

    @route("DELETE", "/api/v1/users/<int:id>", status=204)
    async def remove_user(self, call: Call, id: int) -> None:
        """Delete an account."""
        await self._people.remove(id, call.who.name, call.address)

    @route("POST", "/api/v1/users/<int:id>/reset", answer=shapes.UserMade)
    async def reset_user(self, call: Call, id: int) -> dict[str, Any]:
        """A new password, told this once, and no second factor."""
        return await self._people.reset(id, call.who.name, call.address)

    @route("GET", "/api/v1/tokens", query=Paging, answer=shapes.TokenList)
    async def list_tokens(self, call: Call) -> dict[str, Any]:
        """All bearer tokens, by id, without their secrets."""
        return page_of(_by_id(self._accounts.tokens()), call)

    @route("POST", "/api/v1/tokens", body=shapes.NewToken, answer=shapes.TokenMade, status=201)
    async def add_token(self, call: Call) -> dict[str, Any]:
        """Make a bearer token; its secret is told this once."""
        return await self._people.add_token(
            call.body.name, call.body.role, call.who.name, call.address
        )

    @route("DELETE", "/api/v1/tokens/<int:id>", status=204)
    async def revoke_token(self, call: Call, id: int) -> None:
        """Delete a bearer token; what it holds open ends."""
        await self._people.revoke_token(id, call.who.name, call.address)

    @route("GET", "/api/v1/audit", query=Paging, answer=shapes.AuditList)
    async def list_audit(self, call: Call) -> dict[str, Any]:
        """Who did what, the newest first."""
        rows = await self._accounts.audit(call.query.limit + 1, call.query.after)
        return as_page(rows, call)

    @route(
        "GET", "/api/v1/audit/verify", query=shapes.AuditTicket, answer=shapes.AuditCheck,
    )
    async def verify_audit(self, call: Call) -> dict[str, Any]:
        """Whether the audit is as it was written; ask again with the ticket while it runs."""
        return await self._accounts.audit_log.follow(call.query.ticket)


def _by_id(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: item["id"])
