"""Sessions, tokens and tries in the store, on both databases."""

from __future__ import annotations

from iotd.accounts import records
from iotd.accounts import session_records as stored
from iotd.accounts.model import DAY, Session
from iotd.errors import Conflict, NotFound
from tests.accounts.test_records import RecordsTest
from tests.databases import both


class SessionRecordsTest(RecordsTest):
    def sign_in(self, user_id: int, session_id: str) -> Session:
        session = Session(
            session_id, user_id, "ann", "viewer", "csrf", 1.5, 2.5, "10.0.0.1", "Firefox"
        )
        stored.add_session(self.db, session)
        return session

    def ids(self) -> set[str]:
        return {session.id for session in stored.list_sessions(self.db)}


@both
class SessionsTests(SessionRecordsTest):
    def test_round_trip(self) -> None:
        """A session is read as it was written, with its account's name and role."""
        session = self.sign_in(self.add(), "a")
        self.assertEqual(stored.list_sessions(self.db), [session])

    def test_of_disabled(self) -> None:
        """A disabled account has no sessions."""
        user_id = self.add()
        self.sign_in(user_id, "a")
        records.change_user(self.db, user_id, disabled=True)
        self.assertEqual(self.ids(), set())

    def test_end(self) -> None:
        """Sessions end one by one, or all of an account but one."""
        user_id, other = self.add(), self.add("bob")
        for session_id in "abcd":
            self.sign_in(user_id, session_id)
        self.sign_in(other, "other")
        stored.end_sessions(self.db, ["a", "unknown"])
        self.assertEqual(self.ids(), {"b", "c", "d", "other"})
        stored.end_sessions_of(self.db, user_id, keep="b")
        self.assertEqual(self.ids(), {"b", "other"})
        stored.end_sessions_of(self.db, user_id)
        self.assertEqual(self.ids(), {"other"})

    def test_gone_with_the_account(self) -> None:
        """Sessions and recovery codes of a removed account are gone."""
        user_id = self.add()
        self.sign_in(user_id, "a")
        records.replace_recovery_codes(self.db, user_id, ["one"])
        records.remove_user(self.db, user_id)
        self.assertEqual(self.ids(), set())
        self.assertEqual(records.count_recovery_codes(self.db, user_id), 0)

    def test_mark_seen(self) -> None:
        """Times of use are written for many at once; ended ones don't matter."""
        user_id = self.add()
        self.sign_in(user_id, "a")
        self.sign_in(user_id, "b")
        token = stored.add_token(self.db, "ci", "viewer", "hash", "ann", 1.0)
        stored.mark_seen(self.db, {"a": 10.0, "b": 20.0, "gone": 30.0}, {token.id: 40.0})
        seen = {session.id: session.seen_at for session in stored.list_sessions(self.db)}
        self.assertEqual(seen, {"a": 10.0, "b": 20.0})
        self.assertEqual(stored.list_tokens(self.db)[0].last_used_at, 40.0)


@both
class TokensTests(SessionRecordsTest):
    def test_round_trip(self) -> None:
        """A token is read as it was written."""
        token = stored.add_token(self.db, "ci", "viewer", "hash", "ann", 1.5)
        self.assertEqual(stored.list_tokens(self.db), [token])

    def test_name_taken(self) -> None:
        """Two tokens have different names, in whatever case."""
        stored.add_token(self.db, "ci", "viewer", "hash", "ann", 1.5)
        self.assertRaises(Conflict, stored.add_token, self.db, "CI", "admin", "h2", "ann", 2.0)

    def test_remove(self) -> None:
        """A removed token is told and gone; removing it again is NotFound."""
        token = stored.add_token(self.db, "ci", "viewer", "hash", "ann", 1.5)
        self.assertEqual(stored.remove_token(self.db, token.id), token)
        self.assertEqual(stored.list_tokens(self.db), [])
        self.assertRaises(NotFound, stored.remove_token, self.db, token.id)


@both
class AttemptsTests(SessionRecordsTest):
    def setUp(self) -> None:
        super().setUp()
        for account, address, at in [
            ("ann", "a", 1.0), ("ann", "b", 2.0), ("bob", "a", 3.0), ("ann", "a", 4.0),
        ]:
            stored.add_attempt(self.db, account, address, at)

    def test_listed_in_order(self) -> None:
        """Tries come the oldest first, from a time on."""
        tries = stored.list_attempts(self.db, 1.0)
        self.assertEqual(tries, [("ann", "b", 2.0), ("bob", "a", 3.0), ("ann", "a", 4.0)])

    def test_forgiven(self) -> None:
        """Tries are forgotten by account, by address, or the latest only."""
        stored.forgive_attempts(self.db, "ann", "a", since=4.0)
        self.assertEqual(len(stored.list_attempts(self.db, 0.0)), 3)
        stored.forgive_attempts(self.db, "ann", "a")
        self.assertEqual(len(stored.list_attempts(self.db, 0.0)), 2)
        stored.forgive_attempts(self.db, "ann")
        self.assertEqual(stored.list_attempts(self.db, 0.0), [("bob", "a", 3.0)])

    def test_pruned(self) -> None:
        """Old tries go."""
        stored.prune_attempts(self.db, 3.0)
        self.assertEqual(stored.list_attempts(self.db, 0.0), [("ann", "a", 4.0)])

    def test_known_addresses(self) -> None:
        """An address is known by a sign-in that worked, since the account was made,
        in the last 90 days."""
        self.add("ann")
        for at, who, action, address, result in [
            (1001.0, "ann", "log in", "known", "ok"), (1002.0, "ann", "log in", "known", "ok"),
            (1003.0, "ann", "log in", "failed", "refused"), (1004.0, "ann", "log out", "o", "ok"),
            (999.0, "ann", "log in", "before", "ok"), (1005.0, "bob", "log in", "gone", "ok"),
        ]:
            records.write_audit(self.db, at, who, action, who, "", address, result)
        self.assertEqual(stored.known_addresses(self.db, 2000.0), [("ann", "known")])
        self.assertEqual(stored.known_addresses(self.db, 2000.0 + 91 * DAY), [])
