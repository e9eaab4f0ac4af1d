"""What became of the days of a habit, as its calendar on the page says it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Mapping

from iotd.health.habits.model import DAY, OPEN, Mark, Plan, day_state


def days_of(
    habit: Mapping[str, Any], marks: Mapping[date, Mark], first: date, today: date
) -> dict[str, str]:
    """States (done, skip, missed) by day, from ``first`` on; ``habit`` as the API shows it.

    A day that passed without a word was missed, but of a week's habit; what nobody can say
    yet is left out.
    """
    plan = Plan(habit["per"], habit["times"], habit["target"])
    begun = max(first, date.fromisoformat(habit["since"]))
    days = [begun + timedelta(days=n) for n in range((today - begun).days + 1)]
    states = {
        day: day_state(plan, marks.get(day), day, today) for day in days
        if plan.per == DAY or day in marks
    }
    return {day.isoformat(): state for day, state in states.items() if state != OPEN}
