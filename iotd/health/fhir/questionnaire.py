"""The questionnaire and its answers: a Questionnaire of our form, and a QuestionnaireResponse.

A section that is plain text, and answers to questions that the form knows no
more, stand under ``<section>.words``: nothing that was answered is left out.
"""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from iotd.health.fhir.bundle import Bundle, words
from iotd.health.questionnaire.form import SECTIONS
from iotd.health.questionnaire.questions import (
    AREA, CHOICE, DATE, LIST, NUMBER, TEXT, YES_NO, Question, Section,
)

IN_WORDS = "In your own words"
_TYPES = {NUMBER: "decimal", CHOICE: "choice", YES_NO: "boolean", DATE: "date", LIST: "group"}

Item = dict[str, Any]


def add_questionnaire(bundle: Bundle, section: Mapping[str, Any]) -> None:
    """The answers as the API shows them; nothing when there are none."""
    groups = [item for each in SECTIONS.values() for item in _group(each, section.get(each.id))]
    if not groups:
        return
    url = bundle.url_of("Questionnaire", "questionnaire")
    bundle.add("Questionnaire", "questionnaire", {
        "url": url, "status": "active", "title": "Health questionnaire",
        "subjectType": ["Patient"], "item": [_page(each) for each in SECTIONS.values()],
    })
    version = section.get("version")
    bundle.add("QuestionnaireResponse", "questionnaire", {
        "meta": {"versionId": None if version is None else str(version),
                 "lastUpdated": section.get("changed_at")},
        "questionnaire": url,
        "status": "completed" if section.get("finished_at") else "in-progress",
        "subject": bundle.me, "source": bundle.me, "authored": section.get("changed_at"),
        "item": groups,
    })


def _page(section: Section) -> Item:
    return {
        "linkId": section.id, "text": section.title, "type": "group", "item": [
            *(_asked(section.id, question) for question in section.questions),
            {"linkId": f"{section.id}.words", "text": IN_WORDS, "type": "text"},
        ],
    }


def _asked(path: str, question: Question) -> Item:
    link = f"{path}.{question.id}"
    long = question.kind == TEXT and question.most >= AREA
    return {
        "linkId": link, "text": question.text,
        "type": _TYPES.get(question.kind, "text" if long else "string"),
        "repeats": True if question.kind == LIST else None,
        "answerOption": [{"valueCoding": _coding(o.value, o.label)} for o in question.options],
        "item": [_asked(link, column) for column in question.columns],
    }


def _coding(value: str, label: str) -> dict[str, str]:
    return {"code": value, "display": label}


def _group(section: Section, given: Any) -> Iterator[Item]:
    """The answers of a section, if there are any."""
    if isinstance(given, Mapping):
        found = list(_answers(section.id, section.questions, given))
        known = {question.id for question in section.questions}
        rest = "\n".join(
            f"{id}: {value}" for id, value in given.items() if id not in known and value
        )
    else:
        found, rest = [], given
    if words(rest) is not None:
        found.append({"linkId": f"{section.id}.words", "text": IN_WORDS,
                      "answer": [{"valueString": words(rest)}]})
    if found:
        yield {"linkId": section.id, "text": section.title, "item": found}


def _answers(
    path: str, questions: tuple[Question, ...], given: Mapping[str, Any]
) -> Iterator[Item]:
    for question in questions:
        value, link = given.get(question.id), f"{path}.{question.id}"
        if question.kind == LIST and isinstance(value, list):
            yield from _rows(link, question, value)
            continue
        answer = _answer(question, value)
        if answer is not None:
            yield {"linkId": link, "text": question.text, "answer": [answer]}


def _rows(link: str, question: Question, rows: list[Any]) -> Iterator[Item]:
    """An item for each row of a list, all with the question's own linkId."""
    for row in rows:
        told = list(_answers(link, question.columns, row)) if isinstance(row, Mapping) else []
        if told:
            yield {"linkId": link, "text": question.text, "item": told}


def _answer(question: Question, value: Any) -> dict[str, Any] | None:
    if question.kind == YES_NO and isinstance(value, bool):
        return {"valueBoolean": value}
    if question.kind == NUMBER and isinstance(value, (int, float)):
        return {"valueDecimal": value}
    if words(value) is None:
        return None
    if question.kind == CHOICE:
        label = next((o.label for o in question.options if o.value == value), None)
        return {"valueCoding": {"code": str(value), "display": label}}
    return {"valueDate" if question.kind == DATE else "valueString": str(value)}
