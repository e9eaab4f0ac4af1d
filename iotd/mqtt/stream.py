"""What a broker sends, told apart: publishes for us, everything else for the MQTT library.

The library takes about 35 µs for each PUBLISH: three to four reads of a few bytes, locks,
objects. A gate's message has to cost less than that in all, so publishes of QoS 0 and 1
are taken out here, 1.5 µs each, a whole read at a time; the library sees the rest as if
nothing else had come. Packets of which this room is not sure go to the library too: it
judges them, and closes the connection where it must.
"""

from __future__ import annotations

from typing import NamedTuple

from iotd.wire.errors import RemoteProtocolError

PUBLISH = 3
TOPICS_KNOWN = 4096  # texts of topics that are kept


class Message(NamedTuple):
    """One publish; ``retained`` when the broker kept it from earlier."""

    topic: str
    payload: bytes
    retained: bool
    qos: int


class Heard(NamedTuple):
    """What one read held: messages, the bytes that acknowledge them, the library's part.

    ``refused`` counts those whose topic is no text or which are too long: they are
    acknowledged with the others, as they never could be read.
    """

    messages: list[Message]
    acknowledgement: bytes
    refused: int
    rest: bytes


class Splitter:
    """Fed with whatever arrived; keeps a packet that is not whole yet."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._topics: dict[bytes, str | None] = {}
        self._tail = b""
        self._skip = 0

    def receive(self, data: bytes) -> Heard:
        """Take the whole packets out of all that came so far; RemoteProtocolError for rubbish."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._tail:
            data = self._tail + data
        return self._split(data)

    def _split(self, data: bytes) -> Heard:
        messages: list[Message] = []
        numbers: list[bytes] = []
        rest: list[bytes] = []
        refused = at = 0
        end = len(data)
        while at + 2 <= end:
            first, length, body = data[at], data[at + 1], at + 2
            if length > 127:
                length, body = _length(data, body, end, length & 127)
                if length < 0:
                    break
            after = body + length
            is_publish = first >> 4 == PUBLISH and first & 6 < 4
            if after > end:
                if not self._is_skipped(is_publish, length, data, body):
                    break
                self._skip, after = after - end, end
            if is_publish and (begin := _payload_at(data, first, body, after)):
                if first & 6:
                    numbers.append(data[begin - 2:begin])
                topic = self._topic(data[body + 2:begin - (first & 6)])
                if topic is None or length > self._longest:
                    refused += 1
                else:
                    payload = data[begin:after]
                    messages.append(Message(topic, payload, first & 1 == 1, first >> 1 & 3))
            else:
                rest.append(data[at:after])
            at = after
        self._tail = data[at:]
        return Heard(messages, _acknowledgement(numbers), refused, b"".join(rest))

    def _is_skipped(self, is_publish: bool, length: int, data: bytes, body: int) -> bool:
        """Whether what is still to come of a packet is not worth waiting for."""
        if length <= self._longest:
            return False
        if not is_publish:
            raise RemoteProtocolError(f"a packet of {length} bytes")
        return _has_head(data, body, len(data))

    def _topic(self, name: bytes) -> str | None:
        """The text of a topic, None for what is no UTF-8; gates repeat theirs for ever."""
        try:
            return self._topics[name]
        except KeyError:
            if len(self._topics) >= TOPICS_KNOWN:
                self._topics.clear()
            self._topics[name] = text = _text(name)
            return text


def _length(data: bytes, at: int, end: int, length: int) -> tuple[int, int]:
    """A packet's length and where its body begins; -1 while the length is not whole."""
    for shift in (7, 14, 21):
        if at >= end:
            return -1, at
        digit = data[at]
        at += 1
        length |= (digit & 127) << shift
        if digit < 128:
            return length, at
    raise RemoteProtocolError("a packet's length of more than four bytes")


def _has_head(data: bytes, body: int, end: int) -> bool:
    """Whether topic and number of a publish are here, whatever is missing behind them."""
    return body + 2 <= end and body + 4 + (data[body] << 8 | data[body + 1]) <= end


def _payload_at(data: bytes, first: int, body: int, after: int) -> int:
    """Where the payload begins; 0 without a topic, or when it goes beyond the packet."""
    if body + 2 > after:
        return 0
    topic = data[body] << 8 | data[body + 1]
    begin = body + 2 + topic + (first & 6)
    return begin if topic and begin <= after else 0


def _text(name: bytes) -> str | None:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None


def _acknowledgement(numbers: list[bytes]) -> bytes:
    """PUBACK for each number, in order."""
    return b"@\x02" + b"@\x02".join(numbers) if numbers else b""
