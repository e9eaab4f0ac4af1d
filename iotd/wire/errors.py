"""Whose fault it is: ours (local) or the peer's (remote).

``str(error)`` names what was wrong, the value and the limit: it goes into the
one log line with which a connection is closed.
"""

from __future__ import annotations

#: Bytes of the peer's that a message quotes, so that a log line stays one line.
QUOTED_BYTES = 32


class ProtocolError(Exception):
    """Root of what can go wrong on a wire."""


class LocalProtocolError(ProtocolError):
    """We asked for something that is not allowed here; the connection is unharmed."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the protocol; nothing more can be read from it."""


class ImpossibleLength(RemoteProtocolError):
    """A frame header that no frame can have."""


def quote(data: bytes | bytearray | str) -> str:
    """The beginning of what a peer sent, safe to print, with its size when cut."""
    if len(data) <= QUOTED_BYTES:
        return _plain(data)
    return f"{_plain(data[:QUOTED_BYTES])}... ({len(data)} in all)"


def _plain(data: bytes | bytearray | str) -> str:
    return ascii(data) if isinstance(data, str) else repr(bytes(data))
