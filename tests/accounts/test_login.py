"""Signing in: passwords, throttles, and what strangers learn."""

from __future__ import annotations

from time import perf_counter

from argon2 import PasswordHasher
from sqlalchemy import select, text
from twisted.internet.defer import Deferred, DeferredList

from iotd.accounts import sessions as live
from iotd.accounts.model import hash_secret
from iotd.accounts.passwords import HASHER
from iotd.accounts.session_records import login_attempts, sessions
from iotd.accounts.service import Accounts
from iotd.errors import TooMany, Unauthenticated
from tests.accounts.room import PASSWORD, AccountsTest
from tests.databases import both


def rows(connection, table):  # type: ignore[no-untyped-def]
    return connection.execute(select(table)).all()


@both
class LoginTests(AccountsTest):
    async def test_signed_in(self) -> None:
        """A right password makes a session that its token, and nothing else, opens."""
        user_id = await self.add()
        signed_in = await self.sign_in("ANN", agent="Firefox")
        who = self.who(signed_in)
        self.assertEqual((who.name, who.role, who.user_id), ("ann", "viewer", user_id))
        self.assertEqual(who.csrf, signed_in.session.csrf)
        for wrong in ("", signed_in.token[:-1], signed_in.token + "x", signed_in.session.id):
            self.assertIsNone(self.accounts.sessions.identify(wrong, self.now))

    async def test_stored_hashed(self) -> None:
        """The token is 256 bits, and only its hash is in the database."""
        await self.add()
        signed_in = await self.sign_in()
        self.assertEqual(len(signed_in.token), 43)
        stored = await self.store.read(rows, sessions)
        self.assertEqual(stored[0].id, hash_secret(signed_in.token))
        self.assertNotIn(signed_in.token, str(stored))

    async def test_strangers_learn_nothing(self) -> None:
        """No account, wrong password and shut-out account are refused in the same words."""
        await self.add()
        shut_out = await self.add("bob")
        await self.accounts.people.change(shut_out, None, True, "test")
        told = set()
        for name, password in [
            ("ann", "wrong"), ("nobody", PASSWORD), ("bob", PASSWORD), ("\x00'; --", ""), ("", ""),
        ]:
            waiting = self.accounts.log_in(name, password, None, "10.0.0.1")
            error = await self.refused(waiting, Unauthenticated)
            told.add((str(error), error.field, str(error.extra)))
        self.assertEqual(len(told), 1)

    async def test_rotation(self) -> None:
        """Signing in again makes a new token, and the one brought along is dead."""
        await self.add()
        first = await self.sign_in()
        second = await self.sign_in(replaces=first.session.id)
        self.assertNotEqual(first.token, second.token)
        self.assertIsNone(self.who(first))
        self.assertIsNotNone(self.who(second))
        self.assertEqual(self.ended, [first.session.id])
        await self.restart()
        self.assertIsNone(self.who(first))
        self.assertIsNotNone(self.who(second))

    async def test_too_many_sessions(self) -> None:
        """A browser that forgets its cookies fills neither memory nor store."""
        self.patch(live, "MOST_SESSIONS", 2)
        await self.add()
        made = []
        for _ in range(4):
            made.append((await self.sign_in()).session.id)
            self.now += 1
        self.assertEqual(self.ended, made[:2])
        self.assertEqual({row.id for row in await self.store.read(rows, sessions)}, set(made[2:]))

    async def test_outdated_hash(self) -> None:
        """A hash made with old parameters is replaced at the next sign-in."""
        await self.add()
        await self.store.run(_store_old_hash)
        signed_in = await self.sign_in()
        self.assertIn("m=8,t=1,p=1", str(signed_in.user.password_hash))
        await self.sign_in()

    async def test_audit(self) -> None:
        """Each try is recorded, without what was typed as a name nobody has."""
        await self.add()
        await self.sign_in()
        await self.refused(self.accounts.log_in("ann", "wrong"))
        await self.refused(self.accounts.log_in("my secret", "wrong"))
        self.assertEqual((await self.audit())[1:], [
            ("ann", "log in", "ann", "ok"), ("ann", "log in", "ann", "refused"),
            ("?", "log in", "?", "refused"),
        ])

    async def test_left_in_the_middle(self) -> None:
        """A browser that leaves while it signs in leaves no half session behind."""
        await self.add()
        waiting: Deferred = self.accounts.log_in("ann", PASSWORD)
        waiting.addErrback(lambda _: None)
        waiting.cancel()
        await self.sign_in()
        stored = await self.store.read(rows, sessions)
        living = {one.id for one in self.accounts.sessions.of_user(stored[0].user_id)}
        self.assertEqual({row.id for row in stored}, living)


