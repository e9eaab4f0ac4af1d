"""One e-mail to one address, over SMTP, without ever waiting on the reactor's thread."""

from __future__ import annotations

import io
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote, urlsplit

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.defer import TimeoutError as NotInTime
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.ssl import optionsForClientTLS
from twisted.mail.smtp import ESMTPSender, ESMTPSenderFactory, SMTPClientError
from twisted.python.failure import Failure

from iotd.errors import IotdError

SECONDS = 30.0  # for a whole delivery
CONNECT_SECONDS = 15.0
REASON_LIMIT = 200  # characters of a server's answer that are kept


class NotDelivered(IotdError):
    """A message did not reach its target; says why, without secrets."""


@dataclass(frozen=True)
class Mail:
    """One message; ``id`` becomes its Message-ID, so that a second copy is known as one."""

    id: str
    to: str
    subject: str
    text: str


class Mailer:
    """Sends mails by the server of one URL, ``smtp://user:password@host:587`` or ``smtps://``.

    STARTTLS is used when the server offers it, and demanded when there is a
    password; certificates are checked. ``tls`` stands in for that check in tests.
    """

    def __init__(self, reactor: Any, clock: Any, url: str, sender: str, tls: Any = None) -> None:
        parts = urlsplit(url)
        self._reactor, self._clock, self._sender = reactor, clock, sender
        self._host = parts.hostname or ""
        self._wrapped = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._wrapped else 587 if parts.username else 25)
        self._user = unquote(parts.username or "").encode()
        self._password = unquote(parts.password or "").encode()
        self._tls = tls or _checking(self._host)

    def send(self, mail: Mail, now: float) -> Deferred[None]:
        """Fires when the server took the mail; NotDelivered within SECONDS otherwise."""
        if self._wrapped and self._tls is None:
            return fail(NotDelivered(f"no certificate can name the mail server {self._host!r}"))
        done: Deferred[Any] = Deferred(lambda _: factory.give_up())
        factory = _Factory(self, mail.to, io.BytesIO(self._encoded(mail, now)), done)
        endpoint: Any = HostnameEndpoint(
            self._reactor, self._host, self._port, timeout=CONNECT_SECONDS
        )
        if self._wrapped:
            endpoint = wrapClientTLS(self._tls, endpoint)
        factory.connecting = endpoint.connect(factory)
        factory.connecting.addErrback(factory.not_connected)
        done.addTimeout(SECONDS, self._clock)
        done.addCallbacks(lambda _: None, _why)
        return done

    def _encoded(self, mail: Mail, now: float) -> bytes:
        message = EmailMessage(policy=SMTP.clone(linesep="\n"))
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = formatdate(now)
        message["Message-ID"] = f"<{mail.id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, cte="quoted-printable")  # not every server takes 8 bits
        return message.as_bytes()

    def options(self) -> dict[str, Any]:
        """What Twisted's sender is given."""
        return {
            "username": self._user, "password": self._password, "fromEmail": self._sender,
            "retries": 0, "timeout": SECONDS, "contextFactory": self._tls,
            "heloFallback": True, "requireAuthentication": bool(self._user),
            "requireTransportSecurity": bool(self._user),
        }


def mailer_of(reactor: Any, url: str, sender: str) -> Mailer | None:
    """The mailer as the configuration has it; None without a server."""
    return Mailer(reactor, reactor, url, sender) if url else None


def _checking(host: str) -> Any:
    """Certificates must be for this host; None when none can be, as of my_mail."""
    try:
        return optionsForClientTLS(host)
    except ValueError:  # what idna raises is one
        return None


class _Sender(ESMTPSender):
    """Tells its factory when the link is lost: endpoints don't."""

    debug = False  # its log would hold the password

    def connectionLost(self, reason: Any = None) -> None:
        super().connectionLost(reason)
        self.factory.lost(reason)


class _Factory(ESMTPSenderFactory):
    """One mail over one connection."""

    protocol = _Sender
    noisy = False

    def __init__(self, mailer: Mailer, to: str, file: Any, done: Deferred[Any]) -> None:
        self.connecting: Deferred[Any] | None = None
        super().__init__(toEmail=to, file=file, deferred=done, **mailer.options())
        self._link: Any = None

    def buildProtocol(self, address: Any) -> Any:
        self._link = super().buildProtocol(address)
        return self._link

    def give_up(self) -> None:
        """Not in time: the connection is of no use any more."""
        self.sendFinished = True
        if self._link is not None and self._link.transport is not None:
            self._link.transport.abortConnection()
        elif self.connecting is not None:
            self.connecting.cancel()

    def not_connected(self, failure: Failure) -> None:
        """There is no connection."""
        self._fail(failure.value)

    def lost(self, reason: Failure) -> None:
        """The connection is gone; matters only before the mail was taken."""
        self._fail(reason.value)

    def _fail(self, error: BaseException | None) -> None:
        if not self.sendFinished:
            self.sendFinished = True
            self.result.errback(error or ConnectionError("it was closed"))


def _why(failure: Failure) -> Failure:
    error: Any = failure.value
    if failure.check(NotInTime, CancelledError):
        reason = f"the mail server took longer than {SECONDS:g} s"
    elif isinstance(error, SMTPClientError):
        reason = f"the mail server says {error.code}: {_text(error.resp)}"
    else:
        reason = f"the mail server can't be reached: {str(error) or type(error).__name__}"
    return Failure(NotDelivered(" ".join(reason.split())[:REASON_LIMIT]))


def _text(answer: Any) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
