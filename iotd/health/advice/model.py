"""What a doctor advises: nine sections, each with versions, drafts, and one text that holds.

Plain rules over versions; who may see a patient at all is asked elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Mapping

from iotd.errors import Invalid
from iotd.health.advice.titles import SECTIONS
from iotd.health.written import written
from iotd.times import rfc3339

MOST_TEXT = 20_000  # characters of a section, and of a note
MOST_VERSIONS = 1000  # of a section, drafts included
SAME_DRAFT = 600.0  # seconds in which a draft that is saved again is still the same version

DRAFT, KEPT, PUBLISHED, DISCARDED = "draft", "kept", "published", "discarded"
OPEN = (DRAFT, KEPT)  # what its author may go on with


@dataclass(frozen=True)
class Author:
    """Who writes: ``key`` is the account or token for ever, ``name`` what people read."""

    key: str
    name: str


@dataclass(frozen=True)
class Version:
    """One text of a section; ``base`` is the published version that its author had read.

    ``state``: draft, kept (sent to be published, but somebody had been faster), published,
    or discarded: its author wants no draft any more.
    """

    id: int
    section: str
    text: str
    state: str
    author: str
    author_name: str
    at: float
    base: int | None

    def about(self) -> dict[str, Any]:
        """Who wrote it and when."""
        return {
            "version": self.id, "author": self.author, "author_name": self.author_name,
            "at": rfc3339(self.at),
        }

    def as_json(self) -> dict[str, Any]:
        """All of it, as a list of versions shows it."""
        return {
            "id": self.id, "section": self.section, "text": self.text, "state": self.state,
            "author": self.author, "author_name": self.author_name, "at": rfc3339(self.at),
            "base": self.base,
        }

    def as_draft(self) -> dict[str, Any]:
        """What its author goes on with."""
        return {**self.about(), "text": self.text, "base": self.base, "state": self.state}


def checked_texts(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Texts by section as they are kept; Invalid names the section and its limit."""
    return {
        key: None if text is None else written(text, key, MOST_TEXT)
        for key, text in given.items()
    }


def checked_base(base: Mapping[str, int | None] | None) -> dict[str, int | None]:
    """The versions that an author had read, by section; 0 and null: there was none."""
    for key in base or {}:
        if key not in SECTIONS:
            raise Invalid(f"base.{key[:40]} is not known; known: {', '.join(SECTIONS)}.", "base")
    return {key: version or None for key, version in (base or {}).items()}


def stale(
    texts: Mapping[str, str | None], base: Mapping[str, int | None],
    current: Mapping[str, Version],
) -> list[str]:
    """The sections that somebody changed since ``base``, and not into the same text."""
    return [
        key for key, text in texts.items()
        if key in base and base[key] != _id(current.get(key))
        and (text or "") != _text(current.get(key))
    ]


def open_drafts(newest: Iterable[Version], author: str) -> dict[str, Version]:
    """Drafts to go on with, by section: the author's own, else the newest there is.

    ``newest`` are the newest versions of each author in each section: an author who published,
    or discarded, has no draft.
    """
    found: dict[str, Version] = {}
    for each in sorted(newest, key=lambda version: (version.author == author, version.id)):
        if each.state in OPEN:
            found[each.section] = each
    return found


def as_json(current: Mapping[str, Version], drafts: Mapping[str, Version]) -> dict[str, Any]:
    """The advice as the API shows it."""
    return {
        **{key: _text(current.get(key)) for key in SECTIONS},
        "about": {
            key: current[key].about() if key in current else None for key in SECTIONS
        },
        "drafts": {key: drafts[key].as_draft() for key in SECTIONS if key in drafts},
    }


def _id(version: Version | None) -> int | None:
    return None if version is None else version.id


def _text(version: Version | None) -> str:
    return "" if version is None else version.text
