"""One HTTP connection: deadlines that bytes do not extend, caps, and polite refusals.

twisted.web restarts its timeout at every byte, so a client that sends one every
two seconds stays for ever, and it takes bodies of any size. Here each phase of
a connection has one absolute deadline::

    head  10 s from accept, or from the first byte of a further request
    body  30 s for each 64 KiB that are expected
    busy  none: the request is being answered
    rest  75 s until the next request begins, or until the client took a piece
"""

from __future__ import annotations

from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import ITCPTransport
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.http_headers import Headers

from iotd.site.headers import security_headers
from iotd.site.problems import Refusal, problem_bytes, reason_of
from iotd.site.request import Enough, Request, too_large
from iotd.site.routes import BODY_LIMIT

if TYPE_CHECKING:
    from iotd.site.front import Front

HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
REST_SECONDS = 75.0
# After a refusal what still comes is read and dropped for so long, or else the
# kernel resets the connection and the client never sees the answer.
LINGER_SECONDS = 0.5
LINGER_BYTES = 1024 * 1024
CLOSE_SECONDS = 5.0  # for the last bytes of a connection that is being closed
LENGTH_DIGITS = 15  # int() of thousands of digits raises


class Phase(Enum):
    """What a connection is waiting for."""

    HEAD = 1
    BODY = 2
    BUSY = 3
    REST = 4


