"""What the routes of counts take and answer, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from iotd.site.bodies import Strict

Values = Annotated[str, Field(
    max_length=4096, description="one value of the register, or several with commas between"
)]
Days = Annotated[int, Field(ge=1, le=366, description="today and the days before")]


class Looking(Strict):
    """Which students are meant: any of the values in each category that is given."""

    year: Values | None = None
    gender: Values | None = None
    hostel: Values | None = None
    branch: Values | None = None
    stream: Values | None = None


class TrendsQuery(Looking):
    days: Days = 7
    bucket: Literal["day", "hour"] = "day"


class MonthQuery(Looking):
    days: Days = 30


class DemographicsQuery(MonthQuery):
    by: Literal["year", "gender", "hostel", "branch", "stream"]


class SummaryOut(BaseModel):
    """``outside``: registered - inside, those never seen (``unknown``) included;
    ``unknown_devices``: different unregistered devices today, at all gates."""

    inside: int
    outside: int
    registered: int
    unknown_devices: int
    unknown: int
    last_movement_at: str | None
    as_of: str


class Trend(BaseModel):
    """``bucket``: a local day, or the first moment of an hour in UTC."""

    bucket: str
    entries: int
    exits: int


class TrendsOut(BaseModel):
    items: list[Trend]
    bucket: str
    next: str | None


class HeatmapItem(BaseModel):
    """``weekday``: 1 is Monday."""

    weekday: int
    hour: int
    entries: int
    exits: int


class HeatmapOut(BaseModel):
    items: list[HeatmapItem]
    next: str | None


class DemographicsItem(BaseModel):
    """``hourly``: entries and exits by hour of the day; ``inside`` and ``outside`` are of now."""

    value: int | str
    entries: int
    exits: int
    inside: int
    outside: int
    mean_minutes_outside: float | None
    hourly: list[int]


class DemographicsOut(BaseModel):
    items: list[DemographicsItem]
    by: str
    next: str | None


class PeakHour(BaseModel):
    hour: int
    movements: int


class PeakDay(BaseModel):
    day: str
    movements: int


class PeakLoad(BaseModel):
    at: str
    inside: int


class WeekendPattern(BaseModel):
    """Mean movements a day, of days that are over; ``ratio``: weekend by weekday."""

    weekday_mean: float | None
    weekend_mean: float | None
    ratio: float | None
    text: str


class Out(BaseModel):
    rollno: str
    since: str
    minutes: int


class Curfew(BaseModel):
    """Who is out while it lasts (``active``), until 05:00; the longest first, 500 at most.
    Without ``items`` for those who may not know names."""

    time: str
    active: bool
    outside: int
    items: list[Out] | None = None


class Anomaly(BaseModel):
    """``kind``: many_entries, few_entries, many_exits or few_exits."""

    at: str
    kind: str
    expected: float
    actual: int
    score: float
    text: str


class InsightsOut(BaseModel):
    peak_hour: PeakHour | None
    peak_day: PeakDay | None
    peak_load: PeakLoad | None
    weekend_pattern: WeekendPattern
    curfew: Curfew | None
    anomalies: list[Anomaly]
