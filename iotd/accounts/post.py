"""Mails to people, sent behind the back of whoever caused them: no answer waits for them."""

from __future__ import annotations

from typing import Any, Callable, Coroutine

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.errors import IotdError
from iotd.mail import Mail, Mailer

MOST_AT_ONCE = 64  # each may take the mail server 30 s


class Post:
    """Work that goes on after an answer; all of it ends with :meth:`stop`."""

    _log = Logger()

    def __init__(self, mailer: Mailer | None, now: Callable[[], float]) -> None:
        self._mailer, self._now = mailer, now
        self._at_work: set[Deferred[Any]] = set()
        self._stopped = False

    @property
    def is_there(self) -> bool:
        """Whether there is a mail server."""
        return self._mailer is not None

    def follow(self, work: Coroutine[Any, Any, Any], what: str) -> None:
        """Let work go on by itself; a failure is one line of the log, without secrets."""
        if self._stopped or len(self._at_work) >= MOST_AT_ONCE:
            work.close()
            self._log.warn("{what}: not done, too much is under way", what=what)
            return
        going = Deferred.fromCoroutine(work)
        self._at_work.add(going)
        going.addErrback(self._tell, what)
        going.addBoth(lambda _: self._at_work.discard(going))

    def send(self, mail: Mail, what: str) -> None:
        """Send a mail some time soon, if there is a server for it."""
        if self._mailer is not None:
            self.follow(self.deliver(mail), what)

    async def deliver(self, mail: Mail) -> None:
        """Send a mail; NotDelivered says why not."""
        if self._mailer is not None:
            await self._mailer.send(mail, self._now())

    def stop(self) -> None:
        """End what is under way; nothing begins any more."""
        self._stopped = True
        for going in tuple(self._at_work):
            going.cancel()

    def _tell(self, failure: Failure, what: str) -> None:
        if self._stopped:
            return
        if failure.check(IotdError):
            self._log.warn("{what}: {why}", what=what, why=str(failure.value))
        else:
            self._log.failure("{what} failed", failure=failure, what=what)
