"""Tables of gates: their numbers and floors, and which messages of which boot were applied."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, String, Table, Text

from iotd.store.metadata import Id, Time, metadata

# A gate keeps its number when its device is removed: movements go on naming it.
gates = Table(
    "campus_gates", metadata,
    Column("number", Id, primary_key=True),
    Column("device_id", String(64), nullable=False, unique=True),
    Column("min_rssi", Integer),
)

# ``heard``: the ``seq`` that were applied, as JSON pairs [from, to].
boots = Table(
    "campus_boots", metadata,
    Column("gate", BigInteger, nullable=False),
    Column("boot", String(32), nullable=False),
    Column("first_heard", Time, nullable=False),
    Column("last_heard", Time, nullable=False),
    Column("heard", Text, nullable=False),
    PrimaryKeyConstraint("gate", "boot"),
)
