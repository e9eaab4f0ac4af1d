"""The camera's side of the same wire: an honest board, for simulators and tests."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from iotd.wire.board_lines import MAX_PART_LINE, TOLD
from iotd.wire.commands import START, STOP, check_command
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError, quote
from iotd.wire.events import (
    NEED_DATA,
    CommandIgnored,
    CommandReceived,
    Denied,
    NeedData,
    NonceReceived,
    PingReceived,
    PongReceived,
    UpdateLine,
)
from iotd.wire.frames import encode_frame
from iotd.wire.hello import DENIED, NONCE, device_mac, encode_hello, encode_mac, parse_nonce
from iotd.wire.lines import parse_text, take_line

__all__ = [
    "NEED_DATA", "CameraClient", "ClientEvent", "CommandIgnored", "CommandReceived", "Denied",
    "NonceReceived", "PingReceived", "PongReceived", "UpdateLine",
]

ClientEvent: TypeAlias = (
    CommandReceived | CommandIgnored | NonceReceived | Denied | PingReceived | PongReceived
    | UpdateLine
)

#: What a field board reads in one go; it compares the whole of it with a command.
FIELD_READ_BYTES = 1024
MAX_LINE_BYTES = MAX_PART_LINE

_WORDS: dict[str, ClientEvent] = {
    DENIED.decode().strip(): Denied(), "ping": PingReceived(), "pong": PongReceived(),
}


class CameraClient:
    """A board that speaks the field wire (no id needed) or the keyed one."""

    def __init__(self, id: str = "", field: bool = False) -> None:
        self.id = id
        self.field = field
        self._buffer = bytearray()
        self._reads: deque[bytes] = deque()

    def hello(self) -> bytes:
        """The first bytes to send: a keyed board's line; a field board stays silent."""
        return b"" if self.field else encode_hello(self.id)

    def prove(self, key: bytes, nonce: str) -> bytes:
        """The answer to NonceReceived; the key is 32 bytes."""
        if self.field:
            raise LocalProtocolError("a field camera has no key")
        return encode_mac(device_mac(key, "cam", self.id, nonce))

    def frame(self, payload: bytes) -> bytes:
        """A picture, or whatever the FIFO held, ready to send."""
        return encode_frame(payload)

    def line(self, text: str) -> bytes:
        """Keyed boards only: a line of board_lines."""
        return text.encode("ascii") + b"\n"

    def ping(self) -> bytes:
        """Keyed boards only: a question that the daemon answers with pong."""
        return b"ping\n"

    def pong(self) -> bytes:
        """Keyed boards only: the answer to PingReceived."""
        return b"pong\n"

    def receive_data(self, data: bytes) -> None:
        """Take bytes in; for a field board each call stands for one read of its socket."""
        if not self.field:
            self._buffer += data
            return
        for start in range(0, len(data), FIELD_READ_BYTES):
            self._reads.append(data[start:start + FIELD_READ_BYTES])

    def next_event(self) -> ClientEvent | NeedData:
        """The next thing the daemon said; RemoteProtocolError for what it never says."""
        return self._field_event() if self.field else self._keyed_event()

    def _field_event(self) -> ClientEvent | NeedData:
        if not self._reads:
            return NEED_DATA
        text = self._reads.popleft().strip().decode("ascii", "backslashreplace")
        return CommandReceived(text) if text in (START, STOP) else CommandIgnored(text)

    def _keyed_event(self) -> ClientEvent | NeedData:
        line = take_line(self._buffer, MAX_LINE_BYTES, "a line")
        if line is NEED_DATA:
            return NEED_DATA
        if line.startswith(NONCE):
            return NonceReceived(parse_nonce(line))
        text = parse_text(line)
        if text.startswith(TOLD):
            return UpdateLine(text)
        return _WORDS.get(text) or _command(text)


def _command(text: str) -> CommandReceived:
    try:
        return CommandReceived(check_command(text, settable=True))
    except LocalProtocolError as error:
        raise RemoteProtocolError(f"the daemon sent {quote(text)}: {error}") from None
