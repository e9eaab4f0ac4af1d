"""Accounts as admins keep them, the first run, and people's own second factor."""

from __future__ import annotations

import re

from twisted.internet.defer import DeferredList
from twisted.logger import formatEvent, globalLogPublisher

from iotd.accounts.records import list_users
from iotd.errors import Conflict, Denied, Invalid, NotFound, TooMany
from tests.accounts.room import PASSWORD, AccountsTest
from tests.databases import both


class PeopleTests(AccountsTest):
    async def test_made(self) -> None:
        """A new account is shown without its password; a made-up one is told once."""
        made = await self.accounts.add_user("ann", "viewer", None, "test")
        await self.accounts.log_in("ann", made["password"])
        self.assertNotIn("password", str(self.accounts.users()))
        self.assertNotIn("password", await self.accounts.add_user("bob", "viewer", PASSWORD, "t"))
        self.assertEqual([one["name"] for one in self.accounts.users()], ["ann", "bob"])

    async def test_refused(self) -> None:
        """What can't be an account is refused with the offending field."""
        for name, role, password, field in [
            ("", "viewer", PASSWORD, "name"), ("ann", "root", PASSWORD, "role"),
            ("ann", "viewer", "short", "password"), ("a b", "viewer", None, "name"),
        ]:
            error = await self.refused(
                self.accounts.add_user(name, role, password, "test"), Invalid
            )
            self.assertEqual(error.field, field)
        self.assertEqual(self.accounts.users(), [])

    async def test_same_name_at_once(self) -> None:
        """Of two accounts of one name made at the same instant one is refused."""
        both_of_them = [
            self.accounts.add_user(name, "viewer", PASSWORD, "test") for name in ("ann", "ANN")
        ]
        results = await DeferredList(both_of_them, consumeErrors=True)
        self.assertEqual(sorted(worked for worked, _ in results), [False, True])

    async def test_last_admin(self) -> None:
        """The last admin who can sign in is not removed, shut out or given another role."""
        ann, bob = await self.add("ann", "admin"), await self.add("bob", "admin")
        await self.accounts.people.change(bob, None, True, "test")
        people = self.accounts.people
        for waiting in (
            people.remove(ann, "test"), people.change(ann, "viewer", None, "test"),
            people.change(ann, None, True, "test"),
        ):
            error = await self.refused(waiting, Conflict)
            self.assertIn("last admin", str(error))
        await people.remove(bob, "test")
        self.assertEqual([one["name"] for one in self.accounts.users()], ["ann"])

    async def test_last_two_admins_at_once(self) -> None:
        """Two admins who shut each other out at the same instant: one stays."""
        ids = [await self.add("ann", "admin"), await self.add("bob", "admin")]
        changes = [self.accounts.people.change(one, None, True, "test") for one in ids]
        results = await DeferredList(changes, consumeErrors=True)
        self.assertEqual(sorted(worked for worked, _ in results), [False, True])

    async def test_unknown(self) -> None:
        """What is done to nobody is NotFound."""
        people = self.accounts.people
        for waiting in (
            people.change(9, "viewer", None, "t"), people.remove(9, "t"), people.reset(9, "t"),
            people.revoke_token(9, "t"), self.accounts.reset_user("nobody", "t"),
        ):
            await self.refused(waiting, NotFound)

    async def test_reset_ends_second_factor(self) -> None:
        """Who lost the telephone is enrolled anew after a reset; old codes are worthless."""
        await self.add("ann", "admin")
        seed = await self.enrol("ann")
        made = await self.accounts.reset_user("ann", "test")
        self.now += 60
        error = await self.refused(self.accounts.log_in("ann", made["password"], self.code(seed)))
        self.assertNotEqual(error.extra["enrolment"]["secret"], seed)

    async def test_audited(self) -> None:
        """Each change is recorded with who did it, and no password is."""
        ann = await self.add("ann", "admin")
        bob = await self.add("bob")
        people = self.accounts.people
        await people.change(bob, "operator", True, "ann")
        await people.reset(bob, "ann")
        await people.remove(bob, "ann")
        await self.refused(people.remove(ann, "ann"))
        token = await people.add_token("ci", "viewer", "ann")
        await people.revoke_token(token["id"], "ann")
        self.assertEqual([row[1:3] for row in await self.audit()], [
            ("add user", "ann"), ("add user", "(erased)"), ("change user", "(erased)"),
            ("reset user", "(erased)"), ("remove user", "(erased)"),
            ("erase from audit", "audit"), ("add token", "ci"), ("revoke token", "ci"),
        ])


