"""What the daemon and its vision worker say to each other over pipes.

A message is 4 bytes length of all that follows, 4 bytes length of the head,
the head as JSON, then bytes (a picture) or nothing. Both numbers big-endian.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Iterator

MAX_PICTURE = 8 * 2**20  # bytes; a UXGA JPEG of a cabinet camera has 0.3 MB
MAX_MESSAGE = MAX_PICTURE + 2**18  # and its head, which names items and photos

_HEAD = struct.Struct(">II")

Message = tuple[dict[str, Any], bytes]


class BadMessage(Exception):
    """The other side does not speak this; the pipe can't be used further."""


def encode(head: dict[str, Any], data: bytes = b"") -> bytes:
    """One message as bytes; BadMessage when it is over the limit."""
    text = json.dumps(head).encode()
    size = 4 + len(text) + len(data)
    if size > MAX_MESSAGE:
        raise BadMessage(f"a message of {size} bytes, at most {MAX_MESSAGE}")
    return _HEAD.pack(size, len(text)) + text + data


class MessageReader:
    """Collects bytes of a pipe; gives whole messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive(self, data: bytes) -> Iterator[Message]:
        """The messages that ``data`` completes; BadMessage ends it."""
        self._buffer += data
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> Message | None:
        buffer = self._buffer
        if len(buffer) < _HEAD.size:
            return None
        size, head = _HEAD.unpack_from(buffer)
        if size > MAX_MESSAGE or head > size - 4:
            raise BadMessage(f"a message of {size} bytes with a head of {head}")
        if len(buffer) < 4 + size:
            return None
        body = bytes(buffer[_HEAD.size:4 + size])
        del buffer[:4 + size]
        return _parsed(body[:head]), body[head:]


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        head = json.loads(text)
    except ValueError as error:
        raise BadMessage(f"a head that is no JSON: {error}") from None
    if not isinstance(head, dict):
        raise BadMessage("a head that is no object")
    return head
