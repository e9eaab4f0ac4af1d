"""What doctors wrote: a CarePlan for each section of the advice, a document for each note.

Only what is published: a draft is its author's. A plan has one author, a section
of advice too, so each section is a plan of its own.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Mapping

from iotd.health.advice.titles import SECTIONS
from iotd.health.fhir import people
from iotd.health.fhir.bundle import Bundle, words
from iotd.health.fhir.codes import LOINC, NOTE, coding, concept


def add_advice(bundle: Bundle, section: Mapping[str, Any]) -> None:
    """The nine sections, as the API shows them; those without text are left out."""
    about = section.get("about") or {}
    for key, title in SECTIONS.items():
        text = words(section.get(key))
        if text is not None:
            _add_plan(bundle, key, title, text, about.get(key) or {})


def _add_plan(
    bundle: Bundle, key: str, title: str, text: str, about: Mapping[str, Any]
) -> None:
    author = about.get("author")
    bundle.add("CarePlan", f"advice/{key}", {
        "meta": {"versionId": _version(about), "lastUpdated": about.get("at")},
        "status": "active", "intent": "plan", "category": [{"text": "Doctor's advice"}],
        "title": title, "description": text, "subject": bundle.me, "created": about.get("at"),
        "author": author and people.author(bundle, author, about.get("author_name")),
        "activity": [{"detail": {
            "code": {"text": title}, "status": "in-progress", "description": text,
        }}],
    })


def _version(about: Mapping[str, Any]) -> str | None:
    return None if about.get("version") is None else str(about["version"])


def add_notes(bundle: Bundle, section: Any) -> None:
    """Free notes, as the API shows them: a list, or a list under ``items``."""
    notes = section.get("items", ()) if isinstance(section, Mapping) else section
    for note in notes:
        text = words(note["text"])
        if text is not None:
            _add_note(bundle, note, text)


def _add_note(bundle: Bundle, note: Mapping[str, Any], text: str) -> None:
    bundle.add("DocumentReference", f"note/{note['id']}", {
        "status": "current", "type": concept(coding(LOINC, NOTE, "Note")),
        "subject": bundle.me, "date": note["at"],
        "author": [people.author(bundle, note["author"], note.get("author_name"))],
        "content": [{"attachment": {
            "contentType": "text/plain; charset=utf-8",
            "data": b64encode(text.encode()).decode(),
        }}],
    })
