"""One webhook call: JSON by POST to an address of the configuration."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any, Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.defer import TimeoutError as NotInTime
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool, ResponseNeverReceived
from twisted.web.http_headers import Headers

import iotd
from iotd.mail import REASON_LIMIT, NotDelivered

SECONDS = 15.0  # until the head of the answer
CONNECT_SECONDS = 10.0


def mark_of(url: str) -> str:
    """How a webhook is known in the store: its address may hold a secret."""
    return hashlib.sha256(url.encode()).hexdigest()[:24]


class Hooks:
    """Calls webhooks; any 2xx is delivered. Redirects are not followed: the address
    that the configuration names is the one that is called."""

    def __init__(self, reactor: Any, clock: Any, tls: Any = None) -> None:
        options = {} if tls is None else {"contextFactory": tls}
        self._clock = clock
        self._agent = Agent(
            reactor, pool=HTTPConnectionPool(reactor, persistent=False),
            connectTimeout=CONNECT_SECONDS, **options,
        )

    def post(self, url: str, key: str, body: Mapping[str, Any]) -> Deferred[None]:
        """Fires when it was taken; NotDelivered within SECONDS otherwise.

        ``key`` is sent as Idempotency-Key, the same at each try.
        """
        address, authorization = _split(url)
        headers = Headers({
            b"User-Agent": [f"iotd/{iotd.__version__}".encode()],
            b"Content-Type": [b"application/json"],
            b"Idempotency-Key": [key.encode()],
        })
        if authorization:
            headers.setRawHeaders(b"Authorization", [authorization])
        content: Any = FileBodyProducer(io.BytesIO(json.dumps(body).encode()))
        # maybe: a host that no certificate can name is told by raising
        done: Deferred[Any] = maybeDeferred(
            self._agent.request, b"POST", address, headers, content
        )
        done.addTimeout(SECONDS, self._clock)
        done.addCallbacks(_judge, _why)
        return done


class _Nothing(Protocol):
    """What the receiver says beyond its status is of no interest."""

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.loseConnection()


def _judge(response: Any) -> None:
    response.deliverBody(_Nothing())
    if 200 <= response.code < 300:
        return
    where = " (redirects are not followed)" if 300 <= response.code < 400 else ""
    raise NotDelivered(f"the webhook answered {response.code}{where}")


def _why(failure: Failure) -> Failure:
    error: Any = failure.value
    if failure.check(ResponseNeverReceived) and error.reasons:
        error = error.reasons[0].value
    if isinstance(error, (NotInTime, CancelledError)):
        reason = f"the webhook took longer than {SECONDS:g} s"
    else:
        reason = f"the webhook can't be reached: {str(error) or type(error).__name__}"
    return Failure(NotDelivered(" ".join(reason.split())[:REASON_LIMIT]))


def _split(url: str) -> tuple[bytes, bytes]:
    """The address without user and password, and these as a header."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    address = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    if parts.username is None:
        return address.encode(), b""
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return address.encode(), b"Basic " + base64.b64encode(login.encode())
