"""TLS connections that nobody else hears of before their handshake is over.

Twisted would tell a protocol of its connection at once: a deadline of a wire would run
while an ESP32 does its sums (2 to 5 s), a silent stranger would become a field camera.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Callable

from OpenSSL import SSL
from twisted.internet.interfaces import IAddress, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

HANDSHAKE_SECONDS = 20.0
CLOSE_SECONDS = 30.0  # for the other end to say that it closes, too
#: Handshakes under way on all listeners; one costs about 60 KB until it is done.
MOST_HANDSHAKES = 512

Failed = Callable[[Any, str, str], None]


class Handshakes:
    """The handshakes under way. When there are too many, the address with most loses its oldest:
    who opens hundreds and goes silent is in nobody's way but its own."""

    def __init__(self, most: int = MOST_HANDSHAKES) -> None:
        self._most = most
        self._under_way: dict[str, dict[Waiting, None]] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._counts.total()

    def enter(self, waiting: Waiting, host: str) -> None:
        """One more; perhaps another one ends for it."""
        if len(self) >= self._most:
            crowd = self._counts.most_common(1)[0][0]
            next(iter(self._under_way[crowd])).give_up("crowd")
        self._under_way.setdefault(host, {})[waiting] = None
        self._counts[host] += 1

    def end_all(self) -> None:
        """The daemon stops."""
        for crowd in list(self._under_way.values()):
            for waiting in list(crowd):
                waiting.drop()

    def leave(self, waiting: Waiting, host: str) -> None:
        """It is over, either way; saying so twice does no harm."""
        crowd = self._under_way.get(host, {})
        if waiting not in crowd:
            return
        del crowd[waiting]
        self._counts[host] -= 1
        if not crowd:
            del self._under_way[host], self._counts[host]


def crowd_of(host: str) -> str:
    """Who counts as one: an IPv4 address, or an IPv6 network of 64 bits, which is one house's."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((int(address) >> 64 << 64, 64)))


class TlsConnection(BufferingTLSTransport):
    """One connection; it also ends when the other end never says that it closes."""

    factory: TlsFactory
    heard = False
    _closing: Any = None

    @property
    def has_own_certificate(self) -> bool:
        """Whether the site's own authority signed what it presented."""
        return self.factory.own

    def dataReceived(self, data: bytes) -> None:
        """Bytes as they come from the socket."""
        self.heard = True
        super().dataReceived(data)

    def loseConnection(self) -> None:
        """Close as TLS does, within CLOSE_SECONDS."""
        if self._closing is None and self.connected:
            self._closing = self.factory.clock.callLater(CLOSE_SECONDS, self._too_late)
        super().loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is gone."""
        if self._closing is not None and self._closing.active():
            self._closing.cancel()
        super().connectionLost(reason)

    def _too_late(self) -> None:
        self.abortConnection()


@implementer(IHandshakeListener)
class Waiting(Protocol):
    """Stands in for the real protocol until the handshake is done."""

    transport: Any

    def __init__(self, factory: TlsFactory, address: IAddress | None) -> None:
        self._factory, self._address = factory, address
        self._host = crowd_of(str(getattr(address, "host", "local")))
        self._over = False
        self._deadline: Any = None

    def connectionMade(self) -> None:
        """The deadline begins."""
        self._factory.handshakes.enter(self, self._host)
        self._deadline = self._factory.clock.callLater(
            HANDSHAKE_SECONDS, self.give_up, "late"
        )

    def handshakeCompleted(self) -> None:
        """The real protocol takes over, if there is a place for it."""
        if self._end():
            protocol = self._factory.wrappedFactory.buildProtocol(self._address)
            if protocol is None:
                self.transport.abortConnection()
                return
            self.transport.wrappedProtocol = protocol
            protocol.makeConnection(self.transport)

    def give_up(self, why: str) -> None:
        """End it: it took too long, or there are too many."""
        if self._end():
            self._factory.failed(self._address, why, _TOLD[why])
            self.transport.abortConnection()

    def drop(self) -> None:
        """End it, and tell nobody."""
        if self._end():
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The other end gave up, or spoke something else; who only knocked is not told of."""
        if self._end() and self.transport.heard:
            self._factory.failed(self._address, *_why(reason.value))

    def _end(self) -> bool:
        """Whether it was not over yet."""
        was_over, self._over = self._over, True
        self._factory.handshakes.leave(self, self._host)
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        return not was_over


class TlsFactory(TLSMemoryBIOFactory):
    """Puts TLS before a factory, which is asked for a protocol once a handshake is done.

    ``failed(address, why, reason)`` hears of each that was not: ``why`` is "late", "crowd",
    "plain", "distrust", "tls" or "left".
    """

    protocol = TlsConnection

    def __init__(
        self, switch: Any, factory: Any, clock: Any, handshakes: Handshakes, own: bool,
        failed: Failed,
    ) -> None:
        super().__init__(switch, False, factory, clock)
        self.switch, self.clock, self.handshakes = switch, clock, handshakes
        self.own, self.failed = own, failed

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """TLS for a connection, with nobody behind it yet."""
        waiting: Any = Waiting(self, addr)
        return self.protocol(self, waiting)


_TOLD = {
    "late": f"its TLS handshake was not over after {HANDSHAKE_SECONDS:g} s",
    "crowd": "its address has more TLS handshakes under way than any other",
}
# what OpenSSL calls it when the other end does not know our authority
_DISTRUST = ("unknown ca", "certificate unknown", "bad certificate", "certificate expired")
_PLAIN = ("http request", "wrong version number", "https proxy request")


def _why(problem: BaseException | None) -> tuple[str, str]:
    """Why a handshake ended, as a word and as a sentence's end."""
    if not isinstance(problem, SSL.Error):
        return "left", "it left in the middle of the TLS handshake"
    errors = problem.args[0] if problem.args else None
    text = str(errors[-1][-1]) if isinstance(errors, list) and errors else "broken off"
    if any(each in text for each in _PLAIN):
        return "plain", "it does not speak TLS, which this port wants"
    if any(each in text for each in _DISTRUST):
        return "distrust", f"it does not accept the certificate: {text}"
    return "tls", f"the TLS handshake failed: {text}"
