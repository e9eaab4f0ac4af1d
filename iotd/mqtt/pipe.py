"""A socket between a broker and the MQTT library: large reads, large writes."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any

from iotd.mqtt.stream import Heard, Splitter
from iotd.wire.errors import RemoteProtocolError

READ = 1 << 17
GOODBYE_SECONDS = 1.0
READS = 16  # of TLS records, 16 KiB each, in one go
WAIT = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Pipe:
    """What the library takes for its socket; ``fill`` and ``flush`` move the bytes.

    The library reads its part from memory, and what it writes is joined with our
    acknowledgements: one read and one write for hundreds of messages.
    """

    def __init__(self, connected: Any, longest: int) -> None:
        self._socket = connected
        self._splitter = Splitter(longest)
        self._rest, self._at = b"", 0
        self._out = bytearray()
        self.ended: str | None = None  # why it will bring no more
        self.spoiled = False  # something of it was not kept: acknowledge nothing any more

    # -- for the library ------------------------------------------------------------

    def recv(self, size: int) -> bytes:
        """Of what came for the library; empty at the end, BlockingIOError when there is none."""
        data = self._rest[self._at:self._at + size]
        if not data and self.ended is None:
            raise BlockingIOError
        self._at += len(data)
        return data

    def send(self, data: bytes | bytearray) -> int:
        """Take all of it; it goes out at the next flush."""
        self._out += data
        return len(data)

    def fileno(self) -> int:
        """Of the socket."""
        return int(self._socket.fileno())

    def setblocking(self, flag: bool) -> None:
        """As sockets do it."""
        self._socket.setblocking(flag)

    def close(self) -> None:
        """Let go, after what was written has arrived; takes two seconds at the longest."""
        if self.ended is None:
            self.ended = "closed"
            try:
                self._last_words()
            except (OSError, ValueError):
                pass
        self._socket.close()

    # -- for the line ---------------------------------------------------------------

    @property
    def has_rest(self) -> bool:
        """Whether the library has something to read, if only the end."""
        return self._at < len(self._rest) or self.ended is not None

    @property
    def has_out(self) -> bool:
        """Whether something waits to be flushed."""
        return bool(self._out)

    def fill(self) -> Heard | None:
        """Read what there is; the messages in it. Never blocks and never raises."""
        try:
            data = self._read()
            if not data:
                return None
            heard = self._splitter.receive(data)
        except (OSError, RemoteProtocolError) as fault:
            self.ended = self.ended or str(fault)
            return None
        self._rest, self._at = self._rest[self._at:] + heard.rest, 0
        return heard

    def flush(self) -> None:
        """Write what the socket takes. Never blocks and never raises."""
        while self._out:
            try:
                sent = self._socket.send(self._out)
            except WAIT:
                return
            except OSError as fault:
                self.ended = self.ended or str(fault)
                return
            del self._out[:sent]

    def _last_words(self) -> None:
        """Closed with something unread, the kernel would throw away what is on its way."""
        self._socket.settimeout(GOODBYE_SECONDS)
        self._socket.sendall(self._out)
        self._socket.shutdown(socket.SHUT_WR)
        end = time.monotonic() + GOODBYE_SECONDS
        while self._socket.recv(READ) and time.monotonic() < end:
            pass

    def _read(self) -> bytes:
        """All that is here: one read of a plain socket, several of TLS, whose reads are small."""
        parts = []
        for _ in range(READS):
            try:
                data = self._socket.recv(READ)
            except WAIT:
                break
            if not data:
                self.ended = self.ended or "the broker closed the connection"
                break
            parts.append(data)
            if not isinstance(self._socket, ssl.SSLSocket):
                break
        return b"".join(parts)
