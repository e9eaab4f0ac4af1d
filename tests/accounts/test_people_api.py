"""Signing up, profiles and forgotten passwords from outside: the JSON routes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from tests.accounts.room import PASSWORD
from tests.apps import App, Reply

PATIENT = {"role": "patient", "username": "pat", "email": "pat@example.org",
           "password": PASSWORD}
DOCTOR = {"role": "doctor", "username": "doc", "full_name": "Dr. Who", "password": PASSWORD,
          "national_id": "850101-14-5678"}


class PeopleApiTest(TestCase):
    """``self.app`` with an admin "root", whose browser is ``self.root``."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        await self.app.add("root", "admin")
        self.root = await self.app.signed_in("root")
        self.nobody = self.app.browser()

    async def ask(self, wanted: dict[str, Any]) -> Reply:
        """Somebody signs up."""
        return await self.nobody.call("POST", "/api/v1/sign-ups", json=wanted)

    async def sign_in(self, **credentials: str) -> Reply:
        """Try these with the usual password."""
        return await self.nobody.call(
            "POST", "/api/v1/session", json={"password": PASSWORD, **credentials}
        )


class SignUpTests(PeopleApiTest):
    async def test_patient(self) -> None:
        """Asked, told to wait, let in, signed in by the e-mail."""
        asked = await self.ask(PATIENT)
        self.assertEqual(asked.status, 201)
        self.assertEqual({**asked.json, "id": 0},
                         {"id": 0, "name": "pat", "role": "patient", "state": "asked"})
        waits = await self.sign_in(username="pat")
        self.assertEqual((waits.status, waits.json["state"]), (403, "asked"))
        listed = (await self.root.call("GET", "/api/v1/sign-ups")).json
        self.assertEqual([one["name"] for one in listed["items"]], ["pat"])
        path = f"/api/v1/sign-ups/{asked.json['id']}"
        shown = await self.root.call("POST", f"{path}/approve")
        self.assertEqual((shown.status, shown.json["state"]), (200, "active"))
        again = await self.root.call("POST", f"{path}/approve")
        self.assertEqual((again.status, (await self.root.call("DELETE", path)).status), (409, 409))
        signed_in = await self.sign_in(username="pat", email="PAT@example.org")
        self.assertEqual((signed_in.status, signed_in.json["name"]), (200, "pat"))

    async def test_doctor(self) -> None:
        """A doctor is let in and verified; only then patients can choose one."""
        asked = await self.ask(DOCTOR)
        path = f"/api/v1/users/{asked.json['id']}"
        await self.root.call("POST", f"/api/v1/sign-ups/{asked.json['id']}/approve")
        needs_code = await self.sign_in(username="doc", full_name="dr. who")
        self.assertEqual(needs_code.status, 401)
        code = self.app.code(needs_code.json["enrolment"]["secret"])
        signed_in = await self.sign_in(username="doc", full_name="dr. who", otp=code)
        self.assertEqual(len(signed_in.json["recovery_codes"]), 10)
        doctors = await self.root.call("GET", "/api/v1/doctors")
        self.assertEqual(doctors.json, {"items": [], "next": None})
        shown = await self.root.call("POST", f"{path}/national-id")
        self.assertEqual(shown.json, {"national_id": DOCTOR["national_id"]})
        self.assertTrue((await self.root.call("POST", f"{path}/verify")).json["verified"])
        doctors = (await self.root.call("GET", "/api/v1/doctors")).json["items"]
        self.assertEqual(
            doctors, [{"id": asked.json["id"], "name": "doc", "full_name": "Dr. Who"}]
        )
        nobodys = await self.root.call("POST", "/api/v1/users/1/verify")
        self.assertEqual(nobodys.status, 409)

    async def test_bad_input(self) -> None:
        """What is too large, no text, or not asked for is refused with its field."""
        for wanted, status in (
            ({**PATIENT, "username": "x" * 200_000}, 413),
            ({**PATIENT, "username": "x" * 20_000}, 422), ({**PATIENT, "email": ["a"]}, 422),
            ({**PATIENT, "full_name": {"$gt": ""}}, 422), ({**PATIENT, "state": "active"}, 422),
            ({**PATIENT, "role": "admin"}, 422), ({}, 422), ([], 422),
            ({**PATIENT, "email": "a@b.c\r\nBcc: x@y.z"}, 422),
            ({**DOCTOR, "full_name": "a\ud800b"}, 400),
        ):
            reply = await self.ask(wanted)  # type: ignore[arg-type]
            self.assertEqual(reply.status, status, str(wanted)[:80])
        listed = await self.root.call("GET", "/api/v1/sign-ups")
        self.assertEqual(listed.json["items"], [])

    async def test_scripts_are_text(self) -> None:
        """A name that looks like a script is a name, and can't end the script of a page."""
        name = "</script><script>alert(1)</script>"
        await self.ask({**DOCTOR, "full_name": name})
        page = await self.root.call("GET", "/users", headers={"Accept": "text/html"})
        self.assertEqual(page.status, 200)
        self.assertNotIn(b"<script>alert", page.body)


