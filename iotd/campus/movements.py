"""The life of movements: what waits in the spool is applied to the store, in order, once.

One transaction at a time, in turns with changes of the register: batches of the spool, a
person's correction, an erasure. The memory follows what is committed; when nobody knows
whether it was, the store is asked before anything else is done.
"""

from __future__ import annotations

from typing import Any, Callable, Collection, Sequence

from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import Connection
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.calendar import Calendar
from iotd.campus import cells, retention
from iotd.campus.applier import Work
from iotd.campus.batches import Batch
from iotd.campus.boot_records import forget_boots
from iotd.campus.intake_figures import Rate
from iotd.campus.memory import Applied, Memory, Place, read_place, write_place
from iotd.campus.model import SECOND
from iotd.campus.movement_records import all_of, remove_all_of
from iotd.campus.register import Register
from iotd.campus.sighting_records import load_parts, remove_sightings_of
from iotd.campus.statistics import Statistics
from iotd.errors import Unavailable
from iotd.site.figures import guarded
from iotd.store.engine import Store

PRUNE_EVERY = 30.0  # seconds between two looks for sightings that are too old ...
PRUNE_AT_ONCE = 5  # ... of so many times 1,000 students
BOOTS_EVERY = 3600.0  # seconds between two looks for boots of gates that are long over

#: Work inside a transaction: it hears or sees what is to be applied.
Fill = Callable[[Work], None]
#: What else the transaction does, once all is written; what it raises undoes everything.
Also = Callable[[Connection, Applied], Any]
#: Told after each commit: what changed.
Listener = Callable[[Applied], None]


