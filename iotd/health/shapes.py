"""What the routes of this room take and answer, as JSON."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from iotd.site.bodies import Strict

Moment = Annotated[str, Field(max_length=40, description="RFC 3339, e.g. 2026-11-21T08:30:00Z")]


class NewPatient(Strict):
    """``user``: by an admin, the account of the role patient that it belongs to."""

    name: Annotated[str, Field(max_length=256)]
    sex: Annotated[str, Field(max_length=16)] | None = None
    birth_date: Annotated[str, Field(max_length=16)] | None = None
    user: Annotated[str, Field(max_length=256)] | None = None


class PatientChange(Strict):
    """What is left out stays; null clears what may be unknown."""

    name: Annotated[str, Field(max_length=256)] | None = None
    sex: Annotated[str, Field(max_length=16)] | None = None
    birth_date: Annotated[str, Field(max_length=16)] | None = None
    user: Annotated[str, Field(max_length=256)] | None = None


class DeviceOfPatient(BaseModel):
    id: str
    name: str
    kind: str
    state: str


class PatientOut(BaseModel):
    """``user`` is the name of the account that the patient belongs to, ``sections`` what of the
    record the caller may see, and ``shared_until`` when that ends for a doctor who was let in
    (null: when it is taken back)."""

    id: str
    name: str
    sex: str
    birth_date: str | None
    user: str | None
    created_at: str
    devices: list[DeviceOfPatient]
    sections: list[str]
    shared_until: str | None


class PatientList(BaseModel):
    items: list[PatientOut]
    next: str | None


class NewReading(Strict):
    """``unit`` in UCUM, the kind's own when left out; ``measured_at`` now when left out."""

    kind: str = Field(max_length=40)
    value: Annotated[float, Field(strict=True, gt=-1e9, lt=1e9)]
    unit: Annotated[str, Field(max_length=16)] | None = None
    measured_at: Moment | None = None


class ReadingOut(BaseModel):
    """``quality`` is good, suspect or rejected, ``reason`` says why; ``raw`` is as it came."""

    id: int
    kind: str
    value: float
    unit: str
    measured_at: str
    received_at: str
    source: str
    device: str | None
    quality: str
    reason: str | None
    raw: str


class Range(BaseModel):
    low: float | None
    high: float | None
    text: str
    source: str


class Vital(BaseModel):
    """The newest reading of a kind; ``state`` is fresh, late, stale or none."""

    kind: str
    label: str
    unit: str
    value: float | None
    measured_at: str | None
    received_at: str | None
    source: str | None
    quality: str | None
    reason: str | None
    state: str
    age_seconds: float | None
    range: Range
    trend: list[list[float]]


class BloodPressure(BaseModel):
    systolic: float
    diastolic: float
    measured_at: str
    source: str
    quality: str


class Vitals(BaseModel):
    items: list[Vital]
    blood_pressure: BloodPressure | None
    news2: dict[str, Any] | None
    next: None


class Span(Strict):
    """From ``since`` to before ``until``; open where left out."""

    since: Moment | None = None
    until: Moment | None = None


class ReadingQuery(Span):
    """``bucket``: raw, auto, minute, 5min, 15min, hour, 6h, day, or its seconds."""

    kind: Annotated[str, Field(max_length=40)] | None = None
    bucket: Annotated[str, Field(max_length=8)] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    after: Annotated[str, Field(max_length=64)] | None = None


class CsvQuery(Span):
    kind: Annotated[str, Field(max_length=40)] | None = None


class SheetQuery(Span):
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[str, Field(max_length=400)] | None = None


class SheetRow(BaseModel):
    """What one source measured within 30 s; ``quality`` is the worst, ``qualities`` of each."""

    measured_at: str
    source: str
    heart_rate: float | None
    body_temperature: float | None
    spo2: float | None
    bp_systolic: float | None
    bp_diastolic: float | None
    quality: str
    qualities: dict[str, str]


class Sheet(BaseModel):
    items: list[SheetRow]
    next: str | None