class ForgottenTests(PeopleApiTest):
    async def test_same_answer(self) -> None:
        """Whoever is asked for, the answer is the same."""
        await self.app.accounts.people.add("ann", "viewer", PASSWORD, "t", email="a@example.org")
        told = {
            (reply.status, reply.body)
            for name in ("ann", "a@example.org", "nobody", "<script>", "x" * 512)
            for reply in [await self.nobody.call(
                "POST", "/api/v1/password/forgot", json={"name": name})]
        }
        self.assertEqual(len(told), 1)
        self.assertEqual(told.pop()[0], 202)

    async def test_bad_token(self) -> None:
        """A token that is not good is refused, and its text is not given back."""
        reply = await self.nobody.call(
            "POST", "/api/v1/password/reset", json={"token": "guess", "password": PASSWORD}
        )
        self.assertEqual((reply.status, reply.json["field"]), (403, "token"))
        self.assertNotIn(b"guess", reply.body)

    async def test_pages(self) -> None:
        """The pages of the door are there for everybody; who is signed in is led past two."""
        for path in ("/login", "/enrol", "/forgot", "/reset"):
            reply = await self.nobody.call("GET", path)
            self.assertEqual(reply.status, 200, path)
            past = await self.root.call("GET", path)
            self.assertEqual(past.status, 303 if path in ("/login", "/enrol") else 200, path)


class OwnTests(PeopleApiTest):
    async def test_own_account(self) -> None:
        """One sees and changes one's own person."""
        await self.app.add("ann", "patient")
        ann = await self.app.signed_in("ann")
        path = "/api/v1/session/account"
        changed = await ann.call(
            "PATCH", path, json={"password": PASSWORD, "email": "ann@example.org"}
        )
        self.assertEqual(changed.json["email"], "ann@example.org")
        self.assertEqual((await ann.call("GET", path)).json, changed.json)
        shown = await self.root.call(
            "PATCH", f"/api/v1/users/{changed.json['id']}", json={"full_name": "Ann"}
        )
        self.assertEqual((shown.json["email"], shown.json["full_name"]),
                         ("ann@example.org", "Ann"))
        self.assertEqual((await ann.call("GET", path)).status, 200)  # still signed in

    async def test_leave(self) -> None:
        """Who deletes the account is signed out, and can't come back."""
        await self.app.add("ann", "patient")
        ann = await self.app.signed_in("ann")
        path = "/api/v1/session/account"
        wrong = await ann.call("DELETE", path, json={"password": "wrong"})
        self.assertEqual((wrong.status, wrong.json["field"]), (422, "password"))
        done = await ann.call("DELETE", path, json={"password": PASSWORD})
        self.assertEqual((done.status, ann.cookie), (204, None))
        self.assertEqual((await self.sign_in(username="ann")).status, 401)

    async def test_made_with_more(self) -> None:
        """An admin makes an account with e-mail and full name at once."""
        made = await self.root.call("POST", "/api/v1/users", json={
            "name": "ann", "role": "doctor", "email": "a@example.org", "full_name": "Dr. Ann",
        })
        self.assertEqual((made.status, made.json["verified"]), (201, True))
        self.assertEqual(made.json["full_name"], "Dr. Ann")
        taken = await self.root.call("POST", "/api/v1/users", json={
            "name": "bob", "role": "viewer", "email": "A@example.org",
        })
        self.assertEqual((taken.status, taken.json["field"]), (409, "email"))
