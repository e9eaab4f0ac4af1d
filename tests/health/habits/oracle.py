"""Habits the slow and obvious way, to compare the rules with."""

from __future__ import annotations

from datetime import date, timedelta

from iotd.health.habits.model import Mark, Plan

ONE = timedelta(days=1)


def done_on(plan: Plan, marks: dict[date, Mark], day: date) -> float:
    """How much was done on a day."""
    mark = marks.get(day, Mark("missed"))
    if mark.state != "done":
        return 0
    if plan.target is not None:
        return mark.value or 0
    if plan.per == "week":
        return 1 if mark.count > 0 else 0
    if plan.times == 1:
        return 1 if mark.count > 0 else 0
    return mark.count


def skipped(marks: dict[date, Mark], day: date) -> bool:
    """Whether a day was skipped."""
    return day in marks and marks[day].state == "skip"


def reached(plan: Plan, amount: float) -> bool:
    """Whether it is enough."""
    need = plan.times if plan.target is None else plan.target
    return amount > need or abs(amount - need) < 1e-9


def spans(plan: Plan, first: date, today: date) -> list[list[date]]:
    """The days of each day, or of each week from Monday on."""
    if plan.per == "day":
        count = (today - first).days + 1
        return [[first + n * ONE] for n in range(count)]
    monday = first
    while monday.weekday() != 0:
        monday -= ONE
    found = []
    while monday <= today:
        found.append([monday + n * ONE for n in range(7)])
        monday += 7 * ONE
    return found


def outcome(plan: Plan, marks: dict[date, Mark], span: list[date], today: date) -> str:
    """What became of a day or week."""
    if plan.per == "day" and skipped(marks, span[0]):
        return "skip"
    if reached(plan, sum(done_on(plan, marks, day) for day in span if day <= today)):
        return "done"
    said_missed = plan.per == "day" and marks.get(span[0], Mark("done")).state == "missed"
    if span[-1] >= today and not said_missed:
        return "open"
    return "skip" if any(skipped(marks, day) for day in span) else "missed"


def streak_ending(outcomes: list[str], end: int) -> int:
    """How many were done up to the one at ``end``, back to the first missed one."""
    count = 0
    for outcome in reversed(outcomes[: end + 1]):
        if outcome == "missed":
            break
        count += outcome == "done"
    return count


def strength(plan: Plan, marks: dict[date, Mark], first: date, today: date) -> float:
    """The score of Loop Habit Tracker, day after day."""
    score = 0.0
    weekly = plan.per == "week"
    by_days = weekly and plan.target is None and plan.times < 7
    width = 1 if not weekly or (plan.target is None and plan.times == 7) else 14 if by_days else 7
    need = plan.target if plan.target is not None else 1 if width == 1 and weekly else plan.times
    need = 2 * need if by_days else need
    frequency = plan.times / 7 if by_days else 1 / width
    factor = 0.5 ** (frequency ** 0.5 / 13)
    for number in range((today - first).days + 1):
        day = first + number * ONE
        if skipped(marks, day):
            continue
        amount = done_on(plan, marks, day)
        whole = amount > 0 if weekly else reached(plan, amount)
        said_missed = marks.get(day, Mark("done")).state == "missed"
        if day == today and not whole and not said_missed:
            continue
        window = [day - n * ONE for n in range(width) if day - n * ONE >= first]
        part = min(1.0, sum(done_on(plan, marks, each) for each in window) / need)
        score = factor * score + (1 - factor) * part
    return score
