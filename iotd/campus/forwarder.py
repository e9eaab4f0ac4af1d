"""Brings what the spool holds to the store, in order, however long the store is away."""

from __future__ import annotations

from collections import deque
from typing import Any, Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from iotd.campus.batches import Batch
from iotd.campus.intake import Intake
from iotd.campus.movements import Movements
from iotd.campus.spool import Spool
from iotd.errors import Unavailable

FIRST_REST, LONGEST_REST = 0.25, 15.0  # seconds until a store that was away is tried again
FRESH = 20_000  # messages that are kept in memory on their way; more is read from the disk again
AT_ONCE = 4_000  # messages of one transaction, about: 0.1 s
READ = 200  # batches of one read of the spool

Numbered = tuple[int, Batch]


class Forwarder:
    """Fresh batches come by :meth:`spooled`; what was there before, or was too much, is read."""

    _log = Logger()

    def __init__(
        self, *, movements: Movements, spool: Spool, intake: Intake, clock: Any,
        in_thread: Callable[..., Deferred[Any]] = deferToThread,
    ) -> None:
        self._movements, self._spool, self._intake = movements, spool, intake
        self._clock, self._in_thread = clock, in_thread
        self._fresh: deque[Numbered] = deque()
        self._waiting = 0  # messages in it
        self._behind = True  # the disk holds something that is not in it
        self._at = self._newest = 0  # ids of batches: applied, and safe
        self._running = False
        self._work: Deferred[None] | None = None
        self._timer: Any = None
        self._rest = FIRST_REST
        self._away = False

    # -- life ----------------------------------------------------------------------------

    def start_service(self) -> None:
        """The store is there and was read: begin with what waits."""
        self._running = True
        self._wake()

    async def stop_service(self) -> None:
        """Fires when nothing is under way; what waits is applied after the next start."""
        self._running = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._work is not None:
            await self._work

    def spooled(self, id: int | None, batch: Batch) -> None:
        """A batch is safe on disk, under this id; None: there was nothing to keep."""
        if id is None:
            return
        # a batch of which nobody was told may lie between: then the disk is read
        follows, self._newest = id == self._newest + 1, id
        if self._waiting >= FRESH or not follows:
            self._fresh.clear()
            self._waiting, self._behind = 0, True
        if not self._behind:
            self._fresh.append((id, batch))
            self._waiting += len(batch.heard)
        self._wake()

    async def forget(self, students: Sequence[int]) -> None:
        """These are erased: take them out of what waits."""
        await self._intake.forget(students)
        gone = frozenset(students)
        self._fresh = deque((id, batch.without(gone)) for id, batch in self._fresh)

    # -- the work ------------------------------------------------------------------------

    def _wake(self) -> None:
        # a spool without a name is not open yet: its first batch wakes again
        if not self._running or self._work is not None or not self._spool.uuid:
            return
        if self._timer is not None and self._timer.active():
            return  # the store was away a moment ago
        self._work = Deferred.fromCoroutine(self._forward())
        self._work.addErrback(self._failed)
        self._work.addBoth(self._rested)

    def _rested(self, _: Any) -> None:
        self._work = None
        if self._fresh or (self._behind and self._newest > self._at):
            self._wake()

    async def _forward(self) -> None:
        while self._running and (batches := await self._next()):
            await self._apply(batches)
            self._at = batches[-1][0]
            self._intake.done(self._at)
            self._rest = FIRST_REST
            if self._away:
                self._away = False
                self._log.info("movements are stored again")

    async def _apply(self, batches: Sequence[Numbered]) -> None:
        try:
            await self._movements.apply(batches, self._spool.uuid)
        except Unavailable:
            raise
        except Exception:
            if len(batches) == 1:
                # no try more would help, and nothing behind it would ever be stored
                self._log.failure("batch {id} of the spool can't be applied", id=batches[0][0])
                return
            for one in batches:
                await self._apply([one])

    async def _next(self) -> list[Numbered]:
        while self._behind:
            told = self._newest
            found: list[Numbered] = await self._in_thread(
                self._spool.read, self._at, READ, AT_ONCE
            )
            if found:
                self._newest = max(self._newest, found[-1][0])
                self._behind = found[-1][0] < self._newest or len(found) == READ
                return found
            # what was told of before is not there (a damaged file was begun anew); what was told
            # of meanwhile is read now
            self._at = max(self._at, told)
            self._behind = self._newest > self._at
        return self._some_fresh()

    def _some_fresh(self) -> list[Numbered]:
        chosen: list[Numbered] = []
        messages = 0
        while self._fresh and messages < AT_ONCE:
            id, batch = self._fresh.popleft()
            self._waiting -= len(batch.heard)
            if id > self._at:
                chosen.append((id, batch))
                messages += len(batch.heard)
        return chosen

    def _failed(self, failure: Any) -> None:
        if failure.check(Unavailable):
            if not self._away:
                self._away = True
                self._log.error(
                    "movements wait in the spool: {why}", why=failure.getErrorMessage()
                )
        else:
            self._log.failure("movements are not stored", failure)
        self._fresh.clear()  # they are on disk: from there they come again
        self._waiting, self._behind = 0, True
        if self._running:
            self._timer = self._clock.callLater(self._rest, self._wake_later)
            self._rest = min(LONGEST_REST, self._rest * 2)

    def _wake_later(self) -> None:
        self._timer = None
        self._wake()
