"""Readings on their way to the disk: whatever waits 50 ms becomes one commit.

One group is under way at a time and in order, so what is published is on disk
and what comes later can lean on it. A store that is away is asked again and
again; meanwhile 100,000 readings wait (5 min of 5,000 watches), then the
oldest go.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Any, Callable

from prometheus_client import CollectorRegistry, Counter
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.accounts.shared import By
from iotd.errors import NotFound, Unavailable
from iotd.health.batches import Adoption, Arrival, Batch, Item, write_batch
from iotd.health.bucket_records import Key
from iotd.calendar import Calendar
from iotd.health.records import Reading
from iotd.store.engine import Store

GATHER = 0.05  # seconds in which readings gather
GROUP = 500  # and at most so many
MOST = 100_000  # that wait while the store is away
FIRST_REST, LONGEST_REST = 0.2, 5.0  # seconds between two tries


class Commits:
    """Puts what arrives into the store; ``committed(reading)`` is called for each that is."""

    _log = Logger()

    def __init__(
        self, *, store: Store, clock: Any, calendar: Calendar, knows: Callable[[str], bool],
        committed: Callable[[Reading], None], metrics: CollectorRegistry,
    ) -> None:
        self._store, self._clock, self._calendar = store, clock, calendar
        self._knows, self._committed = knows, committed
        self._line: deque[Item] = deque()
        self._known_stale: set[Key] = set()
        self._under_way: list[Item] = []
        self._timer: Any = None
        self._rest, self._again, self._alone = FIRST_REST, False, 0
        self._lost = 0
        self._stopping: Deferred[None] | None = None
        self._dropped = Counter(
            "iotd_readings_dropped", "readings lost while the store was away", registry=metrics
        )

    def __len__(self) -> int:
        return len(self._line) + len(self._under_way)

    def put(self, item: Item) -> None:
        """Let it be stored with the next group."""
        if self._stopping is not None and self._stopping.called:
            self._drop(item)
            return
        if len(self._line) >= MOST:
            self._drop(self._line.popleft())
        self._line.append(item)
        self._wake()

    def store(self, reading: Reading, by: By | None) -> Deferred[Reading]:
        """Fires when it is on disk, with its id; fails when the store is away."""
        told: Deferred[Reading] = Deferred()
        self.put(Arrival(reading, told, by))
        return told

    def forget_stale(self, keys: set[Key]) -> None:
        """These days are about to be computed: what comes later makes them stale again."""
        self._known_stale -= keys

    def finish(self) -> Deferred[None]:
        """Fires when all is on disk, or when the store would not take it."""
        self._stopping = self._stopping or Deferred()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._under_way:
            self._begin()
        return self._stopping

    def _wake(self) -> None:
        if self._under_way:
            return
        if self._timer is None:
            self._timer = self._clock.callLater(GATHER, self._begin)
        elif len(self._line) >= GROUP and self._rest == FIRST_REST:
            self._timer.reset(0)

    def _begin(self) -> None:
        self._timer = None
        size = 1 if self._alone else GROUP
        self._under_way = [self._line.popleft() for _ in range(min(size, len(self._line)))]
        if not self._under_way:
            self._end()
            return
        batch, arrivals = self._batch(self._under_way)
        written = self._store.run(write_batch, batch, self._calendar.day_of)
        written.addCallbacks(self._done, self._failed, callbackArgs=(batch, arrivals))
        written.addErrback(lambda failure: self._log.failure("committing failed", failure))

    def _batch(self, items: list[Item]) -> tuple[Batch, list[Arrival]]:
        batch, arrivals = Batch(again=self._again), []
        for item in items:
            if isinstance(item, Adoption):
                if self._knows(item.patient):
                    batch.adopted.append((item.device, item.patient))
                continue
            reading = item.reading
            if reading.patient is not None:
                if not self._knows(reading.patient):
                    self._refuse(item)
                    continue
                self._note_stale(batch, reading)
            if isinstance(item, Arrival):
                arrivals.append(item)
                batch.rows.append(reading.as_row())
                if item.by is not None:
                    batch.audited.append((item.by, str(reading.patient), reading.kind))
            elif reading.id is not None:
                batch.amended.append((reading.id, reading.quality, reading.reason))
        return batch, arrivals

    def _note_stale(self, batch: Batch, reading: Reading) -> None:
        key = (str(reading.patient), reading.kind, self._calendar.day_of(reading.at))
        if key not in self._known_stale:
            batch.stale.add(key)

    def _done(self, ids: list[int], batch: Batch, arrivals: list[Arrival]) -> None:
        self._known_stale |= batch.stale
        self._under_way, self._again, self._rest = [], False, FIRST_REST
        self._alone = max(0, self._alone - 1)
        if self._lost:
            self._log.error("{count} readings were lost: the store was away", count=self._lost)
            self._lost = 0
        for id, arrival in zip(ids, arrivals):
            arrival.reading.id = id
            try:
                self._committed(arrival.reading)
            except Exception:
                self._log.failure("telling of a reading failed")
            if arrival.told is not None:
                arrival.told.callback(arrival.reading)
        self._go_on()

    def _go_on(self) -> None:
        if self._stopping is not None or len(self._line) >= GROUP or self._alone:
            self._begin()
        elif self._line:
            self._wake()

    def _failed(self, failure: Failure) -> None:
        items, self._under_way = self._under_way, []
        if failure.check(Unavailable) is None and len(items) == 1:
            # it is this very one that the store can't take
            self._log.failure("a reading can't be stored", failure)
            self._drop(items[0], failure)
            self._go_on()
            return
        kept = [item for item in items if not self._tell(item, failure)]
        self._line.extendleft(reversed(kept))
        if self._stopping is not None:
            self._give_up()
            return
        self._again = True
        if failure.check(Unavailable) is None:
            self._log.failure("readings can't be stored together", failure)
            self._alone = len(kept)
        self._timer = self._clock.callLater(self._rest, self._begin)
        self._rest = min(LONGEST_REST, self._rest * 2)

    def _tell(self, item: Item, failure: Failure) -> bool:
        """Whether somebody waited for it, who now knows that it was not stored."""
        if not isinstance(item, Arrival) or item.told is None:
            return False
        item.told.errback(failure)
        return True

    def _refuse(self, item: Item) -> None:
        self._tell(item, Failure(NotFound("There is no such patient.", "id")))

    def _drop(self, item: Item, failure: Failure | None = None) -> None:
        if self._tell(item, failure or Failure(Unavailable("too many readings wait"))):
            return
        if not self._lost:
            self._log.error("readings are lost: {most} wait for the store", most=MOST)
        self._lost += 1
        self._dropped.inc()

    def _give_up(self) -> None:
        waiting = sum(isinstance(item, Arrival) for item in islice(self._line, len(self._line)))
        self._log.error("{count} readings were not stored before the stop", count=waiting)
        self._line.clear()
        self._end()

    def _end(self) -> None:
        if self._stopping is not None and not self._stopping.called:
            self._stopping.callback(None)