class Movements:
    """``commit`` applies sightings; ``listeners`` hear of what is committed, on the reactor."""

    _log = Logger()

    def __init__(
        self, *, store: Store, clock: Any, now: Callable[[], float], calendar: Calendar,
        register: Register, statistics: Statistics, repeat_seconds: int,
        metrics: CollectorRegistry,
    ) -> None:
        self.store, self.now, self.calendar = store, now, calendar
        self.register, self.statistics = register, statistics
        self.memory = Memory(self._group_of)
        self.listeners: list[Listener] = []
        self._repeat, self._rate = repeat_seconds, Rate(now)
        self._doubtful = False
        self._tried: Applied | None = None  # what the last transaction did, committed or not
        self._pruning: Deferred[None] | None = None
        self._place = (0, -1)
        self._boots_at = 0.0
        self._prunes = LoopingCall(guarded(self._prune, self._log, "forgetting old sightings"))
        self._prunes.clock = clock
        self.left_out = Counter(
            "iotd_campus_left_out", "messages that the store can never take", registry=metrics
        )
        self._counters = {
            name: Counter(f"iotd_campus_{name}", said, registry=metrics) for name, said in (
                ("messages", "messages of gates that were applied"),
                ("duplicates", "messages that had been applied before"),
                ("sightings", "sightings of students that were applied"),
                ("movements", "movements that were made of them"),
                ("undone", "movements that late data took back"),
            )
        }

    def _group_of(self, student: int) -> int | None:
        known = self.register.students.get(student)
        return None if known is None else known.group.id

    # -- life ----------------------------------------------------------------------------

    def load(self, connection: Connection) -> None:
        """Read where everybody stands; after the register."""
        self.memory.load(connection)

    def start_service(self) -> None:
        """Forget old sightings from now on."""
        self._prunes.start(PRUNE_EVERY, now=False)

    async def stop_service(self) -> None:
        """Fires when nothing is under way any more."""
        if self._prunes.running:
            self._prunes.stop()
        if self._pruning is not None:
            await self._pruning

    # -- what is asked -------------------------------------------------------------------

    def state_of(self, student: int) -> tuple[bool | None, int | None]:
        """Whether somebody is inside (None: never seen), and since when in microseconds."""
        state = self.memory.states.get(student)
        if state is None or state.direction is None:
            return None, None
        return state.inside, state.at

    def applied_per_second(self) -> float:
        """Messages, over the last minute."""
        return self._rate.per_second()

    # -- what is changed -----------------------------------------------------------------

    async def apply(self, batches: Sequence[tuple[int, Batch]], spool: str) -> Applied:
        """Batches of the spool of this name, in its order; those of before are left out."""
        def choose(place: Place) -> list[Batch]:
            done = place.batch if place.spool == spool else 0
            return [batch for id, batch in batches if id > done]

        def fill(work: Work) -> None:
            for batch in choose(self.memory.place):
                work.hear(batch.heard)
                work.count_strangers(batch.strangers)

        last = batches[-1][0]

        def place_after(place: Place) -> Place:
            done = place.batch if place.spool == spool else 0
            return Place(spool, max(done, last), place.turn + 1)

        return await self.commit(fill, place_after)

    async def commit(
        self, fill: Fill, place_after: Callable[[Place], Place] | None = None,
        also: Also = lambda connection, applied: None,
    ) -> Applied:
        """Apply what ``fill`` sees, and do ``also``, in one transaction and one turn."""
        await self.register.turn.acquire()
        try:
            return await self._commit(fill, place_after or _next_turn, also)
        finally:
            self.register.turn.release()

    async def _commit(
        self, fill: Fill, place_after: Callable[[Place], Place], also: Also
    ) -> Applied:
        await self.register.settle_doubt()  # or somebody who was erased would be seen again
        await self.settle_doubt()
        try:
            applied: Applied = await self.store.run(self._write, fill, place_after, also)
        except Unavailable:
            self._doubtful = True
            raise
        self._adopt(applied)
        return applied

    async def settle_doubt(self) -> None:
        """Take over a commit whose end nobody knew, if it did happen; the turn is the caller's."""
        if not self._doubtful:
            return
        place: Place = await self.store.read(read_place)
        tried, self._doubtful = self._tried, False
        if tried is not None and place == tried.place != self.memory.place:
            self._log.info("a commit of which nobody knew has happened")
            self._adopt(tried)

    def _write(
        self, connection: Connection, fill: Fill, place_after: Callable[[Place], Place],
        also: Also,
    ) -> Applied:
        work = Work(connection, self.memory, self.statistics, self._repeat)
        fill(work)
        place = place_after(self.memory.place)
        applied = work.finish(place)
        write_place(connection, place)
        also(connection, applied)
        self._tried = applied
        return applied

    def _adopt(self, applied: Applied) -> None:
        self.memory.adopt(applied)
        self.statistics.adopt(applied.statistics)
        self.statistics.adopt_strangers(applied.strangers)
        self._rate.add(applied.messages)
        for name, count in (
            ("messages", applied.messages), ("sightings", applied.sightings),
            ("movements", len(applied.added)), ("undone", applied.removed),
            ("duplicates", applied.duplicates.total()),
        ):
            self._counters[name].inc(count)
        self._tell(applied)

    def _tell(self, applied: Applied) -> None:
        for listener in self.listeners:
            try:
                listener(applied)
            except Exception:
                self._log.failure("telling of movements failed")

    # -- the register --------------------------------------------------------------------

    def erase(self, connection: Connection, student: int) -> cells.Deltas:
        """Delete everything of a student; what its share in statistics was, as a difference."""
        counted = cells.contributions(
            ((each.at, each.source, each.group) for each in all_of(connection, student)),
            self.statistics.hours,
        )
        less = {key: -row for key, row in counted.items()}
        self.statistics.change(connection, less)
        remove_all_of(connection, student)
        remove_sightings_of(connection, load_parts(connection), student)
        return less

    def erased(self, student: int, less: cells.Deltas) -> None:
        """The erasure is committed."""
        self.memory.forget(student)
        self.statistics.adopt(less)

    # -- old sightings -------------------------------------------------------------------

    def _prune(self) -> None:
        if self._pruning is None:
            self._pruning = Deferred.fromCoroutine(self._forget_some())
            self._pruning.addErrback(lambda f: self._log.info(
                "old sightings are forgotten later: {why}", why=f.getErrorMessage()
            ))
            self._pruning.addBoth(self._rested)

    def _rested(self, _: Any) -> None:
        self._pruning = None

    async def _forget_some(self) -> None:
        if self.now() >= self._boots_at:
            await self.store.run(forget_boots, self.now())
            self._boots_at = self.now() + BOOTS_EVERY
        for _ in range(PRUNE_AT_ONCE):
            number = self._next_part()
            if number is None:
                return
            await self.register.turn.acquire()
            try:
                await self._forget(number)
            finally:
                self.register.turn.release()

    def _next_part(self) -> int | None:
        parts = self.memory.parts
        newest = max(self.memory.newest.values(), default=0)
        behind: Collection[int] = [
            number for number, part in parts.items()
            if number >= self._place[0] and not retention.reachable(part, newest)
        ]
        if not behind:
            self._place = (0, -1)
            return None
        return min(behind)

    async def _forget(self, number: int) -> None:
        after = self._place[1] if number == self._place[0] else -1
        parts = self.memory.parts
        step: retention.Step = await self.store.run(
            retention.prune, parts[number], self.memory.newest.get, after, number == max(parts)
        )
        if step.empty:
            self.memory.parts.pop(number, None)
        self._place = (number + 1, -1) if step.after is None else (number, step.after)


def _next_turn(place: Place) -> Place:
    return place._replace(turn=place.turn + 1)


def moment(seconds: float) -> int:
    """Unix seconds in whole microseconds."""
    return round(seconds * SECOND)
