"""Signing up: who comes in how, what admins answer, and floods."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from iotd.accounts.profile_model import ASKED_FOR
from iotd.accounts.profile_records import profiles
from iotd.accounts.sign_ups import Wanted
from iotd.errors import Conflict, Denied, Invalid, NotFound, TooMany, Unauthenticated
from tests.accounts.room import PASSWORD, AccountsTest
from tests.databases import both
from tests.health.fake_post import Post

ID = "850101-14-5678"


class SignUpTest(AccountsTest):
    """An admin "root" is there already."""

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        await self.add("root", "admin")

    async def ask(
        self, name: str = "pat", address: str = "10.0.0.1", **more: Any
    ) -> dict[str, Any]:
        """A patient asks for an account."""
        wanted = {"role": "patient", "email": f"{name}@example.org", **more}
        return await self.accounts.sign_ups.ask(
            Wanted(username=name, password=PASSWORD, **wanted), address
        )

    async def ask_doctor(self, name: str = "doc", **more: Any) -> dict[str, Any]:
        """A doctor asks for one."""
        wanted = {"full_name": "Dr. Who", "national_id": ID, "email": None, **more}
        return await self.ask(name, role="doctor", **wanted)


@both
class ApproveTests(SignUpTest):
    async def test_patient(self) -> None:
        """Who asked can't sign in until an admin lets them in, and is told so after a right
        password only."""
        asked = await self.ask()
        self.assertEqual(asked["state"], "asked")
        for username in ("pat", "pat@example.org"):
            error = await self.refused(self.sign_in(username), Denied)
            self.assertIn("an admin has to let you in", str(error))
        await self.refused(self.accounts.log_in("pat", "wrong", None, "10.0.0.1"), Unauthenticated)
        shown = await self.accounts.sign_ups.let_in(asked["id"], "root")
        self.assertEqual((shown["state"], shown["email"]), ("active", "pat@example.org"))
        for username in ("pat", "pat@example.org"):
            await self.sign_in(username)
        await self.refused(self.accounts.sign_ups.let_in(asked["id"], "root"), Conflict)
        await self.refused(self.accounts.sign_ups.refuse(asked["id"], "root"), Conflict)

    async def test_asking_again_and_again(self) -> None:
        """Looking often whether one was let in locks nobody out."""
        asked = await self.ask()
        for _ in range(12):
            await self.refused(self.sign_in("pat"), Denied)
        await self.restart()
        await self.refused(self.sign_in("pat"), Denied)
        await self.accounts.sign_ups.let_in(asked["id"], "root")
        await self.sign_in("pat")

    async def test_doctor(self) -> None:
        """A doctor who is let in connects a telephone, and is nobody's doctor until verified."""
        asked = await self.ask_doctor()
        await self.refused(self.sign_in("doc"), Denied)
        await self.accounts.sign_ups.let_in(asked["id"], "root")
        await self.enrol("doc")
        self.assertFalse(self.accounts.profiles.is_verified(asked["id"]))
        self.assertEqual(self.accounts.profiles.doctors(), [])
        shown = await self.accounts.sign_ups.verify(asked["id"], "root")
        self.assertTrue(shown["verified"])
        await self.accounts.sign_ups.verify(asked["id"], "root")
        await self.restart()
        doctors = self.accounts.profiles.doctors()
        self.assertEqual([one["full_name"] for one in doctors], ["Dr. Who"])
        verified = [row for row in await self.audit() if row[1] == "verify doctor"]
        self.assertEqual(verified, [("root", "verify doctor", "doc", "ok")])

    async def test_national_id(self) -> None:
        """The number is sealed at rest, shown to nobody unasked, and each look is audited."""
        asked = await self.ask_doctor()
        stored = str(await self.store.read(_profiles))
        self.assertNotIn(ID, stored)
        self.assertNotIn(ID, str(self.accounts.users()) + str(self.accounts.sign_ups.waiting()))
        self.assertEqual(await self.accounts.sign_ups.reveal(asked["id"], "root"), ID)
        self.assertIn(("root", "see national id", "doc", "ok"), await self.audit())
        self.assertNotIn(ID, str(await self.store.read(_audit)))
        pat = await self.ask()
        await self.refused(self.accounts.sign_ups.reveal(pat["id"], "root"), NotFound)

    async def test_refused(self) -> None:
        """Who is refused is gone, and the name is free again."""
        asked = await self.ask()
        await self.accounts.sign_ups.refuse(asked["id"], "root")
        self.assertEqual(self.accounts.sign_ups.waiting(), [])
        await self.refused(self.sign_in("pat"), Unauthenticated)
        await self.restart()
        await self.ask()

    async def test_fields(self) -> None:
        """Each field that can't be is told by its name, and makes no account."""
        for field, wanted in (
            ("role", {"role": "admin"}), ("role", {"role": "operator"}),
            ("email", {"email": None}), ("email", {"email": "a@b\nBcc: c@d"}),
            ("national_id", {"national_id": ID}), ("username", {"name": "<script>"}),
            ("username", {"name": "x@example.org"}), ("username", {"name": "x" * 200_000}),
            ("full_name", {"full_name": "x" * 200_000}), ("full_name", {"full_name": "a\x00b"}),
        ):
            error = await self.refused(self.ask(**wanted), Invalid)
            self.assertEqual(error.field, field)
        for field, wanted in (
            ("full_name", {"full_name": None}), ("national_id", {"national_id": None}),
            ("national_id", {"national_id": "<script>alert(1)</script>"}),
        ):
            error = await self.refused(self.ask_doctor(**wanted), Invalid)
            self.assertEqual(error.field, field)
        weak = Wanted("patient", "pat", "password1", "pat@example.org")
        error = await self.refused(self.accounts.sign_ups.ask(weak), Invalid)
        self.assertEqual((error.field, len(self.accounts.users())), ("password", 1))

    async def test_taken_name(self) -> None:
        """A name that is taken is told plainly, in whatever case."""
        await self.ask()
        for name in ("PAT", "root"):
            error = await self.refused(self.ask(name, email="x@example.org"), Conflict)
            self.assertEqual(error.field, "username")

    async def test_not_answered(self) -> None:
        """What nobody answered in 30 days is dropped; what was let in is not."""
        await self.ask("old")
        await self.accounts.sign_ups.let_in((await self.ask("in"))["id"], "root")
        self.now += ASKED_FOR / 2
        await self.ask("new")
        self.now += ASKED_FOR / 2
        await self.accounts.sign_ups.prune(self.now)
        names = [one["name"] for one in self.accounts.users()]
        self.assertEqual(names, ["in", "new", "root"])
        await self.restart()
        self.assertEqual([one["name"] for one in self.accounts.users()], names)

    async def test_squatted_address(self) -> None:
        """A stranger who asks with somebody's address keeps its owner from nothing."""
        first, second = await self.ask("eve", email="pat@example.org"), await self.ask("pat")
        shown = await self.accounts.sign_ups.let_in(second["id"], "root")
        self.assertEqual(shown["email"], "pat@example.org")
        self.assertEqual((await self.sign_in("PAT@example.org")).user.name, "pat")
        waiting = self.accounts.sign_ups.waiting()
        self.assertEqual([(one["name"], one["email_taken"]) for one in waiting], [("eve", True)])
        await self.accounts.sign_ups.let_in(first["id"], "root")
        self.assertEqual((await self.sign_in("pat@example.org")).user.name, "pat")
        await self.sign_in("eve")


