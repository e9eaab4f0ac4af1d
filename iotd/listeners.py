"""The ports that the daemon listens on, by what they are for."""

from __future__ import annotations

import os
from typing import Any, Iterator, Sequence

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError

from iotd.errors import Conflict, Unavailable
from iotd.tls.endpoint import TlsEndpoint, is_tls, parse
from iotd.tls.service import Certificates

# With twisted's 50, the last of 1,000 devices that connect at once waits up to 28 s;
# with a queue this long 0.1 s.
BACKLOG = 1024
QUEUED = ("tcp:", "tcp6:", "unix:")


class Listeners:
    """Listening ports by name; ``certificates`` are for those that begin with ``ssl:``."""

    def __init__(self, reactor: Any, certificates: Certificates | None = None) -> None:
        self._reactor, self._certificates = reactor, certificates
        self._ports: dict[str, list[tuple[str, Any]]] = {}

    def open(self, name: str, endpoints: Sequence[str], factory: Any) -> None:
        """Bind each endpoint string now; Conflict names the one that can't be."""
        for text in endpoints:
            port = self._bind(f"{name}.listen", text, factory)
            self._ports.setdefault(name, []).append((text, port))

    def _bind(self, key: str, text: str, factory: Any) -> Any:
        ports: list[Any] = []
        faults: list[Any] = []
        try:
            if is_tls(text):
                return self._bind_tls(key.partition(".")[0], parse(text), factory)
            listening = serverFromString(self._reactor, with_backlog(text)).listen(factory)
        except CannotListenError as fault:
            raise Conflict(f"{key} = {text!r}: {_why(fault)}", key) from None
        except Exception as fault:
            raise Conflict(f"{key} = {text!r}: {fault}", key) from None
        listening.addCallbacks(ports.append, faults.append)
        if ports:
            return ports[0]
        raise Conflict(f"{key} = {text!r}: {_why(faults[0].value)}", key)

    def _bind_tls(self, name: str, where: TlsEndpoint, factory: Any) -> Any:
        assert self._certificates is not None, "made without certificates"
        wrapped = self._certificates.wrap(name, where.files, factory)
        backlog = BACKLOG if where.backlog is None else where.backlog
        return self._reactor.listenTCP(where.port, wrapped, backlog, where.interface)

    async def check(self) -> None:
        """Unavailable with the names of what does not listen any more."""
        gone = [
            text for ports in self._ports.values() for text, port in ports
            if not getattr(port, "connected", True)
        ]
        if gone or not self._ports:
            raise Unavailable(f"not listening: {', '.join(gone) or 'nothing listens'}")

    def close(self) -> Deferred[Any]:
        """Stop listening; fires when all ports are closed."""
        ports = [port for ports in self._ports.values() for _, port in ports]
        self._ports = {}
        return DeferredList([maybeDeferred(port.stopListening) for port in ports])

    def describe(self) -> str:
        """Which name listens where, for the log."""
        return ", ".join(
            f"{name} {_where(port) or text}{' (TLS)' if is_tls(text) else ''}"
            for name, ports in self._ports.items() for text, port in ports
        )

    def browser_address(self, name: str) -> str | None:
        """An address of the first TCP port of ``name`` that a browser on this machine opens."""
        return next(self._addresses(name), None)

    def https_url(self) -> str | None:
        """An address of the web over TLS that a browser on this machine opens, if there is one."""
        return next((each for each in self._addresses("web") if each.startswith("https")), None)

    def _addresses(self, name: str) -> Iterator[str]:
        for text, port in self._ports.get(name, ()):
            where = _where(port)
            if where is not None:
                host, _, number = where.rpartition(":")
                host = "localhost" if host in ("0.0.0.0", "[::]", "127.0.0.1") else host
                yield f"{'https' if is_tls(text) else 'http'}://{host}:{number}"


def with_backlog(text: str) -> str:
    """The endpoint string with a listen queue long enough for a reconnect storm."""
    if text.startswith(QUEUED) and ":backlog=" not in text:
        return f"{text}:backlog={BACKLOG}"
    return text


def _where(port: Any) -> str | None:
    host: Any = port.getHost()
    name = getattr(host, "host", None)
    if name is None:
        return None
    return f"[{name}]:{host.port}" if ":" in name else f"{name}:{host.port}"


def _why(fault: Exception) -> str:
    if isinstance(fault, CannotListenError):
        cause = fault.socketError
        reason = os.strerror(cause.errno) if getattr(cause, "errno", None) else str(cause)
        return f"{reason}. Another program may have it; choose another port or stop that one."
    return str(fault)
