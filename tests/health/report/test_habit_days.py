"""What became of a habit's days, as the page and the paper say it."""

from __future__ import annotations

from datetime import date
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from iotd.health.habits.model import Mark
from iotd.health.report.habit_days import days_of

WATER = {"per": "day", "times": 1, "target": 2.0, "since": "2026-11-23"}


def of(habit: dict[str, Any], first: int = 20, **marks: Mark) -> dict[str, str]:
    """The states of days of November 2026, with marks such as ``d23``; today is the 26th."""
    said = {date(2026, 11, int(name[1:])): mark for name, mark in marks.items()}
    found = days_of(habit, said, date(2026, 11, first), date(2026, 11, 26))
    return {day[-2:]: state for day, state in found.items()}


class DaysTests(SynchronousTestCase):
    """Of a habit with a goal of 2, begun on the 23rd."""

    def test_of_a_day(self) -> None:
        """Enough is done, less or nothing was missed, today is still open, skipped is skipped."""
        found = of(WATER, d23=Mark("done", 1, 2.0), d24=Mark("done", 1, 0.5),
                   d26=Mark("done", 1, 0.25))
        self.assertEqual(found, {"23": "done", "24": "missed", "25": "missed"})
        self.assertEqual(of(WATER, 25, d25=Mark("skip"), d26=Mark("done", 8, 2.0)),
                         {"25": "skip", "26": "done"})

    def test_of_a_week(self) -> None:
        """Of a week's habit only what was said is told."""
        found = of({**WATER, "per": "week", "times": 3, "target": None}, d24=Mark("done", 1))
        self.assertEqual(found, {"24": "done"})

    def test_before(self) -> None:
        """Nothing is told of days before it was begun."""
        self.assertEqual(of({**WATER, "since": "2026-11-26"}), {})