class FloodTests(SignUpTest):
    async def test_one_address(self) -> None:
        """Eight of one address wait at most; others still can ask."""
        for number in range(8):
            await self.ask(f"p{number}")
        await self.refused(self.ask("more"), TooMany)
        await self.ask("else", address="10.0.0.2")

    async def test_all(self) -> None:
        """Sixty-four wait at most, from however many addresses."""
        for number in range(64):
            await self.ask(f"p{number}", address=f"10.0.{number}.1")
        await self.refused(self.ask("more", address="10.9.9.9"), TooMany)
        self.assertEqual(len(self.accounts.sign_ups.waiting()), 64)

    async def test_names_guessed(self) -> None:
        """An address that asks which names are taken waits after twenty, and learns no more."""
        told = []
        for _ in range(25):
            told.append(type(await self.refused(self.ask("root"))))
        self.assertEqual(told, [Conflict] * 20 + [TooMany] * 5)
        self.now += 3600
        await self.ask()

    async def test_ipv6(self) -> None:
        """One customer's /64 is one address."""
        for number in range(8):
            await self.ask(f"p{number}", address=f"2001:db8::{number:x}")
        await self.refused(self.ask("more", address="2001:db8::ffff"), TooMany)


class NobodyTests(AccountsTest):
    async def test_before_the_admin(self) -> None:
        """While there is no admin nobody signs up, and the set-up stays open."""
        wanted = Wanted("patient", "pat", PASSWORD, "pat@example.org")
        await self.refused(self.accounts.sign_ups.ask(wanted), Conflict)
        self.assertFalse(self.accounts.set_up())
        await self.accounts.make_first_admin(self.accounts.setup_token, "root", PASSWORD)


