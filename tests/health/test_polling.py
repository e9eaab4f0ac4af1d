"""Polling on a clock that tests turn, with a queue that answers as it is told."""

from __future__ import annotations

from typing import Any, Callable

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from iotd.bus import Bus, DeviceLinked, ReadingHeard
from iotd.errors import Conflict
from iotd.health.polling import TICK, Poller


class Queue:
    """Remembers who was asked when; ``answer(id)`` gives what saying returns."""

    def __init__(self, clock: Clock, answer: Callable[[str], Any]) -> None:
        self.asked: dict[str, list[float]] = {}
        self._clock, self.answer = clock, answer

    def say(self, id: str, word: str) -> Deferred[bool]:
        """Queue a word."""
        assert word == "bpm"
        self.asked.setdefault(id, []).append(self._clock.seconds())
        answer: Deferred[bool] = self.answer(id)
        return answer


class PollerTest(SynchronousTestCase):
    """A poller of every 30 s; ``after`` lets an answer come so many seconds later."""

    poll_seconds = 30.0

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.bus, self.metrics = Bus(), CollectorRegistry()
        self.queue = Queue(self.clock, lambda id: self.after(15))
        self.linked: list[str] = []
        self.poller = Poller(
            clock=self.clock, bus=self.bus, poll_seconds=self.poll_seconds, say=self.queue.say,
            linked=lambda kind: self.linked if kind == "watch" else [], metrics=self.metrics,
        )
        self.poller.start_service()
        self.addCleanup(self.poller.stop_service)

    def after(self, seconds: float, came: bool = True) -> Deferred[bool]:
        """An answer that comes later."""
        answer: Deferred[bool] = Deferred()
        self.clock.callLater(seconds, answer.callback, came)
        return answer

    def link(self, *ids: str, linked: bool = True, kind: str = "watch") -> None:
        """Devices come or go."""
        for id in ids:
            self.bus.publish(DeviceLinked(id, kind, linked))

    def advance(self, seconds: float) -> None:
        """Time passes."""
        for _ in range(round(seconds / TICK)):
            self.clock.advance(TICK)

    def counted(self, result: str) -> float:
        """The figure of this result."""
        return self.metrics.get_sample_value("iotd_polls_total", {"result": result}) or 0.0


