"""Which word is said when, by the clock's numbers."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.queue import MAX_ANSWERS, MAX_WAITING, Act, WordQueue


class QueueTest(SynchronousTestCase):
    """A queue of a device that was started at 0; words carry their own names as ends."""

    def setUp(self) -> None:
        self.queue = WordQueue(30)
        self.queue.said(0.0)
        self.ends: list[tuple[str, bool]] = []

    def add(self, text: str, name: str = "") -> bool:
        """Queue a word whose outcome is noted under a name."""
        return self.queue.add(text, lambda outcome: self.ends.append((name or text, outcome)))

    def at(self, now: float, busy: bool = False) -> str | None:
        """What is said now."""
        due, self.again = self.queue.next(now, busy)
        return due[1] if due else None


class SpacingTests(QueueTest):
    """Never two words within a quarter of a second."""

    def test_after_start(self) -> None:
        """The first word waits for 250 ms after `start`, and the queue says when to ask."""
        self.add("lof")
        self.assertIsNone(self.at(0.1))
        self.assertEqual(self.again, 0.25)
        self.assertEqual(self.at(0.25), "lof")

    def test_send_before_words(self) -> None:
        """`send` comes before waiting words, itself spaced; they come after the message."""
        self.add("lof")
        self.queue.declared(0.05)
        self.assertIsNone(self.at(0.1, busy=True))
        self.assertEqual(self.at(0.3, busy=True), "send")
        self.assertIsNone(self.at(0.9, busy=True))
        self.queue.message_ended(False)
        self.assertEqual(self.at(1.0), "lof")

    def test_send_and_the_next_word(self) -> None:
        """A message that is over at once does not bring the next word nearer to `send`."""
        self.queue.declared(0.5)
        self.assertEqual(self.at(0.5, busy=True), "send")
        self.add("bpm")
        self.queue.message_ended(False)
        self.assertIsNone(self.at(0.6))
        self.assertEqual(self.at(0.75), "bpm")

    def test_answers_before_words(self) -> None:
        """What the device asked is answered first, and spaced like a word."""
        self.add("bpm")
        self.queue.answer("hrx,")
        self.assertEqual(self.at(1.0), "hrx,")
        self.assertIsNone(self.at(1.1))
        self.assertEqual(self.at(1.25), "bpm")

    def test_answers_are_bounded(self) -> None:
        """A device that asks faster than it can be told is told no."""
        self.assertEqual(
            [self.queue.answer("crd") for _ in range(MAX_ANSWERS + 1)],
            [True] * MAX_ANSWERS + [False],
        )

    def test_busy(self) -> None:
        """While the device is in the middle of something no word is said."""
        self.add("lof")
        self.assertIsNone(self.at(9.0, busy=True))
        self.assertIsNone(self.again)
        self.assertEqual(self.at(9.1), "lof")


class AwaitedTests(QueueTest):
    """One answer before the next word."""

    def test_answer(self) -> None:
        """After bpm the next word waits for the heart rate; other readings do not end it."""
        self.add("bpm"), self.add("lof")
        self.assertEqual(self.at(1.0), "bpm")
        self.queue.heard("temp")
        self.assertIsNone(self.at(15.0))
        self.queue.heard("bpm")
        self.assertEqual(self.ends, [("bpm", True)])
        self.assertEqual(self.at(15.0), "lof")

    def test_bpm_given_up(self) -> None:
        """An unanswered bpm is given up after poll_seconds, or after 25 s when that is longer."""
        for poll, patience in ((30, 30), (5, 25)):
            self.queue, self.ends = WordQueue(poll), []
            self.add("bpm")
            self.assertEqual(self.at(1.0), "bpm")
            self.assertIsNone(self.at(0.9 + patience))
            self.assertEqual((self.ends, self.again), ([], 1.0 + patience))
            self.at(1.0 + patience)
            self.assertEqual(self.ends, [("bpm", False)])

    def test_img_given_up(self) -> None:
        """A picture that does not come is given up after 20 s; a late one ends nothing else."""
        self.add("img")
        self.at(1.0)
        self.at(21.0)
        self.queue.heard("img")
        self.assertEqual(self.ends, [("img", False)])

    def test_send_is_not_held_up(self) -> None:
        """The picture that is awaited can be granted."""
        self.add("img")
        self.at(1.0)
        self.queue.declared(2.0)
        self.assertEqual(self.at(2.0, busy=True), "send")

    def test_not_doubled(self) -> None:
        """A word that waits already is said once and ends for both who wanted it."""
        self.add("bpm", "a"), self.add("bpm", "b")
        self.assertEqual(self.at(1.0), "bpm")
        self.queue.heard("bpm")
        self.assertIsNone(self.at(2.0))
        self.assertEqual(self.ends, [("a", True), ("b", True)])

    def test_asked_again_meanwhile(self) -> None:
        """A word wanted while its like is being answered is said after that."""
        self.add("img", "a")
        self.at(1.0)
        self.add("img", "b")
        self.assertIsNone(self.at(2.0))
        self.queue.heard("img")
        self.assertEqual(self.at(2.0), "img")

    def test_bounded(self) -> None:
        """Words beyond eight are not taken."""
        self.queue._waiting = []
        taken = [self.queue.add(f"w{n}", lambda outcome: None) for n in range(MAX_WAITING + 1)]
        self.assertEqual(taken, [True] * MAX_WAITING + [False])


class LightTests(QueueTest):
    """A cabinet that waits for `send` swallows a word."""

    def test_stands(self) -> None:
        """A light word that no size follows within a second stands."""
        self.add("lof")
        self.at(1.0)
        self.at(1.9)
        self.assertEqual(self.ends, [])
        self.at(self.again or 0.0)
        self.assertEqual(self.ends, [("lof", True)])

    def test_said_again(self) -> None:
        """Swallowed by a size, it is said again after the message, and then stands."""
        self.add("lof")
        self.at(1.0)
        self.queue.declared(1.9)
        self.assertEqual(self.at(2.1, busy=True), "send")
        self.queue.message_ended(False)
        self.assertEqual(self.at(2.4), "lof")
        self.at(3.5)
        self.assertEqual(self.ends, [("lof", True)])

    def test_aft(self) -> None:
        """After `aft` the lights begin anew: it is not said again, and did not stand."""
        self.add("lof")
        self.at(1.0)
        self.queue.declared(1.5)
        self.at(1.5, busy=True)
        self.queue.message_ended(True)
        self.assertIsNone(self.at(2.0))
        self.assertEqual(self.ends, [("lof", False)])

    def test_waiting_when_aft_ends(self) -> None:
        """A light word that was not yet said belongs to before the closing: it is not said
        as the answer to it. What is wanted from then on is, and other words go on waiting."""
        for text in ("lof", "lon"):
            self.queue, self.ends = WordQueue(30), []
            self.queue.declared(0.1)
            self.add("bpm"), self.add(text)
            self.assertEqual(self.at(0.3, busy=True), "send")
            self.queue.message_ended(True)
            self.assertEqual(self.ends, [(text, False)])
            self.add("lof", "the cycle's own")
            self.assertEqual(self.at(1.0), "bpm")
            self.queue.heard("bpm")
            self.assertEqual(self.at(2.0), "lof")
            self.at(3.1)
            self.assertEqual(self.ends[-1], ("the cycle's own", True))

    def test_waiting_when_another_message_ends(self) -> None:
        """Behind `bfr`, or a message that was none, it is said."""
        self.queue.declared(0.1)
        self.add("lof")
        self.assertEqual(self.at(0.3, busy=True), "send")
        self.queue.message_ended(False)
        self.assertEqual(self.at(1.0), "lof")

    def test_wanted_again_by_who_hears_the_end(self) -> None:
        """Who is told that it was not said, and wants it again at once, is queued anew."""
        self.queue.declared(0.1)
        self.queue.add("lof", lambda outcome: self.add("lof", "again") and None)
        self.at(0.3, busy=True)
        self.queue.message_ended(True)
        self.assertEqual(self.at(1.0), "lof")

    def test_more_than_a_second_before(self) -> None:
        """A size that begins later than a second after it swallowed nothing."""
        self.add("lof")
        self.at(1.0)
        self.queue.declared(2.1)
        self.assertEqual(self.at(2.1, busy=True), "send")
        self.queue.message_ended(False)
        self.assertIsNone(self.at(5.0))
        self.assertEqual(self.ends, [("lof", True)])

    def test_a_size_that_took_long_to_read(self) -> None:
        """What began within the second counts, though its number ended later."""
        self.add("lof")
        self.at(1.0)
        self.at(2.2, busy=True)
        self.queue.declared(1.95)
        self.at(2.3, busy=True)
        self.queue.message_ended(False)
        self.assertEqual(self.at(3.0), "lof")

    def test_newest_wins(self) -> None:
        """Of lof and lon that wait only the newest is said; the older did not stand."""
        self.add("lof"), self.add("lon")
        self.assertEqual(self.at(1.0), "lon")
        self.assertIsNone(self.at(1.9))
        self.assertEqual(self.ends, [("lof", False)])

    def test_newest_wins_over_one_to_be_repeated(self) -> None:
        """A newer light word that waits takes the place of one that was swallowed."""
        self.add("lof")
        self.at(1.0)
        self.queue.declared(1.2)
        self.at(1.3, busy=True)
        self.add("lon")
        self.queue.message_ended(False)
        self.assertEqual(self.at(2.0), "lon")
        self.at(4.0)
        self.assertEqual(self.ends, [("lof", False), ("lon", True)])


class EndTests(QueueTest):
    """Nobody waits for ever."""

    def test_close(self) -> None:
        """Whatever waits, is awaited or has yet to stand ends when the connection does."""
        self.add("lof")
        self.at(1.0)
        self.add("bpm")
        self.at(2.0)
        self.add("img")
        self.queue.close()
        self.assertEqual(sorted(self.ends), [("bpm", False), ("img", False), ("lof", False)])
        self.assertEqual((self.at(99.0), self.again), (None, None))

    def test_wanted_again_from_the_end(self) -> None:
        """Somebody who asks again as soon as he hears the end is queued like any other."""
        self.queue.add("bpm", lambda outcome: self.add("bpm", "again") and None)
        self.at(1.0)
        self.queue.heard("bpm")
        self.assertEqual(self.at(2.0), "bpm")

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.tuples(
        st.sampled_from(("bpm", "img", "lof", "lon", "size", "bfr", "aft", "heard", "ask", "wait")),
        st.sampled_from((0.0, 0.01, 0.1, 0.24, 0.25, 1.0, 7.0)),
    ), max_size=40))
    def test_any_order(self, steps: list[tuple[str, float]]) -> None:
        """In any order of events words keep their distance, none is said amid a message,
        asking again when told ends every word, and each ends exactly once."""
        device = Device(self)
        for what, pause in steps:
            device.does(what)
            device.waits(pause)
        device.does("bfr")
        device.waits(400)
        self.assertEqual(len(device.ends), device.wanted)


class Device:
    """A device that does anything in any order, and is told what is due at once."""

    def __init__(self, test: QueueTest) -> None:
        self._test, self._queue = test, WordQueue(30)
        self._now, self._said, self._receiving = 0.0, -1.0, False
        self.ends: list[bool] = []
        self.wanted = 0

    def does(self, what: str) -> None:
        """One of the things that can happen on a connection."""
        if what == "size" and not self._receiving:
            self._receiving = True
            self._queue.declared(self._now)
        elif what in ("bfr", "aft") and self._receiving:
            self._receiving = False
            self._queue.message_ended(what == "aft")
        elif what == "heard":
            self._queue.heard("bpm"), self._queue.heard("img")
        elif what == "ask":
            self._queue.answer("hrx")
        elif what in ("bpm", "img", "lof", "lon"):
            self.wanted += self._queue.add(what, self.ends.append)

    def waits(self, seconds: float) -> None:
        """Time passes; the queue is asked whenever it said to."""
        until = self._now + seconds
        for _ in range(1000):
            due, again = self._queue.next(self._now, self._receiving)
            if due is not None:
                self._told(due[0])
            elif again is None or again > until:
                self._now = until
                return
            else:
                self._test.assertGreater(again, self._now)
                self._now = again
        self._test.fail("it never comes to rest")

    def _told(self, act: Act) -> None:
        self._test.assertTrue(act is Act.SEND or not self._receiving)
        self._test.assertGreater(self._now - self._said, 0.2499)
        self._said = self._now