class Channel(HTTPChannel):
    """A connection of a browser, a script or a proxy."""

    _log = Logger()
    requestFactory = Request  # type: ignore[assignment]
    site: Front
    requests: list[Request]
    transport: Any

    def __init__(self) -> None:
        super().__init__()
        self.sending = False
        self._phase: tuple[Phase, int] | None = None
        self._answered = 0
        self._refused = False
        self._dropped = 0
        self._parked: Request | None = None
        self._deadline: Any = None  # a delayed call

    def connectionMade(self) -> None:
        super().connectionMade()
        self._watch()

    def dataReceived(self, data: bytes) -> None:
        if self._refused:
            self._drop(data)
            return
        super().dataReceived(data)
        if not self._busyReceiving:
            self._watch()

    def lineReceived(self, line: bytes) -> None:
        if not self._refused:
            super().lineReceived(line)

    def rawDataReceived(self, data: bytes) -> None:
        if not self._refused:
            with suppress(Enough):
                super().rawDataReceived(data)

    def allHeadersReceived(self) -> None:
        request = self.requests[-1]
        if self.length != 0:
            method: Any = self._command
            request.body_limit = self.site.body_limit(request, method, self._path)
        if self.length is not None and self.length > request.body_limit:
            self.refuse(413, too_large(request.body_limit))
        else:
            super().allHeadersReceived()

    def allContentReceived(self) -> None:
        if not self._refused:
            super().allContentReceived()

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:
        if header == b"Content-Length" and data.isdigit() and len(data) > LENGTH_DIGITS:
            self.refuse(413, too_large(BODY_LIMIT))
            return False
        return super()._maybeChooseTransferDecoder(header, data)

    def requestDone(self, request: Request) -> None:
        self.sending = False
        if self.persistent and (self._buffer or any(self._dataBuffer)):
            # What comes next is already here. It waits for its turn, else a
            # segment of 3,600 small requests would hold the reactor for a second.
            self._parked = request
            if not self._waitingForTransport:
                self.callLater(0, self._unpark)
            self._watch()
        else:
            self._done(request)

    def _done(self, request: Request) -> None:
        self._answered += 1
        super().requestDone(request)
        if not self._busyReceiving:
            self._watch()

    def _unpark(self) -> None:
        request, self._parked = self._parked, None
        if request is not None and request in self.requests and not self._refused:
            self._done(request)

    def resumeProducing(self) -> None:
        super().resumeProducing()
        if self._parked is not None:
            self.callLater(0, self._unpark)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self.site.places.leave(self)
        self._parked = None
        self._stop_clock()
        super().connectionLost(reason)

    # deadlines

    def _watch(self) -> None:
        """Set the deadline of the phase we are in, when it is a new one."""
        phase = (self._phase_now(), self._answered)
        if phase == self._phase or self._refused:
            return
        self._phase = phase
        if phase[0] is Phase.BUSY:
            self.site.places.busy(self)
            self._stop_clock()
        else:
            self.site.places.idle(self)
            self._within(self._seconds_for(phase[0]))
        if self.sending:
            self.progress()

    def _phase_now(self) -> Phase:
        if self._parked is not None:
            return Phase.REST
        if self._handlingRequest:
            # after the last answer of a connection none is being handled any more
            return Phase.BUSY if self.requests else Phase.REST
        if self.requests:
            return Phase.HEAD if self.line_mode else Phase.BODY
        return Phase.HEAD if self._buffer or not self._answered else Phase.REST

    def _seconds_for(self, phase: Phase) -> float:
        if phase is not Phase.BODY:
            return HEAD_SECONDS if phase is Phase.HEAD else REST_SECONDS
        expected = self.length or self.requests[-1].body_limit
        return BODY_SECONDS * max(1.0, expected / BODY_LIMIT)

    def progress(self) -> None:
        """A client that is being sent a large body took some of it."""
        if self.sending:
            self._within(REST_SECONDS)

    def _within(self, seconds: float) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.reset(seconds)
        else:
            self._deadline = self.callLater(seconds, self._late)

    def _stop_clock(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None

    def _late(self) -> None:
        phase = self._phase_now()
        nothing = not (self._buffer or self.requests)
        if phase is Phase.BUSY or self.transport.disconnecting:
            self.abort()
        elif self._refused or phase is Phase.REST or nothing:
            self.loseConnection()
            self._within(CLOSE_SECONDS)
        else:
            part = "headers" if phase is Phase.HEAD else "body"
            self.refuse(408, f"The {part} of the request did not arrive in time.")

    # refusals

    def refuse(self, status: int, detail: str) -> None:
        """Answer what can't become a request and close, whatever else comes."""
        if self._refused:
            return
        self._refused = True
        self._buffer = b""
        self.site.count_refused(status)
        body = problem_bytes(Refusal(status, detail))
        self.writeHeaders(b"HTTP/1.1", b"%d" % status, reason_of(status), self._headers(body))
        self.transport.write(body)
        self._networkProducer.unregisterProducer()
        if ITCPTransport.providedBy(self.transport) and not self.isSecure():
            self.transport.loseWriteConnection()
        else:
            self.transport.loseConnection()
        self._within(LINGER_SECONDS)

    def is_public_tls(self) -> bool:
        """Whether the client came by TLS with a certificate that is not of our own authority.

        A browser told to insist on TLS for a year would shut out who has lost trust in that
        authority, and the plain ports of the same host.
        """
        return self.isSecure() and not getattr(self.transport, "has_own_certificate", False)

    def _headers(self, body: bytes) -> Headers:
        headers = Headers()
        for name, value in security_headers(self.is_public_tls()):
            headers.setRawHeaders(name, [value])
        headers.setRawHeaders(b"Content-Type", [b"application/problem+json"])
        headers.setRawHeaders(b"Content-Length", [b"%d" % len(body)])
        headers.setRawHeaders(b"Connection", [b"close"])
        return headers

    def _drop(self, data: bytes) -> None:
        self._dropped += len(data)
        if self._dropped > LINGER_BYTES:
            self.abort()

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(400, "This is no HTTP request.")

    def lineLengthExceeded(self, line: bytes) -> Any:
        """A line of more than 16 KiB."""
        self.refuse(431, "A line of the request is too long.")

    def abort(self) -> None:
        """Close now, unsent bytes and all."""
        if self.transport is not None:
            self.transport.abortConnection()
