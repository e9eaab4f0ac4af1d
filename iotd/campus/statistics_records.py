"""Tables of statistics by local day and group, and of unidentified devices."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, PrimaryKeyConstraint, String, Table

from iotd.store.metadata import metadata

# ``cells``: see :mod:`iotd.campus.cells`.
days = Table(
    "campus_days", metadata,
    Column("day", String(10), nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("cells", LargeBinary(512), nullable=False),
    PrimaryKeyConstraint("day", "group_id"),
)

# How many different unregistered devices; ``hour`` 0-23 or 24 for the whole day, ``gate`` the
# gate's number or 0 for all of them together.
strangers = Table(
    "campus_strangers", metadata,
    Column("day", String(10), nullable=False),
    Column("hour", Integer, nullable=False),
    Column("gate", BigInteger, nullable=False),
    Column("devices", Integer, nullable=False),
    PrimaryKeyConstraint("day", "hour", "gate"),
)
