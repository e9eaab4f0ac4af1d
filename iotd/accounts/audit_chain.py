"""The audit's chain: every row is sealed to all rows before it with a key outside the database.

A row's digest is over a random salt and all it says; its link is an HMAC over the link before
it, its place, what always stays of it, and the digest. When a person is erased, their texts and
the salt go, digest and link stay: so no row after it changes, nothing tells what the texts were
(without the salt not even by trying names), and a seal in the salt's place holds what is left.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any, Iterable, NamedTuple, Sequence

PURPOSE = b"iotd audit chain 1"  # what the key is derived for
GENESIS = "0" * 64  # what the first row of all is linked to
LOST = "f" * 64  # what a row is linked to when the link before it could not be read

#: The action of rows that say which others were erased, and what stands where a name was.
ERASE = "erase from audit"
ERASED = "(erased)"  # no account can be called this

MOST_DETAIL = 2000


class Row(NamedTuple):
    """A row as it is in the table, its columns in their order."""

    id: int
    at: float
    who: str
    action: str
    subject: str
    detail: str
    address: str
    result: str
    patient: str | None
    salt: str | None = None
    digest: str | None = None
    chain: str | None = None
    erased: bool = False


class Head(NamedTuple):
    """The newest row: its id, how many rows there are with it, its link."""

    id: int = 0
    rows: int = 0
    chain: str = GENESIS


def new_salt() -> str:
    """128 random bits, hex."""
    return secrets.token_hex(16)


def digest_of(row: Row) -> str:
    """SHA-256 over the salt and all that the row says."""
    said = [row.salt, _moment(row.at), row.who, row.action, row.subject, row.detail, row.address,
            row.result, row.patient]
    return hashlib.sha256(_canonical(said)).hexdigest()


def link_of(key: bytes, before: str, row: Row) -> str:
    """The row's link to the one before it."""
    said = ["link", before, row.id, _moment(row.at), row.action, row.result, row.patient,
            row.digest]
    return _mac(key, said)


def sealed(key: bytes, before: str, row: Row) -> Row:
    """The row with digest and link; it has its salt already."""
    row = row._replace(digest=digest_of(row))
    return row._replace(chain=link_of(key, before, row))


def seal_of(key: bytes, eraser: int, row: Row) -> str:
    """What an erased row has in its salt's place: its rest, and which row tells of the erasure."""
    said = ["erased", eraser, row.id, row.chain, row.who, row.subject, row.detail, row.address]
    return _mac(key, said)[:32]


def write_head(key: bytes, head: Head) -> str:
    """A head as one line that nobody makes without the key."""
    return f"{head.id} {head.rows} {head.chain} {_mac(key, ['head', *head])}"


def read_head(key: bytes, text: str | None) -> Head | None:
    """The head of such a line; None when it was not made with this key."""
    try:
        id, rows, chain, _ = (text or "").split()
        head = Head(int(id), int(rows), chain)
    except ValueError:
        return None
    same = hmac.compare_digest(write_head(key, head).encode(), str(text).strip().encode())
    return head if same else None


def _mac(key: bytes, said: Sequence[Any]) -> str:
    return hmac.digest(key, _canonical(said), "sha256").hex()


def _canonical(said: Sequence[Any]) -> bytes:
    # JSON keeps apart what joined text would not; a cell may hold anything after a forgery
    return json.dumps(said, separators=(",", ":"), default=repr).encode("ascii")


def _moment(at: Any) -> Any:
    return at.hex() if isinstance(at, float) else ["no time", at]


def told_ids(ids: Iterable[int]) -> list[tuple[str, list[int]]]:
    """Ids as details of erasures, such as "rows 5-9,12", none too long, each with its ids."""
    told: list[tuple[str, list[int]]] = []
    for first, last in _spans(ids):
        piece, own = f"{first}-{last}" if first < last else str(first), range(first, last + 1)
        if told and len(told[-1][0]) + 1 + len(piece) <= MOST_DETAIL:
            detail, before = told[-1]
            told[-1] = f"{detail},{piece}", [*before, *own]
        else:
            told.append((f"rows {piece}", [*own]))
    return told


def _spans(ids: Iterable[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for id in sorted(set(ids)):
        if spans and spans[-1][1] == id - 1:
            spans[-1] = spans[-1][0], id
        else:
            spans.append((id, id))
    return spans


def spans_of(detail: str) -> list[tuple[int, int]]:
    """The first and last ids of such a detail's pieces; nothing for what is none."""
    words, _, pieces = detail.partition(" ")
    try:
        bounds = [piece.split("-") for piece in pieces.split(",")]
        return [(int(each[0]), int(each[-1])) for each in bounds] if words == "rows" else []
    except ValueError:
        return []
