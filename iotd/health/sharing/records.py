"""The table of shares, grants to doctors and links, and what is read from and written to it."""

from __future__ import annotations

import json
from typing import Any, Mapping, Sequence

from sqlalchemy import (
    Column, Connection, ForeignKey, Index, Integer, String, Table, Text, delete, insert, or_,
    select, update,
)

from iotd.health.sharing.model import MOST_WRONG, Share, in_order
from iotd.store.metadata import Id, Time, metadata

shares = Table(
    "shares", metadata,
    Column("id", String(32), primary_key=True),
    Column("patient", String(40), ForeignKey("patients.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(8), nullable=False),  # link, doctor
    Column("sections", Text, nullable=False),  # JSON list
    Column("doctor_id", Id, ForeignKey("users.id", ondelete="CASCADE")),
    Column("token_hash", String(64), unique=True),
    Column("passcode_hash", String(255)),
    Column("wrong_passcodes", Integer, nullable=False),
    Column("label", String(100), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("expires_at", Time),
    Column("most_openings", Integer),
    Column("openings", Integer, nullable=False),
    Column("last_opened_at", Time),
    Column("revoked_at", Time),
    Column("revoked_by", String(64)),
    Index(None, "patient"),
    Index(None, "doctor_id"),
)


def all_shares(connection: Connection) -> list[Share]:
    """Every share of every patient, the oldest first."""
    rows = connection.execute(select(shares).order_by(shares.c.created_at, shares.c.id))
    return [_share(row) for row in rows.mappings()]


def add_share(connection: Connection, share: Share) -> None:
    """Write a new share."""
    row = {**vars(share), "sections": json.dumps(in_order(share.sections))}
    connection.execute(insert(shares).values(**row))


def remove_shares(connection: Connection, ids: Sequence[str]) -> None:
    """Forget shares that are over."""
    if ids:
        connection.execute(delete(shares).where(shares.c.id.in_(ids)))


def revoke(connection: Connection, id: str, by: str, at: float) -> Share | None:
    """End a share; gives it as it is then, None when it was ended or is gone."""
    ended = connection.execute(
        update(shares).where(shares.c.id == id, shares.c.revoked_at.is_(None))
        .values(revoked_at=at, revoked_by=by[:64])
    )
    return find_share(connection, id) if ended.rowcount == 1 else None


def count_opening(connection: Connection, id: str, at: float) -> Share | None:
    """Use up one opening of a link; gives it as it is then, None when it opens nothing."""
    c = shares.c
    opened = connection.execute(
        update(shares).where(
            c.id == id, c.revoked_at.is_(None), c.wrong_passcodes < MOST_WRONG,
            or_(c.expires_at.is_(None), c.expires_at > at),
            or_(c.most_openings.is_(None), c.openings < c.most_openings),
        ).values(openings=c.openings + 1, last_opened_at=at)
    )
    return find_share(connection, id) if opened.rowcount == 1 else None


def count_wrong_passcode(connection: Connection, id: str) -> Share | None:
    """One more wrong passcode; gives the share as it is then, None when it is gone."""
    wrong = shares.c.wrong_passcodes
    connection.execute(
        update(shares).where(shares.c.id == id).values(wrong_passcodes=wrong + 1)
    )
    return find_share(connection, id)


def find_share(connection: Connection, id: str) -> Share | None:
    """One share, or None when it is gone."""
    row = connection.execute(select(shares).where(shares.c.id == id)).mappings().first()
    return _share(row) if row else None


def _share(row: Mapping[Any, Any]) -> Share:
    return Share(**{**row, "sections": frozenset(json.loads(row["sections"]))})
