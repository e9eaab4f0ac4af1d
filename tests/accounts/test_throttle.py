"""Who must wait after failed tries, and who never does."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts.throttle import (
    CODE_PAIR, LOGIN_ACCOUNT, LOGIN_ADDRESS, LOGIN_PAIR, Throttle,
)


def guess(throttle: Throttle, account: str, address: str, seconds: range) -> int:
    """Try as fast as allowed; how many tries got through."""
    through = 0
    for now in seconds:
        if throttle.wait(account, address, now) == 0:
            throttle.note(account, address, now)
            through += 1
    return through


class LoginThrottleTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.throttle = Throttle(LOGIN_PAIR, LOGIN_ADDRESS, LOGIN_ACCOUNT)

    def test_pair_a_minute(self) -> None:
        """One address gets five tries a minute on one account, then waits its rest."""
        self.assertEqual(guess(self.throttle, "ann", "10.0.0.1", range(10)), 5)
        self.assertEqual(self.throttle.wait("ann", "10.0.0.1", 10), 50)

    def test_pair_an_hour(self) -> None:
        """One address gets twenty tries an hour on one account."""
        self.assertEqual(guess(self.throttle, "ann", "10.0.0.1", range(3600)), 20)

    def test_ten_thousand_guesses(self) -> None:
        """Of 10,000 guesses from two addresses within an hour at most 40 get through."""
        through = sum(
            guess(self.throttle, "ann", address, range(0, 3000))
            for address in ("127.0.0.2", "127.0.0.3")
        )
        self.assertLessEqual(through, 40)

    def test_address_over_all_names(self) -> None:
        """One address gets 60 tries a minute, whatever names it makes up."""
        for number in range(60):
            self.assertEqual(self.throttle.wait(f"n{number}", "10.0.0.1", 1), 0)
            self.throttle.note(f"n{number}", "10.0.0.1", 1)
        self.assertEqual(self.throttle.wait("another", "10.0.0.1", 2), 59)
        self.assertEqual(self.throttle.wait("another", "10.0.0.2", 2), 0)

    def test_strangers_wait_longer(self) -> None:
        """Many addresses together get 100 tries a day on an account, ever more slowly."""
        waits = []
        now = 0.0
        for number in range(100):
            wait = self.throttle.wait("ann", f"10.0.{number}.1", now)
            waits.append(wait)
            now += wait
            self.throttle.note("ann", f"10.0.{number}.1", now)
        self.assertEqual((waits[19], waits[20], waits[99]), (0, 4, 512))
        self.assertEqual(waits, sorted(waits))
        self.assertAlmostEqual(self.throttle.wait("ann", "10.9.9.9", now), 86400 - now)

    def test_owner_gets_in(self) -> None:
        """An address that signed in before is not kept out by strangers."""
        self.throttle.befriend("ann", "192.0.2.1")
        for number in range(100):
            self.throttle.note("ann", f"10.0.{number}.1", 0)
        self.assertGreater(self.throttle.wait("ann", "192.0.2.2", 1), 0)
        self.assertEqual(self.throttle.wait("ann", "192.0.2.1", 1), 0)
        self.assertEqual(guess(self.throttle, "ann", "192.0.2.1", range(2, 10)), 5)

    def test_stranger_after_a_day(self) -> None:
        """A lock ends by itself."""
        for number in range(100):
            self.throttle.note("ann", f"10.0.{number}.1", 0)
        self.assertEqual(self.throttle.wait("ann", "192.0.2.2", 86400), 0)

    def test_estranged(self) -> None:
        """A new account of a name inherits no trusted address."""
        self.throttle.befriend("ann", "192.0.2.1")
        self.throttle.estrange("ann")
        for number in range(100):
            self.throttle.note("ann", f"10.0.{number}.1", 0)
        self.assertGreater(self.throttle.wait("ann", "192.0.2.1", 1), 0)

    def test_forgiven(self) -> None:
        """A right password takes back this address's failures, and nobody else's."""
        guess(self.throttle, "ann", "10.0.0.1", range(5))
        guess(self.throttle, "ann", "10.0.0.2", range(5))
        self.throttle.forgive("ann", "10.0.0.1")
        self.assertEqual(self.throttle.wait("ann", "10.0.0.1", 6), 0)
        self.assertGreater(self.throttle.wait("ann", "10.0.0.2", 6), 0)

    def test_forgiven_in_part(self) -> None:
        """A right password without a code takes back only its own try."""
        guess(self.throttle, "ann", "10.0.0.1", range(5))
        self.throttle.forgive("ann", "10.0.0.1", since=4)
        self.assertEqual(self.throttle.wait("ann", "10.0.0.1", 5), 0)
        self.throttle.note("ann", "10.0.0.1", 5)
        self.assertGreater(self.throttle.wait("ann", "10.0.0.1", 5), 0)

    def test_pruned(self) -> None:
        """A day later nothing of a flood is left in memory."""
        for number in range(1000):
            self.throttle.note(f"n{number}", f"10.0.{number % 250}.1", number)
        self.throttle.prune(86400 + 1000)
        self.assertFalse(self.throttle._tries)
        self.assertFalse(self.throttle._by_account)
        self.assertFalse(self.throttle._by_address)

    def test_clock_set_back(self) -> None:
        """Tries of before the clock was set back an hour lock nobody out for that hour, those
        of the day still count together, and what follows is limited as ever."""
        for number in range(30):
            self.throttle.note("ann", f"10.0.{number // 5}.1", 7200 + number)
        self.assertLessEqual(self.throttle.wait("ann", "10.0.0.1", 3600), 8)
        self.assertGreater(self.throttle.wait("ann", "10.0.0.1", 3600), 0)
        self.throttle.befriend("ann", "10.0.0.1")
        self.assertEqual(guess(self.throttle, "ann", "10.0.0.1", range(3600, 3620)), 5)

    def test_clock_set_back_a_little(self) -> None:
        """Set back by less than a window they count on, at most for one window more."""
        guess(self.throttle, "ann", "10.0.0.1", range(100, 105))
        self.assertEqual(self.throttle.wait("ann", "10.0.0.1", 70), 90)

    def test_bounded(self) -> None:
        """However many try, what is remembered has a limit, and the newest stay."""
        for number in range(100_050):
            self.throttle.note(f"n{number}", f"{number}", number / 1000)
        self.assertEqual(len(self.throttle._tries), 100_000)
        self.assertEqual(len(self.throttle._by_account), 100_000)


class CodeThrottleTests(SynchronousTestCase):
    def test_five_in_five_minutes(self) -> None:
        """One address gets five codes in five minutes for one account."""
        throttle = Throttle(CODE_PAIR)
        self.assertEqual(guess(throttle, "otp:ann", "10.0.0.1", range(299)), 5)
        self.assertEqual(throttle.wait("otp:ann", "10.0.0.1", 299), 1)
        self.assertEqual(throttle.wait("otp:ann", "10.0.0.2", 299), 0)
