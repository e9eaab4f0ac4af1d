"""What the routes of health reports take and answer, as JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from iotd.site.bodies import Strict

_NUMBER: Any = {"anyOf": [{"type": "number"}, {"type": "string"}]}


class NewValue(Strict):
    """``value``: a number, or a limit as text, such as "<3". ``unit`` in UCUM or as people
    write it. ``low``, ``high``: the laboratory's own range, in the same unit. ``fasting``
    is of glucose; left out it is taken as fasting."""

    value: Any = Field(json_schema_extra=_NUMBER)
    unit: Annotated[str, Field(max_length=32)]
    comparator: Literal["<", "<=", ">", ">="] | None = None
    low: Any = Field(default=None, json_schema_extra=_NUMBER)
    high: Any = Field(default=None, json_schema_extra=_NUMBER)
    fasting: Annotated[bool, Field(strict=True)] | None = None

    def given(self) -> dict[str, Any]:
        """Those that were told."""
        return self.model_dump(exclude_none=True)


class NewReport(Strict):
    """Merged by day and analyte: what is left out stays, null takes a value out."""

    date: Annotated[str, Field(max_length=10, description="a day, e.g. 2026-03-01")]
    laboratory: Annotated[str, Field(max_length=100)] | None = None
    values: Annotated[dict[str, NewValue | None], Field(max_length=64)]


class Given(BaseModel):
    value: float
    unit: str


class Previous(BaseModel):
    value: float
    date: str


class ValueOut(BaseModel):
    """One result in the analyte's own unit.

    ``flag`` is H, L or null; L begins at ``flag_low`` where that is not ``low``. ``range_kind``
    says whose range it is (laboratory, site, built-in), ``limits`` its sides in other units
    where the source states them so: a value told in such a unit is judged by these. ``given``
    is what was told, null of what was computed; ``trend`` is up, down, or same when it changed
    by less than 5 %.
    """

    value: float
    comparator: str | None
    unit: str
    flag: str | None
    low: float | None
    high: float | None
    flag_low: float | None
    range_text: str | None
    range_source: str | None
    range_kind: str | None
    limits: dict[str, list[float | None]]
    computed: bool
    formula: str | None
    given: Given | None
    previous: Previous | None
    change: float | None
    trend: str | None
    loinc: str
    name: str
    fasting: bool | None


class ReportOut(BaseModel):
    """What one day's samples gave; ``missing`` says why something was not computed."""

    id: int
    date: str
    laboratory: str
    source: str
    version: int
    changed_at: str
    values: dict[str, ValueOut]
    missing: dict[str, str]


class ReportList(BaseModel):
    items: list[ReportOut]
    next: str | None


class UnitOut(BaseModel):
    """Own value = ``scale`` × value in this unit + ``offset``; ``shown`` is for people."""

    unit: str
    loinc: str
    shown: str
    digits: int
    scale: float
    offset: float
    source: str


class RangeOut(BaseModel):
    analyte: str
    sex: str
    age_from: int
    age_to: int
    low: float | None
    high: float | None
    flag_low: float | None
    text: str
    limits: dict[str, list[float | None]]
    source: str
    kind: str


class AnalyteOut(BaseModel):
    """``unit`` and ``loinc`` are those of the first of ``units``, in which it is stored."""

    key: str
    name: str
    loinc: str
    unit: str
    units: list[UnitOut]
    plausible: list[float]
    group: str
    about: str
    note: str
    ranges: list[RangeOut]


class AnalyteList(BaseModel):
    items: list[AnalyteOut]
    next: None


class NewRange(Strict):
    """What is usual at this site; one side may be left open. Ages are completed years."""

    sex: Literal["any", "female", "male"] = "any"
    age_from: Annotated[int, Field(ge=0, le=150, strict=True)] = 0
    age_to: Annotated[int, Field(ge=0, le=150, strict=True)] = 150
    low: Annotated[float, Field(ge=0, lt=1e6, strict=True)] | None = None
    high: Annotated[float, Field(ge=0, lt=1e6, strict=True)] | None = None
    source: Annotated[str, Field(min_length=1, max_length=200)]


class NewRanges(Strict):
    """By analyte; null or an empty list: as they are built in."""

    ranges: Annotated[
        dict[str, Annotated[list[NewRange], Field(max_length=40)] | None], Field(max_length=64)
    ]


class RangeList(BaseModel):
    items: list[RangeOut]
    next: None


class ImportQuery(Strict):
    """``mapping``: JSON, {heading: what it is}; ``dates``: the order of 2/3/2026."""

    preview: bool = False
    dates: Literal["auto", "dmy", "mdy"] = "auto"
    mapping: Annotated[str, Field(max_length=8000)] | None = None


class ColumnOut(BaseModel):
    """``as`` is "" when nobody knows what the column is, then ``suggestion`` may be near."""

    column: int
    heading: str
    as_: Annotated[str, Field(alias="as")]
    how: str
    suggestion: str | None


class FaultOut(BaseModel):
    """Lines count from 1; ``column`` is "" for a whole line."""

    line: int
    column: str
    value: str
    reason: str


class ImportOut(BaseModel):
    """What a file did, or would do: reports that are added, changed, or as they were.
    ``skipped`` counts lines without a result, and those that had been computed."""

    applied: bool
    shape: str | None
    columns: list[ColumnOut]
    dates: str
    unclear_dates: bool
    added: int
    changed: int
    unchanged: int
    skipped: int
    values: int
    rows: list[dict[str, Any]]
    faults: list[FaultOut]
    faults_in_all: int