class TimingTests(AccountsTest):
    hasher = HASHER

    async def test_names_cannot_be_timed(self) -> None:
        """A name or e-mail nobody has, and a right password beside another's e-mail, take as
        long as a wrong password, give or take half a hash."""
        await self.add()
        tries = {"ann": "wrong", "nobody": "wrong", "no@body.example": "wrong", "Ann": PASSWORD}
        taken: dict[str, list[float]] = {name: [] for name in (*tries, "hash")}
        for _ in range(9):
            self.now += 600
            for name, password in tries.items():
                started = perf_counter()
                await self.refused(self.accounts.log_in(
                    name, password, None, "10.0.0.1", email="not@hers.example"
                ))
                taken[name].append(perf_counter() - started)
            started = perf_counter()
            await self.accounts.login._shared.passwords.hash("wrong")
            taken["hash"].append(perf_counter() - started)
        # the quickest of each, as whatever else the machine does only adds to them
        quickest = [min(taken[name]) for name in tries]
        self.assertLess(max(quickest) - min(quickest), min(taken["hash"]) / 2)


class ThrottleTests(AccountsTest):
    async def fail(self, name: str = "ann", address: str = "10.0.0.1") -> type[Exception]:
        waiting = self.accounts.log_in(name, "wrong", None, address)
        return type(await self.refused(waiting))

    async def test_before_the_hash(self) -> None:
        """The sixth try in a minute waits, be the password right, and nothing is hashed."""
        await self.add()
        for _ in range(5):
            self.assertIs(await self.fail(), Unauthenticated)
        await self.accounts.login._shared.passwords.stop()
        error = await self.refused(self.sign_in(), TooMany)
        self.assertEqual(error.retry_after, 60)

    async def test_all_at_once(self) -> None:
        """Tries at the same instant are counted as they begin."""
        await self.add()
        tries = [self.accounts.log_in("ann", "wrong", None, "10.0.0.1") for _ in range(20)]
        results = await DeferredList(tries, consumeErrors=True)
        let_through = [f for _, f in results if f.check(Unauthenticated)]
        self.assertEqual(len(let_through), 5)

    async def test_survives_restart(self) -> None:
        """A restart gives no new tries."""
        await self.add()
        for _ in range(5):
            await self.fail()
        await self.restart()
        self.assertIs(await self.fail(), TooMany)
        self.now += 60
        await self.sign_in()

    async def test_right_password_forgives(self) -> None:
        """Failures before a right password don't count after it, nor after a restart."""
        await self.add()
        for _ in range(4):
            await self.fail()
        await self.sign_in()
        self.assertEqual(await self.store.read(rows, login_attempts), [])
        for _ in range(5):
            self.assertIs(await self.fail(), Unauthenticated)

    async def test_owner_is_not_locked_out(self) -> None:
        """Whatever strangers do, an address that signed in before does so again, also
        after a restart."""
        await self.add()
        await self.sign_in(address="192.0.2.1")
        for number in range(100):
            self.accounts.login._shared.tries.note("ann", f"10.0.{number}.1", self.now)
            await self.store.run(_add_attempt, f"10.0.{number}.1", self.now)
        self.assertIs(await self.fail(address="192.0.2.9"), TooMany)
        await self.sign_in(address="192.0.2.1")
        await self.restart()
        self.assertIs(await self.fail(address="192.0.2.9"), TooMany)
        await self.sign_in(address="192.0.2.1")

    async def test_same_for_unknown_names(self) -> None:
        """Names nobody has are throttled like others, so throttling tells nothing."""
        await self.add()
        for name in ("ann", "nobody"):
            told = [await self.fail(name) for _ in range(6)]
            self.assertEqual(told, [Unauthenticated] * 5 + [TooMany])

    async def test_audited_once(self) -> None:
        """A lock is recorded once a minute, however many tries run into it."""
        await self.add()
        for _ in range(30):
            await self.fail()
        locked = [row for row in await self.audit() if row[3] == "locked"]
        self.assertEqual(locked, [("ann", "log in", "ann", "locked")])

    async def test_reset_unlocks(self) -> None:
        """After a reset by an admin everybody may try at once."""
        await self.add()
        for _ in range(6):
            await self.fail()
        made = await self.accounts.reset_user("ann", "test")
        await self.accounts.log_in("ann", made["password"], None, "10.0.0.1")

    async def test_full_queue_is_no_failure(self) -> None:
        """Who finds every password thread busy is told so, and has not used up a try."""
        await self.add()
        room: Accounts = self.accounts
        busy = [room.login._shared.passwords.hash("x") for _ in range(34)]
        error = await self.refused(self.sign_in(), TooMany)
        self.assertEqual(error.retry_after, 2)
        await DeferredList(busy)
        self.assertEqual(room.login._shared.tries._tries.__len__(), 0)


def _add_attempt(connection, address: str, at: float) -> None:  # type: ignore[no-untyped-def]
    connection.execute(login_attempts.insert().values(account="ann", address=address, at=at))


def _store_old_hash(connection) -> None:  # type: ignore[no-untyped-def]
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    connection.execute(text("UPDATE users SET password_hash = :old"), {"old": old})
