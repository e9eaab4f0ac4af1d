"""Tables of sightings and movements; times are microseconds, see :mod:`iotd.campus.model`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, Table

from iotd.store.metadata import metadata

# Every sighting of the last seven days before a student's newest, whether it moved anything
# or not: late data is judged among them.
sightings = Table(
    "campus_sightings", metadata,
    Column("student_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("source", Integer, nullable=False),
    PrimaryKeyConstraint("student_id", "at", "source"),
)

# Kept for good. ``group_id``: the student's group when it was written.
movements = Table(
    "campus_movements", metadata,
    Column("student_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("source", Integer, nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("flags", Integer, nullable=False),
    PrimaryKeyConstraint("student_id", "at", "source"),
)
