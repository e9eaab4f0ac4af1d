"""The one thread that writes: whatever waits becomes one transaction, one fsync.

8,000 single-row commits a second become 200,000 rows and more when 50 share
one commit (SQLite, WAL, FULL, virtual disk; SD cards are 20-200 times slower).
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any, Callable

from sqlalchemy import Connection, Engine, Transaction
from sqlalchemy.exc import DBAPIError
from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger

from iotd.errors import Unavailable
from iotd.store.faults import is_lost, spoils_group, translate

GROUP = 500  # functions a commit; bounds how long the first of them waits
QUEUE = 10_000  # functions that may wait; more means the disk can't keep up


@dataclass(eq=False)
class Task:
    """A function that waits for its turn, and who waits for its result."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    deferred: Deferred[Any] = field(default_factory=Deferred)

    def __call__(self, connection: Connection) -> Any:
        return self.function(connection, *self.args, **self.kwargs)


Outcome = tuple[Task, bool, Any]  # task, whether it worked, result or exception


@dataclass
class Stats:
    """Figures since the start; ``last_*`` are those of the newest commit."""

    commits: int = 0
    functions: int = 0
    failed_groups: int = 0
    last_group: int = 0
    last_commit_seconds: float = 0.0


class CommitLost(Exception):
    """The connection went away inside COMMIT: nobody knows whether it happened."""


class Writer:
    """Runs functions in order on its own thread; a Deferred each."""

    _log = Logger()

    def __init__(self, engine: Engine, reactor: Any) -> None:
        self.stats = Stats()
        self._engine = engine
        self._reactor = reactor
        self._waiting: deque[Task] = deque()
        self._news = Condition()
        self._closing = False
        self._sound = True
        self._last: Callable[[], None] = lambda: None
        self._thread: Thread | None = None
        self._ended: Deferred[None] = Deferred()

    def __len__(self) -> int:
        return len(self._waiting)

    def submit(self, task: Task) -> Deferred[Any]:
        """Fires after the commit is on disk; fails at once when too many wait."""
        with self._news:
            if self._closing:
                return fail(Unavailable("the store is closed"))
            if len(self._waiting) >= QUEUE:
                return fail(Unavailable(f"{QUEUE} writes already wait for the database"))
            self._waiting.append(task)
            self._news.notify()
        if self._thread is None:
            self._thread = Thread(target=self._live, name="store writer", daemon=True)
            self._thread.start()
        return task.deferred

    def close(self, last: Callable[[], None]) -> Deferred[None]:
        """Fires when all that was queued has had its turn, and then ``last``."""
        with self._news:
            self._last = last
            self._closing = True
            self._news.notify()
        if self._thread is None:
            self._end(lambda function: function())
        return self._ended

    def _live(self) -> None:
        while group := self._next_group():
            outcomes = self._write(group)
            self._reactor.callFromThread(deliver, outcomes)
        self._end(self._reactor.callFromThread)

    def _end(self, on_reactor: Callable[[Callable[[], None]], None]) -> None:
        try:
            self._last()
        except Exception:
            self._log.failure("the store's connections did not close cleanly")
        on_reactor(lambda: self._ended.callback(None))

    def _next_group(self) -> list[Task]:
        with self._news:
            while not self._waiting and not self._closing:
                self._news.wait()
            return [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]

    def _write(self, group: list[Task]) -> list[Outcome]:
        try:
            return self._write_again_once(group)
        except BaseException as error:
            self.stats.failed_groups += 1
            self._note_trouble(error)
            if self._closing:
                group = group + self._give_up()
            return [(task, False, _own(error)) for task in group]

    def _write_again_once(self, group: list[Task]) -> list[Outcome]:
        try:
            return self._commit(group)
        except Exception as error:
            if not spoils_group(error):
                raise
        return self._commit(group)

    def _commit(self, group: list[Task]) -> list[Outcome]:
        started = time.perf_counter()
        with self._engine.connect() as connection:
            transaction = connection.begin()
            outcomes = [_attempt(connection, task) for task in group]
            _finish(transaction)
        self._count(group, time.perf_counter() - started)
        self._note_success()
        return outcomes

    def _count(self, group: list[Task], seconds: float) -> None:
        self.stats.commits += 1
        self.stats.functions += len(group)
        self.stats.last_group = len(group)
        self.stats.last_commit_seconds = seconds

    def _note_trouble(self, error: BaseException) -> None:
        """One line when the trouble begins, not one for each group."""
        if self._sound:
            self._sound = False
            why = str(_own(error))
            self._reactor.callFromThread(self._log.error, "can't save: {why}", why=why)

    def _note_success(self) -> None:
        if not self._sound:
            self._sound = True
            self._reactor.callFromThread(self._log.info, "saving works again")

    def _give_up(self) -> list[Task]:
        # While closing, a database that is away would hold the stop up for each group.
        with self._news:
            rest, self._waiting = list(self._waiting), deque()
        return rest


def _undo(savepoint: Transaction, error: BaseException) -> None:
    try:
        savepoint.rollback()
    except DBAPIError:
        # A full disk, for one, lets SQLite undo the whole transaction: that is the news.
        raise error from None


def _finish(transaction: Transaction) -> None:
    try:
        transaction.commit()
    except Exception as error:
        if is_lost(error):
            raise CommitLost from error
        raise


def _attempt(connection: Connection, task: Task) -> Outcome:
    savepoint = connection.begin_nested()
    try:
        result = task(connection)
    except BaseException as error:
        if spoils_group(error):
            raise
        _undo(savepoint, error)
        return task, False, translate(error)
    savepoint.commit()
    return task, True, result


def _own(error: BaseException) -> BaseException:
    """The group's error as one task's own, so that tracebacks don't grow together."""
    if isinstance(error, CommitLost):
        return Unavailable("the database went away while saving; it may or may not be saved")
    known = translate(error)
    return type(known)(*known.args) if known is not error else error


def deliver(outcomes: list[Outcome]) -> None:
    """Fire each task's Deferred; called on the reactor's thread."""
    for task, worked, value in outcomes:
        if worked:
            task.deferred.callback(value)
        else:
            task.deferred.errback(value)
