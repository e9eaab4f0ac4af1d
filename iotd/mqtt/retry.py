"""When to try again to reach a broker."""

from __future__ import annotations

import random
from typing import Callable

FIRST = 0.2  # seconds: a broker that was only restarted is back by then
SHORTEST, LONGEST = 1.0, 60.0
LIVED = 5.0  # seconds: a connection that held so long begins the count anew
#: One that held shorter counts up to here: the broker is there, but it, or another daemon of our
#: name, sends us away.
SENT_AWAY = 2


class Retry:
    """0.2 s, then 1, 2, 4 … 60 s, shortened by up to half so that not all come at once."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._failures = 0

    def delay(self, lived: float) -> float:
        """Seconds to wait after a connection that held for ``lived`` seconds, or failed at 0."""
        if lived > 0:
            self._failures = 0 if lived >= LIVED else min(self._failures, SENT_AWAY)
        self._failures += 1
        if self._failures == 1:
            return FIRST
        longest = min(LONGEST, SHORTEST * 2.0 ** min(self._failures - 2, 10))
        return longest * (1.0 - self._chance() / 2)
