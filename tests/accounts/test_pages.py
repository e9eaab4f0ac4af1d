"""Pages of people, and what ends with a session."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import eventAsJSON, globalLogPublisher
from twisted.trial.unittest import TestCase
from twisted.web.client import readBody

from tests.accounts.room import PASSWORD
from tests.apps import App, Reply


class PagesTest(TestCase):
    def setUp(self) -> None:
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        self.browser = self.app.browser()

    async def page(self, path: str) -> Reply:
        """The page that a browser gets."""
        return await self.browser.call("GET", path, headers={"Accept": "text/html"})

    async def initial(self, path: str) -> Any:
        """What a page's module finds in it."""
        reply = await self.page(path)
        self.assertEqual(reply.status, 200)
        found = re.search(r'id="initial">(.*?)</script>', reply.body.decode(), re.S)
        assert found is not None
        return json.loads(found[1])

    async def leads(self, path: str) -> str | None:
        """Where a page leads instead of showing itself."""
        reply = await self.page(path)
        self.assertEqual(reply.status, 303)
        return reply.header("location")


class WaysTests(PagesTest):
    async def test_first_run(self) -> None:
        """Before there is an account every page leads to the set-up."""
        for path in ("/", "/login", "/users", "/account", "/cameras"):
            self.assertEqual(await self.leads(path), "/setup")
        self.assertIsNone((await self.initial("/setup?token=x"))["user"])

    async def test_signed_out(self) -> None:
        """Without a session pages lead to the login and on to where one wanted; the
        set-up is over."""
        await self.app.add("ann", "viewer")
        self.assertEqual(await self.leads("/account"), "/login?next=/account")
        self.assertEqual(await self.leads("/setup?token=x"), "/")
        self.assertIsNone((await self.initial("/login"))["user"])

    async def test_signed_in(self) -> None:
        """With a session the login leads home, and pages know user and CSRF token."""
        await self.app.add("ann", "viewer")
        await self.app.signed_in("ann", self.browser)
        self.assertEqual(await self.leads("/login"), "/")
        initial = await self.initial("/account")
        self.assertEqual(initial["user"], {"name": "ann", "role": "viewer"})
        self.assertEqual(initial["csrf"], self.browser.csrf)
        self.assertEqual(initial["account"]["name"], "ann")
        self.assertEqual([one["current"] for one in initial["sessions"]], [True])
        self.assertEqual((await self.page("/users")).status, 403)

    async def test_users(self) -> None:
        """Admins see people and tokens, without anybody's secrets."""
        await self.app.add("root", "admin")
        made = await self.app.accounts.add_token("ci", "viewer", "test")
        await self.app.signed_in("root", self.browser)
        initial = await self.initial("/users")
        self.assertEqual([user["name"] for user in initial["users"]], ["root"])
        self.assertEqual([token["name"] for token in initial["tokens"]], ["ci"])
        for secret in (made["secret"], "argon2", "sealed", str(self.browser.cookie)):
            self.assertNotIn(secret, json.dumps(initial))


class EndedTests(PagesTest):
    async def watch(self) -> Deferred[bytes]:
        """Open a live stream; fires, however, when it ends."""
        response = await self.browser.open("GET", "/api/v1/events")
        self.assertEqual((response.code, len(self.app.streams)), (200, 1))
        ended = readBody(response.original)
        ended.addErrback(lambda _: b"")
        return ended

    async def test_log_out(self) -> None:
        """A live stream ends at once when its session is logged out."""
        await self.app.add("ann", "viewer")
        await self.app.signed_in("ann", self.browser)
        ended = await self.watch()
        await self.browser.call("DELETE", "/api/v1/session")
        await ended
        self.assertEqual(len(self.app.streams), 0)

    async def test_disabled(self) -> None:
        """A live stream ends at once when its account is shut out."""
        user_id = await self.app.add("ann", "viewer")
        await self.app.signed_in("ann", self.browser)
        ended = await self.watch()
        await self.app.accounts.people.change(user_id, None, True, "test")
        await ended

    async def test_expired(self) -> None:
        """A live stream ends within a second of its session running out."""
        await self.app.add("ann", "viewer")
        await self.app.signed_in("ann", self.browser)
        ended = await self.watch()
        self.app.now += 8 * 3600
        self.app.clock.advance(1)
        await ended

    async def test_token_revoked(self) -> None:
        """A live stream ends at once when its token is revoked."""
        made = await self.app.accounts.add_token("ci", "viewer", "test")
        bearer = {"Authorization": f"Bearer {made['secret']}"}
        response = await self.browser.open("GET", "/api/v1/events", headers=bearer)
        ended = readBody(response.original)
        ended.addErrback(lambda _: b"")
        await self.app.accounts.people.revoke_token(made["id"], "test")
        await ended


class SecretsTests(PagesTest):
    async def test_nowhere_else(self) -> None:
        """Passwords, tokens, codes and seeds appear in no log line, no later answer, and
        nowhere on disk."""
        logged: list[str] = []

        def observe(event: Any) -> None:
            logged.append(eventAsJSON(event))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        secrets = await self.use()
        answers = [
            (await self.browser.call("GET", path)).body.decode()
            for path in ("/api/v1/session", "/api/v1/sessions", "/api/v1/users",
                         "/api/v1/tokens", "/api/v1/audit", "/users", "/account")
        ]
        folder = self.app.store.url.database
        disk = b"".join(
            path.read_bytes() for path in Path(str(folder)).parent.iterdir() if path.is_file()
        ).decode("latin-1")
        self.assertIn("root", disk)
        for secret in secrets:
            for place in (*logged, *answers, disk):
                self.assertNotIn(secret, place)

    async def use(self) -> list[str]:
        """Set up, sign in, make a token, fail to sign in; all secrets there were."""
        token = str(self.app.accounts.setup_token)
        await self.browser.call("POST", "/api/v1/setup", json={
            "token": token, "username": "root", "password": PASSWORD,
        })
        seed = (await self.browser.sign_in("root")).json["enrolment"]["secret"]
        signed_in = await self.browser.sign_in("root", self.app.code(seed))
        new = {"name": "ci", "role": "viewer"}
        made = (await self.browser.call("POST", "/api/v1/tokens", json=new)).json
        await self.app.browser().call("POST", "/api/v1/session", json={
            "username": "typed-into-the-wrong-field", "password": "some other password",
        })
        return [
            token, PASSWORD, seed, str(self.browser.cookie), made["secret"],
            "typed-into-the-wrong-field", "some other password",
            *signed_in.json["recovery_codes"],
        ]
