"""What is known of people: who may be chosen, and signing in with more than a name."""

from __future__ import annotations

from typing import Any

from iotd.accounts.profile_model import Profile
from iotd.errors import Conflict, Invalid, TooMany, Unauthenticated
from tests.accounts.room import PASSWORD, AccountsTest
from tests.databases import both


@both
class ProfilesTests(AccountsTest):
    async def made(self, name: str = "ann", role: str = "patient", **about: str) -> int:
        made = await self.accounts.people.add(name, role, PASSWORD, "test", **about)
        return int(made["id"])

    async def test_without_one(self) -> None:
        """Accounts of before, and those that admins make, are active and verified."""
        ann = await self.add("ann", "doctor")
        profiles = self.accounts.profiles
        self.assertEqual(profiles.name_of(ann), "ann")
        self.assertTrue(profiles.is_verified(ann))
        self.assertEqual(
            profiles.doctors(), [{"id": ann, "name": "ann", "full_name": "ann"}]
        )
        self.assertEqual((profiles.name_of(99), profiles.is_verified(99)), ("?", False))

    async def test_kept(self) -> None:
        """Name and e-mail last over a restart, and are shown with the account."""
        ann = await self.made(email="Ann@Example.org", full_name="Dr. Ann 李", role="doctor")
        await self.restart()
        self.assertEqual(self.accounts.profiles.name_of(ann), "Dr. Ann 李")
        shown = self.accounts.users()[0]
        self.assertEqual((shown["email"], shown["verified"], shown["state"]),
                         ("Ann@Example.org", True, "active"))

    async def test_doctors(self) -> None:
        """Patients choose among verified doctors who can sign in."""
        ann = await self.made("ann", "doctor", full_name="Dr. Ann")
        await self.made("bob", "patient")
        eve = await self.made("eve", "doctor")
        await self.accounts.people.change(eve, None, True, "test")
        self.assertEqual([one["id"] for one in self.accounts.profiles.doctors()], [ann])
        await self.accounts.people.remove(ann, "test")
        self.assertEqual(self.accounts.profiles.doctors(), [])

    async def test_changed(self) -> None:
        """An admin sets and takes away both; None leaves them."""
        ann = await self.made(email="ann@example.org", full_name="Ann")
        people = self.accounts.people
        told = await people.change(ann, None, None, "t", email="ann@new.example")
        self.assertEqual((told["email"], told["full_name"]), ("ann@new.example", "Ann"))
        told = await people.change(ann, None, None, "t", email="", full_name="")
        self.assertEqual((told["email"], told["full_name"]), (None, ""))
        await self.made("bob", email="ann@example.org")

    async def test_one_address_one_account(self) -> None:
        """An address is one account's alone, in whatever case, also as somebody's name."""
        await self.made(email="ann@example.org")
        bob = await self.made("bob")
        people = self.accounts.people
        for waiting in (
            people.change(bob, None, None, "t", email="ANN@example.ORG"),
            people.add("eve", "patient", PASSWORD, "t", email="Ann@example.org"),
            people.add("ann@example.org", "patient", PASSWORD, "t"),
        ):
            await self.refused(waiting, Conflict)
        await self.made("carl@example.org")
        await self.refused(people.change(bob, None, None, "t", email="carl@example.org"), Conflict)
        self.assertEqual(len(self.accounts.users()), 3)
        self.assertIsNone(self.accounts.people.shown(bob)["email"])

    async def test_bad(self) -> None:
        """What is no address or name is told by its field, and nothing changes."""
        ann = await self.made()
        for about in ({"email": "a\r\nBcc: b@c.d"}, {"full_name": "a\x00"}):
            error = await self.refused(
                self.accounts.people.change(ann, "viewer", None, "t", **about), Invalid
            )
            self.assertEqual(error.field, next(iter(about)))
        self.assertEqual(self.accounts.users()[0]["role"], "patient")

    async def test_made_a_doctor(self) -> None:
        """Whom an admin makes a doctor is verified by that."""
        ann = await self.made(email="ann@example.org")
        profile = self.accounts.profiles.get(ann)
        self.accounts.profiles.keep(Profile(ann, profile.email, True))
        told = await self.accounts.people.change(ann, "doctor", None, "root")
        self.assertTrue(told["verified"])

    async def test_audit_holds_no_words(self) -> None:
        """The audit says what of a person was changed, never the name or address itself."""
        ann = await self.made(email="ann@example.org", full_name="Ann Secret")
        await self.accounts.people.change(ann, None, None, "t", email="b@example.org")
        told = str(await self.store.read(_audit))
        self.assertIn("change profile", told)
        for word in ("ann@example.org", "b@example.org", "Secret"):
            self.assertNotIn(word, told)


