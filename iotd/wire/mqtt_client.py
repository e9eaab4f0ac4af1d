"""A client's side of an MQTT 3.1.1 connection: an honest gate, or a listener.

One object is one connection. What was published at QoS 1 stays in ``waiting``
until its PUBACK; hand it on to the next connection with :meth:`resend`.
"""

from __future__ import annotations

from typing import TypeAlias

from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.events import NEED_DATA, NeedData
from iotd.wire.mqtt import MAX_PACKET_BYTES, PacketReader, encode, encode_publish
from iotd.wire.mqtt_packets import (
    ConnAck, Connect, Disconnect, PingReq, PingResp, PubAck, Publish, SubAck, Subscribe, UnsubAck,
    Unsubscribe, Will,
)

__all__ = [
    "NEED_DATA", "ConnAck", "MqttClient", "MqttEvent", "PingResp", "PubAck", "Publish", "SubAck",
    "UnsubAck", "Will",
]

#: What a broker may say.
MqttEvent: TypeAlias = ConnAck | Publish | PubAck | SubAck | UnsubAck | PingResp

_PING, _BYE = encode(PingReq()), encode(Disconnect())


class MqttClient:
    """Methods give the bytes to send; ``connected`` once the broker has accepted."""

    __slots__ = ("connected", "waiting", "_connect", "_reader", "_last_id")

    def __init__(
        self, client_id: str, *, clean: bool = True, username: str | None = None,
        password: str | bytes | None = None, will: Will | None = None, keepalive: int = 60,
        max_packet_bytes: int = MAX_PACKET_BYTES,
    ) -> None:
        word = password.encode() if isinstance(password, str) else password
        self._connect = Connect(client_id, clean, keepalive, username, word, will)
        self._reader = PacketReader(max_packet_bytes)
        self._last_id = 0
        self.connected = False
        #: Packet id to topic, payload and retain of what is not acknowledged yet, oldest first.
        self.waiting: dict[int, tuple[str, bytes, bool]] = {}

    def connect(self) -> bytes:
        """The first packet; ConnAck follows."""
        return encode(self._connect)

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> bytes:
        """A message; at QoS 1 a PubAck with ``last_id`` follows."""
        if qos == 0:
            return encode_publish(topic, payload, 0, None, retain)
        packet_id = self._next_id()
        data = encode_publish(topic, payload, qos, packet_id, retain)
        self.waiting[packet_id] = (topic, payload, retain)
        return data

    def resend(self, waiting: dict[int, tuple[str, bytes, bool]] | None = None) -> bytes:
        """All that waits for a PubAck, here or on an earlier connection, once more."""
        self.waiting.update(waiting or {})
        return b"".join(encode_publish(topic, payload, 1, packet_id, retain, dup=True)
                        for packet_id, (topic, payload, retain) in self.waiting.items())

    def subscribe(self, *filters: str, qos: int = 1) -> bytes:
        """SubAck follows."""
        return encode(Subscribe(self._next_id(), tuple((each, qos) for each in filters)))

    def unsubscribe(self, *filters: str) -> bytes:
        """UnsubAck follows."""
        return encode(Unsubscribe(self._next_id(), filters))

    def puback(self, packet_id: int) -> bytes:
        """A Publish at QoS 1 is safe with us."""
        return encode(PubAck(packet_id))

    def ping(self) -> bytes:
        """PingResp follows."""
        return _PING

    def disconnect(self) -> bytes:
        """Leave without a last will."""
        return _BYE

    @property
    def last_id(self) -> int:
        """The packet id that was given out last."""
        return self._last_id

    def receive_data(self, data: bytes) -> None:
        """Take in what the socket holds; then next_event() until NEED_DATA."""
        self._reader.receive_data(data)

    def next_event(self) -> MqttEvent | NeedData:
        """The next thing the broker said; RemoteProtocolError for what it may not say."""
        packet = self._reader.next_packet()
        if isinstance(packet, PubAck):
            self.waiting.pop(packet.packet_id, None)
        elif isinstance(packet, ConnAck):
            if self.connected:
                raise RemoteProtocolError("a second CONNACK")
            self.connected = packet.code == 0
            return packet
        elif not isinstance(packet, (Publish, SubAck, PingResp, UnsubAck, NeedData)):
            raise RemoteProtocolError(f"{type(packet).__name__} from a broker")
        if not self.connected and packet is not NEED_DATA:
            raise RemoteProtocolError(f"{type(packet).__name__} where CONNACK is due")
        return packet

    def _next_id(self) -> int:
        for _ in range(0xFFFF):
            self._last_id = self._last_id % 0xFFFF + 1
            if self._last_id not in self.waiting:
                return self._last_id
        raise LocalProtocolError("65535 messages wait for their PUBACK already")
