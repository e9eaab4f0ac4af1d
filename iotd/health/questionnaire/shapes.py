"""What the routes of questionnaires take and answer, as JSON."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from iotd.site.bodies import Strict

Given = dict[str, Any] | list[Any] | str | None


class Answered(Strict):
    """A section is an object of question ids, or plain text; null clears it; what is left out
    stays. ``step`` is where one is in the wizard, ``finished`` that one came to its end."""

    medications: Given = None
    immunizations: Given = None
    social_history: Given = None
    sleep: Given = None
    exercise: Given = None
    stress: Given = None
    alcohol: Given = None
    tobacco: Given = None
    screen_time: Given = None
    step: Annotated[str, Field(max_length=24)] | None = None
    finished: bool | None = None


class ScoreOut(BaseModel):
    """What follows from answers by a published rule, named by ``source``."""

    id: str
    section: str
    name: str
    value: float
    unit: str
    most: int | None
    note: str
    source: str


class QuestionnaireOut(BaseModel):
    """Each section as it was answered, null where nothing was."""

    medications: dict[str, Any] | str | None
    immunizations: dict[str, Any] | str | None
    social_history: dict[str, Any] | str | None
    sleep: dict[str, Any] | str | None
    exercise: dict[str, Any] | str | None
    stress: dict[str, Any] | str | None
    alcohol: dict[str, Any] | str | None
    tobacco: dict[str, Any] | str | None
    screen_time: dict[str, Any] | str | None
    scores: list[ScoreOut]
    step: str
    version: int
    finished_at: str | None
    changed_at: str | None


class FormOut(BaseModel):
    """The questions; ``text_limit`` is characters of a section that is plain text."""

    sections: list[dict[str, Any]]
    text_limit: int
