"""The embedded broker's side of a connection: reads packets, lets through what is allowed.

Behind it is amqtt, which sees a client under a name of its own, without its password, and
nothing that is not well-formed, small enough and permitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.protocol import Protocol

from iotd.devices.links import watch_link
from iotd.mqtt.discovery_reader import NOWHERE
from iotd.mqtt.door import KEPT, Visitor
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError, quote
from iotd.wire.events import NeedData
from iotd.wire.macs import without_macs
from iotd.wire.mqtt import (
    REFUSED, ConnAck, Connect, Disconnect, Packet, PacketReader, PingReq, PingResp, PubAck,
    Publish, SubAck, Subscribe, Unsubscribe, Will, encode,
)

if TYPE_CHECKING:
    from iotd.mqtt.guards import Guards
    from iotd.mqtt.routing import Channel

CONNECT_SECONDS = 10.0
BEGUN_SECONDS = 30.0  # for a packet of which a part came
PASSED_BYTES = 1 << 18  # passed on and not read yet by the broker: more waits in the socket
FILTERS = 8  # subscriptions of one client
READS = 2000  # subscriptions of Home Assistant, two a thing; each message is compared with each
CHOKED_SECONDS = 30.0  # that it may take to read what waits for it
PROTOCOL, NOT_AUTHORISED, AWAY = 1, 5, 3  # codes of CONNACK
CONNECT, SUBACK = 0x10, 0x90


class Guard(Protocol):
    """One connection; ``visitor`` once it was let in."""

    transport: Any

    def __init__(self, guards: Guards, address: str, own_only: bool) -> None:
        self._guards, self.address, self._own_only = guards, address, own_only
        self.visitor: Visitor | None = None
        self._reader = PacketReader(guards.max_packet_bytes)
        self._from_broker = PacketReader(guards.max_packet_bytes)
        self._channel: Channel | None = None
        self._filters: set[str] = set()
        self._passed = 0
        self._keepalive = 0
        self._paused = self._closed = False
        self._choked: float | None = None
        self.connected_at = self.heard_at = self._began_at = guards.seconds()
        self._begun = False

    # -- from the client --------------------------------------------------------------------

    def connectionMade(self) -> None:
        """A client connected."""
        watch_link(self.transport)
        self._guards.joined(self)

    def dataReceived(self, data: bytes) -> None:
        """Bytes of the client."""
        self.heard_at = self._guards.seconds()
        if not self._begun:
            self._began_at = self.heard_at
            if self.visitor is None and data[0] != CONNECT:
                self.refuse("wire", f"it does not speak MQTT: {quote(data)}")
                return
        self._reader.receive_data(data)
        self._read()

    def connectionLost(self, reason: Any = None) -> None:
        """The client is gone."""
        self._closed = True
        if self._channel is not None:
            self._channel.end()
        self._guards.left(self)

    def _read(self) -> None:
        try:
            while not self._closed:
                packet = self._reader.next_packet()
                if isinstance(packet, NeedData):
                    break
                self._began_at = self.heard_at
                self._take(packet)
            self._begun = self._reader.begun
        except (RemoteProtocolError, LocalProtocolError) as fault:
            if self.visitor is None:
                self._say(ConnAck(False, PROTOCOL))
            self.refuse("wire", str(fault))
        self._mind_the_way()

    def _take(self, packet: Packet) -> None:
        if self.visitor is None:
            if not isinstance(packet, Connect):
                raise RemoteProtocolError(f"{type(packet).__name__} before CONNECT")
            self._sign_in(packet)
        elif isinstance(packet, Publish):
            self._publish(self.visitor, packet)
        elif isinstance(packet, Subscribe):
            self._subscribe(self.visitor, packet)
        elif isinstance(packet, PingReq):
            self._say(PingResp())
        elif isinstance(packet, (PubAck, Unsubscribe, Disconnect)):
            self._pass(packet)
            if isinstance(packet, PubAck) and self.visitor.own:
                self._guards.delivered()
            if isinstance(packet, Disconnect):
                self._leave()
        else:
            raise RemoteProtocolError(f"{type(packet).__name__} from a client")

    # -- what it wants ------------------------------------------------------------------------

    def _sign_in(self, connect: Connect) -> None:
        visitor = self._guards.door.sign_in(connect, self.address)
        if visitor is None or (self._own_only and not visitor.own):
            self._turn_away(NOT_AUTHORISED)
        elif self._guards.is_inside() if visitor.own else not self._guards.ready:
            self._turn_away(AWAY)
        elif connect.will and (why_not := self._may_not(visitor, connect.will)):
            self._turn_away(NOT_AUTHORISED)
            self.refuse("publish", f"its will is for {quote(connect.will.topic)}: {why_not}")
        else:
            self.visitor, self._keepalive = visitor, connect.keepalive
            name = self._guards.let_in(self, visitor, connect.client_id)
            self._channel = self._guards.open(self)
            will = _plain(connect.will) if connect.will else None
            self._pass(Connect(name, clean=not visitor.own, keepalive=0, will=will))
            if visitor.session is not None:
                self.transport.registerProducer(self, True)

    def _turn_away(self, code: int) -> None:
        self._say(ConnAck(False, code))
        self.close()

    def _publish(self, visitor: Visitor, packet: Publish) -> None:
        why_not = self._guards.door.may_not_publish(visitor, packet.topic)
        if why_not is None:
            retain = packet.retain and (visitor.own or packet.topic.endswith(f"/{KEPT}"))
            self._guards.publish(packet.topic, packet.payload, retain, visitor)
        else:  # dropped: a client that is closed for it says it again for ever
            self._note("publish", f"it published on {quote(packet.topic)}: {why_not}")
        if packet.packet_id is not None:
            self._say(PubAck(packet.packet_id))

    def _subscribe(self, visitor: Visitor, packet: Subscribe) -> None:
        if visitor.session is not None:
            self._read_on(visitor, packet)
            return
        topics = {topic for topic, _ in packet.filters}
        allowed = all(self._guards.door.may_subscribe(visitor, topic) for topic in topics)
        if not allowed or (not visitor.own and len(self._filters | topics) > FILTERS):
            self._say(SubAck(packet.packet_id, (REFUSED,) * len(packet.filters)))
            self._guards.refused["subscribe"] += 1
            return
        self._filters |= topics
        self._pass(packet)

    def _read_on(self, visitor: Visitor, packet: Subscribe) -> None:
        """Home Assistant asks for what others tell it too, in one packet with ours."""
        may = self._guards.door.may_subscribe
        filters = [(topic if may(visitor, topic) else NOWHERE, qos)
                   for topic, qos in packet.filters]
        if len(self._filters.union(topic for topic, _ in filters)) > READS:
            filters = [(NOWHERE, qos) for _, qos in filters]
        self._filters.update(topic for topic, _ in filters)
        self._pass(Subscribe(packet.packet_id, tuple(filters)))

    def _may_not(self, visitor: Visitor, will: Will) -> str | None:
        return self._guards.door.may_not_publish(visitor, will.topic)

    # -- to and from the broker -----------------------------------------------------------------

    def _pass(self, packet: Packet) -> None:
        if self._channel is not None:
            data = encode(packet)
            self._passed += len(data)
            self._channel.feed(data)

    def consumed(self, size: int) -> None:
        """The broker has read so much of what was passed on."""
        self._passed -= size
        self._mind_the_way()

    def from_broker(self, data: bytes) -> None:
        """The broker's answer, or a message. It offers everybody what it retains: not passed."""
        if self._closed or self.visitor is None:
            return
        if self.visitor.own:
            if data[0] == SUBACK:
                self._guards.ready = True
            self.transport.write(data)
            return
        self._from_broker.receive_data(data)
        while not isinstance(packet := self._from_broker.next_packet(), NeedData):
            if not isinstance(packet, Publish) or self._asked_for(self.visitor, packet.topic):
                self._say(packet)

    def _asked_for(self, visitor: Visitor, topic: str) -> bool:
        if visitor.session is not None:  # its filters have wildcards
            return self._guards.door.may_subscribe(visitor, topic)
        return topic in self._filters

    def pauseProducing(self) -> None:
        """Home Assistant does not read what it is sent."""
        self._choked = self._guards.seconds()

    def resumeProducing(self) -> None:
        """It does again."""
        self._choked = None

    def stopProducing(self) -> None:
        """It is gone."""

    def _say(self, packet: Packet) -> None:
        self.transport.write(encode(packet))

    def _mind_the_way(self) -> None:
        """Read on, or wait until the broker and the daemon have taken what came."""
        own = self.visitor is not None and self.visitor.own
        full = self._passed > PASSED_BYTES or (self._guards.full and not own)
        if full != self._paused and not self._closed:
            self._paused = full
            self.transport.pauseProducing() if full else self.transport.resumeProducing()

    # -- its end ----------------------------------------------------------------------------------

    def check(self, now: float) -> None:
        """Close what took too long; once a second."""
        self._mind_the_way()
        if self.visitor is None and now - self.connected_at > CONNECT_SECONDS:
            self.refuse("silent", f"no whole CONNECT within {CONNECT_SECONDS:g} s")
        elif self._choked is not None and now - self._choked > CHOKED_SECONDS:
            self.refuse("limit", f"it did not read for {CHOKED_SECONDS:g} s")
        elif self._begun and not self._paused and now - self._began_at > BEGUN_SECONDS:
            self.refuse("wire", f"a packet not whole after {BEGUN_SECONDS:g} s")
        elif self._keepalive and not self._paused and now - self.heard_at > self._keepalive * 1.5:
            self._guards.refused["keepalive"] += 1
            self.close(abort=True)

    def refuse(self, cause: str, reason: str) -> None:
        """Close it for what it did: counted and shown."""
        self._note(cause, reason)
        self.close()

    def _note(self, cause: str, reason: str) -> None:
        gate = self.visitor.gate if self.visitor is not None else None
        # a topic may be made of a telephone's address
        self._guards.refuse(self.address, gate, cause, without_macs(reason))

    def replaced(self) -> None:
        """The same client has connected again: the older connection's will is not told."""
        self._pass(Disconnect())
        self._leave(abort=True)

    def _leave(self, abort: bool = False) -> None:
        """In order. amqtt would take an end that follows for a lost connection."""
        self._channel = None
        self.close(abort)

    def close(self, abort: bool = False) -> None:
        """End the connection."""
        if not self._closed:
            self._closed = True
            self.transport.abortConnection() if abort else self.transport.loseConnection()


def _plain(will: Will) -> Will:
    """At QoS 1 at most, and kept only where the newest of a topic is."""
    kept = will.retain and will.topic.endswith(f"/{KEPT}")
    return Will(will.topic, will.payload, min(will.qos, 1), kept)
