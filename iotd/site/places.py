"""How many connections there may be, and which one makes room for a new one."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Callable

from twisted.logger import Logger

from iotd.site.proxies import Address

if TYPE_CHECKING:
    from iotd.site.channel import Channel

LOG_EVERY = 10.0  # seconds between two lines about refused connections


def crowd_of(address: Address | None) -> str:
    """Who counts as one: an IPv4 address, an IPv6 network of 64 bits, local sockets."""
    if address is None:
        return "unix"
    if isinstance(address, IPv6Address):
        # one subscriber holds a whole /64
        return str(IPv6Address(int(address) >> 64 << 64)) + "/64"
    return str(address)


class Places:
    """Open connections, in all and by address.

    When there is no place, the oldest connection without a request in progress
    yields: people who do ask for something are served whoever else dribbles.
    """

    _log = Logger()

    def __init__(
        self, most: int, most_per_address: int, seconds: Callable[[], float]
    ) -> None:
        self.refused = 0
        self.yielded = 0
        self._most = most
        self._most_per_address = most_per_address
        self._seconds = seconds
        self._crowds: dict[Channel, str] = {}
        self._counts: dict[str, int] = {}
        self._idle: dict[Channel, None] = {}
        self._idle_of: dict[str, dict[Channel, None]] = {}
        self._logged: float | None = None
        self._unlogged = 0

    def __len__(self) -> int:
        return len(self._crowds)

    def all(self) -> list[Channel]:
        """Every open connection, the oldest first."""
        return list(self._crowds)

    def enter(self, channel: Channel, crowd: str, limited: bool = True) -> bool:
        """Give ``channel`` a place; False when there is none and nobody yields.

        Only the overall limit holds for connections that are not ``limited``,
        those of proxies.
        """
        crowded = limited and self._counts.get(crowd, 0) >= self._most_per_address
        if crowded and not self._make_room(self._idle_of.get(crowd, {})):
            return self._refuse(crowd)
        if len(self._crowds) >= self._most and not self._make_room(self._idle):
            return self._refuse(crowd)
        self._crowds[channel] = crowd
        self._counts[crowd] = self._counts.get(crowd, 0) + 1
        self.idle(channel)
        return True

    def idle(self, channel: Channel) -> None:
        """``channel`` may yield from now on."""
        crowd = self._crowds.get(channel)
        if crowd is not None:
            self._idle[channel] = None
            self._idle_of.setdefault(crowd, {})[channel] = None

    def busy(self, channel: Channel) -> None:
        """``channel`` has a request in progress."""
        self._idle.pop(channel, None)
        crowd = self._crowds.get(channel)
        if crowd is not None:
            self._idle_of.get(crowd, {}).pop(channel, None)

    def leave(self, channel: Channel) -> None:
        """``channel`` is gone; saying so twice does no harm."""
        self.busy(channel)
        crowd = self._crowds.pop(channel, None)
        if crowd is None:
            return
        self._counts[crowd] -= 1
        if not self._counts[crowd]:
            del self._counts[crowd]
            self._idle_of.pop(crowd, None)

    def _make_room(self, candidates: dict[Channel, None]) -> bool:
        for channel in candidates:
            self.leave(channel)
            self.yielded += 1
            self._tell("the oldest idle one", "yields")
            channel.abort()
            return True
        return False

    def _refuse(self, crowd: str) -> bool:
        self.refused += 1
        self._tell(crowd, "is refused")
        return False

    def _tell(self, who: str, what: str) -> None:
        self._unlogged += 1
        now = self._seconds()
        if self._logged is not None and now - self._logged < LOG_EVERY:
            return
        self._log.warn(
            "no place for more connections: {who} {what} ({count} since the last such line)",
            who=who, what=what, count=self._unlogged,
        )
        self._logged, self._unlogged = now, 0
