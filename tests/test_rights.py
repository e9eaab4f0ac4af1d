"""Every allowed and every refused call, made from the rights table on the whole app."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.accounts.rights import PUBLIC, RIGHTS, ROLES, may
from iotd.site.routes import Route
from iotd.store.metadata import metadata
from tests.apps import App, Browser

# what a path's parameters are in a call that reaches nothing that exists
_NOTHING = {"int": "999999", "path": "nothing.txt"}
_QUERIES = {"cameras.wall_stream": "?ids=nothing"}

# answered only while the browser stays, so only the head is waited for
_ENDLESS = {"site.events"}


def address_of(route: Route) -> str:
    """A path of the route, about a thing that does not exist."""
    path = re.sub(
        r"<(?:(\w+):)?\w+>", lambda found: _NOTHING.get(found[1], "nothing"), route.path
    )
    return path + _QUERIES.get(route.name, "")


class RightsTest(TestCase):
    """The app with one account of each role, named after it."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        for role in ROLES:
            await self.app.add(role, role)
        self.routes = self.app.site.routes

    async def status(self, browser: Browser, route: Route, **headers: str | None) -> int:
        """What calling this route with an empty body is answered."""
        options = {} if route.method == "GET" else {"json": {}}
        reply = await browser.open(
            route.method, address_of(route), **options, headers=headers
        )
        if route.name in _ENDLESS and reply.code == 200:
            self.app.streams.end_all()
        await reply.content()
        return int(reply.code)


class RightsTests(RightsTest):
    def test_rows(self) -> None:
        """Every route has a row, and every row a route."""
        self.assertEqual({route.name for route in self.routes}, set(RIGHTS))

    async def test_nobody(self) -> None:
        """Without an account only public routes are reached; pages lead to the login."""
        browser = self.app.browser()
        for route in self.routes:
            status = await self.status(browser, route, **{"X-Forwarded-For": "192.0.2.1"})
            if RIGHTS[route.name] == PUBLIC:
                # 303: there is an account, so set-up is over
                self.assertIn(status, (200, 303, 404, 422), route.name)
            else:
                self.assertEqual(status, 303 if route.kind == "page" else 401, route.name)

    async def check(self, role: str) -> None:
        """All that the role may is let through, all else is refused."""
        browser = await self.app.signed_in(role)
        for route in self.routes:
            if route.name == "accounts.log_out":
                continue
            status = await self.status(browser, route)
            if may(role, route.name):
                self.assertNotIn(status, (401, 403, 500), (role, route.name))
            else:
                self.assertEqual(status, 403, (role, route.name))
        self.assertEqual((await browser.call("DELETE", "/api/v1/session")).status, 204)

    def test_admin(self) -> None:
        """An admin reaches what admins may, and is refused the rest."""
        return Deferred.fromCoroutine(self.check("admin"))  # type: ignore[return-value]

    def test_operator(self) -> None:
        """An operator reaches what operators may, and is refused the rest."""
        return Deferred.fromCoroutine(self.check("operator"))  # type: ignore[return-value]

    def test_viewer(self) -> None:
        """A viewer reaches what viewers may, and is refused the rest."""
        return Deferred.fromCoroutine(self.check("viewer"))  # type: ignore[return-value]

    def test_doctor(self) -> None:
        """A doctor reaches what doctors may, and is refused the rest."""
        return Deferred.fromCoroutine(self.check("doctor"))  # type: ignore[return-value]

    def test_patient(self) -> None:
        """A patient reaches what patients may, and is refused the rest."""
        return Deferred.fromCoroutine(self.check("patient"))  # type: ignore[return-value]

    async def test_tokens(self) -> None:
        """A bearer token reaches what its role may; what is a person's own is not a token's."""
        browser = self.app.browser()
        for role in ROLES:
            made = await self.app.accounts.add_token(f"t-{role}", role, "test")
            bearer = {"Authorization": f"Bearer {made['secret']}"}
            for route in self.routes:
                status = await self.status(browser, route, **bearer)
                if not may(role, route.name):
                    self.assertEqual(status, 403, (role, route.name))
                elif "session" not in route.path and route.name != "accounts.account_page":
                    self.assertNotIn(status, (401, 403, 500), (role, route.name))

    async def test_loopback(self) -> None:
        """This machine reads the figures without an account; nobody else does."""
        browser = self.app.browser()
        self.assertEqual((await browser.call("GET", "/metrics")).status, 200)
        elsewhere = {"X-Forwarded-For": "192.0.2.1"}
        self.assertEqual((await browser.call("GET", "/metrics", headers=elsewhere)).status, 401)


class CsrfTests(RightsTest):
    """The writes among the same routes, as another site would send them."""

    async def test_every_write(self) -> None:
        """Each write of each route is refused without the session's CSRF token, with
        another session's, from a foreign page, and as a form."""
        browser, other = await self.app.signed_in("admin"), await self.app.signed_in("admin")
        writes = [r for r in self.routes if r.method != "GET" and may("admin", r.name)]
        self.assertGreater(len(writes), 20)
        for route in writes:
            for headers in self.forgeries(route, str(other.csrf)):
                status = await self.status(browser, route, **headers)
                self.assertIn(status, (403, 415), (route.name, headers))

    def forgeries(self, route: Route, other: str) -> list[dict[str, str | None]]:
        """Headers that no page of ours would send."""
        found: list[dict[str, str | None]] = [
            {"Origin": "http://evil.example"}, {"Origin": "null"},
            {"Content-Type": "application/x-www-form-urlencoded"},
        ]
        if RIGHTS[route.name] != PUBLIC:  # before there is a session there is no token
            found += [{"X-CSRF-Token": None}, {"X-CSRF-Token": other}]
        return found

    async def test_reading_changes_nothing(self) -> None:
        """No GET of any route changes a row of the database."""
        browser = await self.app.signed_in("admin")
        before = await self.app.store.read(everything)
        for route in self.routes:
            if route.method == "GET":
                await self.status(browser, route)
        self.assertEqual(await self.app.store.read(everything), before)


def everything(connection):  # type: ignore[no-untyped-def]
    """Every row of every table."""
    return {
        table.name: connection.execute(table.select()).all() for table in metadata.sorted_tables
    }
