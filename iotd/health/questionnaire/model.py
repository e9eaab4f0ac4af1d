"""Whether answers can be taken: known questions, values within limits; what is empty is left out.

A section's answers are an object of question ids, or plain text for who would rather write.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import Any, Callable

from iotd.errors import Invalid
from iotd.health.questionnaire.form import SECTIONS, STEPS
from iotd.health.questionnaire.questions import (
    CHOICE, DATE, LIST, NUMBER, TEXT, YES_NO, Question, Section,
)
from iotd.health.written import written

MOST_TEXT = 10_000  # characters of a section that is plain text
ROWS = "list"  # the question that a bare list of a section answers

Answers = dict[str, Any]

_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)


def checked_section(id: str, value: Any, now: float) -> Answers | str | None:
    """A section's answers as they are kept, None when there are none; Invalid names the field,
    such as ``sleep.hours`` or ``medications.list.0.name``."""
    section = SECTIONS[id]
    if value is None or isinstance(value, str):
        return written(value or "", id, MOST_TEXT) or None
    if isinstance(value, list) and section.question(ROWS) is not None:
        value = {ROWS: value}
    if not isinstance(value, dict):
        raise Invalid(f"{id} is an object of answers, or text.", id)
    return _answers(section, value, now) or None


def checked_step(step: str) -> str:
    """Where one is in the wizard; Invalid for a place that there is not."""
    if step not in STEPS:
        raise Invalid(f"step is one of {', '.join(STEPS)}.", "step")
    return step


def _answers(section: Section, given: dict[str, Any], now: float) -> Answers:
    unknown = [id for id in given if section.question(id) is None]
    if unknown:
        known = ", ".join(each.id for each in section.questions)
        raise Invalid(
            f"{section.id} has no question {unknown[0][:40]!r}; known: {known}.",
            f"{section.id}.{unknown[0][:40]}",
        )
    return _of(section.questions, given, section.id, now)


def _of(
    questions: tuple[Question, ...], given: dict[str, Any], place: str, now: float
) -> Answers:
    answers = {}
    for question in questions:
        value = given.get(question.id)
        if value is not None:
            kept = _CHECKS[question.kind](question, value, f"{place}.{question.id}", now)
            if kept not in ("", []):
                answers[question.id] = kept
    return answers


def _text(question: Question, value: Any, field: str, now: float) -> str:
    if not isinstance(value, str):
        raise Invalid(f"{field} is text.", field)
    return written(value, field, question.most)


def _number(question: Question, value: Any, field: str, now: float) -> float | int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid(f"{field} is a number.", field)
    if not (math.isfinite(value) and question.low <= value <= question.high):
        unit = f" {question.unit}" if question.unit else ""
        raise Invalid(
            f"{field} lies between {question.low:g} and {question.high:g}{unit}.", field
        )
    if question.whole and value != int(value):
        raise Invalid(f"{field} is a whole number.", field)
    return int(value) if value == int(value) else round(value, 2)


def _choice(question: Question, value: Any, field: str, now: float) -> str:
    allowed = [option.value for option in question.options]
    # a score is a number for programs, and its text in a form
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or text not in allowed:
        raise Invalid(f"{field} is one of {', '.join(allowed)}.", field)
    return text


def _yes_no(question: Question, value: Any, field: str, now: float) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"{field} is true or false.", field)
    return value


def _date(question: Question, value: Any, field: str, now: float) -> str:
    if value == "":
        return ""
    if not isinstance(value, str) or not is_date(value):
        raise Invalid(f"{field} is a day, month or year: 2021-05-03, 2021-05 or 2021.", field)
    # somewhere it is tomorrow already
    latest = datetime.fromtimestamp(now + 86400, timezone.utc).date().isoformat()
    if not "1900" <= value[:4] or value > latest[:len(value)]:
        raise Invalid(f"{field} lies between 1900 and today.", field)
    return value


def _list(question: Question, value: Any, field: str, now: float) -> list[Answers]:
    if not isinstance(value, list):
        raise Invalid(f"{field} is a list.", field)
    if len(value) > question.most:
        raise Invalid(f"{field} has {len(value)} rows; at most {question.most} are taken.", field)
    rows = [
        _row(question, each, f"{field}.{number}", now) for number, each in enumerate(value)
    ]
    return [row for row in rows if row]


def _row(question: Question, given: Any, place: str, now: float) -> Answers:
    if not isinstance(given, dict):
        raise Invalid(f"{place} is an object.", place)
    known = [each.id for each in question.columns]
    for id in given:
        if id not in known:
            field = f"{place}.{id[:40]}"
            raise Invalid(f"{field} is not known; known: {', '.join(known)}.", field)
    row = _of(question.columns, given, place, now)
    for column in question.columns:
        if row and column.required and column.id not in row:
            field = f"{place}.{column.id}"
            raise Invalid(f"{field} is missing: without it the row says nothing.", field)
    return row


_Check = Callable[[Question, Any, str, float], Any]
_CHECKS: dict[str, _Check] = {
    TEXT: _text, NUMBER: _number, CHOICE: _choice, YES_NO: _yes_no, DATE: _date, LIST: _list,
}


def is_date(text: str) -> bool:
    """Whether it is a year, a month or a day that a calendar has."""
    found = _DAY.fullmatch(text)
    if found is None:
        return False
    year, month, day = (int(part or 1) for part in found.groups())
    try:
        datetime(year, month, day)
    except ValueError:
        return False
    return True