class PollingTests(PollerTest):
    def test_never_sooner_than_an_interval_after_the_answer(self) -> None:
        """The first poll is within an interval, the next 30 s after each answer."""
        begun = self.clock.seconds()
        self.link("wch")
        self.advance(200)
        asked = self.queue.asked["wch"]
        self.assertLess(asked[0] - begun, 30)
        gaps = [b - a for a, b in zip(asked, asked[1:])]
        self.assertEqual(gaps, [45.0] * len(gaps))
        self.assertEqual(self.counted("answered"), len(asked) - 1 + (self.clock.seconds()
                                                                     >= asked[-1] + 15))
        self.assertEqual(self.counted("missed"), 0)

    def test_answer_in_two_parts(self) -> None:
        """The temperature that ends an answer later moves the next poll, a second one doesn't."""
        self.link("wch")
        self.advance(20)
        asked = self.queue.asked["wch"]
        rest = asked[0] + 15 + 5
        for at in (rest, rest + 20):
            self.advance(at - self.clock.seconds())
            self.bus.publish(ReadingHeard("wch", 36.5, "temp", "36.50,temp", at))
        self.advance(20)
        self.assertEqual(asked[1] - rest, 30)

    def test_silent_watch(self) -> None:
        """One that never answers is asked again as soon as a question is given up, not later."""
        self.queue.answer = lambda id: self.after(30, came=False)
        self.link("wch")
        self.advance(125)
        asked = self.queue.asked["wch"]
        self.assertEqual(len(asked), 5)
        self.assertTrue(all(30 <= b - a <= 30.5 for a, b in zip(asked, asked[1:])), asked)

    def test_first_is_soon(self) -> None:
        """A watch that is alone is asked within two seconds, but not at once."""
        self.link("wch")
        self.clock.advance(0.25)
        self.assertEqual(self.queue.asked, {})
        self.advance(1.75)
        self.assertEqual(len(self.queue.asked["wch"]), 1)

    def test_spread(self) -> None:
        """Three thousand that connect at once are asked a hundred each second, none later."""
        begun = self.clock.seconds()
        self.queue.answer = lambda id: self.after(1)
        self.link(*(f"w{n}" for n in range(3000)))
        self.advance(30)
        firsts = [times[0] - begun for times in self.queue.asked.values()]
        self.assertEqual(len(firsts), 3000)
        by_second = [sum(int(at) == second for at in firsts) for second in range(31)]
        self.assertLessEqual(max(by_second), 200)
        self.assertEqual(self.counted("late"), 0)

    def test_lost_answers(self) -> None:
        """False, an error, a refusal at once and silence each cost one poll, never the next."""
        def refuse(id: str) -> Deferred[bool]:
            raise Conflict("not started")

        lost: list[Callable[[str], Any]] = [
            lambda id: succeed(False), refuse, lambda id: Deferred(),
            lambda id: self.after(3).addCallback(lambda _: 1 / 0),
        ]
        self.link("wch")
        self.advance(2)
        for count, answer in enumerate(lost):
            self.queue.answer = answer
            self.advance(120)
            before = len(self.queue.asked["wch"])
            self.assertGreaterEqual(self.counted("missed"), count + 1)
            self.advance(120)
            self.assertGreater(len(self.queue.asked["wch"]), before, answer)
        self.assertGreater(len(self.flushLoggedErrors(ZeroDivisionError)), 0)

    def test_late_answer_of_a_poll_that_was_given_up(self) -> None:
        """It changes nothing: polls stay one at a time."""
        late: list[Deferred[bool]] = []

        def answer(id: str) -> Deferred[bool]:
            late.append(Deferred())
            return late[-1]

        self.queue.answer = answer
        self.link("wch")
        self.advance(60)
        self.assertEqual((len(late), self.counted("missed")), (2, 1))
        late[0].callback(True)
        self.assertEqual(self.counted("answered"), 0)
        self.advance(20)
        self.assertEqual(len(late), 3)

    def test_gone(self) -> None:
        """One that is gone is asked no more, and one that comes back is asked anew, once."""
        self.link("wch")
        self.advance(5)
        self.link("wch", linked=False)
        self.advance(100)
        self.assertEqual(len(self.queue.asked["wch"]), 1)
        self.link("wch")
        self.link("wch")
        self.advance(20)
        self.assertEqual(len(self.queue.asked["wch"]), 2)
        self.assertEqual(len(self.poller), 1)

    def test_others(self) -> None:
        """Only watches are polled; one that turns out to be something else is left alone."""
        self.link("cab", kind="cabinet")
        self.link("wch")
        self.link("wch", kind="cabinet")
        self.advance(60)
        self.assertEqual(self.queue.asked, {})

    def test_those_that_were_there(self) -> None:
        """Watches that are linked before the poller starts are polled."""
        self.poller.stop_service()
        self.linked = ["wch"]
        self.poller.start_service()
        self.advance(3)
        self.assertEqual(len(self.queue.asked["wch"]), 1)

    def test_clock_is_set(self) -> None:
        """A clock set back by a day, or ahead, neither stops nor doubles the polling."""
        self.link("wch")
        self.advance(20)
        for by in (-86400.0, 86400.0):
            before = len(self.queue.asked["wch"])
            self.clock.rightNow += by
            for call in self.clock.getDelayedCalls():
                call.time += by  # real time goes on: what waits is called as before
            self.advance(90)
            self.assertEqual(len(self.queue.asked["wch"]), before + 2)

    def test_late_is_counted(self) -> None:
        """A poll that the daemon begins more than 2 s late is counted as late."""
        self.link("wch")
        self.clock.advance(10)
        self.assertEqual(self.counted("late"), 1)

    def test_five_thousand(self) -> None:
        """Five thousand are asked every 30 s and none is late."""
        self.queue.answer = lambda id: succeed(True)
        self.link(*(f"w{n}" for n in range(5000)))
        self.advance(91)
        self.assertEqual(self.counted("late"), 0)
        self.assertLessEqual({len(times) for times in self.queue.asked.values()}, {3, 4})

    def test_uneven_answers(self) -> None:
        """With answers that take 10 to 20 s no poll begins late, and each watch is asked about
        every 45 s."""
        takes = iter(10 + n * 7 % 100 / 10 for n in range(10**9))
        self.queue.answer = lambda id: self.after(next(takes))
        self.link(*(f"w{n}" for n in range(500)))
        self.advance(300)
        self.assertEqual((self.counted("late"), self.counted("missed")), (0, 0))
        for times in self.queue.asked.values():
            self.assertTrue(all(40 <= b - a <= 51 for a, b in zip(times, times[1:])))
            self.assertGreaterEqual(len(times), 5)


class SlowTests(PollerTest):
    """An hour between two polls."""

    poll_seconds = 3600.0

    def test_hourly(self) -> None:
        """The first comes soon, the next an hour after the answer."""
        self.link("wch", "wch-2")
        self.clock.pump([10] * 800)
        self.assertEqual([len(times) for times in self.queue.asked.values()], [3, 3])
