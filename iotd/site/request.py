"""One HTTP request: its body in memory under the cap, its response with every header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from twisted.web import server
from twisted.web.http import NO_BODY_CODES, datetimeToString
from zope.interface import implementer

from iotd.site.headers import HSTS, security_headers
from iotd.site.problems import Refusal
from iotd.site.proxies import split_host
from iotd.site.routes import BODY_LIMIT, Route

if TYPE_CHECKING:
    from iotd.site.channel import Channel
    from iotd.site.front import Front

PIECE = 64 * 1024  # a body is handed to the socket in pieces of this size

LONGEST_PATH = 2048
SLASH = b"%2F"  # what handlers get for a slash in a name

# A chunk costs 25 us to take apart, were it one byte: 20 clients that send such
# ones would stop everybody for seconds. So many may be small, then the mean counts.
SMALL_CHUNKS = 256
MEAN_CHUNK = 64  # bytes

# Dots in disguise name no page of ours; control characters and backslashes neither.
_DISGUISED = re.compile(rb"%(?:5c|2e|7f|[01][0-9a-f])", re.I)
_UNLIKELY = re.compile(rb"//|\\|/\.\.?(?:/|\Z)|[\x00-\x20\x7f]")


class Enough(Exception):
    """No more of this body is looked at; the refusal is out."""


class Request(server.Request):
    """A request of our channel; ``route`` is known once it is matched."""

    channel: Channel
    route: Route | None = None
    event_mark = ""  # the newest live event when it came
    body_limit = BODY_LIMIT
    received = 0
    chunks = 0

    def __init__(self, channel: Channel, *args: Any, **options: Any) -> None:
        super().__init__(channel, *args, **options)
        self.front: Front = channel.site
        for name, value in security_headers(channel.is_public_tls()):
            self.responseHeaders.setRawHeaders(name, [value])

    def isSecure(self) -> bool:
        """Whether the client came by TLS, be it to a believed proxy."""
        return super().isSecure() or self.front.surroundings.forwarded_https(self)

    def getRequestHostname(self) -> bytes:
        """A name without traps: routing cuts it up, and does not need it."""
        return b"localhost"

    def handleContentChunk(self, data: bytes) -> None:
        """Keep ``data`` of the body, up to the cap; Enough when it is over."""
        self.received += len(data)
        self.chunks += 1
        if self.received > self.body_limit:
            self.channel.refuse(413, too_large(self.body_limit))
            raise Enough
        if self.chunks > SMALL_CHUNKS and self.received < MEAN_CHUNK * self.chunks:
            self.channel.refuse(400, "The body comes in too many small pieces.")
            raise Enough
        super().handleContentChunk(data)

    def process(self) -> None:
        """Find who answers, and let them."""
        self.site = self.front
        self.prepath = []
        self.setHeader(b"Date", datetimeToString())
        if self.front.surroundings.forwarded_https(self):
            self.setHeader(*HSTS)
        fault = self._fault()
        if fault is not None:
            self.front.refuse(self, fault)
            return
        # a slash in disguise belongs to a name: it stays so, and parts no path
        parts = [unquote_to_bytes(part) for part in self.path[1:].split(b"/")]
        self.postpath = [part.replace(b"/", SLASH) for part in parts]
        self.render(self.front.resource)

    def _fault(self) -> Refusal | None:
        hosts = self.requestHeaders.getRawHeaders(b"host") or []
        if len(hosts) > 1 or any(split_host(host) is None for host in hosts):
            return Refusal(400, "The Host header is not a host.")
        if not self.method.isupper():  # routing takes "get" for GET
            return Refusal(501, "Methods are written in capitals.")
        if not self.path.startswith(b"/"):
            return Refusal(400, "A request must name a path that begins with a slash.")
        if len(self.path) > LONGEST_PATH:
            return Refusal(414, f"The path is longer than {LONGEST_PATH} bytes.")
        if _DISGUISED.search(self.path) or _UNLIKELY.search(self.path):
            return Refusal(404, "There is nothing here.")
        try:
            unquote_to_bytes(self.path).decode()
            unquote_to_bytes(self.uri).decode()
        except UnicodeDecodeError:
            return Refusal(400, "The address is not UTF-8.")
        return None

    def processingFailed(self, reason: Failure) -> Failure:
        """The last resort: a 500 that says nothing but where to look."""
        self.front.failed(self, reason)
        return reason

    def answer(self, body: bytes) -> None:
        """Send ``body`` as the whole response; large ones as the socket takes them."""
        if self._disconnected or self.finished:
            return
        if self.code not in NO_BODY_CODES:
            self.setHeader(b"Content-Length", b"%d" % len(body))
        if len(body) > 2 * PIECE and self.method != b"HEAD":
            self.channel.sending = True
            self.channel.progress()
            pieces = _Pieces(self, body)
            self.registerProducer(pieces, True)
            pieces.resumeProducing()
        else:
            self.write(body)
            self.finish()

    def finish(self) -> None:
        """The response is complete; Klein may say so once more, or too late."""
        if not self.finished and not self._disconnected:
            super().finish()

    def connectionLost(self, reason: Failure) -> None:
        """The connection went away under us; streams always end so."""
        if not self.finished:
            self.front.count(self)
        super().connectionLost(reason)


@implementer(IPushProducer)
class _Pieces:
    """A large body in pieces, so that a client that does not read costs one piece."""

    def __init__(self, request: Request, body: bytes) -> None:
        self._request = request
        self._body = memoryview(body)
        self._sent = 0
        self._paused = False

    def resumeProducing(self) -> None:
        """The socket took what it had."""
        self._paused = False
        request = self._request
        while not self._paused and self._sent < len(self._body):
            piece = self._body[self._sent:self._sent + PIECE]
            self._sent += len(piece)
            request.write(bytes(piece))
        if not self._paused:
            request.unregisterProducer()
            request.finish()
        else:
            request.channel.progress()

    def pauseProducing(self) -> None:
        """The socket is full."""
        self._paused = True

    def stopProducing(self) -> None:
        """The client left."""
        self._paused = True


def too_large(limit: int) -> str:
    """What is said about a body over ``limit`` bytes."""
    return f"The body is larger than {limit} bytes."
