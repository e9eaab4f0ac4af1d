"""Passwords: which are taken, and their hashes, made in two threads of their own."""

from __future__ import annotations

import unicodedata
from typing import Any, Callable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.internet.defer import Deferred
from twisted.python.threadpool import ThreadPool

from iotd.accounts.common_passwords import is_common
from iotd.errors import Invalid, TooMany

SHORTEST, LONGEST = 8, 128

# OWASP's minimum for Argon2id: 19 MiB, two passes, one lane. Measured here at
# 20-34 ms a check; the library's default (64 MiB, three passes, four lanes)
# takes 155-170 ms, four threads and 128 MiB for two at once, too much for the
# small boards this is meant for, where tries are throttled as well.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

THREADS = 2
LONGEST_QUEUE = 32  # waiting beside those being worked on: about half a second


def check_password(password: str, name: str, field: str = "password") -> str:
    """The password itself, or Invalid that says why ``name`` can't have it."""
    length = len(_plain(password))
    if not SHORTEST <= length <= LONGEST:
        raise Invalid(
            f"The password has {length} characters;"
            f" {SHORTEST} to {LONGEST} are allowed.", field,
        )
    if _is_mostly(name, password):
        raise Invalid("The password must not be made of the account's own name.", field)
    if is_common(password):
        raise Invalid("This password is among the first that are tried; take another.", field)
    return password


def _is_mostly(name: str, password: str) -> bool:
    """Whether little is left of the password without the name."""
    rest = password.lower().replace(name.lower(), "") if len(name) > 2 else password
    return len(rest) < 8


class Passwords:
    """Hashes and checks passwords off the reactor, never more at once than it can."""

    def __init__(self, reactor: Any, hasher: PasswordHasher = HASHER) -> None:
        self._reactor = reactor
        self._hasher = hasher
        self._pool = ThreadPool(0, THREADS, "passwords")
        self._at_work = 0
        self._open = False
        self._idle: Deferred[None] | None = None
        # what is checked for names that don't exist, so that they take as long
        self._dummy = hasher.hash("no account has this password")

    def start(self) -> None:
        """Take work from now on."""
        self._pool.start()
        self._open = True

    async def stop(self) -> None:
        """Take no more work; fires when what was taken is done."""
        if not self._open:
            return
        self._open = False
        if self._at_work:
            self._idle = Deferred()
            await self._idle
        self._pool.stop()

    def must_have_room(self) -> None:
        """TooMany when the queue is full."""
        if not self._open or self._at_work >= THREADS + LONGEST_QUEUE:
            raise TooMany("Too many people are signing in at this moment.", retry_after=2)

    def run(self, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        """``function(*args)`` in one of the threads; TooMany when the queue is full."""
        self.must_have_room()
        self._at_work += 1
        result: Deferred[Any] = Deferred()
        self._pool.callInThreadWithCallback(
            lambda ok, value: self._reactor.callFromThread(self._done, result, ok, value),
            function, *args,
        )
        return result

    def hash(self, password: str) -> Deferred[str]:
        """The hash to be stored."""
        return self.run(self.hash_now, password)

    def check(self, stored: str | None, password: str) -> Deferred[bool]:
        """Whether it is the right one; takes as long when nothing is stored."""
        return self.run(self.check_now, stored, password)

    def hash_now(self, password: str) -> str:
        """The same without a thread, for the command line."""
        return self._hasher.hash(_plain(password))

    def check_now(self, stored: str | None, password: str) -> bool:
        """The same without a thread."""
        try:
            right = self._hasher.verify(stored or self._dummy, _plain(password))
        except (VerificationError, InvalidHashError):
            return False
        return right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether it was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    def _done(self, result: Deferred[Any], ok: bool, value: Any) -> None:
        self._at_work -= 1
        (result.callback if ok else result.errback)(value)
        if self._idle is not None and not self._at_work:
            idle, self._idle = self._idle, None
            idle.callback(None)


def _plain(password: str) -> str:
    """One spelling for what looks the same, as keyboards differ (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)
