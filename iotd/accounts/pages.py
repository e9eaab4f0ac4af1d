"""HTML routes: the first run, signing in and up, people, one's own account."""

from __future__ import annotations

from typing import Any

from iotd.accounts.service import Accounts
from iotd.site.problems import Elsewhere
from iotd.site.routes import Call, Page, route


class AccountPages:
    """Pages of people; their modules do the rest through the JSON routes."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    @route("GET", "/login", kind="page")
    async def login_page(self, call: Call) -> Page:
        """Sign in."""
        if call.identity is not None:
            raise Elsewhere("/")
        return Page("login.html", self._ways_in(), title="Sign in")

    @route("GET", "/enrol", kind="page")
    async def enrol_page(self, call: Call) -> Page:
        """Sign up."""
        if call.identity is not None:
            raise Elsewhere("/")
        return Page("enrol.html", self._ways_in(), title="Sign up")

    @route("GET", "/forgot", kind="page")
    async def forgot_page(self, call: Call) -> Page:
        """Ask for a new password."""
        return Page("forgot.html", self._ways_in(), title="Forgotten password")

    @route("GET", "/reset", kind="page")
    async def reset_page(self, call: Call) -> Page:
        """Choose a new password; the token is in the fragment, which browsers don't send."""
        return Page("reset.html", title="New password")

    @route("GET", "/setup", kind="page")
    async def setup_page(self, call: Call) -> Page:
        """Make the first account."""
        if self._accounts.set_up():
            raise Elsewhere("/")
        return Page("setup.html", title="Welcome")

    @route("GET", "/users", kind="page")
    async def users_page(self, call: Call) -> Page:
        """People and tokens."""
        data = {
            "users": self._accounts.users(), "tokens": self._accounts.tokens(),
            "sign_ups": self._accounts.sign_ups.waiting(),
        }
        return Page("users.html", data, title="Users")

    @route("GET", "/account", kind="page")
    async def account_page(self, call: Call) -> Page:
        """One's own account."""
        account = await self._accounts.own_profile.show(call.who)
        data = {"account": account, "sessions": self._accounts.own.sessions(call.who)}
        return Page("account.html", data, title="Your account")

    def _ways_in(self) -> dict[str, Any]:
        """Whether one can sign up, and whether a forgotten password is mailed."""
        return {"sign_up": self._accounts.sign_ups.how, "mail": self._accounts.post.is_there}
