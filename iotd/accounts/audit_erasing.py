"""Taking a person out of the audit: who did what and when stays, and the chain holds.

Call these last in a transaction: after the row that still names the person.
"""

from __future__ import annotations

import re
from typing import Callable, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, update

from iotd.accounts.audit_chain import ERASE, ERASED, Row, seal_of, told_ids
from iotd.accounts.audit_records import ROW, append, audit, chain_key
from iotd.accounts.shared import By

CHUNK = 500  # rows that are read and written at a time

#: What is left of a row; only who, subject, detail and address may differ.
Rest = Callable[[Row], Row]

_CHANGED = ("who", "subject", "detail", "address", "salt")
_WRITE = (
    update(audit).where(audit.c.id == bindparam("row"))
    .values(erased=True, **{name: bindparam(f"new_{name}") for name in _CHANGED})
)


def erase_account(connection: Connection, by: By, *names: str) -> int:
    """Take accounts out of every row by their names, and the addresses they came from; how many.

    The names may be any of a person that a detail holds, such as an e-mail address.
    """
    texts = [name.lower() for name in names if name]
    if not texts:
        return 0
    whole = [func.lower(column).in_(texts) for column in (audit.c.who, audit.c.subject)]
    parts = [func.lower(audit.c.detail).contains(text, autoescape=True) for text in texts]
    told = audit.c.action != ERASE  # these name rows, no people
    word = re.compile("|".join(_word(text) for text in texts), re.IGNORECASE)

    def rest(row: Row) -> Row:
        own = row.who.lower() in texts
        return row._replace(
            who=ERASED if own else row.who,
            subject=ERASED if row.subject.lower() in texts else row.subject,
            detail=row.detail if row.action == ERASE else word.sub(ERASED, row.detail),
            address="" if own else row.address,
        )

    someone = By(ERASED, by.at) if by.who.lower() in texts else by
    return erase_rows(connection, someone, or_(*whole, told & or_(*parts)), rest)


def _word(text: str) -> str:
    """Where it stands by itself: "ann" is in "doctor ann", not in "anna" or "ann@x.org"."""
    return rf"(?<![\w.@-]){re.escape(text)}(?![\w@-]|\.\w)"


def erase_rows(
    connection: Connection, by: By, where: ColumnElement[bool], rest: Rest
) -> int:
    """Replace what rows say by what is left of them; how many differed.

    A row of the audit says which, so that nothing else can be erased unnoticed.
    """
    ids: list[int] = []
    for some in _chunks(connection.execute(select(audit.c.id).where(where)).scalars().all()):
        ids += [row.id for row in _read(connection, some) if rest(row) != row]
    for detail, told in told_ids(ids):
        eraser = append(connection, Row(
            0, float(by.at), by.who[:64], ERASE, "audit", detail, by.address[:64], "ok", None,
        ))
        for some in _chunks(told):
            _write(connection, eraser, [rest(row) for row in _read(connection, some)])
    return len(ids)


def _read(connection: Connection, ids: Sequence[int]) -> list[Row]:
    return [Row(*row) for row in connection.execute(select(*ROW).where(audit.c.id.in_(ids)))]


def _write(connection: Connection, eraser: int, rows: list[Row]) -> None:
    key = chain_key(connection)
    sealed = [row._replace(salt=seal_of(key, eraser, row)) for row in rows]
    connection.execute(_WRITE, [
        {"row": row.id, **{f"new_{name}": getattr(row, name) for name in _CHANGED}}
        for row in sealed
    ])


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[first:first + CHUNK] for first in range(0, len(ids), CHUNK))
