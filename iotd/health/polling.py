"""Asks each watch for its readings, every ``poll_seconds`` after its last answer.

Who is due stands in a heap, so that a tick costs what is due and not what is
connected: 5,000 watches every 30 s are 42 polls in each tick of 0.25 s. A
watch that connects gets the emptiest place of the coming interval.
"""

from __future__ import annotations

import heapq
from typing import Any, Callable, Sequence

from prometheus_client import CollectorRegistry, Counter
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.bus import Bus, DeviceLinked, ReadingHeard
from iotd.errors import IotdError
from iotd.site.figures import guarded

WORD = "bpm"
ANSWER_ENDS_WITH = "temp"  # the second half of an answer; it may come a little later
TICK = 0.25  # seconds
PLACES = 60  # that an interval is cut into, to spread watches over it
SETTLE = 0.5  # seconds from "start" to the first word: two within 250 ms are lost
GIVEN_UP = 25.0  # a lost answer, or poll_seconds if that is longer (the queue's own rule) ...
GRACE = 5.0  # ... and if the queue itself says nothing, so much later
LATE = 2.0  # seconds after it was due

#: Queues a word for a device; fires with whether its answer came.
Say = Callable[[str, str], Deferred[bool]]


class _Watch:
    """One watch that can be asked now."""

    __slots__ = ("id", "turn", "asked", "asked_at", "half_answered", "place")

    def __init__(self, id: str) -> None:
        self.id = id
        self.turn = 0  # entries of the heap from before it are over
        self.asked = self.half_answered = False
        self.asked_at = 0.0
        self.place = 0


class Poller:
    """Polls the watches that are linked; ``linked(kind)`` gives the ids of those at start."""

    _log = Logger()

    def __init__(
        self, *, clock: Any, bus: Bus, poll_seconds: float, say: Say,
        linked: Callable[[str], Sequence[str]], metrics: CollectorRegistry,
    ) -> None:
        self._seconds, self._interval, self._say, self._linked = (
            clock.seconds, float(poll_seconds), say, linked
        )
        self._patience = max(GIVEN_UP, self._interval) + GRACE
        self._watches: dict[str, _Watch] = {}
        self._due: list[tuple[float, int, _Watch, int]] = []
        self._count = 0
        self._places = [0] * min(PLACES, max(1, int(self._interval)))
        self._last_tick = clock.seconds()
        self._timer = LoopingCall(guarded(self._tick, self._log, "polling"))
        self._timer.clock = clock
        self._polls = Counter(
            "iotd_polls", "polls of watches: answered, missed, and begun later than 2 s",
            ["result"], registry=metrics,
        )
        for result in ("answered", "missed", "late"):
            self._polls.labels(result)
        bus.subscribe(DeviceLinked, self._heard)
        bus.subscribe(ReadingHeard, self._measured)

    def __len__(self) -> int:
        return len(self._watches)

    def start_service(self) -> None:
        """Poll from now on."""
        self._last_tick = self._seconds()
        for id in self._linked("watch"):
            self._add(id)
        self._timer.start(TICK, now=False)

    def stop_service(self) -> None:
        """Poll no more."""
        if self._timer.running:
            self._timer.stop()

    def _heard(self, event: DeviceLinked) -> None:
        if event.linked and event.kind == "watch":
            self._add(event.id)
        else:
            self._drop(event.id)

    def _measured(self, event: ReadingHeard) -> None:
        """The rest of an answer: the interval begins with it, once."""
        watch = self._watches.get(event.device)
        if watch is not None and watch.half_answered and event.unit == ANSWER_ENDS_WITH:
            watch.half_answered = False
            self._put(self._seconds() + self._interval, watch)

    def _add(self, id: str) -> None:
        self._drop(id)  # it is another connection: what the old one was asked is void
        watch = self._watches[id] = _Watch(id)
        now = self._seconds()
        watch.place, wait = self._emptiest(now)
        self._places[watch.place] += 1
        self._put(now + wait, watch)

    def _drop(self, id: str) -> None:
        watch = self._watches.pop(id, None)
        if watch is not None:
            self._places[watch.place] -= 1
            watch.turn += 1

    def _emptiest(self, now: float) -> tuple[int, float]:
        """The soonest of the places with the fewest watches, and the seconds until then."""
        count = len(self._places)
        width = self._interval / count
        first = int((now + SETTLE) / width) + 1
        # after "first" places the interval is over; what came round is the next one
        order = [(self._places[(first + n) % count], n) for n in range(count)]
        fewest, steps = min(order)
        wait = (first + steps) * width - now
        return (first + steps) % count, min(wait, self._interval)

    def _put(self, at: float, watch: _Watch) -> None:
        watch.turn += 1
        self._count += 1
        heapq.heappush(self._due, (at, self._count, watch, watch.turn))

    def _tick(self) -> None:
        now = self._seconds()
        if now < self._last_tick or now > self._last_tick + self._interval:
            self._set_clock(now - self._last_tick - TICK)
        self._last_tick = now
        while self._due and self._due[0][0] <= now:
            at, _, watch, turn = heapq.heappop(self._due)
            if turn != watch.turn:
                continue
            if watch.asked:
                self._end(watch, turn, False)
            else:
                self._ask(watch, now - at)

    def _set_clock(self, by: float) -> None:
        """The machine's clock was set: everybody is due as long from now as before."""
        self._due = [(at + by, *rest) for at, *rest in self._due]  # type: ignore[misc]
        for watch in self._watches.values():
            watch.asked_at += by

    def _ask(self, watch: _Watch, late: float) -> None:
        if late > LATE:
            self._polls.labels("late").inc()
        watch.asked, watch.half_answered = True, False
        watch.asked_at = self._seconds()
        self._put(self._seconds() + self._patience, watch)
        turn = watch.turn
        try:
            answer = self._say(watch.id, WORD)
        except Exception:
            answer = self._failed_to_say(watch)
        answer.addErrback(self._no_answer, watch)
        answer.addCallback(lambda came: self._end(watch, turn, came))

    def _failed_to_say(self, watch: _Watch) -> Deferred[bool]:
        answer: Deferred[bool] = Deferred()
        answer.errback(Failure())
        return answer

    def _no_answer(self, failure: Failure, watch: _Watch) -> bool:
        if failure.check(IotdError) is None:
            self._log.failure("polling {watch} failed", failure, watch=watch.id)
        return False

    def _end(self, watch: _Watch, turn: int, came: bool) -> None:
        """The poll of this turn is over; the next is an interval after its answer.

        Without one it is an interval after the question, or at once if that is over.
        """
        if turn != watch.turn:
            return
        watch.asked, watch.half_answered = False, came
        self._polls.labels("answered" if came else "missed").inc()
        now = self._seconds()
        self._put((now if came else max(now - self._interval, watch.asked_at)) + self._interval,
                  watch)
