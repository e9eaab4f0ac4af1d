"""Accounts from outside: the JSON routes through the real kernel."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from tests.accounts.room import PASSWORD
from tests.apps import App


class ApiTest(TestCase):
    """``self.app`` with a viewer "ann" and an admin "root"."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        self.ann = await self.app.add("ann", "viewer")
        self.root = await self.app.add("root", "admin")


class SessionTests(ApiTest):
    async def test_sign_in_and_out(self) -> None:
        """Name and password give a cookie and a CSRF token; signing out ends both."""
        browser = self.app.browser()
        self.assertEqual((await browser.call("GET", "/api/v1/session")).status, 401)
        reply = await browser.sign_in("ann")
        self.assertEqual(reply.status, 200)
        who = (await browser.call("GET", "/api/v1/session")).json
        self.assertEqual(
            who, {"name": "ann", "role": "viewer", "csrf": reply.json["csrf"], "totp": False}
        )
        old = browser.cookie
        self.assertEqual((await browser.call("DELETE", "/api/v1/session")).status, 204)
        self.assertIsNone(browser.cookie)
        browser.cookie = old
        self.assertEqual((await browser.call("GET", "/api/v1/session")).status, 401)

    async def test_cookie(self) -> None:
        """Scripts of a page can't read the cookie, and other sites' forms don't send it."""
        reply = await self.app.browser().sign_in("ann")
        cookie = reply.header("set-cookie")
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        self.assertEqual(
            parts, {"httponly", "samesite=lax", "path=/", f"max-age={7 * 86400}"}
        )

    async def test_rubbish_headers(self) -> None:
        """Bytes that are no text, in any header that is looked at, harm nobody."""
        rubbish = "\xff\x80\u2603"
        browser = self.app.browser()
        for name in ("Authorization", "Cookie", "User-Agent", "X-CSRF-Token"):
            value = {"Authorization": "Bearer ", "Cookie": "iotd_session="}.get(name, "") + rubbish
            reply = await browser.call("GET", "/api/v1/session", headers={name: value})
            self.assertEqual(reply.status, 401)
        credentials = {"username": "ann", "password": PASSWORD}
        reply = await browser.call(
            "POST", "/api/v1/session", json=credentials, headers={"User-Agent": b"a\xff\x1bb"}
        )
        self.assertEqual(reply.status, 200)
        browser.csrf = reply.json["csrf"]
        shown = (await browser.call("GET", "/api/v1/sessions")).json["items"]
        self.assertEqual(shown[0]["agent"], "a\ufffdb")

    async def test_fixation(self) -> None:
        """A planted cookie is worth nothing before, and is not what one signs in to."""
        browser = self.app.browser()
        browser.cookie = planted = "A" * 43
        self.assertEqual((await browser.call("GET", "/api/v1/session")).status, 401)
        await browser.sign_in("ann")
        self.assertNotEqual(browser.cookie, planted)
        first = browser.cookie
        await browser.sign_in("ann")
        self.assertNotEqual(browser.cookie, first)
        browser.cookie = first
        self.assertEqual((await browser.call("GET", "/api/v1/session")).status, 401)

    async def test_strangers_learn_nothing(self) -> None:
        """Wrong name and wrong password get the same status and the same text."""
        replies = [
            await self.app.browser().call("POST", "/api/v1/session", json=credentials)
            for credentials in (
                {"username": "ann", "password": "wrong"}, {"username": "x", "password": "wrong"},
                {"username": "", "password": ""}, {"username": "root", "password": "wrong"},
            )
        ]
        self.assertEqual({reply.status for reply in replies}, {401})
        self.assertEqual(len({reply.body for reply in replies}), 1)

    async def test_throttled(self) -> None:
        """The sixth wrong password gets 429 and when to come back; another address 401."""
        wrong = {"username": "ann", "password": "wrong"}
        browser = self.app.browser()
        for _ in range(5):
            reply = await browser.call("POST", "/api/v1/session", json=wrong)
            self.assertEqual(reply.status, 401)
        reply = await browser.call("POST", "/api/v1/session", json=wrong)
        self.assertEqual((reply.status, reply.header("retry-after")), (429, "60"))
        elsewhere = self.app.browser("127.0.0.2")
        self.assertEqual((await elsewhere.sign_in("ann")).status, 200)

    async def test_bad_bodies(self) -> None:
        """What is no credentials is told as such, and counts as no try."""
        browser = self.app.browser()
        for body in ({}, {"username": "ann"}, {"username": 1, "password": "x"}, [], "ann"):
            reply = await browser.call("POST", "/api/v1/session", json=body)
            self.assertEqual((reply.status, reply.header("content-type")), (
                422, "application/problem+json"
            ))
        for _ in range(6):
            reply = await browser.call("POST", "/api/v1/session", data=b"username=ann")
            self.assertEqual(reply.status, 415)
        self.assertEqual((await browser.sign_in("ann")).status, 200)


