"""How long to wait before the next try: exponential back-off with full jitter.

Every wait is drawn evenly between nothing and a limit that doubles from try to
try. Boards that lost one server in one moment so come back one by one.
"""

BASE_MS = 1000
CAP_MS = 60000


class Backoff:
    """Waits in ms; ``random`` is a function that gives 0 <= x < 1."""

    def __init__(self, random, base_ms: int = BASE_MS, cap_ms: int = CAP_MS):
        self._random = random
        self._base = min(base_ms, cap_ms)
        self._cap = cap_ms
        self._limit = self._base

    def next_ms(self) -> int:
        """The wait before the next try, after one more failure."""
        wait = int(self._random() * self._limit)
        self._limit = min(self._limit * 2, self._cap)
        return wait

    def slow_ms(self) -> int:
        """The wait after a refusal: never less than half the cap, so a bad key stays cheap."""
        return int((1 + self._random()) * self._cap / 2)

    def spread(self) -> None:
        """A link was lost that stood: every other board may have lost it too.

        The next wait is drawn from the whole cap. Starting at the base instead,
        1,000 boards would come back to a restarted server within its first
        second; so the busiest second sees 26 to 47 of them (limit: 50).
        """
        self._limit = self._cap

    def reset(self) -> None:
        """All is well again: the next failure begins at the base."""
        self._limit = self._base
