"""One's own person: seen, changed, and gone."""

from __future__ import annotations

from typing import Any

from iotd.accounts.model import User
from iotd.accounts.shared import By
from iotd.errors import Conflict, Denied, Invalid, NotFound, TooMany, Unauthenticated
from iotd.site.routes import Identity
from tests.accounts.room import PASSWORD, AccountsTest


class OwnProfileTest(AccountsTest):
    """"ann" is signed in."""

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.ann = int((await self.accounts.people.add(
            "ann", "patient", PASSWORD, "t", email="ann@example.org", full_name="Ann O'Neil"
        ))["id"])
        self.asks: Any = self.who(await self.sign_in())
        self.own = self.accounts.own_profile


class ShowTests(OwnProfileTest):
    async def test_shown(self) -> None:
        """One sees one's own e-mail, name, and how many recovery codes are left."""
        shown = await self.own.show(self.asks)
        self.assertEqual(
            (shown["email"], shown["full_name"], shown["recovery_codes_left"]),
            ("ann@example.org", "Ann O'Neil", 0),
        )
        factor = await self.accounts.own.start_second_factor(self.asks)
        codes = await self.accounts.own.confirm_second_factor(
            self.asks, self.code(factor["secret"])
        )
        await self.sign_in(otp=codes[0])
        self.assertEqual((await self.own.show(self.asks))["recovery_codes_left"], 9)

    async def test_tokens(self) -> None:
        """A script's token has no person."""
        token = Identity("ci", "admin", "token:1")
        for waiting in (self.own.show(token), self.own.remove(token, "x"),
                        self.own.change(token, "x", None, None)):
            await self.refused(waiting, Denied)


class ChangeTests(OwnProfileTest):
    async def test_changed(self) -> None:
        """Against the password name and e-mail are changed, and open the account at once."""
        shown = await self.own.change(self.asks, PASSWORD, "ann@new.example", "Ann Who")
        self.assertEqual((shown["email"], shown["full_name"]), ("ann@new.example", "Ann Who"))
        await self.sign_in("ann@new.example", full_name="ann who")
        await self.refused(self.sign_in("ann@example.org"), Unauthenticated)

    async def test_wrong_password(self) -> None:
        """Without the password nothing changes, guesses are counted as at the door."""
        for _ in range(5):
            error = await self.refused(
                self.own.change(self.asks, "wrong", "eve@example.org", None), Invalid
            )
            self.assertEqual(error.field, "password")
        await self.refused(self.own.change(self.asks, PASSWORD, "eve@example.org", None), TooMany)
        self.assertEqual((await self.own.show(self.asks))["email"], "ann@example.org")
        self.assertIn(("ann", "change profile", "ann", "refused"), await self.audit())

    async def test_taken(self) -> None:
        """Another's address is refused, and can't be asked for without end."""
        await self.accounts.people.add("bob", "patient", PASSWORD, "t", email="bob@example.org")
        told = [
            type(await self.refused(self.own.change(self.asks, PASSWORD, "BOB@example.org", None)))
            for _ in range(22)
        ]
        self.assertEqual(told, [Conflict] * 20 + [TooMany] * 2)

    async def test_doctors_name(self) -> None:
        """A doctor's name is what an admin verified: only an admin changes it."""
        await self.accounts.people.add("doc", "doctor", PASSWORD, "t", full_name="Dr. Who")
        seed = await self.enrol("doc")
        doctor: Any = self.who(await self.sign_in("doc", self.code(seed, 1)))
        await self.refused(self.own.change(doctor, PASSWORD, None, "Dr. Else"), Denied)
        shown = await self.own.change(doctor, PASSWORD, "doc@example.org", "Dr. Who")
        self.assertEqual(shown["email"], "doc@example.org")


class RemoveTests(OwnProfileTest):
    async def test_gone(self) -> None:
        """The account goes against its password, after what hangs on it; sessions end."""
        seen: list[tuple[str, str, bool]] = []

        async def hook(user: User, by: By) -> None:
            still = any(one["id"] == user.id for one in self.accounts.users())
            seen.append((user.name, by.who, still))

        self.accounts.before_removal.append(hook)
        await self.refused(self.own.remove(self.asks, "wrong"), Invalid)
        self.assertEqual(seen, [])
        await self.own.remove(self.asks, PASSWORD)
        self.assertEqual(seen, [("ann", "ann", True)])
        self.assertEqual((self.accounts.users(), self.ended), ([], [self.asks.session]))
        await self.refused(self.sign_in(), Unauthenticated)
        await self.restart()
        self.assertEqual(self.accounts.users(), [])
        await self.accounts.people.add("new", "patient", PASSWORD, "t", email="ann@example.org")

    async def test_hook_fails(self) -> None:
        """What can't be removed keeps the account, which is asked to go again."""
        async def hook(user: User, by: By) -> None:
            raise Conflict("Not now.")

        self.accounts.before_removal.append(hook)
        await self.refused(self.own.remove(self.asks, PASSWORD), Conflict)
        await self.refused(self.accounts.people.remove(self.ann, "root"), Conflict)
        await self.sign_in()
        self.accounts.before_removal.clear()
        await self.own.remove(self.asks, PASSWORD)

    async def test_last_admin(self) -> None:
        """The last admin stays, and nothing of theirs is touched."""
        root = await self.add("root", "admin")
        seed = await self.enrol("root")
        admin: Any = self.who(await self.sign_in("root", self.code(seed, 1)))
        touched: list[str] = []

        async def hook(user: User, by: By) -> None:
            touched.append(user.name)

        self.accounts.before_removal.append(hook)
        await self.refused(self.own.remove(admin, PASSWORD), Conflict)
        await self.refused(self.accounts.people.remove(root, "root"), Conflict)
        await self.refused(self.accounts.people.remove(99, "root"), NotFound)
        self.assertEqual(touched, [])
