"""The embedded broker: guards on the reactor, amqtt behind them."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet.defer import maybeDeferred

from iotd.mqtt.address import Address
from iotd.mqtt.discovery_reader import Readers
from iotd.mqtt.door import Door
from iotd.mqtt.guards import Guards, OwnGuards, Refuse
from iotd.mqtt.routing import Routing

HERE = "127.0.0.1"
MAX_CONNECTIONS, MAX_PER_ADDRESS = 2000, 64


class EmbeddedBroker:
    """``factory`` listens wherever ``mqtt.listen`` says, by whatever endpoint.

    The daemon's own client comes in at ``address``, a port of the loopback interface, so
    that it depends neither on that endpoint nor on its certificate. Until that client has
    subscribed, gates are told that the broker is not there yet.
    """

    def __init__(
        self, *, reactor: Any, door: Door, refuse: Refuse, metrics: CollectorRegistry,
        max_connections: int = MAX_CONNECTIONS, max_per_address: int = MAX_PER_ADDRESS,
    ) -> None:
        self._reactor, self._door = reactor, door
        self._routing = Routing(reactor)
        self.factory = Guards(
            reactor=reactor, door=door, routing=self._routing, refuse=refuse, metrics=metrics,
            max_connections=max_connections, max_per_address=max_per_address,
        )
        self._port: Any = None

    @property
    def address(self) -> Address:
        """Where the daemon's own client signs in, and as whom; after ``start``."""
        port = self._port.getHost().port
        return Address(HERE, port, self._door.username, self._door.password)

    async def start(self) -> None:
        """Begin; Unavailable when that fails."""
        await self._routing.start()
        self.factory.startFactory()
        self._port = self._reactor.listenTCP(0, OwnGuards(self.factory), interface=HERE)

    def shut(self, gate: str, reason: str) -> None:
        """End the connections of a gate that may not go on as it is."""
        self.factory.shut(gate, reason)

    def let_read(self, readers: Readers) -> None:
        """Home Assistant may come in from now on."""
        self._door.readers = readers

    def end_session(self, session: str) -> None:
        """A token was taken away."""
        self.factory.end_session(session)

    async def drain(self) -> None:
        """Send gates away, and wait a little until the daemon has what they said.

        Before its own client is stopped; the public ports are closed before.
        """
        await self.factory.drain()

    async def stop(self) -> None:
        """Send everybody away and end the thread; the public ports are closed before."""
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)
        await self.factory.close_all()
        await self._routing.stop()