class SecondFactorTests(ApiTest):
    async def test_first_time(self) -> None:
        """An admin is shown a secret, confirms it by a code, and gets recovery codes."""
        browser = self.app.browser()
        reply = await browser.sign_in("root")
        self.assertEqual((reply.status, browser.cookie), (401, None))
        self.assertIs(reply.json["otp_required"], True)
        shown = reply.json["enrolment"]
        self.assertTrue(shown["qr_svg"].startswith("data:image/svg+xml"))
        reply = await browser.sign_in("root", self.app.code(shown["secret"]))
        self.assertEqual((reply.status, len(reply.json["recovery_codes"])), (200, 10))
        reply = await self.app.browser().sign_in("root")
        self.assertIs(reply.json["otp_required"], True)
        self.assertNotIn("enrolment", reply.json)

    async def test_turned_on_by_choice(self) -> None:
        """A viewer turns it on from the account page."""
        browser = await self.app.signed_in("ann")
        reply = await browser.call("POST", "/api/v1/session/second-factor")
        code = {"otp": self.app.code(reply.json["secret"])}
        reply = await browser.call("PUT", "/api/v1/session/second-factor", json=code)
        codes = reply.json["recovery_codes"]
        self.assertTrue((await browser.call("GET", "/api/v1/session")).json["totp"])
        reply = await browser.call(
            "POST", "/api/v1/session/recovery-codes", json={"otp": codes[0]}
        )
        self.assertEqual(len(reply.json["recovery_codes"]), 10)
        self.assertEqual((await browser.call("GET", "/api/v1/session")).status, 200)


class CsrfTests(ApiTest):
    async def status(self, **headers: str | None) -> int:
        """What a write with these headers is answered."""
        browser = await self.app.signed_in("ann")
        new = {"old": "wrong", "new": "dry paint on friday"}
        reply = await browser.call(
            "PUT", "/api/v1/session/password", json=new, headers=headers
        )
        return reply.status

    async def test_needed(self) -> None:
        """A write without the session's own CSRF token is refused."""
        other = await self.app.signed_in("ann")
        self.assertEqual(await self.status(), 422)  # let through: the password was wrong
        for token in (None, "", "x", other.csrf):
            self.assertEqual(await self.status(**{"X-CSRF-Token": token}), 403)

    async def test_foreign_page(self) -> None:
        """A write sent by another site's page is refused, whatever it knows."""
        for origin in ("http://evil.example", "null", self.app.url + ".evil.example"):
            self.assertEqual(await self.status(Origin=origin), 403)
        self.assertEqual(await self.status(Origin=self.app.url), 422)

    async def test_form(self) -> None:
        """A form, which any site can send, is no JSON."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual(await self.status(**kind), 415)

    async def test_login_from_elsewhere(self) -> None:
        """Another site can't sign a visitor in to an account of its own."""
        reply = await self.app.browser().call(
            "POST", "/api/v1/session", json={"username": "ann", "password": PASSWORD},
            headers={"Origin": "http://evil.example"},
        )
        self.assertEqual(reply.status, 403)


class OwnTests(ApiTest):
    async def test_sessions(self) -> None:
        """People list their sessions in pages, and end one."""
        for _ in range(3):
            browser = await self.app.signed_in("ann")
        items = []
        path = "/api/v1/sessions?limit=2"
        while path is not None:
            page = (await browser.call("GET", path)).json
            items += page["items"]
            path = page["next"]
        self.assertEqual([item["current"] for item in items], [True, False, False])
        ended = f"/api/v1/sessions/{items[1]['id']}"
        self.assertEqual((await browser.call("DELETE", ended)).status, 204)
        self.assertEqual((await browser.call("DELETE", ended)).status, 404)
        left = (await browser.call("GET", "/api/v1/sessions")).json["items"]
        self.assertEqual(len(left), 2)

    async def test_password(self) -> None:
        """A new password is taken for the old one."""
        browser = await self.app.signed_in("ann")
        new = {"old": PASSWORD, "new": "dry paint on friday"}
        reply = await browser.call("PUT", "/api/v1/session/password", json=new)
        self.assertEqual((reply.status, reply.body), (204, b""))
        self.assertEqual((await self.app.browser().sign_in("ann")).status, 401)
        self.assertEqual((await browser.call("GET", "/api/v1/session")).status, 200)


