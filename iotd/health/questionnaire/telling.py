"""Answers in words, in the order of the questions: for CSV, and whoever else tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator

from iotd.health.questionnaire.form import SECTIONS
from iotd.health.questionnaire.questions import CHOICE, LIST, YES_NO, Question, Section
from iotd.health.questionnaire.scores import scores
from iotd.site.csv_lines import lines

COLUMNS = ("section", "question", "answer", "unit")


@dataclass(frozen=True)
class Told:
    """One answer; ``section`` is the title, ``question`` empty for a section in plain text."""

    section: str
    question: str
    answer: str
    unit: str = ""


def told(answers: dict[str, Any]) -> Iterator[Told]:
    """Everything that was answered, and what follows from it, a line each."""
    figures = scores(answers)
    for section in SECTIONS.values():
        given = answers.get(section.id)
        if isinstance(given, str):
            yield Told(section.title, "", given)
        elif given:
            yield from _section(section, given)
        for each in figures:
            if each.section == section.id:
                most = f" of {each.most}" if each.most is not None else ""
                yield Told(section.title, each.name, f"{each.value:g}{most}", each.unit)


def as_csv(answers: dict[str, Any]) -> bytes:
    """The same as CSV."""
    rows = [(each.section, each.question, each.answer, each.unit) for each in told(answers)]
    return lines([COLUMNS, *rows])


def in_words(question: Question, value: Any) -> str:
    """One answer that is no list, as people say it."""
    if question.kind == CHOICE:
        return next((o.label for o in question.options if o.value == value), str(value))
    if question.kind == YES_NO:
        return "Yes" if value else "No"
    return str(value)


def _section(section: Section, given: dict[str, Any]) -> Iterator[Told]:
    for question in section.questions:
        value = given.get(question.id)
        if value is None:
            continue
        if question.kind == LIST:
            yield from _rows(section, question, value)
        else:
            yield Told(section.title, question.text, in_words(question, value), question.unit)


def _rows(section: Section, question: Question, rows: list[dict[str, Any]]) -> Iterator[Told]:
    for number, row in enumerate(rows, 1):
        for column in question.columns:
            if column.id in row:
                name = f"{number}. {column.text}"
                yield Told(section.title, name, in_words(column, row[column.id]), column.unit)
