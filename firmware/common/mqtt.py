"""MQTT 3.1.1 packets, as far as a board needs them: bytes out, packets in.

MicroPython's own ``umqtt.simple`` waits for a PUBACK without end, feeds no watchdog
meanwhile, takes packets of any size, and a packet that TCP cuts hangs it.
"""

from common.errors import LinkLost

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 0x20, 0x30, 0x40, 0x90, 0xD0
PING = b"\xc0\x00"
#: What a board is told is short; the longest is a topic and a part of an update.
MAX_PACKET_BYTES = 1300


def connect(client_id: str, password: str, will: tuple, keepalive: int) -> bytes:
    """CONNECT with a clean session, the id as user name, a retained will (topic, payload)."""
    user = _field(client_id.encode())
    body = b"\x00\x04MQTT\x04\xee" + keepalive.to_bytes(2, "big") + user
    body += _field(will[0].encode()) + _field(will[1]) + user + _field(password.encode())
    return _framed(0x10, body)


def publish(topic: str, payload, packet_id: int, retain: bool = False) -> bytes:
    """PUBLISH at QoS 1."""
    head = _field(topic.encode()) + packet_id.to_bytes(2, "big")
    return _framed(0x33 if retain else 0x32, head + payload)


def subscribe(topic: str, packet_id: int) -> bytes:
    """SUBSCRIBE at QoS 1."""
    return _framed(0x82, packet_id.to_bytes(2, "big") + _field(topic.encode()) + b"\x01")


def puback(packet_id: int) -> bytes:
    """PUBACK: it was heard."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


class PacketReader:
    """feed() bytes as they come, then next_packet() until it gives None.

    LinkLost for a packet over ``max_bytes``: no daemon sends it.
    """

    def __init__(self, max_bytes: int = MAX_PACKET_BYTES):
        self._max = max_bytes
        self._rest = b""

    def feed(self, data) -> None:
        """Take bytes in; nothing is parsed yet."""
        self._rest += data

    def next_packet(self):
        """(first byte, body) of the next whole packet, or None."""
        rest = self._rest
        length, at = 0, 1
        while at < len(rest):
            byte = rest[at]
            length |= (byte & 127) << 7 * (at - 1)
            at += 1
            if byte < 128:
                return self._cut(at, length)
            if at == 5:
                raise LinkLost("a packet length of more than 4 bytes")
        return None

    def _cut(self, at: int, length: int):
        if length > self._max:
            raise LinkLost("a packet of {} bytes, allowed are {}".format(length, self._max))
        rest, end = self._rest, at + length
        if len(rest) < end:
            return None
        self._rest = rest[end:]
        return rest[0], rest[at:end]


def parse_publish(first: int, body: bytes) -> tuple:
    """(topic, payload, packet id) of a PUBLISH; the id is 0 at QoS 0. LinkLost when it is cut."""
    qos = first >> 1 & 3
    at = 2 + int.from_bytes(body[:2], "big")
    end = at + 2 if qos else at
    if len(body) < max(2, end) or qos > 1:
        raise LinkLost("a PUBLISH that is cut, or at QoS 2")
    # Bytes, not text: what is no UTF-8 is no topic of ours either
    return body[2:at], body[end:], int.from_bytes(body[at:end], "big")


def parse_id(body: bytes) -> int:
    """The packet id that PUBACK and SUBACK begin with."""
    if len(body) < 2:
        raise LinkLost("an acknowledgement that is cut")
    return int.from_bytes(body[:2], "big")


def _framed(first: int, body: bytes) -> bytes:
    head, left = bytearray([first]), len(body)
    while left > 127:
        head.append(left & 127 | 128)
        left >>= 7
    head.append(left)
    return bytes(head) + body


def _field(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data
