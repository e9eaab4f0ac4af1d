"""Opening the store at start, and again and again while its server is away."""

from __future__ import annotations

from typing import Any, Callable

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.errors import IotdError
from iotd.store.engine import Store
from iotd.store.errors import StoreError, StoreUnavailable

EVERY = 2.0  # seconds between two tries
AWAY = (
    "The database is away since iotd was started; what gates say is kept meanwhile. "
    "This page works again when it is back."
)


class Opening:
    """``why``: what people read while the store is not open yet, None once it is.

    ``load()`` opens the store and reads what is kept in memory; it blocks. A
    file that can't be used is no matter of waiting, only a server that is away.
    """

    _log = Logger()

    def __init__(
        self, store: Store, load: Callable[[], None], reactor: Any,
        in_thread: Callable[..., Deferred[Any]],
    ) -> None:
        self.why: str | None = AWAY
        self._store, self._load, self._reactor = store, load, reactor
        self._in_thread = in_thread
        self._then: Callable[[], None] = lambda: None
        self._timer: Any = None
        self._trying: Deferred[None] | None = None
        self._stopped = False

    def try_now(self) -> None:
        """Before the reactor runs: open, or go on without; any other fault is raised."""
        try:
            self._load()
        except StoreUnavailable as fault:
            if not self._store.on_server:
                raise
            self._log.error("waiting for the database: {fault}", fault=str(fault))
        else:
            self.why = None

    def wait(self, then: Callable[[], None]) -> None:
        """Try until it is open, then call ``then``."""
        self._then = then
        self._timer = self._reactor.callLater(EVERY, self._try)

    def stop(self) -> Deferred[None] | None:
        """Try no more; fires when a try under way has ended."""
        self._stopped = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        return self._trying

    def _try(self) -> None:
        self._trying = self._in_thread(self._load).addCallbacks(self._done, self._failed)
        self._trying.addErrback(lambda f: self._log.failure("starting went wrong", f))

    def _done(self, _: None) -> None:
        if self._stopped:
            return
        self.why = None
        self._log.info("the database is there now")
        self._then()

    def _failed(self, failure: Failure) -> None:
        if self._stopped:
            return
        if failure.check(StoreUnavailable):
            self._timer = self._reactor.callLater(EVERY, self._try)
        elif failure.check(IotdError, StoreError):
            self._log.critical("iotd can't go on: {fault}", fault=str(failure.value))
            self._reactor.stop()
        else:
            self._log.failure("iotd can't go on", failure)
            self._reactor.stop()
