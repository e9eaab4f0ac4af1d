"""What the routes of sharing take and answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from iotd.health.sharing.model import MOST_OPENINGS
from iotd.site.paging import TextPaging


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ShareQuery(TextPaging):
    """Which shares: open ones, past ones, or all."""

    state: Literal["open", "past"] | None = None


class NewShare(_Body):
    """Without ``doctor`` (the name of a doctor's account) it is a link. ``days``: 7 for links
    when left out; for doctors 365, and null is until revoked. ``passcode`` and ``openings``
    are of links only."""

    sections: Annotated[list[str], Field(max_length=20)]
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    passcode: Annotated[str, Field(max_length=256)] | None = None
    doctor: Annotated[str, Field(max_length=256)] | None = None
    openings: Annotated[int, Field(ge=1, le=MOST_OPENINGS)] | None = None
    label: Annotated[str, Field(max_length=256)] = ""


class ShareOut(BaseModel):
    """``state`` is open, expired, revoked, locked or used up, and ``why`` says it in words.
    ``token`` and ``qr_svg`` of a link, and its ``url``, are told when it is made only."""

    id: str
    kind: str
    sections: list[str]
    state: str
    why: str | None
    label: str
    passcode: bool
    doctor: str | None
    doctor_name: str | None
    created_at: str
    created_by: str
    expires_at: str | None
    openings: int
    openings_left: int | None
    last_opened_at: str | None
    revoked_at: str | None
    url: str | None
    token: str | None
    qr_svg: str | None


class ShareList(BaseModel):
    items: list[ShareOut]
    next: str | None


class Opening(_Body):
    """The token of a link, and its passcode when it has one."""

    token: str
    passcode: Annotated[str, Field(max_length=256)] | None = None


class SharedPatient(BaseModel):
    name: str
    sex: str
    birth_date: str | None


class SharedOut(BaseModel):
    """Beside these a key for each of ``sections``, as its own route answers it."""

    model_config = ConfigDict(extra="allow")

    patient: SharedPatient
    sections: list[str]
    expires_at: str | None
    openings_left: int | None
    readings: Any = None
    labs: Any = None
    advice: Any = None
    questionnaire: Any = None
    notes: Any = None
    habits: Any = None
