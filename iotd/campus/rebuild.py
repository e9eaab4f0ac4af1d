"""``iotd campus check`` and ``rebuild``: statistics beside movements, and made equal to them.

Movements go on meanwhile. What is wrong is added as a difference, by the same way as a
movement, so nothing stops and nothing is doubled if the work is broken off.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.accounts.records import write_audit
from iotd.calendar import Calendar
from iotd.campus import statistics_records as records
from iotd.campus.cells import Deltas, Hours
from iotd.campus.compare import Difference, Extent, compare, extent, group_names, steps_of
from iotd.errors import Conflict, NotFound, Unavailable
from iotd.store.engine import Store

CHECK, REBUILD = "check", "rebuild"
AT_ONCE = 500  # rows of one commit
LISTED = 100  # differences that an answer has
LOOK_SECONDS = 1.0  # an answer about work that goes on comes after that


class Stopped(Exception):
    """The daemon stops; the work is to end."""


@dataclass
class Job:
    """One check or rebuild; ``done`` of ``of`` steps."""

    ticket: int
    kind: str
    done: int = 0
    of: int = 1
    movements: int = 0
    differences: int = 0
    items: list[dict[str, Any]] = field(default_factory=list)
    running: bool = True
    failure: Failure | None = None

    def as_json(self) -> dict[str, Any]:
        """How far it is; ``items`` has the first differences."""
        return {
            "ticket": str(self.ticket), "running": self.running, "done": self.done,
            "of": self.of, "movements": self.movements, "differences": self.differences,
            "items": self.items,
        }


class Rebuild:
    """Does one at a time; ``adopt(deltas)`` is told of what was committed."""

    _log = Logger()

    def __init__(
        self, *, store: Store, clock: Any, now: Callable[[], float], calendar: Calendar,
        adopt: Callable[[Deltas], None] = lambda deltas: None,
    ) -> None:
        self._store, self._clock, self._now, self.adopt = store, clock, now, adopt
        self._hours, self._zone = Hours(calendar), calendar.name
        self._needed = False
        self._stopping = False
        self._job: Job | None = None
        self._ended: Deferred[None] | None = None

    def load(self, connection: Any) -> None:
        """At start: statistics of another time zone, or damaged ones, are counted anew."""
        zone = records.kept_zone(connection)
        self._needed = zone != self._zone
        if zone is None and records.span_of_days(connection) is None:
            records.keep_zone(connection, self._zone)  # nothing is there yet
            self._needed = False

    def start_service(self) -> None:
        """Begin with what :meth:`load` found."""
        if self._needed:
            self._log.info("campus statistics are counted anew")
            self._begin(REBUILD)

    async def stop_service(self) -> None:
        """End what goes on; it can be begun again at any time."""
        self._stopping = True
        if self._ended is not None:
            await self._ended

    async def follow(self, kind: str, ticket: str | None, by: str) -> dict[str, Any]:
        """Begin (without a ticket) or look at one; answers when it is done, or in a second."""
        if ticket is None:
            self._goes_on(kind)
            await self._store.run(write_audit, self._now(), by, f"{kind} statistics", "campus")
            self._begin(kind)
        job = self._job
        if job is None or ticket not in (None, str(job.ticket)):
            raise NotFound("This is over, and another was begun meanwhile.", "ticket")
        for _ in range(10):
            if job.running:
                await deferLater(self._clock, LOOK_SECONDS / 10, lambda: None)
        if job.failure is not None:
            job.failure.raiseException()
        return job.as_json()

    def _goes_on(self, kind: str) -> bool:
        """Whether such a job goes on; Conflict when it is another."""
        if self._job is not None and self._job.running:
            if self._job.kind == kind:
                return True
            raise Conflict(f"A {self._job.kind} of the campus goes on; try again later.")
        if self._stopping:
            raise Unavailable("The daemon stops.")
        return False

    def _begin(self, kind: str) -> None:
        if self._goes_on(kind):
            return
        job = self._job = Job(self._job.ticket + 1 if self._job else 1, kind)
        self._ended = Deferred.fromCoroutine(self._work(job))
        self._ended.addErrback(self._failed, job)
        self._ended.addBoth(self._rest, job)

    async def _work(self, job: Job) -> None:
        everything: Extent = await self._store.read(extent, self._hours)
        job.of, job.movements = max(1, everything.steps), everything.movements
        names = await self._store.read(group_names)
        if job.kind == REBUILD:
            await self._store.run(records.keep_zone, "")  # until it is whole
        for month in everything.months:
            before = job.done

            def told(step: int) -> None:
                if self._stopping:
                    raise Stopped
                job.done = before + step

            found = await self._store.read(compare, self._hours, month, everything.students, told)
            job.done = before + steps_of(everything.students)
            job.differences += len(found)
            job.items += [each.as_json(names) for each in found[:LISTED - len(job.items)]]
            if job.kind == REBUILD:
                await self._mend(found)
        if job.kind == REBUILD:
            await self._store.run(records.keep_zone, self._zone)
            self._needed = False

    async def _mend(self, found: list[Difference]) -> None:
        for first in range(0, len(found), AT_ONCE):
            if self._stopping:
                raise Stopped
            deltas = {key: right - kept for key, kept, right in found[first:first + AT_ONCE]}
            await self._store.run(records.change_days, deltas)
            self.adopt(deltas)

    def _failed(self, failure: Failure, job: Job) -> None:
        job.failure = failure
        if failure.check(Stopped):
            job.failure = Failure(Unavailable("The daemon stopped before this was done."))
        elif failure.check(Unavailable):
            why = failure.getErrorMessage()
            self._log.error("{kind} of the campus ended early: {why}", kind=job.kind, why=why)
        else:
            self._log.failure("{kind} of the campus failed", failure, kind=job.kind)

    def _rest(self, result: Any, job: Job) -> None:
        job.running = False
        if job.failure is None:
            self._log.info(
                "{kind} of the campus: {differences} differences, {movements} movements",
                kind=job.kind, differences=job.differences, movements=job.movements,
            )