class OpenTests(SignUpTest):
    sign_up = "open"

    async def test_at_once(self) -> None:
        """Patients begin at once; doctors sign in, but are not verified."""
        self.assertEqual((await self.ask())["state"], "active")
        await self.sign_in("pat@example.org")
        doctor = await self.ask_doctor()
        await self.enrol("doc")
        self.assertFalse(self.accounts.profiles.is_verified(doctor["id"]))
        self.assertEqual(self.accounts.profiles.doctors(), [])

    async def test_flood(self) -> None:
        """Where everybody comes in an address makes twenty accounts an hour at most."""
        for number in range(20):
            await self.ask(f"p{number}")
        await self.refused(self.ask("more"), TooMany)


class ClosedTests(SignUpTest):
    sign_up = "closed"

    async def test_closed(self) -> None:
        """Where signing up is closed nothing is made."""
        await self.refused(self.ask(), Denied)
        self.assertEqual(len(self.accounts.users()), 1)


class MailedTests(SignUpTest):
    """With a mail server."""

    def begin(self) -> Any:
        self.mailer = self.post = Post()
        return super().begin()

    async def test_taken_address(self) -> None:
        """An address that another has is told of to its owner alone, by mail; the answer is
        that of any other."""
        await self.accounts.people.add("ann", "patient", PASSWORD, "t", email="Ann@example.org")
        told = await self.ask("eve", email="ann@EXAMPLE.org")
        free = await self.ask("pat")
        self.assertEqual({**told, "id": 0, "name": ""}, {**free, "id": 0, "name": ""})
        self.assertEqual([mail.to for mail in self.post.mails], ["Ann@example.org"])
        self.assertIn("You have one already: ann.", self.post.mails[0].text)
        for name in ("eve", "pat"):
            error = await self.refused(self.sign_in(name, email={
                "eve": "ann@example.org", "pat": "pat@example.org"}[name]), Denied)
            self.assertIn("let you in", str(error))
        self.assertEqual((await self.sign_in("ann@example.org")).user.name, "ann")

    async def test_let_in(self) -> None:
        """Who is let in is told by mail; a mail server that fails keeps nobody out."""
        pat = await self.ask()
        await self.accounts.sign_ups.let_in(pat["id"], "root")
        self.assertEqual([mail.to for mail in self.post.mails], ["pat@example.org"])
        self.assertIn("http://localhost:8080/login", self.post.mails[0].text)
        self.post.broken = True
        bob = await self.ask("bob")
        await self.accounts.sign_ups.let_in(bob["id"], "root")
        await self.sign_in("bob")


def _profiles(connection: Any) -> Any:
    return connection.execute(select(profiles)).all()


def _audit(connection: Any) -> Any:
    return connection.exec_driver_sql("SELECT * FROM audit").all()
