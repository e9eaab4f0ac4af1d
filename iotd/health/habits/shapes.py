"""What the routes of habits take and answer, as JSON."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from iotd.health.habits.model import MOST_COUNT, MOST_VALUE
from iotd.site.bodies import Strict
from iotd.site.paging import Paging


def _day(text: object) -> object:
    # 0 and "20261121" would pass for days, too
    if isinstance(text, str) and len(text) == 10 and text[4] == text[7] == "-":
        return text
    raise ValueError("give a day such as 2026-11-21")


Day = Annotated[date, BeforeValidator(_day)]
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Whole = Annotated[int, Field(strict=True)]


class HabitChange(Strict):
    """What is left out stays; null takes ``target``, ``unit`` or ``remind_at`` away."""

    name: Annotated[str, Field(max_length=256)] | None = None
    per: Annotated[str, Field(max_length=16)] | None = None
    times: Whole | None = None
    target: Number | None = None
    unit: Annotated[str, Field(max_length=64)] | None = None
    remind_at: Annotated[str, Field(max_length=16)] | None = None
    archived: Annotated[bool, Field(strict=True)] | None = None


class NewHabit(Strict):
    """``ready``: one of the ready ones, whose name and goal it takes where none is given."""

    name: Annotated[str, Field(max_length=256)] | None = None
    ready: Annotated[str, Field(max_length=24)] | None = None
    per: Annotated[str, Field(max_length=16)] | None = None
    times: Whole | None = None
    target: Number | None = None
    unit: Annotated[str, Field(max_length=64)] | None = None
    remind_at: Annotated[str, Field(max_length=16)] | None = None


class Order(Strict):
    """Which habits come first."""

    ids: Annotated[list[Annotated[int, Field(ge=1, lt=2**63, strict=True)]],
                   Field(max_length=100)]


class NewCheckin(Strict):
    """``count`` and ``value`` are added to what was said of the day; negative ones take back."""

    state: Literal["done", "skip", "missed"]
    day: Day | None = None
    count: Annotated[int, Field(ge=-MOST_COUNT, le=MOST_COUNT, strict=True)] | None = None
    value: Annotated[
        float, Field(ge=-MOST_VALUE, le=MOST_VALUE, allow_inf_nan=False, strict=True)
    ] | None = None


class HabitSettings(Strict):
    """What is left out stays; null is the site's time zone, or midnight."""

    timezone: Annotated[str, Field(max_length=64)] | None = None
    day_start: Annotated[str, Field(max_length=16)] | None = None


class CheckinQuery(BaseModel):
    """Days from ``since`` to ``until``, both included."""

    since: Day | None = None
    until: Day | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[str, Field(max_length=10)] | None = None


class DayOut(BaseModel):
    """A day: done, skip, missed, or open while it is not over."""

    state: str
    count: int
    value: float | None


class PeriodOut(DayOut):
    """The present day or week; ``since`` is its first day."""

    since: str


class HabitOut(BaseModel):
    """A habit. ``times`` a day, or on so many days a week; or ``target`` of an amount.
    ``step``: what one more is; ``due``: its time to be reminded of came, and it is open."""

    id: int
    name: str
    ready: str | None
    per: str
    times: int
    target: float | None
    unit: str
    step: float | None
    remind_at: str | None
    today: DayOut
    period: PeriodOut
    streak: int
    best_streak: int
    strength: float
    due: bool
    since: str
    created_at: str
    archived: bool
    archived_at: str | None


class SettingsOut(BaseModel):
    """``own_timezone``: whether it was chosen, or is the site's."""

    timezone: str
    own_timezone: bool
    day_start: str


class HabitList(BaseModel):
    """All habits in the person's own order; ``day`` is the present day."""

    items: list[HabitOut]
    next: str | None
    settings: SettingsOut
    day: str


class CheckinOut(DayOut):
    """What was said of a day."""

    id: str
    day: str
    at: str | None
    by: str | None


class CheckinList(BaseModel):
    """A page of days, the oldest first."""

    items: list[CheckinOut]
    next: str | None


class ReadyOut(BaseModel):
    """A ready habit, and who stands for its target."""

    id: str
    name: str
    per: str
    times: int
    target: float | None
    unit: str
    step: float | None
    source: str


class ReadyList(BaseModel):
    """All ready habits."""

    items: list[ReadyOut]
    next: str | None


class HabitQuery(Paging):
    """A page of habits."""
