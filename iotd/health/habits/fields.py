"""What a habit may be made of."""

from __future__ import annotations

import math
from typing import Any

from iotd.errors import Invalid
from iotd.health.habits.days import clock_of, minutes_of
from iotd.health.habits.model import DAY, MOST_TIMES, WEEK
from iotd.health.habits.ready import find_ready
from iotd.health.habits.records import Habit

MOST_HABITS = 50  # of a patient, archived ones included
MOST_TARGET = 100_000.0
_NAMES = ("name", "per", "times", "target", "unit", "remind_at")


def complete(fields: dict[str, Any]) -> dict[str, Any]:
    """The columns of a new habit; Invalid, naming the field, when it makes no sense."""
    values: dict[str, Any] = {
        "name": None, "ready": None, "per": DAY, "times": 1, "target": None, "unit": "",
        "remind_at": None,
    }
    if fields.get("ready") is not None:
        ready = find_ready(fields["ready"])
        values |= {"name": ready.name, "ready": ready.id, "per": ready.per,
                   "times": ready.times, "target": ready.target, "unit": ready.unit}
    given = {name: fields[name] for name in _NAMES if fields.get(name) is not None}
    return _whole({**values, **given}, given)


def checked(habit: Habit, fields: dict[str, Any]) -> dict[str, Any]:
    """The columns that a change writes; null takes away ``target``, ``unit``, ``remind_at``."""
    before = {name: getattr(habit, name) for name in _NAMES}
    given = {name: fields[name] for name in _NAMES if name in fields}
    for name in ("name", "per", "times"):
        if name in given and given[name] is None:
            raise Invalid(f"{name} can't be empty.", name)
    after = _whole({**before, **given}, given)
    changed = {name: after[name] for name in _NAMES if after[name] != before[name]}
    if "remind_at" in changed:
        changed["reminded_on"] = None
    return changed


def _whole(values: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    values["name"] = _text(values["name"] or "", "name", 1, 60)
    values["unit"] = _text(values["unit"] or "", "unit", 0, 16)
    if values["per"] not in (DAY, WEEK):
        raise Invalid("per is day or week.", "per")
    _check_goal(values, given)
    if values["remind_at"] is not None:
        values["remind_at"] = clock_of(minutes_of(values["remind_at"], "remind_at"))
    return values


def _check_goal(values: dict[str, Any], given: dict[str, Any]) -> None:
    target = values["target"]
    if target is not None:
        if not math.isfinite(target) or not 0 < target <= MOST_TARGET:
            raise Invalid(f"target is above 0 and at most {MOST_TARGET:,.0f}.", "target")
        if given.get("times", 1) != 1:
            raise Invalid("Give times, or the target of an amount, not both.", "times")
        values["times"] = 1
    most = MOST_TIMES if values["per"] == DAY else 7
    if not 1 <= values["times"] <= most:
        on = "times a day" if values["per"] == DAY else "days of a week"
        raise Invalid(f"times is from 1 to {most} {on}.", "times")


def _text(text: str, name: str, least: int, most: int) -> str:
    text = text.strip()
    if not least <= len(text) <= most or not text.isprintable():
        at_least = f"{least} to " if least else "at most "
        raise Invalid(f"{name} has {at_least}{most} printable characters.", name)
    return text
