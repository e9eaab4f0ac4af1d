"""How sessions and tokens live and end."""

from __future__ import annotations

from iotd.accounts.session_records import list_sessions, list_tokens
from iotd.errors import Denied, Invalid, NotFound, TooMany
from iotd.site.routes import Identity
from tests.accounts.room import PASSWORD, AccountsTest
from tests.databases import both


@both
class ExpiryTests(AccountsTest):
    async def test_idle(self) -> None:
        """An unused session ends by itself, is told, and leaves the store."""
        await self.add()
        signed_in = await self.sign_in()
        self.now += 8 * 3600 - 1
        self.accounts.tick(self.now)
        self.assertEqual(self.ended, [])
        self.now += 1
        self.assertIsNone(self.who(signed_in))
        self.accounts.tick(self.now)
        self.assertEqual(self.ended, [signed_in.session.id])
        self.assertEqual(await self.store.run(list_sessions), [])

    async def test_used(self) -> None:
        """Use prolongs a session, but not over its absolute limit."""
        await self.add("ann", "admin")
        await self.enrol("ann")
        self.ended.clear()
        session = next(iter(self.accounts.sessions._sessions.values()))
        started = self.now
        while session.expires_at > self.now:
            self.now = session.expires_at - 1
            session.seen_at = self.now
            self.accounts.tick(self.now)
            self.now += 1
        self.accounts.tick(self.now)
        self.assertEqual(self.now - started, 12 * 3600)
        self.assertEqual(self.ended, [session.id])

    async def test_times_of_use_are_kept(self) -> None:
        """Use is written down once a minute and at the end, so a restart signs nobody out."""
        await self.add()
        signed_in = await self.sign_in()
        for _ in range(20):
            self.now += 3600
            self.assertIsNotNone(self.who(signed_in))
            self.accounts.tick(self.now)
        await self.restart()
        self.now += 7 * 3600
        self.assertIsNotNone(self.who(signed_in))

    async def test_over_while_away(self) -> None:
        """A session that ran out while nothing ran is not taken up again."""
        await self.add()
        signed_in = await self.sign_in()
        self.now += 9 * 3600
        await self.restart()
        self.assertIsNone(self.who(signed_in))
        self.assertEqual(await self.store.run(list_sessions), [])

    async def test_watched_is_not_used(self) -> None:
        """That an open stream is asked about each second does not prolong its session."""
        await self.add()
        who = self.who(await self.sign_in())
        self.now += 8 * 3600 - 1
        self.assertTrue(self.accounts.still_valid(who, self.now))
        self.now += 1
        self.assertFalse(self.accounts.still_valid(who, self.now))

    async def test_each_second(self) -> None:
        """The clock alone ends sessions, and a failure does not stop it."""
        await self.add()
        signed_in = await self.sign_in()
        right, self.accounts._now = self.accounts._now, lambda: float("a broken clock")
        self.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.accounts._now = right
        self.now = signed_in.session.expires_at
        self.clock.advance(1)
        self.assertEqual(self.ended, [signed_in.session.id])


