"""The server of the camera wire: who may connect, and the watch over all connections."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Callable

from prometheus_client import CollectorRegistry, Gauge
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.cameras.protocol import CameraProtocol
from iotd.devices.model import Admission, camera_name
from iotd.devices.service import Registry

if TYPE_CHECKING:
    from iotd.cameras.camera import Camera

CHECK_SECONDS = 1.0


class CameraFactory(Factory):
    """Makes a protocol for each connection within the limits.

    ``max_per_address`` counts connections that have not proved a key: many
    keyed cameras may stand behind one address.
    """

    noisy = False
    _log = Logger()

    def __init__(
        self, *, clock: Any, registry: Registry, camera: Callable[[str], Camera],
        max_frame_bytes: int, max_connections: int, max_per_address: int,
        metrics: CollectorRegistry,
    ) -> None:
        self.clock, self.seconds, self.camera = clock, clock.seconds, camera
        self.admissions = registry.admissions
        self.leave, self.abandon = registry.leave, registry.abandon
        self.waits_for_key = registry.admissions.enrolment == "keyed"
        self._max_frame_bytes = max_frame_bytes
        self._max_connections, self._max_per_address = max_connections, max_per_address
        self._connections: set[CameraProtocol] = set()
        self._unproven: Counter[str] = Counter()
        self._closing: Deferred[None] | None = None
        self._watch = LoopingCall(self._check_all)
        self._watch.clock = clock
        Gauge(
            "iotd_camera_connections", "open on the camera wire", registry=metrics
        ).set_function(lambda: len(self._connections))

    def startFactory(self) -> None:
        """The watch begins with the first listener."""
        if not self._watch.running:
            self._watch.start(CHECK_SECONDS, now=False)

    def buildProtocol(self, addr: IAddress | None) -> CameraProtocol | None:
        """A protocol, or None: the connection is closed at once."""
        address = plain_address(addr)
        limit = self._over_limit(address)
        if limit:
            self.admissions.refuse("cam", address, None, "limit", limit)
            return None
        return CameraProtocol(self, address, self._max_frame_bytes)

    def _over_limit(self, address: str) -> str:
        if self._closing is not None:
            return "the daemon is stopping"
        if len(self._connections) >= self._max_connections:
            return f"{self._max_connections} cameras are connected (cameras.max_connections)"
        if self._unproven[address] >= self._max_per_address:
            key = "cameras.max_connections_per_address"
            return f"{self._max_per_address} unkeyed connections of its address are open ({key})"
        return ""

    def join_unkeyed(self, protocol: CameraProtocol) -> Admission:
        """Admission of a camera that says no name."""
        name = camera_name(protocol.address)
        return self.admissions.join_unkeyed(name, "cam", "camera", protocol)

    def joined(self, protocol: CameraProtocol) -> None:
        """A connection was made."""
        self._connections.add(protocol)
        self._unproven[protocol.address] += 1

    def proved(self, protocol: CameraProtocol) -> None:
        """It has a key: its address no longer counts it."""
        protocol.proven = True
        self._forget_address(protocol.address)

    def left(self, protocol: CameraProtocol, id: str | None) -> None:
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


def plain_address(addr: Any) -> str:
    """The peer's address as text; an IPv4 address mapped into IPv6 as IPv4."""
    host = getattr(addr, "host", None)
    if host is None:
        return "local"
    address = ip_address(host.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
