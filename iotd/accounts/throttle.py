"""Failed tries and who must wait: judged in memory, before any hash is computed.

A try is counted when it begins and forgiven when it turns out right, so that
many at once can't slip through. The rows in the store only let the count
survive a restart.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from iotd.accounts.model import DAY, HOUR, MINUTE


@dataclass(frozen=True)
class Window:
    """At most ``tries`` in any ``seconds``.

    Times ahead of ``now`` are of before the clock was set back. As near as the window is
    wide they count; farther ahead they would lock out for as long as the clock was set.
    """

    tries: int
    seconds: float

    def wait(self, times: list[float], now: float) -> float:
        """Seconds until one more fits; 0.0 when it fits now."""
        recent = self.recent(times, now)
        if len(recent) < self.tries:
            return 0.0
        return recent[-self.tries] + self.seconds - now

    def recent(self, times: list[float], now: float) -> list[float]:
        """Those that count, in their order."""
        return sorted(at for at in times if abs(now - at) < self.seconds)


LOGIN_PAIR = (Window(5, MINUTE), Window(20, HOUR))  # one account from one address
LOGIN_ADDRESS = Window(60, MINUTE)  # one address, all names
LOGIN_ACCOUNT = Window(100, DAY)  # one account, all addresses together
CODE_PAIR = (Window(5, 5 * MINUTE),)
ASKING_PAIR = (Window(20, HOUR),)  # sign-ups, or forgotten passwords, from one address

# From the 20th failure of a day on, each further try on an account waits: 4 s,
# then twice as long with every ten more, up to 8.5 min. So the day's 100 take
# nearly three hours, and not one minute, when they come from 20 addresses.
_PATIENT_TRIES = 20

# A try costs about 200 bytes here, so the worst flood costs 20 MB; to push one
# out takes 100,000 others, half an hour of every password thread.
_MOST_TRIES = 100_000


class Throttle:
    """Tries by account and address.

    An address that is ``known`` to an account, because it signed in there
    before, is judged by its own tries only: strangers can't lock the owner out.
    """

    def __init__(
        self,
        pair: tuple[Window, ...],
        address: Window | None = None,
        account: Window | None = None,
    ) -> None:
        self._pair, self._address, self._account = pair, address, account
        self._tries: deque[tuple[float, str, str]] = deque()
        self._by_account: dict[str, list[tuple[float, str]]] = {}
        self._by_address: dict[str, list[float]] = {}
        self._known: set[tuple[str, str]] = set()

    def wait(self, account: str, address: str, now: float) -> float:
        """Seconds this address must wait before its next try on this account."""
        tries = self._by_account.get(account, [])
        own = [at for at, origin in tries if origin == address]
        waits = [window.wait(own, now) for window in self._pair]
        if self._address is not None:
            waits.append(self._address.wait(self._by_address.get(address, []), now))
        if self._account is not None and (account, address) not in self._known:
            waits.append(_strangers_wait(self._account, [at for at, _ in tries], now))
        return max(0.0, *waits)

    def note(self, account: str, address: str, at: float) -> None:
        """Count a try that begins, or that the store remembers."""
        self._tries.append((at, account, address))
        self._by_account.setdefault(account, []).append((at, address))
        if self._address is not None:
            self._by_address.setdefault(address, []).append(at)
        if len(self._tries) > _MOST_TRIES:
            self._drop_oldest()

    def forgive(
        self, account: str, address: str, since: float = 0.0, also_address: bool = True
    ) -> None:
        """Take back the tries of this address on this account, from ``since`` on;
        without ``also_address`` they still count among all that the address tried."""
        kept: list[tuple[float, str]] = []
        gone: list[tuple[float, str]] = []
        for at, origin in self._by_account.get(account, []):
            (gone if origin == address and at >= since else kept).append((at, origin))
        self._keep(account, kept)
        times = self._by_address.get(address, []) if also_address else []
        for at, _ in gone:
            if at in times:
                times.remove(at)

    def forget(self, account: str) -> None:
        """Let everyone try this account again, as after a reset by an admin."""
        self._by_account.pop(account, None)

    def befriend(self, account: str, address: str) -> None:
        """Remember that this address has signed in to this account."""
        self._known.add((account, address))

    def estrange(self, account: str) -> None:
        """Forget which addresses an account that is gone was used from."""
        self._known = {pair for pair in self._known if pair[0] != account}

    def prune(self, now: float) -> None:
        """Drop what no window reaches any more."""
        while self._tries and self._tries[0][0] <= now - DAY:
            self._drop_oldest()
        for address in list(self._by_address):
            times = [at for at in self._by_address[address] if at > now - HOUR]
            if times:
                self._by_address[address] = times
            else:
                del self._by_address[address]

    def _drop_oldest(self) -> None:
        at, account, address = self._tries.popleft()
        kept = [found for found in self._by_account.get(account, []) if found[0] > at]
        self._keep(account, kept)

    def _keep(self, account: str, tries: list[tuple[float, str]]) -> None:
        if tries:
            self._by_account[account] = tries
        else:
            self._by_account.pop(account, None)


def _strangers_wait(window: Window, times: list[float], now: float) -> float:
    recent = window.recent(times, now)
    if len(recent) < _PATIENT_TRIES:
        return 0.0
    delay = 2.0 ** min(len(recent) // 10, 9)
    # not longer than that by a clock that was set back
    return max(window.wait(recent, now), min(recent[-1] + delay - now, delay))