class EndTests(AccountsTest):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.user_id = await self.add()
        self.first = await self.sign_in(address="192.0.2.1", agent="Firefox")
        self.now += 1
        self.second = await self.sign_in(address="192.0.2.2", agent="Chromium")

    async def assertOver(self, *over: str) -> None:
        """These sessions ended, were told, and don't come back."""
        self.assertEqual(sorted(self.ended), sorted(over))
        await self.restart()
        for signed_in in (self.first, self.second):
            self.assertIs(self.who(signed_in) is None, signed_in.session.id in over)

    async def test_log_out(self) -> None:
        """Logging out ends this session and no other."""
        await self.accounts.own.log_out(self.who(self.first))
        await self.assertOver(self.first.session.id)

    async def test_listed(self) -> None:
        """People see where they are signed in, and which of it is here."""
        who = self.who(self.first)
        shown = self.accounts.own.sessions(who)
        self.assertEqual(
            [(one["address"], one["agent"], one["current"]) for one in shown],
            [("192.0.2.2", "Chromium", False), ("192.0.2.1", "Firefox", True)],
        )
        self.assertNotIn(self.first.token, str(shown))

    async def test_end_another(self) -> None:
        """People end one of their sessions from another."""
        await self.accounts.own.end_session(self.who(self.first), self.second.session.id)
        await self.assertOver(self.second.session.id)

    async def test_end_somebody_elses(self) -> None:
        """Nobody ends, or learns of, somebody else's session."""
        await self.add("bob")
        who = self.who(await self.sign_in("bob"))
        for session_id in (self.first.session.id, "unknown"):
            waiting = self.accounts.own.end_session(who, session_id)
            error = await self.refused(waiting, NotFound)
            self.assertEqual(str(error), "You have no such session.")
        self.assertEqual(self.ended, [])

    async def test_role_change(self) -> None:
        """A new role ends every session of the account."""
        await self.accounts.people.change(self.user_id, "operator", None, "test")
        await self.assertOver(self.first.session.id, self.second.session.id)

    async def test_disabled(self) -> None:
        """A shut-out account is signed out everywhere, and let in again it is not signed in."""
        await self.accounts.people.change(self.user_id, None, True, "test")
        await self.accounts.people.change(self.user_id, None, False, "test")
        await self.assertOver(self.first.session.id, self.second.session.id)
        await self.sign_in()

    async def test_nothing_changed(self) -> None:
        """Setting what is so already ends nothing."""
        await self.accounts.people.change(self.user_id, "viewer", False, "test")
        await self.assertOver()

    async def test_reset(self) -> None:
        """A reset ends every session, and only the new password signs in."""
        made = await self.accounts.reset_user("ANN", "test")
        await self.assertOver(self.first.session.id, self.second.session.id)
        await self.refused(self.sign_in())
        await self.accounts.log_in("ann", made["password"])

    async def test_removed(self) -> None:
        """A removed account is signed out everywhere."""
        await self.accounts.people.remove(self.user_id, "test")
        await self.assertOver(self.first.session.id, self.second.session.id)

    async def test_new_password(self) -> None:
        """A new password ends all other sessions and is the only one from then on."""
        who = self.who(self.first)
        await self.accounts.own.change_password(who, PASSWORD, "dry paint on friday")
        await self.assertOver(self.second.session.id)
        await self.refused(self.sign_in())
        await self.accounts.log_in("ann", "dry paint on friday")

    async def test_new_password_needs_the_old(self) -> None:
        """Without the old password, or with a bad new one, nothing changes; tries are counted."""
        change = self.accounts.own.change_password
        who = self.who(self.first)
        error = await self.refused(change(who, "wrong", "dry paint on friday"), Invalid)
        self.assertEqual(error.field, "old")
        error = await self.refused(change(who, PASSWORD, "short"), Invalid)
        self.assertEqual(error.field, "new")
        for _ in range(4):
            await self.refused(change(who, "wrong", "dry paint on friday"), Invalid)
        await self.refused(change(who, PASSWORD, "dry paint on friday"), TooMany)
        await self.assertOver()

    async def test_left_in_the_middle(self) -> None:
        """An admin's browser that leaves at once does not leave a disabled account signed in."""
        waiting = self.accounts.people.change(self.user_id, None, True, "test")
        waiting.addErrback(lambda _: None)
        waiting.cancel()
        await self.store.run(list_sessions)
        await self.assertOver(self.first.session.id, self.second.session.id)


@both
class TokensTests(AccountsTest):
    async def test_life(self) -> None:
        """A token is who its role is, needs no CSRF token, and survives a restart."""
        made = await self.accounts.add_token("ci", "operator", "test")
        for _ in range(2):
            who = self.accounts.sessions.identify_token(made["secret"], self.now)
            session = f"token:{made['id']}"
            self.assertEqual(who, Identity("ci", "operator", session, None, None))
            self.assertTrue(self.accounts.still_valid(who, self.now))
            await self.restart()

    async def test_revoked(self) -> None:
        """A revoked token is nobody, and what it held open ends."""
        made = await self.accounts.add_token("ci", "operator", "test")
        who = self.accounts.sessions.identify_token(made["secret"], self.now)
        await self.accounts.people.revoke_token(made["id"], "test")
        self.assertEqual(self.ended, [f"token:{made['id']}"])
        self.assertFalse(self.accounts.still_valid(who, self.now))
        self.assertIsNone(self.accounts.sessions.identify_token(made["secret"], self.now))

    async def test_stored_hashed(self) -> None:
        """The secret is told once and kept nowhere."""
        made = await self.accounts.add_token("ci", "operator", "test")
        self.assertEqual(len(made["secret"]), 43)
        self.assertNotIn(made["secret"], str(await self.store.run(list_tokens)))
        self.assertNotIn("secret", self.accounts.sessions.tokens()[0].as_json())

    async def test_last_use(self) -> None:
        """When a token was last used is shown, also after a restart."""
        made = await self.accounts.add_token("ci", "operator", "test")
        self.accounts.sessions.identify_token(made["secret"], self.now)
        await self.restart()
        shown = self.accounts.sessions.tokens()[0].as_json()
        self.assertEqual(shown["last_used_at"], "2023-11-14T22:13:30.000Z")

    async def test_is_no_person(self) -> None:
        """A token has no password, no telephone and no sessions."""
        made = await self.accounts.add_token("ci", "admin", "test")
        who = self.accounts.sessions.identify_token(made["secret"], self.now)
        self.assertEqual(self.accounts.own.sessions(who), [])
        own = self.accounts.own
        for waiting in (
            own.log_out(who), own.change_password(who, "a", "b"), own.start_second_factor(who),
            own.confirm_second_factor(who, "1"), own.new_recovery_codes(who, "1"),
        ):
            await self.refused(waiting, Denied)
