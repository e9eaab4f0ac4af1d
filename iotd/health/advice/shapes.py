"""What the routes of advice and notes take and answer, as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from iotd.site.bodies import Strict

VersionId = Annotated[int, Field(ge=0, lt=2**63)]


class Advised(Strict):
    """What is left out stays. ``base``: the versions one had read, by section; with
    ``draft`` nothing is published, and null discards a draft."""

    cardiovascular: str | None = None
    glucose: str | None = None
    diet: str | None = None
    exercise: str | None = None
    mental: str | None = None
    respiratory: str | None = None
    digestive: str | None = None
    bone: str | None = None
    immunizations: str | None = None
    draft: bool = False
    base: dict[str, VersionId | None] | None = None


class About(BaseModel):
    """The version that holds; ``author`` is the key of an account or token."""

    version: int
    author: str
    author_name: str
    at: str


class Draft(About):
    """``base``: the published version that its author had read; ``state`` draft or kept."""

    text: str
    base: int | None
    state: str


class AdviceOut(BaseModel):
    """Published texts by section, who wrote them, and the drafts one may go on with."""

    cardiovascular: str
    glucose: str
    diet: str
    exercise: str
    mental: str
    respiratory: str
    digestive: str
    bone: str
    immunizations: str
    about: dict[str, About | None]
    drafts: dict[str, Draft]


class HistoryQuery(Strict):
    """Of one section, or of all."""

    section: Annotated[str, Field(max_length=16)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    after: VersionId | None = None


class VersionOut(BaseModel):
    """``state``: draft, kept or published."""

    id: int
    section: str
    text: str
    state: str
    author: str
    author_name: str
    at: str
    base: int | None


class VersionList(BaseModel):
    items: list[VersionOut]
    next: str | None


class NewNote(Strict):
    text: str


class NoteVersion(BaseModel):
    id: int
    text: str
    author: str
    author_name: str
    at: str


class NoteOut(NoteVersion):
    """``text`` is the newest; ``at`` when the note began; ``versions`` how often it was written."""

    changed_at: str
    versions: int


class NoteList(BaseModel):
    items: list[NoteOut]
    next: str | None


class NoteVersionList(BaseModel):
    items: list[NoteVersion]
    next: str | None
