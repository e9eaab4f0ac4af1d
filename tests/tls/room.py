"""A folder of certificates, the time, and a TLS client in memory."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport

from iotd.tls.folder import Folder
from iotd.tls.issuing import DAY
from iotd.tls.office import Office, Wish

START = 1_790_000_000.0  # 2026-09-21
NAMES = ("localhost", "127.0.0.1", "::1")


def office(path: Path, names: Any = lambda: NAMES, public: str | None = None) -> Office:
    """An office over a folder."""
    return Office(Folder(path), "house", public, names)


def made(path: Path, *names: str, now: float = START) -> Office:
    """The same, with an authority that was made."""
    opened = office(path)
    opened.take(Wish(names), now)
    return opened


def context(authority: Path) -> ssl.SSLContext:
    """What somebody with this ca.pem trusts."""
    return ssl.create_default_context(cafile=str(authority))


class Line(StringTransport):
    """The daemon's end of a connection from ``host``; ``ended`` when it closed it."""

    def __init__(self, host: str = "192.0.2.7") -> None:
        super().__init__(peerAddress=IPv4Address("TCP", host, 4000))
        self.ended = ""

    def loseConnection(self) -> None:
        """In order."""
        super().loseConnection()
        self.ended = self.ended or "closed"

    def abortConnection(self) -> None:
        """At once."""
        super().abortConnection()
        self.ended = "aborted"


class Client:
    """A TLS client; ``line`` is what the daemon writes on."""

    def __init__(self, server: Any, line: Line, trusted: ssl.SSLContext) -> None:
        self.server, self.line = server, line
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trusted.wrap_bio(self._in, self._out, server_hostname="iotd")

    def shake(self) -> None:
        """The whole handshake; ssl.SSLError when the client gives up."""
        for _ in range(4):
            try:
                self.tls.do_handshake()
                return
            except ssl.SSLWantReadError:
                pass
            finally:
                self.flush()

    def hello(self) -> bytes:
        """The first bytes, unsent."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self._out.read()

    def say(self, text: bytes) -> None:
        """Over TLS."""
        self.tls.write(text)
        self.flush()

    def heard(self) -> bytes:
        """What the daemon said over TLS since."""
        self.flush()
        try:
            return self.tls.read()
        except ssl.SSLWantReadError:
            return b""

    def flush(self) -> None:
        """Bytes to and from the daemon."""
        if data := self._out.read():
            self.server.dataReceived(data)
        if data := self.line.value():
            self.line.clear()
            self._in.write(data)


__all__ = ["Client", "DAY", "Line", "NAMES", "START", "Wish", "context", "made", "office"]
