"""MQTT 3.1.1: packets to bytes and back, either side; QoS 0 and 1.

in: bytes, cut anywhere. out: packets, whole. The length of a packet is checked
before its bytes are waited for.
"""

from __future__ import annotations

from typing import Final

from iotd.wire.errors import LocalProtocolError, RemoteProtocolError, quote
from iotd.wire.events import NEED_DATA, NeedData
from iotd.wire.mqtt_bodies import (
    CONNACK, CONNECT, DISCONNECT, PINGREQ, PINGRESP, PROTOCOL, PUBACK, SUBACK, SUBSCRIBE,
    UNSUBACK, UNSUBSCRIBE, parse, parse_publish,
)
from iotd.wire.mqtt_packets import (
    REASONS, REFUSED, ConnAck, Connect, Disconnect, Packet, PingReq, PingResp, PubAck, Publish,
    SubAck, Subscribe, UnsubAck, Unsubscribe, Will,
)

__all__ = [
    "NEED_DATA", "REASONS", "REFUSED", "ConnAck", "Connect", "Disconnect", "Packet",
    "PacketReader", "PingReq", "PingResp", "PubAck", "Publish", "SubAck", "Subscribe",
    "UnsubAck", "Unsubscribe", "Will", "encode", "encode_publish",
]

#: What the wire's four length bytes can say.
MAX_LENGTH: Final = 268_435_455
MAX_TEXT_BYTES: Final = 65_535
#: A gate's backlog comes in lists; a megabyte is what the daemon takes.
MAX_PACKET_BYTES: Final = 1_048_576 + 1024


# ---- to bytes


def encode(packet: Packet) -> bytes:
    """The packet's bytes; LocalProtocolError for what the wire can't carry."""
    if isinstance(packet, Publish):
        return encode_publish(packet.topic, packet.payload, packet.qos, packet.packet_id,
                              packet.retain, packet.dup)
    if isinstance(packet, Connect):
        return _framed(CONNECT, _connect(packet))
    if isinstance(packet, ConnAck):
        return bytes((CONNACK, 2, packet.session_present, packet.code))
    if isinstance(packet, PubAck):
        return _framed(PUBACK, _id(packet.packet_id))
    return _encode_rest(packet)


def encode_publish(
    topic: str, payload: bytes, qos: int = 0, packet_id: int | None = None,
    retain: bool = False, dup: bool = False,
) -> bytes:
    """A PUBLISH without a value made for it first."""
    if qos not in (0, 1) or (qos == 1) != (packet_id is not None):
        raise LocalProtocolError(f"QoS {qos} with packet id {packet_id}: 0 has none, 1 needs one")
    if not topic or "+" in topic or "#" in topic:
        raise LocalProtocolError(f"{quote(topic)} is no topic to publish to")
    body = _text(topic) + (_id(packet_id) if packet_id is not None else b"") + payload
    return _framed(0x30 | dup << 3 | qos << 1 | retain, body)


def _encode_rest(packet: Packet) -> bytes:
    if isinstance(packet, Subscribe):
        wanted = b"".join(_text(topic) + bytes((qos,)) for topic, qos in packet.filters)
        return _framed(SUBSCRIBE, _id(packet.packet_id) + wanted)
    if isinstance(packet, SubAck):
        return _framed(SUBACK, _id(packet.packet_id) + bytes(packet.codes))
    if isinstance(packet, Unsubscribe):
        return _framed(UNSUBSCRIBE, _id(packet.packet_id) + b"".join(map(_text, packet.filters)))
    if isinstance(packet, UnsubAck):
        return _framed(UNSUBACK, _id(packet.packet_id))
    return bytes((_BARE[type(packet)], 0))


_BARE: dict[type, int] = {PingReq: PINGREQ, PingResp: PINGRESP, Disconnect: DISCONNECT}


def _connect(packet: Connect) -> bytes:
    will, user, word = packet.will, packet.username, packet.password
    if word is not None and user is None:
        raise LocalProtocolError("a password without a user name")
    flags = packet.clean << 1 | (user is not None) << 7 | (word is not None) << 6
    rest = _text(packet.client_id)
    if will is not None:
        flags |= 4 | will.qos << 3 | will.retain << 5
        rest += _text(will.topic) + _data(will.payload)
    if user is not None:
        rest += _text(user)
    if word is not None:
        rest += _data(word)
    return PROTOCOL + bytes((flags,)) + packet.keepalive.to_bytes(2, "big") + rest


def _framed(first: int, body: bytes) -> bytes:
    left = len(body)
    if left < 128:
        return bytes((first, left)) + body
    if left > MAX_LENGTH:
        raise LocalProtocolError(f"a packet of {left} bytes: allowed are {MAX_LENGTH}")
    head = bytearray((first,))
    while left > 127:
        head.append(left & 127 | 128)
        left >>= 7
    head.append(left)
    return bytes(head) + body


def _text(text: str) -> bytes:
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        raise LocalProtocolError(f"{quote(text)} can't be UTF-8") from None
    if b"\0" in data:
        raise LocalProtocolError(f"{quote(text)} has a zero character")
    return _data(data)


def _data(data: bytes) -> bytes:
    if len(data) > MAX_TEXT_BYTES:
        raise LocalProtocolError(f"{len(data)} bytes in one field: allowed are {MAX_TEXT_BYTES}")
    return len(data).to_bytes(2, "big") + data


def _id(packet_id: int) -> bytes:
    if not 0 < packet_id <= 0xFFFF:
        raise LocalProtocolError(f"packet id {packet_id}: allowed are 1 to 65535")
    return packet_id.to_bytes(2, "big")


# ---- from bytes


class PacketReader:
    """Packets out of bytes; holds at most one packet and what was received last."""

    __slots__ = ("_max", "_buffer", "_wanted")

    def __init__(self, max_packet_bytes: int = MAX_PACKET_BYTES) -> None:
        self._max = max_packet_bytes
        self._buffer = bytearray()
        self._wanted = 2

    @property
    def begun(self) -> bool:
        """Whether bytes came of a packet that was not given yet."""
        return bool(self._buffer)

    def receive_data(self, data: bytes) -> None:
        """Take bytes in; nothing is parsed yet."""
        self._buffer += data

    def next_packet(self) -> Packet | NeedData:
        """The next packet; RemoteProtocolError for what can't be one, and from then on."""
        buffer = self._buffer
        if len(buffer) < self._wanted:
            return NEED_DATA
        length, size, at = 0, len(buffer), 1
        while True:
            if at == size:
                return NEED_DATA
            byte = buffer[at]
            length |= (byte & 127) << 7 * (at - 1)
            at += 1
            if byte < 128:
                break
            if at == 5:
                raise RemoteProtocolError("a packet length of more than 4 bytes")
        if length > self._max:
            raise RemoteProtocolError(f"a packet of {length} bytes: allowed are {self._max}")
        end = at + length
        if size < end:
            self._wanted = end
            return NEED_DATA
        first, body = buffer[0], bytes(memoryview(buffer)[at:end])
        packet = parse_publish(first, body) if first >> 4 == 3 else parse(first, body)
        del buffer[:end]
        self._wanted = 2
        return packet
