"""The second factor at sign-in: enrolment, codes that work once, recovery codes."""

from __future__ import annotations

from sqlalchemy import text
from twisted.internet.defer import Deferred, DeferredList

from iotd.accounts.sign_in import SignedIn
from iotd.errors import TooMany, Unauthenticated, Unavailable
from iotd.store.seal import Sealer
from tests.accounts.room import PASSWORD, AccountsTest
from tests.databases import both


class EnrolmentTests(AccountsTest):
    async def test_asked_for(self) -> None:
        """Admins and doctors get no session for a password alone, but what enrols them."""
        for name, role in (("ann", "admin"), ("dora", "doctor")):
            await self.add(name, role)
            error = await self.refused(self.sign_in(name), Unauthenticated)
            self.assertIs(error.extra["otp_required"], True)
            self.assertEqual(
                set(error.extra["enrolment"]), {"secret", "otpauth_uri", "qr_svg"}
            )
            self.assertIn(f"Ward%203:{name}", error.extra["enrolment"]["otpauth_uri"])

    async def test_not_for_strangers(self) -> None:
        """A wrong password shows no secret and does not say that a code is asked for."""
        await self.add("ann", "admin")
        error = await self.refused(self.accounts.log_in("ann", "wrong", "123456"))
        self.assertEqual(error.extra, {})

    async def test_same_secret_until_confirmed(self) -> None:
        """A page loaded twice shows one secret, also after a wrong code and a restart."""
        await self.add("ann", "admin")
        first = await self.refused(self.sign_in())
        wrong = await self.refused(self.sign_in(otp="000000"), Unauthenticated)
        self.assertIs(wrong.extra["otp_required"], True)
        await self.restart()
        third = await self.refused(self.sign_in())
        for error in (wrong, third):
            self.assertEqual(error.extra["enrolment"], first.extra["enrolment"])

    async def test_confirmed(self) -> None:
        """A code of that secret signs in and gives ten recovery codes, this once."""
        await self.add("ann", "admin")
        seed = (await self.refused(self.sign_in())).extra["enrolment"]["secret"]
        signed_in = await self.sign_in(otp=self.code(seed))
        self.assertEqual(len(signed_in.recovery_codes), 10)
        self.assertEqual(set(signed_in.as_json()), {"id", "csrf", "name", "role", "recovery_codes"})
        self.now += 30
        again = await self.sign_in(otp=self.code(seed))
        self.assertNotIn("recovery_codes", again.as_json())
        error = await self.refused(self.sign_in())
        self.assertEqual(error.extra, {"otp_required": True})

    async def test_sealed(self) -> None:
        """The secret is nowhere in the database, neither waiting nor confirmed."""
        await self.add("ann", "admin")
        seed = (await self.refused(self.sign_in())).extra["enrolment"]["secret"]
        for _ in range(2):
            self.assertNotIn(seed, str(await self.store.read(_all_users)))
            await self.refused(self.sign_in(otp="000000"))
        await self.sign_in(otp=self.code(seed))
        self.assertNotIn(seed, str(await self.store.read(_all_users)))

    async def test_key_lost(self) -> None:
        """Without the sealing key a code can't be judged: nobody gets in, and the page
        learns nothing of files."""
        await self.add("ann", "admin")
        await self.enrol("ann")
        self.accounts.login._shared.sealer = Sealer(self.data_dir() / "other.key")
        error = await self.refused(self.sign_in(otp="123456"), Unavailable)
        self.assertNotIn("key", str(error))


@both
class CodesTests(AccountsTest):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        await self.add("ann", "admin")
        self.seed = await self.enrol("ann")

    async def test_enrolment_code_is_spent(self) -> None:
        """The code that confirmed the telephone does not sign in as well."""
        error = await self.refused(self.sign_in(otp=self.code(self.seed)), Unauthenticated)
        self.assertEqual(error.extra, {"otp_required": True})

    async def test_once(self) -> None:
        """A code signs in once: not again, not after a restart, not the one before it."""
        self.now += 60
        code, before = self.code(self.seed), self.code(self.seed, -1)
        await self.sign_in(otp=code)
        await self.refused(self.sign_in(otp=code), Unauthenticated)
        await self.refused(self.sign_in(otp=before), Unauthenticated)
        await self.restart()
        await self.refused(self.sign_in(otp=code), Unauthenticated)

    async def test_once_in_parallel(self) -> None:
        """Of five sign-ins with one code at the same instant exactly one works."""
        self.now += 60
        code = self.code(self.seed)
        tries = [Deferred.fromCoroutine(self.sign_in(otp=code)) for _ in range(5)]
        results = await DeferredList(tries, consumeErrors=True)
        self.assertEqual([worked for worked, _ in results].count(True), 1)
        # this one, and that of the enrolment
        self.assertEqual(len(self.accounts.sessions._sessions), 2)

    async def test_wrong_codes_wait(self) -> None:
        """The sixth code in five minutes waits, and so does a right one."""
        self.now += 60
        for number in range(5):
            await self.refused(self.sign_in(otp=f"00000{number}"), Unauthenticated)
            self.now += 12.5  # stay below the limit of passwords
        error = await self.refused(self.sign_in(otp=self.code(self.seed)), TooMany)
        self.assertEqual(error.retry_after, 300 - 62.5)
        await self.restart()
        await self.refused(self.sign_in(otp=self.code(self.seed)), TooMany)
        self.now += 300
        await self.sign_in(otp=self.code(self.seed))

    async def test_asked_without_end(self) -> None:
        """Asking for the code, as the login page does first, is no failed try."""
        for _ in range(10):
            await self.refused(self.sign_in(), Unauthenticated)
        self.now += 60
        await self.sign_in(otp=self.code(self.seed))


class RecoveryCodesTests(AccountsTest):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        await self.add("ann", "admin")
        seed = (await self.refused(self.sign_in())).extra["enrolment"]["secret"]
        self.signed_in: SignedIn = await self.sign_in(otp=self.code(seed))

    async def test_in_place_of_a_code(self) -> None:
        """Each of the ten signs in once, in whatever case and spacing."""
        for number, code in enumerate(self.signed_in.recovery_codes):
            self.now += 60
            await self.sign_in(otp=code.upper().replace("-", " ") if number else code)
            await self.refused(self.sign_in(otp=code), Unauthenticated)

    async def test_of_somebody_else(self) -> None:
        """A recovery code of another account is worth nothing."""
        await self.add("bob", "admin")
        await self.enrol("bob")
        code = self.signed_in.recovery_codes[0]
        await self.refused(self.sign_in("bob", otp=code), Unauthenticated)
        await self.sign_in(otp=code)

    async def test_hashed(self) -> None:
        """No recovery code is in the database in clear."""
        stored = str(await self.store.read(_all_codes))
        for code in self.signed_in.recovery_codes:
            self.assertNotIn(code, stored)
            self.assertNotIn(code.replace("-", ""), stored)
        self.assertNotIn(PASSWORD, stored)


def _all_users(connection):  # type: ignore[no-untyped-def]
    return connection.execute(text("SELECT * FROM users")).all()


def _all_codes(connection):  # type: ignore[no-untyped-def]
    codes = connection.execute(text("SELECT * FROM recovery_codes")).all()
    return codes, connection.execute(text("SELECT * FROM audit")).all()
