"""The rules of habits: what a day or a week came to, streaks, and what a check adds.

Only what was said is kept. A day that passed without a word was missed: that is
computed whenever somebody looks, so what is entered late is in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Mapping, Sequence

DONE, SKIP, MISSED, OPEN = "done", "skip", "missed", "open"
STATES = (DONE, SKIP, MISSED)  # what may be said; OPEN is what nobody said anything of yet
DAY, WEEK = "day", "week"

MOST_TIMES = 24  # a day
MOST_COUNT = 99
MOST_VALUE = 1_000_000.0
_ONE = timedelta(days=1)


@dataclass(frozen=True)
class Plan:
    """What is to be done: ``times`` in a day, on ``times`` days of a week, or ``target``
    of an amount in a day or week, such as 2 (litres)."""

    per: str = DAY
    times: int = 1
    target: float | None = None

    @property
    def once(self) -> bool:
        """Whether a day has it or has it not: a second check of it says nothing new."""
        return self.target is None and (self.per == WEEK or self.times == 1)

    @property
    def need(self) -> float:
        """How much makes a day, or week, done."""
        return float(self.times) if self.target is None else self.target


@dataclass(frozen=True)
class Mark:
    """What was said of a day; ``value`` is the sum of a day's amounts."""

    state: str
    count: int = 0
    value: float | None = None


Marks = Mapping[date, Mark]


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def amount(plan: Plan, mark: Mark | None) -> float:
    """What a day contributes: its sum, its count, or of a week's habit 1 for a day."""
    if mark is None or mark.state != DONE:
        return 0.0
    if plan.target is not None:
        return mark.value or 0.0
    return float(min(1, mark.count) if plan.once else mark.count)


def is_enough(plan: Plan, sum: float) -> bool:
    """Whether a sum reaches the goal; ten times 0.1 is 1."""
    return sum >= plan.need - 1e-9


def day_state(plan: Plan, mark: Mark | None, day: date, today: date) -> str:
    """What a day came to. Of a week's habit each day with something done is done."""
    if mark is not None and mark.state != DONE:
        return mark.state
    sum = amount(plan, mark)
    if is_enough(plan, sum) if plan.per == DAY else sum > 0:
        return DONE
    return OPEN if day >= today else MISSED


def week_sum(plan: Plan, marks: Marks, monday: date, today: date) -> float:
    """What the days of a week, up to today, come to together."""
    days = (monday + timedelta(days=n) for n in range(7))
    return sum(amount(plan, marks.get(day)) for day in days if day <= today)


def week_state(plan: Plan, marks: Marks, monday: date, today: date) -> str:
    """What a week came to. One that falls short, but has a skipped day, is skipped."""
    if is_enough(plan, week_sum(plan, marks, monday, today)):
        return DONE
    if monday + timedelta(days=6) >= today:
        return OPEN
    days = (marks.get(monday + timedelta(days=n)) for n in range(7))
    return SKIP if any(mark is not None and mark.state == SKIP for mark in days) else MISSED


def states(plan: Plan, marks: Marks, first: date, today: date) -> list[str]:
    """Every day, or week, from the first to the present one, the oldest first."""
    found, day = [], first if plan.per == DAY else week_of(first)
    while day <= today:
        if plan.per == DAY:
            found.append(day_state(plan, marks.get(day), day, today))
            day += _ONE
        else:
            found.append(week_state(plan, marks, day, today))
            day += 7 * _ONE
    return found


def streaks(found: Sequence[str]) -> tuple[int, int]:
    """The present streak and the best one, in days or weeks.

    What was skipped neither counts nor breaks; the present day or week breaks nothing
    as long as it is open.
    """
    run = best = 0
    for state in found:
        if state == DONE:
            run += 1
            best = max(best, run)
        elif state == MISSED:
            run = 0
    return run, best


def merged(
    plan: Plan, before: Mark | None, state: str, count: int | None, value: float | None
) -> Mark | None:
    """A day after one more check; None when nothing is left to be said of it.

    Counts and values add up, negative ones take back. Without a value a check of an
    amount means the rest of it. What is skipped keeps what was done before; "missed"
    forgets it.
    """
    if state == MISSED:
        return Mark(MISSED)
    known = before if before is not None and before.state != MISSED else Mark(DONE)
    if state == SKIP:
        return Mark(SKIP, known.count, known.value)
    if value is None and plan.target is not None:
        rest = max(0.0, plan.target - (known.value or 0.0))
        value = rest if count is None or count > 0 else 0.0
    added = count if count is not None else _one(plan, value)
    total = _within(known.count + added, 1 if plan.once else MOST_COUNT)
    sum = _sum(known.value, value)
    if plan.target is not None:
        return Mark(DONE, max(1, total), sum) if sum else None
    return Mark(DONE, total, sum) if total else None


def _one(plan: Plan, value: float | None) -> int:
    """How many checks an amount is: taking some of it back is none."""
    return 0 if plan.target is not None and (value or 0.0) <= 0 else 1


def _within(count: int, most: int) -> int:
    return min(max(0, count), most)


def _sum(before: float | None, value: float | None) -> float | None:
    if value is None:
        return before
    return round(min(max(0.0, (before or 0.0) + value), MOST_VALUE), 6)
