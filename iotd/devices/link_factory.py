"""What the servers of both wires have in common: who may connect, and the watch over all."""

from __future__ import annotations

from collections import Counter
from typing import Any

from prometheus_client import CollectorRegistry, Gauge
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.devices.admission import Wire
from iotd.devices.links import LinkProtocol, plain_address
from iotd.devices.service import Registry

CHECK_SECONDS = 1.0
#: Why a TLS handshake failed, as the list of refusals knows it.
HANDSHAKES = {"late": "late", "left": "late", "crowd": "limit", "distrust": "trust"}


class LinkFactory(Factory):
    """Makes a protocol for each connection within the limits.

    ``max_per_address`` counts connections that have not proved a key: many
    keyed devices may stand behind one address.
    """

    noisy = False
    wire: Wire
    section: str  # of the configuration, which is also what connects here
    _log = Logger()

    def __init__(
        self, *, clock: Any, registry: Registry, max_connections: int, max_per_address: int,
        metrics: CollectorRegistry,
    ) -> None:
        self.clock, self.seconds = clock, clock.seconds
        self.registry, self.admissions = registry, registry.admissions
        self.leave, self.abandon = registry.leave, registry.abandon
        self._max_connections, self._max_per_address = max_connections, max_per_address
        self._connections: set[LinkProtocol] = set()
        self._unproven: Counter[str] = Counter()
        self._closing: Deferred[None] | None = None
        self._watch = LoopingCall(self._check_all)
        self._watch.clock = clock
        what = self.section.removesuffix("s")
        Gauge(
            f"iotd_{what}_connections", f"open on the {what} wire", registry=metrics
        ).set_function(lambda: len(self._connections))

    def handshake_failed(self, addr: IAddress | None, why: str, reason: str) -> None:
        """A board that came by TLS and got no further is told of as any other."""
        cause = HANDSHAKES.get(why, "wire")
        self.admissions.refuse(self.wire, plain_address(addr), None, cause, reason)

    def protocol_for(self, address: str) -> LinkProtocol:
        """The protocol of one connection."""
        raise NotImplementedError

    def startFactory(self) -> None:
        """The watch begins with the first listener."""
        if not self._watch.running:
            self._watch.start(CHECK_SECONDS, now=False)

    def buildProtocol(self, addr: IAddress | None) -> LinkProtocol | None:
        """A protocol, or None: the connection is closed at once."""
        address = plain_address(addr)
        limit = self._over_limit(address)
        if limit:
            self.admissions.refuse(self.wire, address, None, "limit", limit)
            return None
        return self.protocol_for(address)

    def _over_limit(self, address: str) -> str:
        section = self.section
        if self._closing is not None:
            return "the daemon is stopping"
        if len(self._connections) >= self._max_connections:
            return f"{self._max_connections} {section} are connected ({section}.max_connections)"
        if self._unproven[address] >= self._max_per_address:
            key = f"{section}.max_connections_per_address"
            return f"{self._max_per_address} unkeyed connections of its address are open ({key})"
        return ""

    def joined(self, protocol: LinkProtocol) -> None:
        """A connection was made."""
        self._connections.add(protocol)
        self._unproven[protocol.address] += 1

    def proved(self, protocol: LinkProtocol) -> None:
        """It has a key: its address no longer counts it."""
        protocol.proven = True
        self._forget_address(protocol.address)

    def left(self, protocol: LinkProtocol, id: str | None) -> None:
        """A connection is gone."""
        self._connections.discard(protocol)
        if not protocol.proven:
            self._forget_address(protocol.address)
        if id is not None:
            self.leave(id, protocol)
        if self._closing is not None and not self._connections:
            self._closing.callback(None)

    def close_all(self) -> Deferred[None]:
        """Close every connection; fires when the last is gone."""
        if self._watch.running:
            self._watch.stop()
        self._closing = Deferred()
        for protocol in tuple(self._connections):
            protocol.close("the daemon is stopping")
            protocol.transport.abortConnection()
        if not self._connections and not self._closing.called:
            self._closing.callback(None)
        return self._closing

    def _forget_address(self, address: str) -> None:
        self._unproven[address] -= 1
        if self._unproven[address] <= 0:
            del self._unproven[address]

    def _check_all(self) -> None:
        now = self.seconds()
        for protocol in [each for each in self._connections if each.needs_check]:
            try:
                protocol.check(now)
            except Exception:
                self._log.failure("checking {address} failed", address=protocol.address)
