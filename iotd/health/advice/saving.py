"""Saving advice in one transaction: all that was sent is published, or all of it is a draft."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping, Sequence

from sqlalchemy import Connection

from iotd.accounts.shared import By
from iotd.errors import Conflict
from iotd.health.advice import records
from iotd.health.advice.model import (
    DISCARDED, DRAFT, KEPT, MOST_VERSIONS, OPEN, PUBLISHED, SAME_DRAFT, Author, Version, stale,
)
from iotd.health.written import must_be_there

Texts = Mapping[str, str | None]
Base = Mapping[str, int | None]


@dataclass(frozen=True)
class Saved:
    """What became of it: sections now published; or those in conflict, with both sides."""

    published: Sequence[str] = ()
    conflict: Sequence[str] = ()
    current: Mapping[str, Version | None] = field(default_factory=dict)
    kept: Sequence[Version] = ()


@dataclass(frozen=True)
class _Writing:
    """One author at one patient, in one transaction."""

    connection: Connection
    patient: str
    author: Author
    by: By
    current: Mapping[str, Version]
    own: Mapping[str, Version]  # the author's newest version of each section

    def add(self, section: str, text: str, state: str, base: int | None) -> Version:
        if records.count(self.connection, self.patient, section) >= MOST_VERSIONS:
            raise Conflict(f"{section} has {MOST_VERSIONS} versions; there can be no more.",
                           section)
        return records.add(
            self.connection, self.patient, section, text, state, self.author, self.by.at, base
        )

    def audit(self, action: str, sections: Sequence[str]) -> None:
        if sections:
            self.by.audit(self.connection, action, self.patient, ", ".join(sections),
                          patient=self.patient)


def save(
    connection: Connection, patient: str, texts: Texts, base: Base, draft: bool,
    author: Author, by: By,
) -> Saved:
    """Write it down, with its line in the audit."""
    must_be_there(connection, patient)
    current = records.published(connection, patient)
    newest = records.newest_of_authors(connection, patient, author.key)
    writing = _Writing(
        connection, patient, author, by, current, {each.section: each for each in newest}
    )
    if draft:
        return _save_drafts(writing, texts, base)
    conflict = stale(texts, base, current)
    if conflict:
        return _keep(writing, texts, base, conflict)
    return _publish(writing, texts, base)


def _save_drafts(writing: _Writing, texts: Texts, base: Base) -> Saved:
    saved, dropped = [], []
    for section, text in texts.items():
        if text is None:
            dropped += [section] if _discard(writing, section) else []
        elif _draft(writing, section, text, _base(writing, section, base)):
            saved.append(section)
    writing.audit("save draft of advice", saved)
    writing.audit("discard draft of advice", dropped)
    return Saved()


def _draft(writing: _Writing, section: str, text: str, base: int | None) -> bool:
    """Whether it made a version; to go on with a draft is no new act."""
    before = writing.own.get(section)
    if before is not None and before.state in OPEN and before.base == base:
        if before.text == text:
            return False
        if before.state == DRAFT and 0 <= writing.by.at - before.at < SAME_DRAFT:
            records.rewrite(writing.connection, before.id, text, writing.by.at)
            return False
    writing.add(section, text, DRAFT, base)
    return True


def _discard(writing: _Writing, section: str) -> bool:
    before = writing.own.get(section)
    if before is None or before.state not in OPEN:
        return False
    writing.add(section, "", DISCARDED, before.base)
    return True


def _keep(writing: _Writing, texts: Texts, base: Base, conflict: Sequence[str]) -> Saved:
    kept = [
        _kept(writing, section, text or "", _base(writing, section, base))
        for section, text in texts.items()
    ]
    writing.audit("keep draft of advice", list(texts))
    current = {section: writing.current.get(section) for section in conflict}
    return Saved(conflict=conflict, current=current, kept=kept)


def _kept(writing: _Writing, section: str, text: str, base: int | None) -> Version:
    before = writing.own.get(section)
    if before is not None and (before.state, before.text, before.base) == (KEPT, text, base):
        return before  # sent once more
    return writing.add(section, text, KEPT, base)


def _publish(writing: _Writing, texts: Texts, base: Base) -> Saved:
    published = []
    for section, given in texts.items():
        text, current = given or "", writing.current.get(section)
        if text == (current.text if current is not None else ""):
            _discard(writing, section)  # it says already what the draft was to say
            continue
        writing.add(section, text, PUBLISHED, _base(writing, section, base))
        published.append(section)
    writing.audit("publish advice", published)
    return Saved(published)


def _base(writing: _Writing, section: str, base: Base) -> int | None:
    """What its author had read; who does not say is taken to have read what holds."""
    if section in base:
        return base[section]
    current = writing.current.get(section)
    return None if current is None else current.id
