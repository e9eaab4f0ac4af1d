"""The table of shares: grants to doctors, and links."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

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
