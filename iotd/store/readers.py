"""A few threads that only read, each with a connection of its own."""

from __future__ import annotations

from collections import deque
from threading import Condition, Thread
from typing import Any

from sqlalchemy import Engine
from twisted.internet.defer import Deferred, fail

from iotd.errors import Unavailable
from iotd.store.connect import READERS
from iotd.store.faults import spoils_group, translate
from iotd.store.writer import QUEUE, Outcome, Task, deliver


class Readers:
    """Runs reading functions, up to READERS at a time; a Deferred each."""

    def __init__(self, engine: Engine, reactor: Any) -> None:
        self._engine = engine
        self._reactor = reactor
        self._waiting: deque[Task] = deque()
        self._news = Condition()
        self._closing = False
        self._alive = 0
        self._ended: Deferred[None] = Deferred()

    def submit(self, task: Task) -> Deferred[Any]:
        """Fires with what the function returned; fails at once when too many wait."""
        with self._news:
            if self._closing:
                return fail(Unavailable("the store is closed"))
            if len(self._waiting) >= QUEUE:
                return fail(Unavailable(f"{QUEUE} queries already wait for the database"))
            self._waiting.append(task)
            self._news.notify()
        while self._alive < READERS:
            self._alive += 1
            Thread(target=self._live, name="store reader", daemon=True).start()
        return task.deferred

    def close(self) -> Deferred[None]:
        """Fires when all that was queued has been read."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        if not self._alive and not self._ended.called:
            self._ended.callback(None)
        return self._ended

    def _live(self) -> None:
        while task := self._next_task():
            self._reactor.callFromThread(deliver, [self._outcome(task)])
        self._reactor.callFromThread(self._one_ended)

    def _outcome(self, task: Task) -> Outcome:
        try:
            return task, True, self._read_again_once(task)
        except BaseException as error:
            return task, False, translate(error)

    def _next_task(self) -> Task | None:
        with self._news:
            while not self._waiting and not self._closing:
                self._news.wait()
            return self._waiting.popleft() if self._waiting else None

    def _read_again_once(self, task: Task) -> Any:
        try:
            return self._read(task)
        except Exception as error:
            if not spoils_group(error):
                raise
        return self._read(task)

    def _read(self, task: Task) -> Any:
        with self._engine.connect() as connection, connection.begin():
            return task(connection)

    def _one_ended(self) -> None:
        self._alive -= 1
        if not self._alive:
            self._ended.callback(None)
