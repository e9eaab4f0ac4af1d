"""The boards' side of the device wire: honest watches and cabinets, for simulators and tests.

A field board reads what its socket holds, at most 1024 bytes, and compares the
whole of it with the words it knows: two that arrive together are ignored.
"""

from __future__ import annotations

import base64
from typing import Final

from iotd.wire.board_lines import TOLD
from iotd.wire.conversation import GREETING
from iotd.wire.device_events import (
    AnswerReceived, ChunkIgnored, Denied, DeviceClientEvent, Greeted, NonceReceived,
    PingReceived, PongReceived, SendReceived, StartReceived, WordReceived,
)
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError, quote
from iotd.wire.events import NEED_DATA, NeedData, UpdateLine
from iotd.wire.hello import DENIED, NONCE, device_mac, encode_hello, encode_mac, parse_nonce
from iotd.wire.lines import parse_text, take_line
from iotd.wire.opening import NEW
from iotd.wire.words import ADVICE_PREFIX, REPORT_PREFIX, REQUESTS, UNITS, WORDS

#: What a field board reads in one go once it is named.
FIELD_READ_BYTES = 1024
#: What the cabinet and its camera read of the greeting: its last `s` comes later.
FIELD_GREETING_BYTES = 35
#: Answers are the longest lines a keyed board is told.
MAX_LINE_BYTES = 4200

#: Words of the boards in the field: `lon` is younger than they are.
FIELD_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "cabinet": ("lof",), "cabinet_camera": ("img",), "watch": ("bpm",),
}

_ANSWERS = (REPORT_PREFIX, *ADVICE_PREFIX.values())
_PINGS: dict[str, DeviceClientEvent] = {
    DENIED.decode().strip(): Denied(), "ping": PingReceived(), "pong": PongReceived(),
}


class DeviceClient:
    """A watch, cabinet or cabinet_camera; ``field`` ones have a three-letter id and no key."""

    __slots__ = ("id", "field", "kind", "greeted", "started", "_buffer", "_message", "_words")

    def __init__(self, id: str, field: bool, kind: str) -> None:
        self.id = id
        self.field = field
        self.kind = kind
        self.greeted = field and kind == "watch"  # a watch does not wait for it
        self.started = False
        self._buffer = bytearray()
        self._message: bytes | None = None
        words = FIELD_WORDS if field else WORDS
        self._words = words.get(kind, WORDS["other"])

    @property
    def waits_for_send(self) -> bool:
        """Whether a size was declared whose message is not yet due."""
        return self._message is not None

    def hello(self) -> bytes:
        """Its name; a watch in the field sends it at once, all others after Greeted."""
        return NEW + self.id.encode("ascii") if self.field else encode_hello(self.id)

    def prove(self, key: bytes, nonce: str) -> bytes:
        """The answer to NonceReceived; the key is 32 bytes."""
        if self.field:
            raise LocalProtocolError("a field device has no key")
        return encode_mac(device_mac(key, "dev", self.id, nonce))

    def line(self, text: str) -> bytes:
        """Keyed boards only: a line of board_lines."""
        return text.encode("ascii") + b"\n"

    def weigh(self, moment: str, grams: float) -> bytes:
        """Declares a weight ("bfr" or "aft"); the message comes with SendReceived."""
        text = f"{grams:.4f}"
        message = f"{moment}-{text}".encode("ascii")
        # the field cabinet declares the number alone
        return self.declare(len(text) if self.field else len(message), message)

    def picture(self, jpeg: bytes, as_base64: bool = False) -> bytes:
        """Declares a picture; old cameras send it as base64 text."""
        message = base64.b64encode(jpeg) if as_base64 else jpeg
        return self.declare(len(message), message)

    def declare(self, size: int, message: bytes) -> bytes:
        """`size-N`, whatever N is; from here on only `send` is heard by a field board."""
        self._message = message
        return self._text(f"size-{size}")

    def reading(self, value: float | str, unit: str) -> bytes:
        """`72.00,bpm`; a text goes out as it is."""
        if unit not in UNITS:
            raise LocalProtocolError(f"no unit {quote(unit)}, allowed are {', '.join(UNITS)}")
        return self._text(f"{value},{unit}" if isinstance(value, str) else f"{value:.2f},{unit}")

    def ask(self, what: str) -> bytes:
        """`0,rep` or `0,a` to `0,i`; AnswerReceived follows."""
        if what not in REQUESTS:
            raise LocalProtocolError(
                f"no request {quote(what)}, allowed are {', '.join(REQUESTS)}"
            )
        return self._text(f"0,{what}")

    def ping(self) -> bytes:
        """Keyed boards only: a question that the daemon answers with pong."""
        return b"ping\n"

    def pong(self) -> bytes:
        """Keyed boards only: the answer to PingReceived."""
        return b"pong\n"

    def receive_data(self, data: bytes) -> None:
        """Take in what the socket holds; then next_event() until NEED_DATA."""
        self._buffer += data

    def next_event(self) -> DeviceClientEvent | NeedData:
        """The next thing the daemon said; RemoteProtocolError for what it never says."""
        if self.field:
            return self._chunk()
        return self._line() if self.greeted else self._keyed_greeting()

    def _text(self, text: str) -> bytes:
        return text.encode("ascii") + (b"" if self.field else b"\n")

    def _chunk(self) -> DeviceClientEvent | NeedData:
        if not self._buffer:
            return NEED_DATA
        size = FIELD_READ_BYTES if self.greeted else FIELD_GREETING_BYTES
        chunk = bytes(self._buffer[:size])
        del self._buffer[:size]
        if not self.greeted and b"id" in chunk:
            self.greeted = True
            return Greeted()
        return self._heard(chunk.decode("utf-8", "replace"))

    def _keyed_greeting(self) -> DeviceClientEvent | NeedData:
        if len(self._buffer) < len(GREETING):
            return NEED_DATA
        del self._buffer[:len(GREETING)]
        self.greeted = True
        return Greeted()

    def _line(self) -> DeviceClientEvent | NeedData:
        line = take_line(self._buffer, MAX_LINE_BYTES, "a line")
        if line is NEED_DATA:
            return NEED_DATA
        if line.startswith(NONCE):
            return NonceReceived(parse_nonce(line))
        text = parse_text(line)
        if text.startswith(TOLD):
            return UpdateLine(text)
        event = _PINGS.get(text) or self._heard(text)
        if isinstance(event, ChunkIgnored):
            raise RemoteProtocolError(f"the daemon sent {quote(text)} to a {self.kind}")
        return event

    def _heard(self, text: str) -> DeviceClientEvent:
        if self._message is not None and (text == "send" or self.field):
            return self._waiting(text, self._message)
        if text == "start" and self.kind != "watch" or text == "start" and not self.field:
            self.started = True
            return StartReceived()
        if text in self._words:
            return WordReceived(text)
        return AnswerReceived(text) if text.startswith(_ANSWERS) else ChunkIgnored(text)

    def _waiting(self, text: str, message: bytes) -> DeviceClientEvent:
        """What a board hears that declared a size: `send`; a field board nothing else."""
        if text != "send":
            return ChunkIgnored(text)
        self._message = None
        return SendReceived(message)