def _audit(connection: Any) -> Any:
    return connection.exec_driver_sql("SELECT * FROM audit").all()


class WaysInTests(AccountsTest):
    """Names, addresses and full names at the door."""

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        await self.accounts.people.add(
            "ann", "patient", PASSWORD, "t", email="ann@example.org", full_name="Ann O'Neil"
        )
        await self.accounts.people.add("bob", "patient", PASSWORD, "t", email="bob@example.org")

    async def test_right(self) -> None:
        """The name or the e-mail opens the account, and whatever fits beside it."""
        for username, more in (
            ("ann", {}), ("ANN", {}), ("Ann@Example.org", {}),
            ("ann", {"email": " ann@example.ORG "}), ("ann", {"full_name": "ann  o'neil"}),
            ("ann@example.org", {"email": "ann@example.org", "full_name": "Ann O'Neil"}),
            ("ann", {"email": "", "full_name": " "}), ("bob", {"full_name": "bob"}),
        ):
            signed_in = await self.sign_in(username, **more)
            self.assertEqual(signed_in.user.name, username[:3].lower())

    async def test_wrong(self) -> None:
        """Whatever does not belong together is refused in the words of a wrong password."""
        told = set()
        for username, password, more in (
            ("ann", "wrong", {}), ("nobody", PASSWORD, {}), ("nobody@example.org", PASSWORD, {}),
            ("ann@example.org", "wrong", {}), ("ann", PASSWORD, {"email": "bob@example.org"}),
            ("ann", PASSWORD, {"email": "no address"}), ("ann", PASSWORD, {"full_name": "bob"}),
            ("ann@example.org", PASSWORD, {"email": "bob@example.org"}),
            ("bob", PASSWORD, {"full_name": "Ann O'Neil"}),
            ("ann", PASSWORD, {"email": "ann@example.org\nx"}),
        ):
            self.now += 60
            waiting = self.accounts.log_in(username, password, None, "10.0.0.1", **more)
            error = await self.refused(waiting, Unauthenticated)
            told.add((str(error), error.field, str(error.extra)))
        self.assertEqual(len(told), 1)

    async def test_counted_under_the_account(self) -> None:
        """Tries by name, by e-mail and with wrong further fields are tries on one account."""
        for number in range(5):
            username = ("ann", "ANN@example.org")[number % 2]
            more = {"email": "bob@example.org"} if number == 4 else {}
            password = PASSWORD if number == 4 else "wrong"
            await self.refused(
                self.accounts.log_in(username, password, None, "10.0.0.1", **more),
                Unauthenticated,
            )
        await self.refused(self.sign_in("ann"), TooMany)
        await self.refused(self.sign_in("ann@example.org"), TooMany)
        await self.sign_in("ann@example.org", address="10.0.0.2")

    async def test_name_before_address(self) -> None:
        """An account that is called like somebody's waiting address is meant by it."""
        await self.accounts.people.add("carl@example.org", "viewer", PASSWORD, "t")
        signed_in = await self.sign_in("carl@example.org")
        self.assertEqual(signed_in.user.role, "viewer")
