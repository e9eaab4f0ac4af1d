"""Tables of the register: students, their groups, identifiers and one-time codes."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint

from iotd.store.metadata import Id, Time, metadata

CATEGORIES = ("year", "gender", "hostel", "branch", "stream")

# Each combination of the five categories that occurs, once: statistics are kept by it.
groups = Table(
    "campus_groups", metadata,
    Column("id", Id, primary_key=True),
    Column("year", Integer, nullable=False),
    Column("branch", String(64), nullable=False),
    Column("stream", String(64), nullable=False),
    Column("hostel", String(64), nullable=False),
    Column("gender", String(64), nullable=False),
    UniqueConstraint("year", "branch", "stream", "hostel", "gender"),
)

students = Table(
    "campus_students", metadata,
    Column("id", Id, primary_key=True),
    Column("rollno", String(32), nullable=False, unique=True),
    Column("group_id", Id, ForeignKey("campus_groups.id"), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("changed_at", Time, nullable=False),
)

# ``hash``: HMAC-SHA256 in hex of a MAC or badge under the site's key; ``tail`` its last two digits.
identifiers = Table(
    "campus_identifiers", metadata,
    Column("hash", String(64), primary_key=True),
    Column("student_id", Id, ForeignKey("campus_students.id", ondelete="CASCADE"),
           nullable=False, index=True),
    Column("kind", String(12), nullable=False),
    Column("tail", String(4), nullable=False),
    Column("added_at", Time, nullable=False),
    Column("added_by", String(64), nullable=False),
    Column("expires_at", Time),
)

codes = Table(
    "campus_codes", metadata,
    Column("student_id", Id, ForeignKey("campus_students.id", ondelete="CASCADE"),
           primary_key=True, autoincrement=False),
    Column("code_hash", String(64), nullable=False),
    Column("made_at", Time, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("tries", Integer, nullable=False),
)
