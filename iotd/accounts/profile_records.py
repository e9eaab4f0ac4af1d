"""What is known of people beyond their account, and forgotten passwords."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text

from iotd.store.metadata import Id, Time, metadata

profiles = Table(
    "profiles", metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True,
           autoincrement=False),
    Column("email", String(254)),
    Column("email_key", String(254), unique=True),  # in lower case
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