class AdminTests(ApiTest):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.admin = await self.app.signed_in("root")

    async def test_users(self) -> None:
        """An admin makes, changes, resets and removes accounts."""
        new = {"name": "bob", "role": "viewer", "password": PASSWORD}
        reply = await self.admin.call("POST", "/api/v1/users", json=new)
        self.assertEqual((reply.status, reply.json["name"]), (201, "bob"))
        self.assertNotIn("password", reply.json)
        path = f"/api/v1/users/{reply.json['id']}"
        reply = await self.admin.call("PATCH", path, json={"role": "operator"})
        self.assertEqual((reply.status, reply.json["role"]), (200, "operator"))
        reply = await self.admin.call("POST", path + "/reset")
        self.assertEqual((reply.status, len(reply.json["password"])), (200, 19))
        self.assertEqual((await self.admin.call("DELETE", path)).status, 204)
        self.assertEqual((await self.admin.call("DELETE", path)).status, 404)
        listed = (await self.admin.call("GET", "/api/v1/users")).json["items"]
        self.assertEqual([user["name"] for user in listed], ["ann", "root"])

    async def test_refused(self) -> None:
        """Bad input is 422 with its field, a taken name 409, as is the last admin's end."""
        good = {"name": "bob", "role": "viewer", "password": PASSWORD}
        for field, value in (("name", "a b"), ("role", "root"), ("password", "short")):
            reply = await self.admin.call("POST", "/api/v1/users", json={**good, field: value})
            self.assertEqual((reply.status, reply.json["field"]), (422, field))
        taken = await self.admin.call("POST", "/api/v1/users", json={**good, "name": "ANN"})
        self.assertEqual(taken.status, 409)
        last = f"/api/v1/users/{self.root}"
        for change in ({"role": "viewer"}, {"disabled": True}):
            self.assertEqual((await self.admin.call("PATCH", last, json=change)).status, 409)
        self.assertEqual((await self.admin.call("DELETE", last)).status, 409)

    async def test_ended_at_once(self) -> None:
        """Whoever is shut out is so from the next request on."""
        ann = await self.app.signed_in("ann")
        await self.admin.call("PATCH", f"/api/v1/users/{self.ann}", json={"disabled": True})
        self.assertEqual((await ann.call("GET", "/api/v1/session")).status, 401)

    async def test_tokens(self) -> None:
        """A token works without a cookie or CSRF token, until it is revoked."""
        new = {"name": "ci", "role": "admin"}
        made = (await self.admin.call("POST", "/api/v1/tokens", json=new)).json
        bearer = {"Authorization": f"Bearer {made['secret']}"}
        script = self.app.browser()
        user = {"name": "bob", "role": "viewer"}
        reply = await script.call("POST", "/api/v1/users", json=user, headers=bearer)
        self.assertEqual((reply.status, len(reply.json["password"])), (201, 19))
        listed = await script.call("GET", "/api/v1/tokens", headers=bearer)
        self.assertNotIn(made["secret"], listed.body.decode())
        await self.admin.call("DELETE", f"/api/v1/tokens/{made['id']}")
        self.assertEqual((await script.call("GET", "/api/v1/tokens", headers=bearer)).status, 401)

    async def test_audit(self) -> None:
        """The audit is listed in pages, the newest first, with time and address."""
        for number in range(5):
            await self.admin.call(
                "POST", "/api/v1/tokens", json={"name": f"t{number}", "role": "viewer"}
            )
        page = (await self.admin.call("GET", "/api/v1/audit?limit=3")).json
        rest = (await self.admin.call("GET", page["next"])).json
        subjects = [row["subject"] for row in page["items"] + rest["items"]]
        self.assertEqual(subjects[:5], ["t4", "t3", "t2", "t1", "t0"])
        row = page["items"][0]
        self.assertEqual((row["who"], row["address"]), ("root", "127.0.0.1"))
        self.assertTrue(row["at"].endswith("Z"))
        for query in ("limit=0", "limit=1001", "limit=x", "after=x", "after=-1", f"after={10**30}"):
            reply = await self.admin.call("GET", f"/api/v1/audit?{query}")
            self.assertEqual(reply.status, 422)


class SetupTests(TestCase):
    def setUp(self) -> None:
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        self.token = self.app.accounts.setup_token

    async def set_up(self, name: str = "root", token: str | None = None) -> int:
        body = {"token": token or self.token, "username": name, "password": PASSWORD}
        return (await self.app.browser().call("POST", "/api/v1/setup", json=body)).status

    async def test_made(self) -> None:
        """The address in the log makes the admin, once."""
        self.assertEqual(await self.set_up(token="x" * 43), 403)
        self.assertEqual(await self.set_up(), 201)
        self.assertEqual(await self.set_up("bob"), 409)
        self.assertEqual((await self.app.browser().sign_in("root")).status, 401)

    async def test_race(self) -> None:
        """Of five set-ups at once exactly one wins."""
        tries = [Deferred.fromCoroutine(self.set_up(f"root{n}")) for n in range(5)]
        self.assertEqual(sorted(await gatherResults(tries)), [201, 409, 409, 409, 409])
        self.assertEqual(len(self.app.accounts.users()), 1)

    async def test_nothing_else(self) -> None:
        """Before it nobody gets in, and a token made by the command line does."""
        browser = self.app.browser()
        for path in ("/api/v1/session", "/api/v1/users", "/api/v1/cameras", "/api/v1/audit"):
            self.assertEqual((await browser.call("GET", path)).status, 401, path)
        made = await self.app.accounts.add_token("ci", "viewer", "cli")
        bearer = {"Authorization": f"Bearer {made['secret']}"}
        reply = await browser.call("GET", "/api/v1/cameras", headers=bearer)
        self.assertEqual(reply.status, 200)
