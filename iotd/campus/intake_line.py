"""The thread on which messages become batches and batches become safe, one after another.

While the disk does not take a batch it is kept and tried again, and what comes later waits
behind it: nothing is told to be safe that is not.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any, Callable

from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger

from iotd.campus.batches import Batch
from iotd.campus.hearing import Hearing, Letter
from iotd.campus.notes import Notes
from iotd.campus.spool import Spool
from iotd.errors import Unavailable
from iotd.store.errors import StoreError

GROUP = 2_000  # messages a commit; bounds how long the first of them waits
GROUP_BYTES = 4 << 20  # and so many bytes of them: one may be a backlog of thousands


@dataclass(eq=False)
class Parcel:
    """Messages that were handed over together, and who waits until they are safe."""

    letters: list[Letter]
    told: Deferred[None] = field(default_factory=Deferred)


@dataclass(eq=False)
class Commit:
    """A batch, what is to be told of it, and whose messages it holds; ``id`` in the spool."""

    batch: Batch
    notes: Notes
    parcels: list[Parcel]
    id: int | None = None


@dataclass(eq=False)
class Task:
    """Something else that is to be done with the spool."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    told: Deferred[Any] = field(default_factory=Deferred)


class IntakeLine:
    """``ready()`` raises Unavailable as long as nobody can be recognised yet.

    On the reactor: ``committed(commit)``, ``failed(reason)`` after which nothing is tried
    until :meth:`resume`, and ``ended()``.
    """

    _log = Logger()

    def __init__(
        self, *, reactor: Any, now: Callable[[], int], spool: Spool, hearing: Hearing,
        ready: Callable[[], None], committed: Callable[[Commit], None],
        failed: Callable[[str], None], ended: Callable[[list[Parcel]], None],
    ) -> None:
        self._reactor, self._now, self._spool, self._hearing = reactor, now, spool, hearing
        self._ready, self._committed, self._failed, self._ended = ready, committed, failed, ended
        self._news = Condition()
        self._parcels: deque[Parcel] = deque()
        self._tasks: deque[Task] = deque()
        self._under_way: Commit | None = None
        self._resting = self._closing = self._opened = self._over = self._troubled = False

    def start(self) -> None:
        """Open the spool and begin."""
        Thread(target=self._live, name="campus intake", daemon=True).start()

    def put(self, parcel: Parcel) -> None:
        """Behind all others."""
        with self._news:
            self._parcels.append(parcel)
            self._news.notify()

    def run(self, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        """What the function gives, between two commits; it is tried once."""
        task = Task(function, args)
        with self._news:
            if self._over:
                return fail(Unavailable("iotd stops"))
            self._tasks.append(task)
            self._news.notify()
        return task.told

    def resume(self) -> None:
        """Try again."""
        with self._news:
            self._resting = False
            self._news.notify()

    def close(self) -> None:
        """Do what waits, as far as the disk takes it, and end."""
        with self._news:
            self._closing, self._resting = True, False
            self._news.notify()

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return not self._parcels and not self._tasks and self._under_way is None

    def _live(self) -> None:
        while self._wait():
            self._do_tasks()
            if not self._advance() and self._closing:
                break
        with self._news:
            self._over = True
        self._do_tasks()
        with self._news:
            left = [*(self._under_way.parcels if self._under_way else ()), *self._parcels]
        self._reactor.callFromThread(self._ended, left)

    def _wait(self) -> bool:
        """Until there is something to do; False when all is done for good."""
        with self._news:
            while not (self._tasks or self._closing or self._may_advance()):
                self._news.wait()
            return not self._closing or bool(self._tasks) or self._may_advance()

    def _may_advance(self) -> bool:
        return not self._resting and bool(
            self._parcels or self._under_way or not self._opened
        )

    def _do_tasks(self) -> None:
        while self._tasks:
            task = self._tasks.popleft()
            try:
                result = task.function(*task.args)
            except Exception as error:
                self._reactor.callFromThread(task.told.errback, error)
            else:
                self._reactor.callFromThread(task.told.callback, result)

    def _advance(self) -> bool:
        """One commit, if it is time for one; False when the disk did not take it."""
        if not self._may_advance():
            return True
        try:
            self._open()
            if self._under_way is None and self._parcels:
                self._ready()
                self._under_way = self._take()
            if self._under_way is not None:
                self._commit(self._under_way)
        except Exception as error:
            if not isinstance(error, (Unavailable, StoreError)) and not self._troubled:
                self._log.failure("saving messages of gates failed")
            self._troubled = True
            self._rest(str(error))
            return False
        self._troubled = False
        return True

    def _open(self) -> None:
        if not self._opened:
            self._spool.open()
            self._opened = True
            self._reactor.callFromThread(self._committed, Commit(Batch(), Notes(), []))

    def _take(self) -> Commit:
        """What waits becomes a batch, once: strangers would not be new a second time."""
        parcels: list[Parcel] = []
        letters: list[Letter] = []
        size = 0
        while self._parcels and len(letters) < GROUP and size < GROUP_BYTES:
            parcels.append(self._parcels.popleft())
            letters += parcels[-1].letters
            size += sum([len(letter[1]) for letter in parcels[-1].letters])
        return Commit(*self._hearing.hear(letters), parcels)

    def _commit(self, commit: Commit) -> None:
        if commit.batch:
            commit.id = self._spool.append(commit.batch, self._now())
        self._under_way = None
        self._reactor.callFromThread(self._committed, commit)

    def _rest(self, reason: str) -> None:
        with self._news:
            self._resting = not self._closing
        self._reactor.callFromThread(self._failed, reason)
