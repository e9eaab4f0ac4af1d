"""What is known of people beyond their account, and forgotten passwords, in the store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column, Connection, ForeignKey, String, Table, Text, insert, select, update,
)

from iotd.accounts.profile_model import Profile, email_key
from iotd.errors import Conflict, NotFound
from iotd.store.metadata import Id, Time, metadata

profiles = Table(
    "profiles", metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True,
           autoincrement=False),
    Column("email", String(254)),
    Column("email_key", String(254), unique=True),  # in lower case; of the one who claims it
    Column("full_name", String(100), nullable=False),
    Column("national_id_sealed", Text),
    Column("state", String(12), nullable=False),  # asked, active
    Column("asked_at", Time),
    Column("asked_from", String(64), nullable=False),
    Column("verified_at", Time),  # of doctors: when an admin looked at who they are
    Column("verified_by", String(64)),
)

resets = Table(
    "password_resets", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("made_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("used_at", Time),
)


def list_profiles(connection: Connection) -> list[Profile]:
    """All profiles by account."""
    rows = connection.execute(select(profiles).order_by(profiles.c.user_id))
    return [_profile(row) for row in rows.mappings()]


def find_profile(connection: Connection, user_id: int) -> Profile | None:
    """The profile of an account, if it has one."""
    query = select(profiles).where(profiles.c.user_id == user_id)
    row = connection.execute(query).mappings().first()
    return _profile(row) if row else None


def claimant(connection: Connection, email: str) -> int | None:
    """The account that alone has this address, if one does."""
    query = select(profiles.c.user_id, profiles.c.email_key).where(
        profiles.c.email_key == email_key(email)
    )
    row = connection.execute(query).first()
    # to MySQL more texts are equal than these
    return int(row[0]) if row and row[1] == email_key(email) else None


def add_profile(connection: Connection, user_id: int, **values: Any) -> Profile:
    """Store a profile of an account that has none; gives what it is then."""
    known = {"full_name": "", "state": "active", "asked_from": "", **values}
    connection.execute(insert(profiles).values(user_id=user_id, **known))
    return get_profile(connection, user_id)


def change_profile(connection: Connection, user_id: int, **values: Any) -> Profile:
    """Set columns of a profile that there is; gives what it is then."""
    connection.execute(update(profiles).where(profiles.c.user_id == user_id).values(**values))
    return get_profile(connection, user_id)


def get_profile(connection: Connection, user_id: int) -> Profile:
    """The profile of an account, or NotFound."""
    found = find_profile(connection, user_id)
    if found is None:
        raise NotFound(f"Nothing more is known of user {user_id}.")
    return found


def sealed_national_id(connection: Connection, user_id: int) -> str | None:
    """What is stored of the national id, as it is stored."""
    query = select(profiles.c.national_id_sealed).where(profiles.c.user_id == user_id)
    return connection.execute(query).scalar_one_or_none()


def claim(connection: Connection, user_id: int, email: str) -> None:
    """Make an address this account's alone, or Conflict when another has it."""
    owner = claimant(connection, email)
    if owner not in (None, user_id):
        raise Conflict("Another account has this e-mail address.", "email")
    change_profile(connection, user_id, email=email, email_key=email_key(email))


def _profile(row: Any) -> Profile:
    return Profile(
        row["user_id"], row["email"], row["email_key"] is not None, row["full_name"],
        row["national_id_sealed"] is not None, row["state"], row["asked_at"], row["asked_from"],
        row["verified_at"], row["verified_by"],
    )
