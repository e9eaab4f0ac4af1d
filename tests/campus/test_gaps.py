"""What is missing of a gate, and when it is asked for it: times by hand, and lossy gates."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.campus.gaps import (
    HEAD_WAIT, MAX_BOOTS, MAX_HOLES, MAX_MISSING, MAX_SPAN, WAIT, WAITS, Ask, Gaps,
)
from iotd.campus.ranges import Ranges


def after(*seqs: int, at: float = 0.0) -> Gaps:
    """A gate that said these, all at once."""
    gaps = Gaps()
    for seq in seqs:
        gaps.heard("b", seq, at)
    return gaps


def asks(gaps: Gaps, until: float, step: float = 0.5) -> list[tuple[float, Ask]]:
    """What is asked for, with the times, while nothing comes."""
    found, now = [], 0.0
    while now <= until:
        if (ask := gaps.ask(now)) is not None:
            found.append((now, ask))
        now += step
    return found


class WhenTests(SynchronousTestCase):
    """When a gate is asked."""

    def test_nothing_missing(self) -> None:
        """A gate that says everything in order is never asked, and costs nothing to look at."""
        gaps = after(*range(1, 100))
        self.assertEqual(asks(gaps, 100), [])
        self.assertTrue(gaps.idle)

    def test_overtaken(self) -> None:
        """What came in the wrong order within two seconds is not asked for."""
        gaps = after(1, 4)
        self.assertIsNone(gaps.ask(1.9))
        gaps.heard("b", 3, 1.9)
        gaps.heard("b", 2, 1.9)
        self.assertEqual(asks(gaps, 100), [])

    def test_until_it_is_given_up(self) -> None:
        """It is asked for after 2 s, 30 s, 2 min and 10 min, then it is lost."""
        gaps = after(1, 2, 5)
        gaps.ask(0.0)
        found = asks(gaps, 2000)
        times = [WAIT, WAIT + 30, WAIT + 150, WAIT + 750]
        self.assertEqual(found, [(at, Ask("b", 3, 4)) for at in times])
        self.assertEqual((gaps.lost(2000), [*gaps.holes(2000)]), (2, []))
        self.assertTrue(gaps.idle)

    def test_came_after_all(self) -> None:
        """What came after it was given up is not lost."""
        gaps = after(1, 2, 5)
        asks(gaps, 2000)
        gaps.heard("b", 3, 2000)
        self.assertEqual(gaps.lost(2000), 1)
        gaps.heard("b", 4, 2000)
        self.assertEqual(gaps.lost(2000), 0)

    def test_head(self) -> None:
        """The beginning of a boot is asked for later than what is missing within."""
        gaps = after(10, 12)
        gaps.ask(0.0)
        found = asks(gaps, HEAD_WAIT + 3)
        self.assertEqual(found, [(WAIT, Ask("b", 11, 11)), (WAIT + 10, Ask("b", 1, 9))])

    def test_joined_late(self) -> None:
        """What a gate said before it was approved is not asked for."""
        gaps = Gaps()
        gaps.heard("b", 10, 0.0, from_one=False)
        self.assertEqual(asks(gaps, 100), [])

    def test_first_is_zero(self) -> None:
        """A gate may count from 0, or from 1."""
        self.assertEqual(asks(after(0, 1, 2), 100), [])
        self.assertEqual(asks(after(1, 2), 100), [])

    def test_one_at_a_time(self) -> None:
        """The next request follows the answer at once, and silence only after a while."""
        gaps = after(1, 3, 5)
        gaps.ask(0.0)
        self.assertEqual(gaps.ask(2.0), Ask("b", 2, 2))
        self.assertIsNone(gaps.ask(3.0))
        gaps.heard("b", 2, 3.1)
        self.assertEqual(gaps.ask(3.5), Ask("b", 4, 4))
        self.assertIsNone(gaps.ask(4.0))

    def test_answered_bit_by_bit(self) -> None:
        """A request whose answer still comes in is waited for."""
        gaps = after(1, 200, 202)
        gaps.ask(0.0)
        self.assertEqual(gaps.ask(2.0), Ask("b", 2, 199))
        for seq in range(2, 200):
            gaps.heard("b", seq, 2.0 + seq)
            self.assertIsNone(gaps.ask(2.0 + seq) if seq < 199 else None)
        self.assertEqual(gaps.ask(210.0), Ask("b", 201, 201))

    def test_partly_answered(self) -> None:
        """What remains of an answered request is asked for again in its turn, alone."""
        gaps = after(1, 11)
        gaps.ask(0.0)
        gaps.ask(2.0)
        for seq in range(2, 8):
            gaps.heard("b", seq, 2.5)
        self.assertEqual(asks(gaps, 40), [(32.0, Ask("b", 8, 10))])

    def test_new_before_old(self) -> None:
        """What was just lost does not wait for what is asked for again and again."""
        gaps = after(1, 3)
        gaps.ask(0.0)
        self.assertEqual(gaps.ask(2.0), Ask("b", 2, 2))
        gaps.heard("b", 5, 31.0)
        gaps.ask(31.0)
        self.assertEqual(gaps.ask(33.0), Ask("b", 4, 4))

    def test_many_together(self) -> None:
        """Many small holes near each other share a request."""
        gaps = after(*range(1, 100, 2))
        gaps.ask(0.0)
        self.assertEqual(gaps.ask(2.0), Ask("b", 2, 98))

    def test_after_a_restart(self) -> None:
        """What was missing before the daemon was restarted is asked for again."""
        gaps = Gaps()
        gaps.load("old", Ranges([(1, 3), (6, 9)]), 0.0)
        gaps.heard("new", 1, 0.0)
        gaps.ask(0.0)
        self.assertEqual(gaps.ask(2.0), Ask("old", 4, 5))


class HostileTests(SynchronousTestCase):
    """Numbers that no honest gate says."""

    def test_far_jump(self) -> None:
        """Of a jump to the end of all numbers only the newest are asked for, the rest is lost."""
        gaps = after(1, 2**53)
        self.assertEqual(sum(len(hole) for _, hole in gaps.holes(0.0)), MAX_MISSING)
        self.assertEqual(gaps.lost(0.0), 2**53 - 2 - MAX_MISSING)

    def test_many_boots(self) -> None:
        """A gate that says another boot each time is remembered for a few of them."""
        gaps = Gaps()
        for number in range(10_000):
            gaps.heard(f"boot{number}", 10, 0.0)
        self.assertEqual(len(gaps.boots), MAX_BOOTS)
        self.assertEqual(gaps.boots[0].name, "boot9999")

    def test_holes_everywhere(self) -> None:
        """Wild numbers make a bounded number of holes."""
        gaps = Gaps()
        for number in range(3000):
            gaps.heard("b", number * 100_000 + 1, 0.0)
        self.assertLessEqual(sum(1 for _ in gaps.holes(0.0)), MAX_HOLES + MAX_MISSING // MAX_SPAN)

    def test_forgotten_boots_stay_lost(self) -> None:
        """What was lost of a boot that is forgotten is counted still."""
        gaps = after(1, 3)
        asks(gaps, 2000)
        for number in range(MAX_BOOTS):
            gaps.heard(f"boot{number}", 1, 2000)
        self.assertEqual(gaps.lost(2000), 1)


class LossyGateTests(SynchronousTestCase):
    """A gate whose messages are lost at random, and which keeps all of them."""

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.integers(0, 9), min_size=1, max_size=300), st.integers(0, 3),
        st.randoms(use_true_random=False),
    )
    def test_all_come(self, fates: list[int], unlucky: int, random: object) -> None:
        """Whatever was lost comes by requests of at most 500, one at a time; none is for
        what the gate never said; a hole is asked for four times at most."""
        gaps, now, count = Gaps(), 0.0, len(fates)
        asked: dict[int, int] = {}
        for seq, fate in enumerate(fates, 1):
            now += 0.2
            if fate > 3 or seq == count:
                gaps.heard("b", seq, now)
        while not gaps.idle and now < 3000:
            now += 0.5
            if (ask := gaps.ask(now)) is None:
                continue
            self.assertLess(ask.last - ask.first, MAX_SPAN)
            self.assertTrue(1 <= ask.first <= ask.last < count)
            for seq in range(ask.first, ask.last + 1):
                asked[seq] = asked.get(seq, 0) + 1
                if asked[seq] > unlucky:
                    gaps.heard("b", seq, now)
        self.assertEqual(gaps.lost(now), 0)
        self.assertEqual(gaps.boots[0].heard, Ranges([(1, count)]))
        self.assertLessEqual(gaps.asked, count * len(WAITS))
