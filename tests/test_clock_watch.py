"""Whoever sets the clock is noticed; who runs by it is not harmed."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry
from twisted.internet.base import ReactorBase
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from iotd import tap
from iotd.bus import Bus, ClockSet
from iotd.clock_watch import ClockWatch

NOW = 1_800_000_000.0


class ClockWatchTests(SynchronousTestCase):
    """A watch of two clocks, one of which can be set."""

    def setUp(self) -> None:
        self.clock, self.bus, self.metrics = Clock(), Bus(), CollectorRegistry()
        self.set_by = 0.0
        self.heard: list[ClockSet] = []
        self.bus.subscribe(ClockSet, self.heard.append)
        self.watch = ClockWatch(
            clock=self.clock, now=self.now, bus=self.bus, metrics=self.metrics
        )
        self.watch.start()
        self.addCleanup(self.watch.stop)
        self.lines: list[str] = []
        globalLogPublisher.addObserver(self.note)
        self.addCleanup(globalLogPublisher.removeObserver, self.note)

    def note(self, event: dict) -> None:  # type: ignore[type-arg]
        """Keep the words of what is logged."""
        self.lines.append(event["log_format"].format(**event) if event.get("log_format") else "")

    def now(self) -> float:
        """The time of day."""
        return NOW + self.clock.seconds() + self.set_by

    def jumps(self) -> float | None:
        """The figure."""
        return self.metrics.get_sample_value("iotd_clock_jumps_total")

    def test_nothing(self) -> None:
        """Hours, a busy reactor and a clock that is slewed are no jump."""
        for _ in range(100):
            self.clock.advance(1.0)
            self.set_by += 0.0005
        self.clock.advance(300.0)
        self.assertEqual((self.jumps(), self.heard, self.lines), (0.0, [], []))

    def test_set_back(self) -> None:
        """One line that says how far, from when and to when; one count, and the bus hears it."""
        self.clock.advance(1.0)
        self.set_by = -3600.0
        self.clock.advance(1.0)
        self.clock.advance(10.0)
        [line] = self.lines
        for words in ("set back by 3600.0 s", "from 2027-01-15T08:00:02.000Z",
                      "to 2027-01-15T07:00:02.000Z"):
            self.assertIn(words, line)
        self.assertEqual(self.jumps(), 1.0)
        self.assertEqual(self.heard, [ClockSet(-3600.0, NOW - 3598.0)])

    def test_set_ahead(self) -> None:
        """So it is when it is set ahead, which may also be a machine that slept."""
        self.set_by = 1.5
        self.clock.advance(1.0)
        self.assertIn("set ahead by 1.5 s (or the machine slept)", self.lines[0])
        self.assertEqual([event.by for event in self.heard], [1.5])

    def test_no_such_year(self) -> None:
        """A clock beyond all calendars does not end the watch."""
        self.set_by = 1e15
        self.clock.advance(1.0)
        self.set_by = 0.0
        self.clock.advance(1.0)
        self.assertEqual(self.jumps(), 2.0)
        self.flushLoggedErrors()


class SteadyReactorTests(SynchronousTestCase):
    """What the daemon runs on."""

    def test_timers(self) -> None:
        """They go by the monotonic clock, whatever the time of day is."""
        reactor = ReactorBase.__new__(ReactorBase)  # without a waker, threads and signals
        reactor._newTimedCalls, reactor._pendingTimedCalls = [], []
        reactor.threadCallQueue, reactor._cancellations, reactor._justStopped = [], 0, False
        tap.steady(reactor)
        self.patch(time, "time", lambda: 0.0)
        due: list[int] = []
        reactor.callLater(0.0, due.append, 1)
        before = time.monotonic()
        self.assertTrue(before <= reactor.seconds() <= time.monotonic())
        reactor.runUntilCurrent()
        self.assertEqual(due, [1])
