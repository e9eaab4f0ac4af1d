"""The rules of habits, against examples and against a slow and obvious oracle."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.health.habits.model import (
    DAY, WEEK, Mark, Plan, day_state, merged, states, streaks, week_of, week_state,
)
from iotd.health.habits.strength import strength
from tests.health.habits import oracle

TODAY = date(2028, 3, 1)  # the day after a leap day
DAILY, TWICE, LITRES = Plan(), Plan(times=2), Plan(target=2.0)
THRICE_A_WEEK, MINUTES = Plan(WEEK, 3), Plan(WEEK, target=150.0)

PLANS = st.one_of(
    st.builds(Plan, st.just(DAY), st.integers(1, 4)),
    st.builds(Plan, st.just(WEEK), st.integers(1, 7)),
    st.builds(Plan, st.sampled_from([DAY, WEEK]), st.just(1),
              st.sampled_from([0.5, 1.0, 2.0, 150.0])),
)
MARKS = st.one_of(
    st.builds(Mark, st.just("done"), st.integers(1, 5),
              st.sampled_from([None, 0.1, 0.5, 1.0, 2.5, 60.0])),
    st.just(Mark("skip")), st.just(Mark("missed")), st.none(), st.none(),
)


def days(text: str, plan: Plan = DAILY) -> dict[date, Mark]:
    """Marks of the days up to today: + done, s skipped, x missed, anything else nothing."""
    full = Mark("done", plan.times, plan.target)
    known = {"+": full, "s": Mark("skip"), "x": Mark("missed")}
    first = TODAY - timedelta(days=len(text) - 1)
    return {
        first + timedelta(days=n): known[sign] for n, sign in enumerate(text) if sign in known
    }


def run(text: str, plan: Plan = DAILY) -> tuple[int, int]:
    """The present and the best streak of such days."""
    first = TODAY - timedelta(days=len(text) - 1)
    return streaks(states(plan, days(text, plan), first, TODAY))


class StreakTests(SynchronousTestCase):
    """Streaks in days and weeks."""

    def test_examples(self) -> None:
        """A skip neither breaks nor counts, an open today breaks nothing, silence does."""
        for text, wanted in {
            ".": (0, 0), "+": (1, 1), "+++": (3, 3), "++.": (2, 2), "++..": (0, 2),
            "+s+": (2, 2), "+ss.": (1, 1), "++x": (0, 2), "+++.++": (2, 3), "+.s": (0, 1),
            "s": (0, 0), "+s.+": (1, 1),
        }.items():
            self.assertEqual(run(text), wanted, text)

    def test_leap_day(self) -> None:
        """The 29th of February is a day like any other."""
        found = days("+++")
        self.assertIn(date(2028, 2, 29), found)
        del found[date(2028, 2, 29)]
        self.assertEqual(
            streaks(states(DAILY, found, date(2028, 2, 28), TODAY)), (1, 1)
        )

    def test_part_of_a_day(self) -> None:
        """A day that falls short is open today and was missed later."""
        for plan, mark in ((TWICE, Mark("done", 1)), (LITRES, Mark("done", 4, 1.75))):
            self.assertEqual(day_state(plan, mark, TODAY, TODAY), "open")
            self.assertEqual(day_state(plan, mark, TODAY, TODAY + timedelta(1)), "missed")

    def test_weeks(self) -> None:
        """A week counts with so many days, falls short with fewer, and a skip spares it."""
        monday = week_of(TODAY)
        self.assertEqual(monday, date(2028, 2, 28))
        before = monday - timedelta(days=7)
        two = {before: Mark("done", 1), before + timedelta(2): Mark("done", 5)}
        self.assertEqual(week_state(THRICE_A_WEEK, two, before, TODAY), "missed")
        spared = {**two, before + timedelta(4): Mark("skip")}
        self.assertEqual(week_state(THRICE_A_WEEK, spared, before, TODAY), "skip")
        three = {**two, before + timedelta(6): Mark("done", 1)}
        self.assertEqual(week_state(THRICE_A_WEEK, three, before, TODAY), "done")
        self.assertEqual(streaks(states(THRICE_A_WEEK, three, before, TODAY)), (1, 1))
        ran = {before: Mark("done", 1, 100.0), before + timedelta(6): Mark("done", 1, 50.0)}
        self.assertEqual(week_state(MINUTES, ran, before, TODAY), "done")

    @settings(max_examples=300, deadline=None)
    @given(PLANS, st.lists(MARKS, max_size=40), st.integers(0, 10))
    def test_as_the_oracle(self, plan: Plan, said: list[Mark | None], late: int) -> None:
        """States, streaks and strength are those of the slow and obvious way."""
        first = TODAY - timedelta(days=len(said) + late)
        marks = {
            first + timedelta(days=n): mark for n, mark in enumerate(said) if mark is not None
        }
        spans = oracle.spans(plan, first, TODAY)
        wanted = [oracle.outcome(plan, marks, span, TODAY) for span in spans]
        found = states(plan, marks, first, TODAY)
        self.assertEqual(found, wanted)
        ends = [oracle.streak_ending(wanted, n) for n in range(len(wanted))]
        self.assertEqual(streaks(found), (ends[-1], max(ends)))
        self.assertAlmostEqual(
            strength(plan, marks, first, TODAY), oracle.strength(plan, marks, first, TODAY), 9
        )


class StrengthTests(SynchronousTestCase):
    """The strength of Loop Habit Tracker."""

    def of(self, text: str, plan: Plan = DAILY) -> float:
        """The strength after such days."""
        first = TODAY - timedelta(days=len(text) - 1)
        return strength(plan, days(text, plan), first, TODAY)

    def test_half_life(self) -> None:
        """Daily for 13 days is one half, and 13 days without are half of what it was."""
        self.assertAlmostEqual(self.of("+" * 13), 0.5, 9)
        self.assertAlmostEqual(self.of("+" * 130 + "." * 13 + "x"),
                               self.of("+" * 130) * 0.5 ** (14 / 13), 9)

    def test_skips(self) -> None:
        """A month of skipped days changes nothing."""
        self.assertEqual(self.of("+" * 20 + "s" * 30), self.of("+" * 20))

    def test_open_today(self) -> None:
        """This morning it is what it was last night."""
        self.assertEqual(self.of("+++."), strength(
            DAILY, days("+++."), TODAY - timedelta(3), TODAY - timedelta(1)))

    def test_weekly(self) -> None:
        """Three days a week, whichever, come to nearly all after a year."""
        self.assertGreater(self.of("+.+.+.." * 52, THRICE_A_WEEK), 0.98)


class MergeTests(SynchronousTestCase):
    """What one more check makes of a day."""

    def test_amounts(self) -> None:
        """Glasses add up to two litres, and can be taken back to nothing."""
        day = None
        for _ in range(8):
            day = merged(LITRES, day, "done", None, 0.25)
        self.assertEqual(day, Mark("done", 8, 2.0))
        self.assertEqual(day_state(LITRES, day, TODAY, TODAY), "done")
        self.assertEqual(merged(LITRES, day, "done", None, -0.25), Mark("done", 8, 1.75))
        self.assertIsNone(merged(LITRES, day, "done", None, -5.0))
        self.assertEqual(merged(LITRES, Mark("done", 1, 0.5), "done", None, None),
                         Mark("done", 2, 2.0))

    def test_tenths(self) -> None:
        """Twenty times a tenth of a litre is two litres."""
        day = None
        for _ in range(20):
            day = merged(LITRES, day, "done", None, 0.1)
        self.assertEqual(day_state(LITRES, day, TODAY, TODAY), "done")

    def test_once(self) -> None:
        """A second check of what is done once a day says nothing new."""
        for plan in (DAILY, THRICE_A_WEEK):
            day = merged(plan, None, "done", None, None)
            self.assertEqual(merged(plan, day, "done", None, None), Mark("done", 1))
            self.assertIsNone(merged(plan, day, "done", -1, None))

    def test_skip_and_back(self) -> None:
        """What was done before a skip is there again after it; missed forgets it."""
        half = merged(TWICE, None, "done", None, None)
        skipped = merged(TWICE, half, "skip", None, None)
        self.assertEqual(merged(TWICE, skipped, "done", None, None), Mark("done", 2))
        self.assertEqual(merged(TWICE, half, "missed", None, None), Mark("missed"))

    @settings(max_examples=200, deadline=None)
    @given(PLANS, st.lists(st.tuples(
        st.sampled_from(["done", "skip", "missed"]), st.none() | st.integers(-99, 99),
        st.none() | st.floats(-1e6, 1e6),
    ), max_size=12))
    def test_never_below_nothing(self, plan: Plan, said: list[tuple]) -> None:
        """Whatever is said, counts and sums are never negative and a kept day says something."""
        day = None
        for state, count, value in said:
            day = merged(plan, day, state, count, value)
            if day is not None:
                self.assertGreaterEqual(day.count, 0)
                self.assertGreaterEqual(day.value or 0.0, 0.0)
                self.assertTrue(day.state != "done" or day.count > 0)
