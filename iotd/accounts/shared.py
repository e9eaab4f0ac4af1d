"""What the parts of this room have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Callable, Coroutine, ParamSpec, TypeVar

from sqlalchemy import Connection
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.accounts.model import network
from iotd.accounts.passwords import Passwords
from iotd.accounts.records import write_audit
from iotd.accounts.sessions import LiveSessions
from iotd.accounts.throttle import (
    ASKING_PAIR, CODE_PAIR, LOGIN_ACCOUNT, LOGIN_ADDRESS, LOGIN_PAIR, Throttle,
)
from iotd.bus import Bus
from iotd.errors import IotdError, TooMany, Unavailable
from iotd.store.engine import Store
from iotd.store.errors import KeyRefused
from iotd.store.seal import Sealer

P = ParamSpec("P")
T = TypeVar("T")

_log = Logger()


@dataclass(frozen=True)
class By:
    """Who does something, when and from where, for the audit."""

    who: str
    at: float
    address: str = ""

    def audit(
        self, connection: Connection, action: str, subject: str,
        detail: str = "", result: str = "ok", patient: str | None = None,
    ) -> None:
        """Record it in the transaction of the change; ``patient``: whose health it is about."""
        write_audit(
            connection, self.at, self.who, action, subject, detail, self.address, result, patient
        )


@dataclass
class Shared:
    """The one store, memory and clock that all parts of this room work on."""

    store: Store
    bus: Bus
    sealer: Sealer
    passwords: Passwords
    now: Callable[[], float]
    site_name: str
    sessions: LiveSessions
    tries: Throttle = field(
        default_factory=lambda: Throttle(LOGIN_PAIR, LOGIN_ADDRESS, LOGIN_ACCOUNT)
    )
    codes: Throttle = field(default_factory=lambda: Throttle(CODE_PAIR))
    asks: Throttle = field(default_factory=lambda: Throttle(ASKING_PAIR))

    def let_ask(self, what: str, address: str) -> None:
        """Count something that strangers may ask for, or TooMany."""
        origin, now = network(address), self.now()
        wait = self.asks.wait(what, origin, now)
        if wait > 0:
            raise TooMany("Too much was asked from your address; wait a little.", wait)
        self.passwords.must_have_room()
        self.asks.note(what, origin, now)

    async def run_sealed(self, function: Callable[..., Any], *args: Any) -> Any:
        """``function(connection, sealer, *args)`` on the store; Unavailable when what
        is sealed there can't be read, with the cause in the log only."""
        try:
            return await self.store.run(function, self.sealer, *args)
        except KeyRefused as refused:
            _log.error("second factors can't be read: {why}", why=str(refused))
            raise Unavailable("Codes can't be checked at this moment.") from None

    def by(self, who: str, address: str = "") -> By:
        """This person, now."""
        return By(who, self.now(), address)


def to_its_end(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Deferred[T]]:
    """Make an ``async`` method run to its end though who waits for it goes away.

    A browser that leaves cancels its request. Cut between the commit and the
    change in memory, a disabled account would stay signed in.
    """

    @wraps(method)
    def start(*args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        answer: Deferred[T] = Deferred()
        work = Deferred.fromCoroutine(method(*args, **kwargs))
        work.addBoth(lambda result: _pass_on(answer, result))
        return answer

    return start


def _pass_on(answer: Deferred[Any], result: Any) -> None:
    gone = answer.called
    answer.callback(result)  # a Failure is taken as one; ignored after a cancel
    if gone and isinstance(result, Failure) and not isinstance(result.value, IotdError):
        _log.failure("work for someone who had left failed", failure=result)
