"""What the connections of both wires have in common: the key's proof, refusals, the socket."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Awaitable

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from iotd.devices.deadlines import SILENT_LIMIT, Deadlines
from iotd.devices.model import Admission, Approval
from iotd.wire.errors import RemoteProtocolError
from iotd.wire.hello import DENIED

if TYPE_CHECKING:
    from iotd.devices.link_factory import LinkFactory

USER_TIMEOUT_MS = 30_000  # unacknowledged bytes: keepalive does not test such a link

NO_HELLO = f"no whole hello within {SILENT_LIMIT:g} s"


class LinkProtocol(Protocol):
    """The server's side of one connection; a Link for the registry once it is admitted.

    A subclass has the ``_conversation``, reads it, and says in ``admitted`` what follows.
    """

    transport: Any
    deadlines_of: type[Deadlines] = Deadlines
    _conversation: Any

    def __init__(self, factory: LinkFactory, address: str) -> None:
        self.address = address
        self.proven = False
        # an idle field device has no deadline: 10,000 of them cost the watch 0.5 ms
        self.needs_check = True
        self._server = factory
        self._id: str | None = None
        self._nonce: tuple[str, str] | None = None
        self._closed = self._is_new = False
        self._answers: _Answers | None = None

    # -- life -------------------------------------------------------------------

    def connectionMade(self) -> None:
        """Deadlines begin."""
        self._deadlines: Any = self.deadlines_of(self._server.seconds())
        watch_link(self.transport)
        self._server.joined(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Everything that waits for this connection ends."""
        self._closed = True
        self._server.left(self, self._id)

    @property
    def heard_at(self) -> float:
        """When the last bytes came, in monotonic seconds."""
        return float(self._deadlines.heard_at)

    def last_heard(self, now: float) -> float:
        """It is connected: it is there now."""
        return now

    def check(self, now: float) -> None:
        """Close what is late; called about every second."""
        raise NotImplementedError

    # -- the registry's Link -------------------------------------------------------

    def admitted(self, id: str) -> None:
        """It may work from now on, under this id."""
        raise NotImplementedError

    def command(self, text: str, by: str) -> Awaitable[Any] | None:
        """Say this to the device, for somebody; Invalid when it can't take it."""
        raise NotImplementedError

    def hold(self) -> None:
        """It has to wait for a person again."""
        self.close("it waits for approval")

    def close(self, reason: str) -> None:
        """End the connection; the reason was logged by who decided it."""
        self._closed = True
        if self._answers is not None:
            self._answers = None
            self.transport.unregisterProducer()  # or TLS waits for it
        self.transport.loseConnection()

    def _admit(self, admission: Admission) -> None:
        self._id, self._is_new = admission.id, admission.is_new
        if admission.refused:
            self.close(admission.reason)
        elif admission.approval is Approval.APPROVED:
            self.admitted(admission.id)

    # -- the key's proof ------------------------------------------------------------

    def _hello(self, id: str) -> None:
        nonce = self._server.admissions.challenge(self._server.wire, id, self.address)
        if nonce is None:
            self._deny()
            return
        self._nonce, self._deadlines.nonce_at = (id, nonce), self._server.seconds()
        self.transport.write(self._conversation.challenge(nonce))

    def _proof(self, mac: str) -> None:
        assert self._nonce is not None
        late = self._deadlines.late_proof(self._server.seconds())
        if late is not None:
            self._no_proof()
            self._refuse("late", late)
            return
        (id, nonce), self._nonce = self._nonce, None
        self._deadlines.nonce_at = None
        admission = self._server.admissions.prove(self._server.wire, id, nonce, mac, self)
        if admission.refused:
            self._deny()
            return
        self._server.proved(self)
        self._conversation.accept()
        self._admit(admission)

    def _deny(self) -> None:
        self.transport.write(self._conversation.deny())
        self.close("denied")

    def _no_proof(self) -> None:
        """A proof that is late, or no proof at all, is a wrong one."""
        if self._nonce is not None:
            self._server.admissions.failed(self._nonce[0], self.address)
            self.transport.write(DENIED)

    # -- what new firmware tells of itself ------------------------------------------

    def _board_line(self, text: str) -> bool:
        """Whether a line was one of those by which boards with a key are looked after."""
        if not self.proven or self._id is None:
            return False
        return self._server.registry.on_board_line(
            self._id, self._server.wire, text, self._write_line
        )

    def _write_line(self, line: str) -> None:
        """Tell a board what it asked; one that asks on and reads nothing is told nothing more."""
        if self._closed:
            return
        if self._answers is None:
            self._answers = _Answers()
            self.transport.registerProducer(self._answers, True)
        if not self._answers.waiting:
            self.transport.write(f"{line}\n".encode("ascii"))

    # -- refusals --------------------------------------------------------------------

    def _broke_the_protocol(self, fault: RemoteProtocolError) -> None:
        self._no_proof()
        self._refuse("wire", str(fault))

    def _refuse(self, cause: str, reason: str) -> None:
        name = self._id or (self._nonce[0] if self._nonce else None)
        self._server.admissions.refuse(self._server.wire, self.address, name, cause, reason)
        self.close(reason)


@implementer(IPushProducer)
class _Answers:
    """``waiting``: more than 64 KiB of what a board was told is unsent. It asks again for what
    was left out."""

    waiting = False

    def pauseProducing(self) -> None:
        """Twisted's buffer is full."""
        self.waiting = True

    def resumeProducing(self) -> None:
        """It is empty."""
        self.waiting = False

    def stopProducing(self) -> None:
        """The connection is gone."""
        self.waiting = True


def watch_link(transport: object) -> None:
    """Find half-open links: idle ones by keepalive (10 s, then 3 x 5 s), others by timeout."""
    sock = getattr(transport, "socket", None)
    if not isinstance(sock, socket.socket) or sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)


def plain_address(addr: Any) -> str:
    """The peer's address as text; an IPv4 address mapped into IPv6 as IPv4."""
    host = getattr(addr, "host", None)
    if host is None:
        return "local"
    address = ip_address(host.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
