"""Which passwords are taken, and their hashes off the reactor."""

from __future__ import annotations

from argon2 import PasswordHasher
from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.trial.unittest import SynchronousTestCase, TestCase

from iotd.accounts.passwords import (
    HASHER, LONGEST_QUEUE, THREADS, Passwords, check_password,
)
from iotd.errors import Invalid, TooMany

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class CheckPasswordTests(SynchronousTestCase):
    def test_taken(self) -> None:
        """Long passwords are taken without rules about their letters."""
        for password in (
            "correct horse battery staple", "wet paint on tuesday", "äöüßéèàçñøåþ", "k9#Lm2@xQ7!z",
            "an annual thing of ann", "a" * 60 + "bcd" * 20,
        ):
            self.assertEqual(check_password(password, "ann"), password)

    def test_length(self) -> None:
        """The error for a wrong length names it and both limits."""
        for length in (0, 7, 129):
            error = self.assertRaises(Invalid, check_password, ("x7y" * 50)[:length], "ann")
            self.assertIn(f"{length} characters; 8 to 128", str(error))
            self.assertEqual(error.field, "password")

    def test_own_name(self) -> None:
        """The account's own name, alone or stretched, is refused."""
        for password in ("administrator-9", "Administrator", "administratoradministrator"):
            self.assertRaises(Invalid, check_password, password, "administrator")

    def test_common(self) -> None:
        """What guessers try first is refused, also in its usual disguises."""
        for password in (
            "password1234", "P@ssw0rd2024!", "Passw0rd12345", "qwertyuiop123", "123456789012",
            "987654321098", "aaaaaaaaaaaa", "letmeinletmein", "abababababab", "1q2w3e4r5t6y",
            "iloveyou2024", "admin1234567", "abcdefghijklm", "welcome-1-2-3-4", "1111 2222 1111",
        ):
            self.assertRaises(Invalid, check_password, password, "ann")


class PasswordsTests(TestCase):
    def setUp(self) -> None:
        self.passwords = Passwords(reactor, QUICK)
        self.passwords.start()
        self.addCleanup(self.passwords.stop)

    async def test_right_and_wrong(self) -> None:
        """Only the very password fits: no prefix, no suffix, no other case."""
        stored = await self.passwords.hash("wet paint on tuesday")
        self.assertTrue(await self.passwords.check(stored, "wet paint on tuesday"))
        for wrong in ("", "wet paint on tuesda", "wet paint on tuesdayy", "Wet paint on tuesday"):
            self.assertFalse(await self.passwords.check(stored, wrong))

    async def test_same_letters(self) -> None:
        """One keyboard's ä is another's a with dots; both are the same password."""
        stored = await self.passwords.hash("schl\u00e4frig am Tag")
        self.assertTrue(await self.passwords.check(stored, "schla\u0308frig am Tag"))

    async def test_nothing_stored(self) -> None:
        """Where nothing is stored nothing fits, not even the dummy's own text."""
        for password in ("", "no account has this password"):
            self.assertFalse(await self.passwords.check(None, password))

    async def test_damaged(self) -> None:
        """A damaged hash fits nothing and raises nothing."""
        self.assertFalse(await self.passwords.check("$argon2id$v=19$nonsense", "x"))

    async def test_outdated(self) -> None:
        """A hash with other parameters than those of today is told apart."""
        stored = await self.passwords.hash("wet paint on tuesday")
        self.assertFalse(self.passwords.is_outdated(stored))
        self.assertTrue(Passwords(reactor, HASHER).is_outdated(stored))

    async def test_queue_is_bounded(self) -> None:
        """Beyond two at work and 32 waiting, the next is told to come back."""
        taken = [self.passwords.hash("x") for _ in range(THREADS + LONGEST_QUEUE)]
        error = self.assertRaises(TooMany, self.passwords.hash, "x")
        self.assertEqual(error.retry_after, 2)
        await gatherResults(taken)
        await self.passwords.hash("x")

    async def test_stop_waits(self) -> None:
        """What was taken is finished before the threads end; then nothing is taken."""
        taken = [self.passwords.hash("x") for _ in range(5)]
        await self.passwords.stop()
        self.assertTrue(all(result.called for result in taken))
        self.assertRaises(TooMany, self.passwords.hash, "x")

    async def test_gone_before_done(self) -> None:
        """Who stops waiting for a hash takes no place of the queue along."""
        waiting = self.passwords.hash("x")
        waiting.addErrback(lambda _: None)
        waiting.cancel()
        await self.passwords.hash("y")
        await self.passwords.stop()
        self.assertEqual(self.passwords._at_work, 0)
