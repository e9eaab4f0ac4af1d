"""Gates as the embedded broker sees them, over real sockets, and a register of their keys."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol

from iotd.wire.mqtt import (
    NEED_DATA, ConnAck, Connect, Packet, PacketReader, PubAck, Publish, SubAck, Subscribe, encode,
)

SECONDS = 10.0
P = TypeVar("P", bound=Packet)


class Keys:
    """Gates whose keys are known; without one others are let in, unless ``keyed``."""

    def __init__(self, **keys: str) -> None:
        self.keys, self.keyed = keys, False

    def sign_in(
        self, username: str | None, password: str | None, client_id: str, address: str
    ) -> bool:
        """As the registry would say."""
        if password or self.has_key(username or ""):
            return self.keys.get(username or "") == password
        return not self.keyed

    def has_key(self, id: str) -> bool:
        """Whether it must give its key."""
        return id in self.keys


class Gate(Protocol):
    """A client that keeps what it is sent."""

    transport: Any

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.closed: Deferred[None] = Deferred()
        self._reader = PacketReader()
        self._wanted: list[tuple[Callable[[Packet], bool], Deferred[Any]]] = []

    def dataReceived(self, data: bytes) -> None:
        """Keep the packets."""
        self._reader.receive_data(data)
        while (packet := self._reader.next_packet()) is not NEED_DATA:
            self.packets.append(packet)  # type: ignore[arg-type]
            for wanted in [each for each in self._wanted if each[0](packet)]:  # type: ignore
                self._wanted.remove(wanted)
                wanted[1].callback(packet)

    def connectionLost(self, reason: Any = None) -> None:
        """The broker has closed it, or we have."""
        self.closed.callback(None)

    def say(self, *packets: Packet) -> None:
        """Send."""
        self.transport.write(b"".join(map(encode, packets)))

    def until(self, kind: type[P]) -> Deferred[P]:
        """The first packet of a kind, come already or still to come."""
        for packet in self.packets:
            if isinstance(packet, kind):
                return succeed(packet)
        waiting: Deferred[Any] = Deferred()
        self._wanted.append((lambda packet: isinstance(packet, kind), waiting))
        return waiting.addTimeout(SECONDS, reactor)  # type: ignore[arg-type, return-value]

    def gone(self) -> Deferred[None]:
        """Fires when the connection is closed."""
        return self.closed.addTimeout(SECONDS, reactor)  # type: ignore[arg-type, return-value]

    async def sign_in(self, client_id: str = "chip", **options: Any) -> ConnAck:
        """CONNECT, and the answer."""
        self.say(Connect(client_id, **options))
        return await self.until(ConnAck)

    async def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """With QoS 1; returns when it is acknowledged."""
        self.packets = [each for each in self.packets if not isinstance(each, PubAck)]
        self.say(Publish(topic, payload, 1, retain, packet_id=1))
        await self.until(PubAck)

    async def subscribe(self, *topics: str) -> tuple[int, ...]:
        """The codes of the answer."""
        self.packets = [each for each in self.packets if not isinstance(each, SubAck)]
        self.say(Subscribe(2, tuple((topic, 1) for topic in topics)))
        return (await self.until(SubAck)).codes

    def close(self) -> None:
        """As a gate whose power is cut, but for the kernel's goodbye."""
        self.transport.abortConnection()


async def connect(port: int) -> Gate:
    """A gate that is connected and has said nothing yet."""
    endpoint: Any = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    gate: Gate = await connectProtocol(endpoint, Gate())
    return gate
