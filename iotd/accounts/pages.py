"""HTML routes: the first run, signing in, people, one's own account."""

from __future__ import annotations

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
        return Page("login.html", title="Sign in")

    @route("GET", "/setup", kind="page")
    async def setup_page(self, call: Call) -> Page:
        """Make the first account."""
        if self._accounts.set_up():
            raise Elsewhere("/")
        return Page("setup.html", title="Welcome")

    @route("GET", "/users", kind="page")
    async def users_page(self, call: Call) -> Page:
        """People and tokens."""
        data = {"users": self._accounts.users(), "tokens": self._accounts.tokens()}
        return Page("users.html", data, title="Users")

    @route("GET", "/account", kind="page")
    async def account_page(self, call: Call) -> Page:
        """One's own account."""
        own = self._accounts.own
        data = {"account": own.show(call.who), "sessions": own.sessions(call.who)}
        return Page("account.html", data, title="Your account")
