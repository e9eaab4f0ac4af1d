"""How strong a habit is, from 0 to 1: it grows with what is done and fades with what is not.

The formula is that of Loop Habit Tracker (iSoron/uhabits, Score.compute and
ScoreList.recompute), written anew from its description::

    multiplier = 0.5 ** (sqrt(frequency) / 13)
    strength = strength * multiplier + part * (1 - multiplier)

once a day, with ``part`` = how much of what was to be done in the window that ends that
day was done, at most 1. So a daily habit is halfway after 13 days and fades as slowly.
Something for some days of a week is looked at over two weeks, so that it may be done on
other days each week. Skipped days change nothing (its issue 88).
"""

from __future__ import annotations

from collections import deque
from datetime import date, timedelta
from math import sqrt

from iotd.health.habits.model import (
    DAY, DONE, MISSED, SKIP, Marks, Plan, amount, day_state,
)


def window(plan: Plan) -> tuple[float, int, float]:
    """How much is to be done in how many days, and the frequency (1 is daily)."""
    if plan.per == DAY:
        return plan.need, 1, 1.0
    if plan.target is not None:
        return plan.target, 7, 1 / 7
    if plan.times >= 7:
        return 1.0, 1, 1.0
    return 2.0 * plan.times, 14, plan.times / 7


def strength(plan: Plan, marks: Marks, first: date, today: date) -> float:
    """The strength after all days up to today; today itself counts when it was done."""
    need, days, frequency = window(plan)
    multiplier = 0.5 ** (sqrt(frequency) / 13)
    latest: deque[float] = deque(maxlen=days)
    score, day = 0.0, first
    while day <= today:
        mark = marks.get(day)
        latest.append(amount(plan, mark))
        said = day_state(plan, mark, day, today)
        if said != SKIP and (day < today or said in (DONE, MISSED)):
            part = min(1.0, sum(latest) / need)
            score = score * multiplier + part * (1 - multiplier)
        day += timedelta(days=1)
    return score
