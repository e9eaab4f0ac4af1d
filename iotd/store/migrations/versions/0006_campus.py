"""The campus: register, sightings and movements, statistics, what gates have said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iotd.store.migrations.steps import ID, OPTIONS, PLAIN, TIME, index

revision = "0006"
down_revision = "0005"

CATEGORIES = ("branch", "stream", "hostel", "gender")

# rows stand in their key, not beside it: half the size
KEYED = {**PLAIN, "sqlite_with_rowid": False}


def upgrade() -> None:
    _register()
    _movements()
    _statistics()
    _gates()


def _register() -> None:
    op.create_table(
        "campus_groups",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("year", sa.Integer, nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in CATEGORIES),
        sa.UniqueConstraint("year", *CATEGORIES),
        **OPTIONS,
    )
    op.create_table(
        "campus_students",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("rollno", sa.String(32), nullable=False, unique=True),
        sa.Column("group_id", ID, sa.ForeignKey("campus_groups.id"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "campus_identifiers",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("student_id", ID, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("tail", sa.String(4), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("added_by", sa.String(64), nullable=False),
        sa.Column("expires_at", TIME),
        sa.ForeignKeyConstraint(["student_id"], ["campus_students.id"], ondelete="CASCADE"),
        **PLAIN,
    )
    index("campus_identifiers", ["student_id"])
    op.create_table(
        "campus_codes",
        sa.Column("student_id", ID, primary_key=True, autoincrement=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["student_id"], ["campus_students.id"], ondelete="CASCADE"),
        **PLAIN,
    )


def _movements() -> None:
    # Times in whole microseconds: they are keys, and a double is no key. No foreign keys:
    # 20,000 rows a second would each look one up.
    op.create_table(
        "campus_sightings",
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("student_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Integer, nullable=False),
        sa.Column("flags", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("part", "student_id", "at", "source"),
        **KEYED,
    )
    op.create_table(
        "campus_parts",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("sightings", sa.Integer, nullable=False),
        **PLAIN,
    )
    op.create_table(
        "campus_seen",
        sa.Column("student_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        **KEYED,
    )
    op.create_table(
        "campus_movements",
        sa.Column("student_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Integer, nullable=False),
        sa.Column("group_id", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("flags", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("student_id", "at", "source"),
        **KEYED,
    )
    index("campus_movements", ["at"])


def _statistics() -> None:
    op.create_table(
        "campus_days",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("group_id", sa.BigInteger, nullable=False),
        sa.Column("cells", sa.LargeBinary(512), nullable=False),
        sa.PrimaryKeyConstraint("day", "group_id"),
        **PLAIN,
    )
    op.create_table(
        "campus_strangers",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("gate", sa.BigInteger, nullable=False),
        sa.Column("devices", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", "hour", "gate"),
        **PLAIN,
    )


def _gates() -> None:
    op.create_table(
        "campus_gates",
        sa.Column("number", ID, primary_key=True, autoincrement=True),
        sa.Column("device_id", sa.String(64), nullable=False, unique=True),
        sa.Column("min_rssi", sa.Integer),
        **OPTIONS,
    )
    op.create_table(
        "campus_boots",
        sa.Column("gate", sa.BigInteger, nullable=False),
        sa.Column("boot", sa.String(32), nullable=False),
        sa.Column("first_heard", TIME, nullable=False),
        sa.Column("last_heard", TIME, nullable=False),
        sa.Column("heard", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("gate", "boot"),
        **PLAIN,
    )
