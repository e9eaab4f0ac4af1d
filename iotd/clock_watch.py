"""Notices that the system's clock was set, and says so.

Timers do not care: they go by a clock that nobody sets. But what is shown and
stored has the time of day, so whoever reads it should know when that was moved.
"""

from __future__ import annotations

from typing import Any, Callable

from prometheus_client import CollectorRegistry, Counter
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.bus import Bus, ClockSet
from iotd.site.figures import guarded
from iotd.times import rfc3339

EVERY = 1.0
# Between two looks: a clock that is being slewed moves by half a millisecond, and what
# keeps the reactor from looking delays both clocks alike.
JUMP = 1.0


class ClockWatch:
    """Compares the time of day with the monotonic clock once a second.

    ``clock`` has ``callLater`` and ``seconds`` (monotonic), ``now()`` is Unix time.
    """

    _log = Logger()

    def __init__(
        self, *, clock: Any, now: Callable[[], float], bus: Bus, metrics: CollectorRegistry
    ) -> None:
        self._seconds, self._now, self._bus = clock.seconds, now, bus
        self._apart = 0.0
        self._looking = LoopingCall(guarded(self.look, self._log, "watching the clock"))
        self._looking.clock = clock
        self._jumps = Counter(
            "iotd_clock_jumps", "times that the system's clock was set by a second or more",
            registry=metrics,
        )

    def start(self) -> None:
        """Look from now on."""
        self._apart = self._now() - self._seconds()
        self._looking.start(EVERY, now=False)

    def stop(self) -> None:
        """Look no more."""
        if self._looking.running:
            self._looking.stop()

    def look(self) -> None:
        """Tell the log, the figures and the bus when the clocks have come apart."""
        now = self._now()
        apart = now - self._seconds()
        by, self._apart = apart - self._apart, apart
        if abs(by) < JUMP:
            return
        self._jumps.inc()
        where = "ahead" if by > 0 else "back"
        slept = " (or the machine slept)" if by > 0 else ""
        self._log.warn(
            "the system's clock was set {where} by {by} s{slept}, from {before} to {after};"
            " timers go on as they were", where=where, by=round(abs(by), 1), slept=slept,
            before=rfc3339(now - by), after=rfc3339(now),
        )
        self._bus.publish(ClockSet(by, now))