@both
class SetupTests(AccountsTest):
    def set_up(self, token: str | None = None, name: str = "ann"):  # type: ignore[no-untyped-def]
        right = self.accounts.setup_token
        return self.accounts.make_first_admin(token or right, name, PASSWORD, "10.0.0.1")

    async def test_address(self) -> None:
        """Without an account there is one address, whose token is 256 bits."""
        self.assertFalse(self.accounts.set_up())
        address = self.accounts.setup_address()
        self.assertRegex(address, r"^http://localhost:8080/setup\?token=[\w-]{43}$")

    async def test_made(self) -> None:
        """The token makes one admin and is worth nothing after that."""
        token = self.accounts.setup_token
        made = await self.set_up()
        self.assertEqual((made["name"], made["role"]), ("ann", "admin"))
        self.assertTrue(self.accounts.set_up())
        self.assertIsNone(self.accounts.setup_address())
        await self.refused(self.set_up(token, "bob"), Conflict)
        await self.restart()
        self.assertIsNone(self.accounts.setup_token)
        await self.refused(self.set_up(token, "bob"), Conflict)

    async def test_race(self) -> None:
        """Of two set-ups at the same instant exactly one wins."""
        results = await DeferredList(
            [self.set_up(name="ann"), self.set_up(name="bob")], consumeErrors=True
        )
        won = [made["name"] for worked, made in results if worked]
        lost = [failure for worked, failure in results if not worked]
        self.assertEqual([failure.type for failure in lost], [Conflict])
        self.assertEqual([user.name for user in await self.store.run(list_users)], won)

    async def test_wrong_token(self) -> None:
        """Guesses are refused, then throttled; the right token works from elsewhere."""
        for wrong in ("", "x", "x" * 43, self.accounts.setup_token[:-1], "ü" * 43):
            await self.refused(self.set_up(wrong or "no"), Denied)
        await self.refused(self.set_up(), TooMany)
        token = self.accounts.setup_token
        await self.accounts.make_first_admin(token, "ann", PASSWORD, "10.0.0.2")

    async def test_new_at_each_start(self) -> None:
        """The token of an earlier start is worth nothing."""
        before = self.accounts.setup_token
        await self.restart()
        self.assertNotEqual(self.accounts.setup_token, before)
        await self.refused(self.set_up(before), Denied)

    async def test_renewed(self) -> None:
        """After half an hour the token is another, and is logged again."""
        before = self.accounts.setup_token
        self.now += 30 * 60
        await self.refused(self.set_up(before), Denied)
        self.clock.advance(1)
        self.assertNotIn(self.accounts.setup_token, (before, None))
        await self.set_up()

    async def test_logged(self) -> None:
        """The log tells the address at the start and after each renewal, and then no more."""
        told: list[str] = []

        def observe(event: dict) -> None:  # type: ignore[type-arg]
            told.extend(re.findall(r"setup\?token=([\w-]+)", formatEvent(event)))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        self.accounts.announce_setup()
        first = self.accounts.setup_token
        self.now += 30 * 60
        self.clock.advance(1)
        self.assertEqual(told, [first, self.accounts.setup_token])
        await self.set_up()
        self.accounts.announce_setup()
        self.assertEqual(len(told), 2)

    async def test_bad_input(self) -> None:
        """A bad name or password is told, and the token still works."""
        error = await self.refused(self.set_up(name="a b"), Invalid)
        self.assertEqual(error.field, "username")
        await self.set_up()

    async def test_account_by_command_line(self) -> None:
        """An account made otherwise ends the set-up too."""
        token = self.accounts.setup_token
        await self.add("ann", "admin")
        await self.refused(self.set_up(token), Conflict)
        self.assertIsNone(self.accounts.setup_address())


class OwnSecondFactorTests(AccountsTest):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        await self.add()
        self.here, self.elsewhere = await self.sign_in(), await self.sign_in()
        self.who_asks = self.who(self.here)
        self.own = self.accounts.own

    async def turn_on(self) -> str:
        shown = await self.own.start_second_factor(self.who_asks)
        self.codes = await self.own.confirm_second_factor(
            self.who_asks, self.code(shown["secret"])
        )
        return shown["secret"]

    async def test_turned_on(self) -> None:
        """Who turns it on is asked for a code from then on; other sessions end."""
        seed = await self.turn_on()
        self.assertEqual(self.ended, [self.elsewhere.session.id])
        self.assertTrue(self.own.show(self.who_asks)["totp"])
        error = await self.refused(self.sign_in())
        self.assertEqual(error.extra, {"otp_required": True})
        await self.refused(self.sign_in(otp=self.code(seed)))
        await self.sign_in(otp=self.code(seed, 1))
        await self.sign_in(otp=self.codes[0])

    async def test_not_confirmed(self) -> None:
        """Without a right code nothing changes."""
        await self.own.start_second_factor(self.who_asks)
        await self.refused(self.own.confirm_second_factor(self.who_asks, "000000"), Invalid)
        await self.sign_in()

    async def test_nothing_started(self) -> None:
        """A code without a secret to confirm is refused."""
        await self.refused(self.own.confirm_second_factor(self.who_asks, "000000"), Invalid)

    async def test_another_telephone(self) -> None:
        """Who has one must show a code of it, or a recovery code, to take another."""
        await self.turn_on()
        for code in (None, "", "000000"):
            error = await self.refused(self.own.start_second_factor(self.who_asks, code), Invalid)
            self.assertEqual(error.field, "otp")
        shown = await self.own.start_second_factor(self.who_asks, self.codes[0])
        await self.own.confirm_second_factor(self.who_asks, self.code(shown["secret"]))
        await self.sign_in(otp=self.code(shown["secret"], 1))

    async def test_new_recovery_codes(self) -> None:
        """New recovery codes, against a code, make the old ones worthless."""
        seed = await self.turn_on()
        await self.refused(self.own.new_recovery_codes(self.who_asks, "000000"), Invalid)
        self.now += 30
        codes = await self.own.new_recovery_codes(self.who_asks, self.code(seed))
        await self.refused(self.sign_in(otp=self.codes[0]))
        await self.sign_in(otp=codes[0])

    async def test_guesses_wait(self) -> None:
        """Codes guessed on the page are counted like those at sign-in."""
        await self.turn_on()
        for _ in range(5):
            await self.refused(self.own.new_recovery_codes(self.who_asks, "000000"), Invalid)
        await self.refused(self.own.new_recovery_codes(self.who_asks, "000000"), TooMany)
