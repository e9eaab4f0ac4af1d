"""From the broker to the disk: whatever gates said is safe before anybody is told so.

Messages wait in memory for their turn, a few milliseconds as a rule, and as long as it takes
while the disk is full. A broker sends QoS 1 again and again, so it bounds those; of field
gates, whose messages nobody sends again, so many wait and the rest is lost and counted.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.calendar import Calendar
from iotd.campus.batches import Batch
from iotd.campus.hearing import Hearing
from iotd.campus.intake_figures import IntakeFigures
from iotd.campus.intake_line import Commit, IntakeLine, Parcel
from iotd.campus.macs import Hasher
from iotd.campus.model import SECOND
from iotd.campus.notes import Notes
from iotd.campus.routes import Route
from iotd.campus.spool import Known, Spool
from iotd.errors import Unavailable
from iotd.site.figures import guarded

MOST = 50_000  # messages that wait: more of field gates is dropped
FIRST_REST, LONGEST_REST = 0.2, 5.0  # seconds between two tries
TIDY_EVERY = 1.0  # seconds

#: Of one identifier: its hash, whose it is now (None: nobody's), until when in microseconds.
IdentifierChange = tuple[str, "int | None", "int | None"]
#: Id in the spool (None when nothing had to be kept), what it holds, what is to be told of it.
OnSpooled = Callable[["int | None", Batch, Notes], Any]


class Intake:
    """``on_spooled`` is called on the reactor after each commit, in their order.

    ``reactor`` is for its threads, ``clock`` for its timers, ``now`` in Unix seconds.
    """

    _log = Logger()

    def __init__(
        self, *, reactor: Any, clock: Any, now: Callable[[], float], spool: Spool, hasher: Hasher,
        calendar: Calendar, min_rssi: int, anonymous_counts: bool, metrics: CollectorRegistry,
        on_spooled: OnSpooled,
    ) -> None:
        self._clock, self._now, self._spool, self._on_spooled = clock, now, spool, on_spooled
        hearing = Hearing(hasher, calendar, min_rssi, anonymous_counts)
        self._owners = hearing.owners
        self._line = IntakeLine(
            reactor=reactor, now=self._micros, spool=spool, hearing=hearing,
            ready=self._recognise, committed=self._committed, failed=self._failed,
            ended=self._over,
        )
        self.figures = IntakeFigures(spool, now, metrics, lambda: self._waiting)
        self._told, self._telling = False, Lock()
        self._kept_in = ""  # the file that holds all identifiers
        self._waiting = self._dropped = 0
        self._why: str | None = None
        self._rest = FIRST_REST
        self._timer: Any = None
        self._running = False
        self._started: Deferred[None] = Deferred()
        self._ended: Deferred[None] | None = None
        self._tidying = LoopingCall(guarded(self._tidy, self._log, "tidying up the spool"))
        self._tidying.clock = clock

    # -- life --------------------------------------------------------------------------

    def start_service(self) -> Deferred[None]:
        """Begin; fires when the spool is open, which may take until its disk lets it."""
        self._running = True
        self._line.start()
        ended = self._tidying.start(TIDY_EVERY, now=False)
        ended.addErrback(lambda failure: self._log.failure("tidying ended", failure))
        return self._started

    def stop_service(self) -> Deferred[None]:
        """Save what waits; fires when that is done, or when the disk would not take it."""
        if self._ended is None:
            self._ended = Deferred()
            if self._tidying.running:
                self._tidying.stop()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._line.close()
            if not self._running:
                self._ended.callback(None)
        told: Deferred[None] = Deferred()
        self._ended.addCallback(lambda _: told.callback(None))
        return told

    def check(self) -> None:
        """Unavailable, with the reason, while messages can't be saved."""
        if self._why is not None:
            raise Unavailable(f"messages of gates can't be saved: {self._why}")

    # -- messages ----------------------------------------------------------------------

    def submit(self, work: Sequence[tuple[Route, bytes]]) -> Deferred[None]:
        """Fires when all of it is safe, or can never count; fails only when iotd stops."""
        if self._ended is not None:
            return fail(Unavailable("iotd stops"))
        received = self._micros()
        if self._waiting + len(work) > MOST:
            work = self._without_texts(work)
        letters = [(route, payload, received) for route, payload in work]
        if not letters:
            return succeed(None)
        self._waiting += len(letters)
        parcel = Parcel(letters)
        self._line.put(parcel)
        return parcel.told

    def _without_texts(self, work: Sequence[tuple[Route, bytes]]) -> list[tuple[Route, bytes]]:
        kept = [(route, payload) for route, payload in work if route.what != "text"]
        lost = len(work) - len(kept)
        if lost and not self._dropped:
            self._log.error("messages of field gates are lost: {most} wait", most=MOST)
        self._dropped += lost
        self.figures.dropped.inc(lost)
        return kept

    def _committed(self, commit: Commit) -> None:
        self._rest = FIRST_REST
        if self._why is not None:
            self._why = None
            self._log.info("messages of gates are saved again")
        self._keep_if_needed()
        if not self._started.called:
            self._started.callback(None)
        messages = sum([len(parcel.letters) for parcel in commit.parcels])
        self._waiting -= messages
        if self._dropped and self._waiting < MOST // 2:
            self._log.error("{count} messages of field gates were lost", count=self._dropped)
            self._dropped = 0
        if messages:
            self.figures.count(messages)
            self._tell(commit)
        for parcel in commit.parcels:
            parcel.told.callback(None)

    def _tell(self, commit: Commit) -> None:
        try:
            self._on_spooled(commit.id, commit.batch, commit.notes)
        except Exception:
            self._log.failure("telling of messages of gates failed")

    def _failed(self, why: str) -> None:
        if self._why is None:
            self._log.error(
                "messages of gates can't be saved, and are not acknowledged: {why}", why=why
            )
        self._why = why
        if self._ended is None:
            self._timer = self._clock.callLater(self._rest, self._try_again)
            self._rest = min(LONGEST_REST, self._rest * 2)

    def _try_again(self) -> None:
        self._timer = None
        self._line.resume()

    def _over(self, left: list[Parcel]) -> None:
        if left:
            count = sum(len(parcel.letters) for parcel in left)
            self._log.error("{count} messages of gates were not saved before the stop", count=count)
        for parcel in left:
            parcel.told.errback(Unavailable("iotd stops; the message was not saved"))
        assert self._ended is not None
        if not self._started.called:
            self._started.callback(None)
        self._ended.callback(None)

    # -- the register ------------------------------------------------------------------

    def identify_all(self, known: Known) -> Deferred[None]:
        """These are all identifiers; counts from the next message on. Fires when kept."""
        with self._telling:
            self._told = True
            self._owners.replace(known)
        self._line.resume()  # it may have waited for this
        return self._keep_all() if self._spool.uuid else succeed(None)

    def identify(self, changes: Iterable[IdentifierChange]) -> Deferred[None]:
        """These identifiers changed; as :meth:`identify_all`."""
        added: Known = {}
        removed: list[str] = []
        for hash, student, expires in changes:
            if student is None:
                added.pop(hash, None)
                removed.append(hash)
            else:
                added[hash] = (student, expires)
        with self._telling:
            self._owners.change(added, removed)
        kept = self._line.run(self._spool.change_known, added, removed)
        return kept.addErrback(self._not_kept)

    def forget(self, students: Iterable[int]) -> Deferred[None]:
        """Take erased students out of all that waits; Unavailable when the disk lets nobody."""
        return self._line.run(self._spool.forget, frozenset(students))

    def done(self, upto_id: int) -> None:
        """The store has these batches."""
        self._spool.done(upto_id)

    def _recognise(self) -> None:
        """On the intake's thread: nobody is called a stranger before the register was read."""
        if self._told:
            return
        known = self._spool.known()
        if known is None:
            raise Unavailable("the register was not read yet: the store is away")
        with self._telling:
            if not self._told:
                self._owners.replace(known)
                self._told, self._kept_in = True, self._spool.uuid

    def _keep_if_needed(self) -> None:
        """A file that was begun anew, or took no change, lacks identifiers."""
        if self._told and self._kept_in != self._spool.uuid:
            self._keep_all()

    def _keep_all(self) -> Deferred[None]:
        self._kept_in = self._spool.uuid
        kept = self._line.run(self._spool.replace_known, self._owners.copy())
        return kept.addErrback(self._not_kept)

    def _not_kept(self, failure: Failure) -> None:
        self._kept_in = ""  # with the next commit, then
        failure.trap(Unavailable)

    def _tidy(self) -> None:
        self._keep_if_needed()
        if self._spool.untidy and self._line.idle:
            self._line.run(self._spool.tidy).addErrback(lambda failure: failure.trap(Unavailable))

    def _micros(self) -> int:
        return round(self._now() * SECOND)
