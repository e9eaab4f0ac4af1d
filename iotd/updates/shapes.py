"""What the API of updates takes and gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from iotd.site.bodies import Strict

Id = Annotated[str, Field(max_length=64)]


class RolloutIn(Strict):
    """A roll-out to begin."""

    build: Annotated[int, Field(ge=1, lt=2**31)] | None = Field(
        None, description="of the release; the newest when left out"
    )
    devices: Annotated[list[Id], Field(min_length=1, max_length=10_000)] | None = Field(
        None, description="their ids; all boards with a key that may take it when left out"
    )
    older: bool = Field(False, description="boards may go back to it from a newer build")


class ReleaseIn(Strict):
    """Nothing is asked: a release is made of the firmware that iotd came with."""


class ReleaseOut(BaseModel):
    """A release; ``fault`` says why it is offered to no board."""

    id: int
    build: int
    version: str
    made_at: str | None
    kinds: list[str]
    fault: str | None


class ReleaseList(BaseModel):
    """All releases, newest first."""

    items: list[ReleaseOut]
    next: str | None


class RolloutOut(BaseModel):
    """A roll-out; ``counts`` has its boards by state."""

    id: int
    build: int
    version: str
    state: str
    wave: int
    waves: int
    older: bool
    reason: str | None
    started_at: str
    started_by: str
    wave_at: str | None
    ended_at: str | None
    boards_total: int
    counts: dict[str, int]


class RolloutList(BaseModel):
    """A page of roll-outs, newest first."""

    items: list[RolloutOut]
    next: str | None


class BoardOut(BaseModel):
    """How far one board is."""

    device: str
    wave: int
    state: str
    done_bytes: int
    total_bytes: int
    text: str
    changed_at: str


class RolloutWithBoards(RolloutOut):
    """A roll-out with all its boards."""

    boards: list[BoardOut]
