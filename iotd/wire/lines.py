"""One line of text off the front of a receive buffer."""

from __future__ import annotations

from iotd.wire.errors import RemoteProtocolError, quote
from iotd.wire.events import NEED_DATA, NeedData


def take_line(buffer: bytearray, limit: int, what: str) -> bytes | NeedData:
    """The first line without its end (\\n or \\r\\n), taken off ``buffer``.

    RemoteProtocolError once more than ``limit`` bytes came without a newline.
    """
    end = buffer.find(b"\n", 0, limit + 1)
    if end >= 0:
        line = bytes(buffer[:end])
        del buffer[: end + 1]
        return line.removesuffix(b"\r")
    if len(buffer) > limit:
        raise RemoteProtocolError(
            f"{what} without an end, begins {quote(buffer[:limit])}: allowed are {limit} bytes"
        )
    return NEED_DATA


def parse_text(line: bytes) -> str:
    """The line as text; RemoteProtocolError when it is not printable UTF-8."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise RemoteProtocolError(f"a line that is not UTF-8: {quote(line)}") from None
    if not text.isprintable():
        raise RemoteProtocolError(f"a line that is not printable: {quote(line)}")
    return text
