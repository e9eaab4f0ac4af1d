"""The tables of advice and notes, and what is read from and written to the first."""

from __future__ import annotations

from typing import Any, Iterable

from sqlalchemy import (
    BigInteger, Column, Connection, ForeignKey, Index, String, Table, Text, and_, func, insert,
    or_, select, update,
)
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from iotd.health.advice.model import PUBLISHED, Author, Version
from iotd.store.metadata import Id, Time, metadata

Words = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


def of_patient() -> Column[str]:
    """The column that says whose row it is; the row goes with the patient."""
    key = ForeignKey("patients.id", ondelete="CASCADE")
    return Column("patient", String(40), key, nullable=False)


versions = Table(
    "advice_versions", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    of_patient(),
    Column("section", String(16), nullable=False),
    Column("text", Words, nullable=False),
    Column("state", String(12), nullable=False),  # draft, kept, published, discarded
    Column("author", String(64), nullable=False),
    Column("author_name", String(100), nullable=False),
    Column("at", Time, nullable=False),
    Column("base", BigInteger),  # the version that its author had read
    Index(None, "patient", "section", "id"),
    sqlite_autoincrement=True,
)

notes = Table(
    "notes", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    of_patient(),
    Column("note", BigInteger),  # the note of which this is a later version
    Column("text", Words, nullable=False),
    Column("author", String(64), nullable=False),
    Column("author_name", String(100), nullable=False),
    Column("at", Time, nullable=False),
    Index(None, "patient", "id"),
    sqlite_autoincrement=True,
)

_c = versions.c
_COLUMNS = (_c.id, _c.section, _c.text, _c.state, _c.author, _c.author_name, _c.at, _c.base)


def published(connection: Connection, patient: str) -> dict[str, Version]:
    """The text that holds, of each section that has one."""
    newest = select(func.max(_c.id)).where(
        _c.patient == patient, _c.state == PUBLISHED
    ).group_by(_c.section)
    return {each.section: each for each in _with_ids(connection, newest)}


def newest_of_authors(
    connection: Connection, patient: str, author: str | None = None
) -> list[Version]:
    """The newest version of each author, or of this one, in each section, by id."""
    query = select(func.max(_c.id)).where(_c.patient == patient)
    if author is not None:
        query = query.where(_c.author == author)
    return _with_ids(connection, query.group_by(_c.section, _c.author))


def add(
    connection: Connection, patient: str, section: str, text: str, state: str,
    author: Author, at: float, base: int | None,
) -> Version:
    """A new version."""
    values: dict[str, Any] = {
        "section": section, "text": text, "state": state, "author": author.key,
        "author_name": author.name[:100], "at": at, "base": base,
    }
    done = connection.execute(insert(versions).values(patient=patient, **values))
    key: Any = done.inserted_primary_key
    return Version(key[0], **values)


def rewrite(connection: Connection, id: int, text: str, at: float) -> None:
    """Go on with a draft."""
    connection.execute(update(versions).where(_c.id == id).values(text=text, at=at))


def count(connection: Connection, patient: str, section: str) -> int:
    """How many versions a section has."""
    mine = and_(_c.patient == patient, _c.section == section)
    return connection.execute(select(func.count()).where(mine)).scalar() or 0


def history(
    connection: Connection, patient: str, section: str | None, author: str | None,
    states: Iterable[str], most: int, after: int | None,
) -> list[Version]:
    """Versions, the newest first: those published, and others of these states; with an
    ``author`` no others' than this one's."""
    others = [_c.state.in_(tuple(states))] + ([_c.author == author] if author else [])
    seen = or_(_c.state == PUBLISHED, and_(*others))
    query = select(*_COLUMNS).where(_c.patient == patient, seen)
    if section is not None:
        query = query.where(_c.section == section)
    if after is not None:
        query = query.where(_c.id < after)
    rows = connection.execute(query.order_by(_c.id.desc()).limit(most))
    return [Version(*row) for row in rows]


def _with_ids(connection: Connection, ids: Any) -> list[Version]:
    # asked for apart: MariaDB is slow where one is inside the other
    found = [id for id in connection.execute(ids).scalars()]
    if not found:
        return []
    query = select(*_COLUMNS).where(_c.id.in_(found)).order_by(_c.id)
    return [Version(*row) for row in connection.execute(query)]
