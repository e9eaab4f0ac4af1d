"""One virtual device over all its connections: it comes back, and tells what happens to it."""

from __future__ import annotations

from typing import Any, Callable, Protocol

from twisted.application.internet import ClientService
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from iotd.simulate.comeback import Comeback
from iotd.simulate.plans import Plan, is_loopback

CONNECT_SECONDS = 10.0

Tell = Callable[[str, str], None]  # state, detail
Report = Callable[[str, str, str], None]  # name, state, detail


class Board(Protocol):
    """One connection of a device."""

    denied: bool
    rebooted: bool

    def hang_up(self) -> None:
        """Pull the plug."""


class Virtual(Factory):
    """A device over all its connections. Unlike field firmware it reconnects.

    ``make(tell)`` gives a board that has just been switched on, ``comeback`` its waits.
    """

    noisy = False

    def __init__(
        self, reactor: Any, plan: Plan, make: Callable[[Tell], Any], report: Report,
        comeback: Comeback,
    ) -> None:
        self._reactor, self._plan, self._make, self._report = reactor, plan, make, report
        self._comeback = comeback
        self._board: Board | None = None
        self._ending = False

    def service(self, host: str, port: int) -> ClientService:
        """What connects it, again and again."""
        return ClientService(
            self._endpoint(host, port), self,  # type: ignore[arg-type]
            retryPolicy=self._wait, clock=self._reactor,
        )

    def hang_up(self) -> None:
        """Drop the connection at once, whatever waits to be sent, and tell no more."""
        self._ending = True
        if self._board is not None:
            self._board.hang_up()

    def buildProtocol(self, addr: Any) -> Any:
        """A board that has just been switched on."""
        self._board = board = self._make(self._tell)
        return board

    def _endpoint(self, host: str, port: int) -> Any:
        if is_loopback(host):
            address = "127.0.0.1" if host == "localhost" else host
            source = (self._plan.source, 0) if self._plan.source else None
            return _Telling(
                TCP4ClientEndpoint(  # type: ignore[no-untyped-call]
                    self._reactor, address, port, timeout=CONNECT_SECONDS, bindAddress=source
                ),
                self._tell,
            )
        return _Telling(
            HostnameEndpoint(  # type: ignore[no-untyped-call]
                self._reactor, host, port, timeout=CONNECT_SECONDS
            ),
            self._tell,
        )

    def _wait(self, failures: int) -> float:
        board, self._board = self._board, None  # None: the try itself failed
        if board is None:
            return self._comeback.next(False, False, False)
        return self._comeback.next(not board.denied, board.denied, board.rebooted)

    def _tell(self, state: str, detail: str) -> None:
        if not self._ending:
            self._report(self._plan.name, state, detail)


class _Telling:
    """An endpoint that tells why it could not connect."""

    def __init__(self, endpoint: Any, tell: Tell) -> None:
        self._endpoint, self._tell = endpoint, tell
        self._told = ""

    def connect(self, factory: Factory) -> Deferred[Any]:
        """As the endpoint does; the same reason is told once."""
        return self._endpoint.connect(factory).addCallbacks(self._made, self._failed)

    def _made(self, protocol: Any) -> Any:
        self._told = ""
        return protocol

    def _failed(self, failure: Failure) -> Failure:
        reason = failure.getErrorMessage()
        if reason != self._told:
            self._told = reason
            self._tell("unreachable", reason)
        return failure
