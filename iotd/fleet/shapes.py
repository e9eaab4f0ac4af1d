"""What routes of the fleet take and give."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from iotd.devices.api import DeviceOut
from iotd.fleet.model import MAX_ACTS
from iotd.site.bodies import Strict
from iotd.site.paging import TextPaging

Action = Literal["approve", "revoke", "remove", "command", "place", "update"]


class Acting(Strict):
    """One thing to do to many boards."""

    action: Action
    devices: list[str] = Field(min_length=1, max_length=MAX_ACTS)
    command: str | None = Field(None, max_length=200, description="for the action command")
    place: str | None = Field(None, max_length=100, description="for place; empty takes it away")


class Acted(BaseModel):
    """What became of it at one board."""

    id: str
    ok: bool
    error: str | None


class ActedList(BaseModel):
    """The same for each, in the order they were named."""

    items: list[Acted]


class WhyOut(BaseModel):
    """Why a board does not show up, and what to do."""

    reason: str
    next_step: str
    at: str | None


class BoardOut(DeviceOut):
    """A device with what it told of itself; all of that is null for one that never did."""

    version: str | None
    build: int | None
    firmware_kind: str | None
    chip: str | None
    slot: str | None
    uptime_s: int | None
    booted_at: str | None
    reset: str | None
    restarts: int | None
    free_memory: int | None
    last_update: str | None
    tls: bool | None
    told_at: str | None
    silent: bool
    flapping: bool
    why: WhyOut | None


class BoardList(BaseModel):
    """A page of boards."""

    items: list[BoardOut]
    next: str | None


class EventPaging(TextPaging):
    """A page of what happened, the newest first."""


class EventOut(BaseModel):
    """Something that happened: connected, lost, restarted, update, alarm; or that somebody
    did: command, approved, revoked, key, changed, update."""

    id: str
    at: str
    what: str
    text: str
    by: str
    result: str


class EventList(BaseModel):
    """A page of them."""

    items: list[EventOut]
    next: str | None
