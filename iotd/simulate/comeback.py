"""How long a virtual device waits before it connects again: the rule of our firmware.

Full jitter, doubled from one second on; who lost a link that stood assumes that all
others lost it too, and draws from the whole of the longest wait.
"""

from __future__ import annotations

from typing import Callable

BASE_SECONDS = 1.0
#: What a board needs from its reset to its first try.
BOOT_SECONDS = 2.0
#: The firmware's own longest wait: 1,000 boards come back with 17 in a second.
LONGEST_SECONDS = 60.0
SHORTEST_SECONDS = 5.0


def retry_seconds(boards: int) -> float:
    """The longest wait for so many: a few are back soon, many come one by one."""
    return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, boards * LONGEST_SECONDS / 1000))


class Comeback:
    """Waits in seconds up to ``longest``; ``random`` gives 0 <= x < 1."""

    def __init__(self, random: Callable[[], float], longest: float) -> None:
        self._random, self._longest = random, longest
        self._limit = min(BASE_SECONDS, longest)

    def next(self, stood: bool, denied: bool, rebooted: bool) -> float:
        """The wait after a link ended, or after a try that failed (all three false)."""
        if rebooted:
            self._limit = min(BASE_SECONDS, self._longest)
            return BOOT_SECONDS
        if denied:
            return (1 + self._random()) * self._longest / 2
        if stood:
            self._limit = self._longest
        wait = self._random() * self._limit
        self._limit = min(2 * self._limit, self._longest)
        return wait
