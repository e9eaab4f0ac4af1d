"""What may be asked of a report."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from iotd.health.readings_section import DAYS, MOST_DAYS


class ReportQuery(BaseModel):
    """``sections`` are names joined by commas; all that one may see when there are none."""

    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = DAYS
    sections: Annotated[str, Field(max_length=200)] | None = None
    download: bool = False
