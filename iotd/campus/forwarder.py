"""Brings what the spool holds to the store, in order, however long the store is away."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.campus.batches import Batch
from iotd.campus.intake import Intake
from iotd.campus.model import Heard
from iotd.campus.movements import Movements
from iotd.campus.spool import Spool
from iotd.campus.waiting import Numbered, Waiting, read_in_thread
from iotd.errors import Unavailable

FIRST_REST, LONGEST_REST = 0.25, 15.0  # seconds until a store that was away is tried again
GATHER = 0.05  # seconds in which batches gather: a transaction costs as much as 50 messages
AT_ONCE = 4_000  # messages of one transaction, about: 0.1 s


class Forwarder:
    """Fresh batches come by :meth:`spooled`; what was there before, or was too much, is read."""

    _log = Logger()

    def __init__(
        self, *, movements: Movements, spool: Spool, intake: Intake, clock: Any,
        in_thread: Callable[..., Deferred[Any]],
    ) -> None:
        self._movements, self._spool, self._intake = movements, spool, intake
        self._clock = clock
        self._in_thread = in_thread
        self._waiting = Waiting(read_in_thread(spool, in_thread), AT_ONCE)
        self._compared = False
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
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._work is not None:
            await self._work

    def spooled(self, id: int | None, batch: Batch) -> None:
        """A batch is safe on disk, under this id; None: there was nothing to keep."""
        if id is not None:
            self._waiting.put(id, batch)
            self._wake()

    async def forget(self, students: Sequence[int]) -> None:
        """These are erased: take them out of what waits; the turn is the caller's."""
        await self._movements.settle_doubt()  # or it would be taken over after the erasure
        await self._intake.forget(students)
        gone = frozenset(students)
        self._waiting.change(lambda batch: batch.without(gone))

    # -- the work ------------------------------------------------------------------------

    def _wake(self, after: float = GATHER) -> None:
        if self._running and self._work is None and self._timer is None:
            self._timer = self._clock.callLater(after, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if not self._spool.uuid:  # not open yet
            self._wake(FIRST_REST)
            return
        self._work = work = Deferred.fromCoroutine(self._forward())
        work.addCallbacks(self._rested, self._failed)  # perhaps at once
        work.addErrback(lambda failure: self._log.failure("forwarding failed", failure))

    def _rested(self, _: None) -> None:
        self._work = None
        if self._waiting.anything:
            self._wake()

    async def _forward(self) -> None:
        """Until there is so little that it is worth while to let more gather."""
        if not self._compared:
            await self._compare()
            self._compared = True
        while self._running and self._waiting.anything:
            batches = await self._waiting.take()
            if batches:
                await self._store(batches)
            if self._waiting.whole and self._waiting.messages < AT_ONCE // 4:
                return

    async def _compare(self) -> None:
        """An older copy of the spool gives out ids again that the store takes for done with.

        All of it is applied then: what the store knows already counts once all the same.
        """
        place = self._movements.memory.place
        if place.spool == self._spool.uuid and place.batch > self._spool.found_at:
            self._log.warn("the spool is older than the database: it was put back from a copy")
            await self._in_thread(self._spool.rename)

    async def _store(self, batches: Sequence[Numbered]) -> None:
        try:
            await self._apply(batches)
        except Exception:
            self._waiting.again(batches)
            raise
        self._intake.done(batches[-1][0])
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
            # no try more would help, and nothing behind it would ever be stored
            self._log.failure("batches of the spool can't be applied: trying piece by piece")
            for id, batch in batches:
                await self._apply_singly(id, batch)

    async def _apply_singly(self, id: int, batch: Batch) -> None:
        for message in batch.heard:
            if not await self._tried(message):
                self._leave_out(id, message)
        # strangers count once: with the place, so that nothing of it is done twice
        try:
            await self._movements.apply([(id, Batch([], batch.strangers))], self._spool.uuid)
        except Unavailable:
            raise
        except Exception:
            self._log.failure("unregistered devices of batch {id} are not counted", id=id)
            await self._movements.apply([(id, Batch())], self._spool.uuid)

    async def _tried(self, message: Heard) -> bool:
        try:
            await self._movements.commit(lambda work: work.hear([message]))
        except Unavailable:
            raise
        except Exception:
            return False
        return True

    def _leave_out(self, id: int, message: Heard) -> None:
        self._movements.left_out.inc()
        self._log.error(
            "a message of {gate} (boot {boot}, seq {seq}) in batch {id} can't be applied and is"
            " left out", gate=message.gate, boot=message.boot, seq=message.seq, id=id,
        )

    def _failed(self, failure: Failure) -> None:
        self._work = None
        if failure.check(Unavailable) is None:
            self._log.failure("movements are not stored", failure)
        elif not self._away:
            self._away = True
            self._log.error("movements wait in the spool: {why}", why=failure.getErrorMessage())
        self._wake(self._rest)
        self._rest = min(LONGEST_REST, self._rest * 2)
