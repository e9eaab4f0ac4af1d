"""Responses without an end: MJPEG, the wall, server-sent events.

A :class:`Stream` takes the connection over from twisted.web once the head is
out. An idle plain socket is written to at once with ``send``; what the kernel
does not take goes through the transport's buffer, and until that is drained
the stream is *busy*: its owner skips, nothing piles up. Measured with 30 KB
parts and 100 viewers, the direct send saves the reactor turn and the copy
that ``transport.write`` costs (0.015 to 0.009 CPU-s per 1000 parts).
"""

from __future__ import annotations

import socket
from typing import Any, Callable, Mapping

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IPushProducer, ISSLTransport
from twisted.web.server import Request
from zope.interface import implementer

from iotd.bus import Bus, SessionEnded
from iotd.errors import TooMany
from iotd.site.guard import Authenticator
from iotd.site.routes import Identity

# Unsent bytes the kernel may hold before a socket counts as full. With the
# default (megabytes) a viewer on a 5 fps line sees pictures 19 s old, with
# 16 KiB about 1.1 s, at no measurable CPU.
NOTSENT_LOWAT = 16 * 1024
TCP_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", 25)

MAX_PER_SESSION = 1024  # open streams of one session or token


@implementer(IPushProducer)
class Stream:
    """One response without an end; writes its head when made."""

    def __init__(
        self, request: Request, content_type: bytes, headers: Mapping[bytes, bytes] | None = None
    ) -> None:
        self.busy = False
        self.closed = False
        self.busy_since: float | None = None
        self.on_ready: Callable[[], None] | None = None
        self.ended: Deferred[None] = Deferred(lambda _: self.end())
        self._transport: Any = request.channel.transport
        self._send = _direct_send(self._transport)
        request.notifyFinish().addBoth(self._lost)
        self._take_over(request)
        _write_head(request, content_type, headers or {})

    def _take_over(self, request: Request) -> None:
        # any byte left in the socket's buffer makes the stream busy; under TLS
        # that buffer is one floor down
        getattr(self._transport, "transport", self._transport).bufferSize = 0
        self._transport.unregisterProducer()
        self._transport.registerProducer(self, True)
        _limit_unsent(self._transport)

    def write(self, data: bytes) -> None:
        """Queue ``data`` whatever the state; for small things only."""
        if not self.closed:
            self._transport.write(data)

    def offer(self, part: bytes) -> bool:
        """Send ``part`` unless the last one is still on its way; whether it was taken."""
        if self.busy or self.closed:
            return False
        if self._send is None:
            self._transport.write(part)
            return True
        try:
            sent = self._send(part)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.end()
            return False
        if sent < len(part):
            self._transport.write(part[sent:])
        return True

    def end(self, at_once: bool = False) -> None:
        """Close the connection; ``at_once`` drops what is not sent yet."""
        if self.closed:
            return
        self.closed = True
        self._transport.unregisterProducer()
        if at_once or self.busy:
            self._transport.abortConnection()
        else:
            self._transport.loseConnection()

    def pauseProducing(self) -> None:
        """The transport: the socket is full."""
        self.busy = True

    def resumeProducing(self) -> None:
        """The transport: everything written has left."""
        self.busy = False
        self.busy_since = None
        if self.on_ready is not None and not self.closed:
            self.on_ready()

    def stopProducing(self) -> None:
        """The transport: the connection is gone."""
        self.closed = True

    def _lost(self, _: object) -> None:
        self.closed = True
        if not self.ended.called:
            self.ended.callback(None)


class OpenStreams:
    """Open streams by the session or token that holds them.

    They end when it ends (at once) or when ``sweep`` finds it no longer valid.
    """

    def __init__(self, bus: Bus, authenticator: Authenticator, stall_seconds: float = 30) -> None:
        self._authenticator = authenticator
        self._stall_seconds = stall_seconds
        self._held: dict[str, dict[Stream, Identity]] = {}
        bus.subscribe(SessionEnded, lambda event: self.end_session(event.session))

    def __len__(self) -> int:
        return sum(len(streams) for streams in self._held.values())

    def add(self, identity: Identity, stream: Stream) -> None:
        """Keep ``stream`` until it ends."""
        streams = self._held.setdefault(identity.session, {})
        streams[stream] = identity
        stream.ended.addBoth(lambda _: self._forget(identity.session, stream))

    def check_room(self, identity: Identity) -> None:
        """TooMany when the session holds as many streams as it may."""
        if len(self._held.get(identity.session, ())) >= MAX_PER_SESSION:
            raise TooMany(f"At most {MAX_PER_SESSION} open streams for each sign-in.", 10)

    def end_session(self, session: str) -> None:
        """Close everything that ``session`` holds open."""
        for stream in tuple(self._held.get(session, ())):
            stream.end(at_once=True)

    def end_all(self) -> None:
        """Close every stream; for stopping."""
        for session in tuple(self._held):
            self.end_session(session)

    def sweep(self, now: float, seconds: float) -> None:
        """End what is no longer allowed, and viewers stalled for too long.

        ``now`` is Unix time, ``seconds`` monotonic: a clock that is set cuts nobody off.
        """
        for streams in tuple(self._held.values()):
            for stream, identity in tuple(streams.items()):
                valid = self._authenticator.still_valid(identity, now)
                if not valid or self._stalled(stream, seconds):
                    stream.end(at_once=True)

    def _stalled(self, stream: Stream, seconds: float) -> bool:
        if not stream.busy:
            return False
        if stream.busy_since is None:
            stream.busy_since = seconds
        return seconds - stream.busy_since > self._stall_seconds

    def _forget(self, session: str, stream: Stream) -> None:
        streams = self._held.get(session, {})
        streams.pop(stream, None)
        if not streams:
            self._held.pop(session, None)


async def until_ended(stream: Stream) -> None:
    """Wait for the end of ``stream``; the browser leaving is an ordinary end."""
    try:
        await stream.ended
    except CancelledError:
        pass


def _write_head(request: Request, content_type: bytes, headers: Mapping[bytes, bytes]) -> None:
    # HTTP/1.0 tells twisted.web not to chunk and the browser that the end of
    # the connection is the end of the stream.
    request.clientproto = b"HTTP/1.0"
    request.setHeader(b"content-type", content_type)
    request.setHeader(b"connection", b"close")
    request.setHeader(b"x-accel-buffering", b"no")
    for name, value in headers.items():
        request.setHeader(name, value)
    request.write(b"")


def _direct_send(transport: object) -> Callable[[bytes], int] | None:
    """The socket's own ``send``, or None where bytes must go through TLS."""
    if ISSLTransport.providedBy(transport):
        return None
    sock = getattr(transport, "socket", None)
    return sock.send if isinstance(sock, socket.socket) else None


def _limit_unsent(transport: object) -> None:
    sock = getattr(transport, "socket", None)
    if isinstance(sock, socket.socket) and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_LOWAT)
