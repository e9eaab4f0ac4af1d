"""What the routes of FHIR take and answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from iotd.health.shapes import Moment
from iotd.site.bodies import Strict


class ExportQuery(Strict):
    """``since`` and ``until`` are of readings; ``sections`` some of what one may see, with
    commas between."""

    since: Moment | None = None
    until: Moment | None = None
    readings: Literal["auto", "all", "hour", "day"] = "auto"
    sections: Annotated[str, Field(max_length=100)] | None = None
    audit: bool = False


class ImportQuery(Strict):
    """``preview``: say what would happen, change nothing; ``force``: also when the Bundle's
    patient was born on another day or is of another sex."""

    preview: bool = False
    force: bool = False


class Skipped(BaseModel):
    """``index``: of the entry in the Bundle, from 0; ``id``: of its resource."""

    index: int
    id: str | None
    reason: str


class ImportOut(BaseModel):
    """Results by what became of them; ``ignored`` entries are no laboratory results.
    ``skipped`` names the first hundred, ``skipped_in_all`` is how many there are."""

    applied: bool
    added: int
    changed: int
    unchanged: int
    skipped: list[Skipped]
    skipped_in_all: int
    ignored: int
    reports: list[str]
