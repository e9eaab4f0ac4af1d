"""The bodies of MQTT control packets, read strictly."""

from __future__ import annotations

from typing import Callable, Final

from iotd.wire.errors import RemoteProtocolError, quote
from iotd.wire.mqtt_packets import (
    ConnAck, Connect, Disconnect, Packet, PingReq, PingResp, PubAck, Publish, SubAck, Subscribe,
    UnsubAck, Unsubscribe, Will,
)

PROTOCOL: Final = b"\x00\x04MQTT\x04"
# first bytes whose four flags are fixed, by what they begin
CONNECT, CONNACK, PUBACK, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x40, 0x82, 0x90
UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 0xA2, 0xB0, 0xC0, 0xD0, 0xE0


class _Body:
    """Reads one packet's body from its front."""

    __slots__ = ("_data", "_at", "_name")

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._at, self._name = data, 0, name

    @property
    def over(self) -> bool:
        return self._at == len(self._data)

    def take(self, count: int) -> bytes:
        piece = self._data[self._at:self._at + count]
        if len(piece) < count:
            raise RemoteProtocolError(f"{self._name} is cut: {quote(self._data)}")
        self._at += count
        return piece

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def id(self) -> int:
        number = self.number()
        if number == 0:
            raise RemoteProtocolError(f"{self._name} with packet id 0")
        return number

    def data(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        data = self.data()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise RemoteProtocolError(f"{self._name} with {quote(data)}, not UTF-8") from None
        if "\0" in text:
            raise RemoteProtocolError(f"{self._name} with a zero character in {quote(data)}")
        return text

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)

    def end(self) -> None:
        if not self.over:
            left = len(self._data) - self._at
            raise RemoteProtocolError(f"{self._name} with {left} bytes too many")


def parse_publish(first: int, data: bytes) -> Publish:
    """A PUBLISH with these flags; RemoteProtocolError for what can't be one."""
    qos = first >> 1 & 3
    if qos > 1:
        raise RemoteProtocolError(f"PUBLISH at QoS {qos}: allowed are 0 and 1")
    if first & 8 and not qos:
        raise RemoteProtocolError("PUBLISH at QoS 0 that says to be a repetition")
    body = _Body(data, "PUBLISH")
    topic = body.text()
    if not topic or "+" in topic or "#" in topic:
        raise RemoteProtocolError(f"PUBLISH to {quote(topic)}, which is no topic")
    packet_id = body.id() if qos else None
    return Publish(topic, body.rest(), qos, bool(first & 1), bool(first & 8), packet_id)


def parse(first: int, data: bytes) -> Packet:
    """Any other packet by its first byte; RemoteProtocolError for what can't be one."""
    known = _PARSERS.get(first)
    if known is None:
        raise RemoteProtocolError(f"a packet that begins 0x{first:02x}: there is none")
    name, parse = known
    body = _Body(data, name)
    packet = parse(body)
    body.end()
    return packet


def _parse_connect(body: _Body) -> Connect:
    if body.take(7) != PROTOCOL:
        raise RemoteProtocolError("CONNECT for another protocol than MQTT 3.1.1")
    flags = body.take(1)[0]
    keepalive = body.number()
    has_will, has_user, has_word = bool(flags & 4), bool(flags & 0x80), bool(flags & 0x40)
    if flags & 1 or (flags & 0x38 and not has_will) or (has_word and not has_user):
        raise RemoteProtocolError(f"CONNECT with flags 0x{flags:02x}, which don't go together")
    client_id = body.text()
    will = Will(body.text(), body.data(), flags >> 3 & 3, bool(flags & 0x20)) if has_will else None
    username = body.text() if has_user else None
    password = body.data() if has_word else None
    return Connect(client_id, bool(flags & 2), keepalive, username, password, will)


def _parse_connack(body: _Body) -> ConnAck:
    flags, code = body.take(2)
    if flags > 1:
        raise RemoteProtocolError(f"CONNACK with flags 0x{flags:02x}")
    return ConnAck(bool(flags), code)


def _parse_subscribe(body: _Body) -> Subscribe:
    packet_id, filters = body.id(), []
    while not body.over:
        filters.append((body.text(), body.take(1)[0]))
    if not filters or any(not topic or qos > 2 for topic, qos in filters):
        raise RemoteProtocolError("SUBSCRIBE without a filter, or with a QoS over 2")
    return Subscribe(packet_id, tuple(filters))


def _parse_unsubscribe(body: _Body) -> Unsubscribe:
    packet_id, filters = body.id(), []
    while not body.over:
        filters.append(body.text())
    if not filters:
        raise RemoteProtocolError("UNSUBSCRIBE without a filter")
    return Unsubscribe(packet_id, tuple(filters))


_PARSERS: dict[int, tuple[str, Callable[[_Body], Packet]]] = {
    CONNECT: ("CONNECT", _parse_connect),
    CONNACK: ("CONNACK", _parse_connack),
    PUBACK: ("PUBACK", lambda body: PubAck(body.id())),
    SUBSCRIBE: ("SUBSCRIBE", _parse_subscribe),
    SUBACK: ("SUBACK", lambda body: SubAck(body.id(), tuple(body.rest()))),
    UNSUBSCRIBE: ("UNSUBSCRIBE", _parse_unsubscribe),
    UNSUBACK: ("UNSUBACK", lambda body: UnsubAck(body.id())),
    PINGREQ: ("PINGREQ", lambda body: PingReq()),
    PINGRESP: ("PINGRESP", lambda body: PingResp()),
    DISCONNECT: ("DISCONNECT", lambda body: Disconnect()),
}
