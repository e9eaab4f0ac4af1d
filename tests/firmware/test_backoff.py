"""How boards come back: drawn evenly, growing, and never all at once."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from common.backoff import Backoff

assert rig.FIRMWARE.is_dir()

BOARDS = 1000


def return_after(down_seconds: float, seed: int) -> list[float]:
    """When each of 1,000 boards is back, in s after all lost a server at once.

    The virtual clock is each board's own: it tries, is refused while the server
    is down, and waits again, as Link does.
    """
    returns = []
    for board in range(BOARDS):
        backoff = Backoff(random.Random(seed * BOARDS + board).random)
        backoff.spread()
        now = backoff.next_ms() / 1000
        while now < down_seconds:
            now += backoff.next_ms() / 1000
        returns.append(now)
    return returns


class BackoffTests(SynchronousTestCase):
    """Waits of one board, and of many."""

    def test_busiest_second(self) -> None:
        """After a restart of up to 30 s no second sees more than 5 % of 1,000 boards."""
        for down in (0, 0.5, 2, 5, 10, 20, 30):
            for seed in range(5):
                seconds = Counter(int(when - down) for when in return_after(down, seed))
                self.assertLessEqual(max(seconds.values()), BOARDS * 0.05, (down, seed))

    def test_all_back(self) -> None:
        """After a restart of up to 30 s all 1,000 boards are back within 90 s of losing it."""
        for down in (0, 10, 30):
            self.assertLessEqual(max(return_after(down, seed=1)), 90)

    def test_growth(self) -> None:
        """The longest possible wait doubles from 1 s to 60 s and stays there."""
        backoff = Backoff(lambda: 1.0)
        waits = [backoff.next_ms() for _ in range(8)]
        self.assertEqual(waits, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000])

    def test_full_jitter(self) -> None:
        """The shortest possible wait is none at all, at every step."""
        backoff = Backoff(lambda: 0.0)
        self.assertEqual([backoff.next_ms() for _ in range(8)], [0] * 8)

    def test_reset(self) -> None:
        """After all was well the first wait is short again."""
        backoff = Backoff(lambda: 1.0)
        backoff.spread()
        self.assertEqual(backoff.next_ms(), 60000)
        backoff.reset()
        self.assertEqual(backoff.next_ms(), 1000)

    @given(st.floats(0, 1, exclude_max=True), st.integers(1, 3600))
    def test_refused(self, drawn: float, cap: int) -> None:
        """A board with a wrong key waits at least half the cap, and at most all of it."""
        wait = Backoff(lambda: drawn, cap_ms=cap * 1000).slow_ms()
        self.assertTrue(cap * 500 <= wait <= cap * 1000)
