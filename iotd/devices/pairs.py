"""Two boards behind one address that say the same id, told from one that reconnects.

A field device is known by id and address. When its connection is replaced again
and again while the older one still stands, two boards take it from each other.
"""

from __future__ import annotations

from collections import deque

from iotd.bus import AlertWanted

MAX_REPLACEMENTS = 3
WINDOW = 600.0  # seconds in which replacements count


class Replacements:
    """How often each pair of id and address was replaced lately; times are monotonic."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], deque[float]] = {}

    def too_many(self, base: str, address: str, now: float) -> bool:
        """Count one more; True when it is more than 3 in 10 min, and counting begins anew."""
        pair = base, address
        times = self._times.setdefault(pair, deque(maxlen=MAX_REPLACEMENTS + 1))
        times.append(now)
        if len(times) <= MAX_REPLACEMENTS or now - times[0] > WINDOW:
            return False
        del self._times[pair]
        return True

    def prune(self, now: float) -> None:
        """Forget what no longer counts."""
        old = now - WINDOW
        self._times = {pair: times for pair, times in self._times.items() if times[-1] >= old}


def two_boards(base: str, address: str, id: str, active: bool) -> AlertWanted:
    """The alert of such a pair, begun or ended; ``id`` is one of its devices."""
    return AlertWanted(
        key=f"two_boards:{base}@{address}", patient=None, device=id, cause="two_boards",
        severity="warning", active=active,
        text=f"Two boards at {address} say that they are {base}: both wait for approval.",
    )
