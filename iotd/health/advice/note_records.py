"""What is read from and written to the table of notes: a note is its first row, later rows
that name it are its later versions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Sequence

from sqlalchemy import Connection, and_, func, insert, or_, select

from iotd.health.advice.model import Author
from iotd.health.advice.records import notes
from iotd.times import rfc3339

_c = notes.c
_COLUMNS = (_c.id, _c.text, _c.author, _c.author_name, _c.at)


@dataclass(frozen=True)
class Note:
    """One note, or one version of it; ``id`` of a note is its first version's."""

    id: int
    text: str
    author: str
    author_name: str
    at: float
    changed_at: float = 0.0
    versions: int = 1

    def as_json(self) -> dict[str, Any]:
        """A note as the API shows it."""
        return {
            **self.as_version(), "changed_at": rfc3339(self.changed_at),
            "versions": self.versions,
        }

    def as_version(self) -> dict[str, Any]:
        """One version as the API shows it."""
        return {
            "id": self.id, "text": self.text, "author": self.author,
            "author_name": self.author_name, "at": rfc3339(self.at),
        }


def add(
    connection: Connection, patient: str, note: int | None, text: str, author: Author, at: float
) -> int:
    """A new note, or a new version of ``note``; the row's id."""
    done = connection.execute(insert(notes).values(
        patient=patient, note=note, text=text, author=author.key,
        author_name=author.name[:100], at=at,
    ))
    key: Any = done.inserted_primary_key
    return int(key[0])


def count(connection: Connection, patient: str) -> int:
    """How many notes there are of a patient."""
    mine = and_(_c.patient == patient, _c.note.is_(None))
    return connection.execute(select(func.count()).where(mine)).scalar() or 0


def find(connection: Connection, patient: str, id: int) -> Note | None:
    """A note as it is now, None when there is none such."""
    mine = and_(_c.patient == patient, _c.id == id, _c.note.is_(None))
    row = connection.execute(select(*_COLUMNS).where(mine)).first()
    return _as_they_are(connection, [Note(*row)])[0] if row is not None else None


def list_notes(
    connection: Connection, patient: str, most: int, after: int | None
) -> list[Note]:
    """Notes as they are now, the newest first."""
    query = select(*_COLUMNS).where(_c.patient == patient, _c.note.is_(None))
    if after is not None:
        query = query.where(_c.id < after)
    rows = connection.execute(query.order_by(_c.id.desc()).limit(most))
    return _as_they_are(connection, [Note(*row) for row in rows])


def list_versions(
    connection: Connection, patient: str, id: int, most: int, after: int | None
) -> list[Note]:
    """The versions of a note, the newest first."""
    query = select(*_COLUMNS).where(_c.patient == patient, or_(_c.id == id, _c.note == id))
    if after is not None:
        query = query.where(_c.id < after)
    rows = connection.execute(query.order_by(_c.id.desc()).limit(most))
    return [Note(*row) for row in rows]


def _as_they_are(connection: Connection, first: Sequence[Note]) -> list[Note]:
    """The first versions with the text of the last."""
    ids = [each.id for each in first]
    if not ids:
        return []
    later = select(_c.note, func.max(_c.id), func.count()).where(
        _c.note.in_(ids)
    ).group_by(_c.note)
    found = {note: (last, number) for note, last, number in connection.execute(later)}
    texts = select(_c.id, _c.text, _c.at).where(
        _c.id.in_([last for last, _ in found.values()])
    )
    words = {row.id: (row.text, row.at) for row in connection.execute(texts)}
    return [_with(each, found, words) for each in first]


def _with(first: Note, found: dict[int, tuple[int, int]], words: dict[int, Any]) -> Note:
    last, more = found.get(first.id, (0, 0))
    text, at = words.get(last, (first.text, first.at))
    return replace(first, text=text, changed_at=at, versions=1 + more)
