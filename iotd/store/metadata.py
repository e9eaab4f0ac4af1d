"""The one MetaData on which every room's tables stand, and their column types.

A records module says::

    from iotd.store.metadata import Id, Time, metadata
    users = Table("users", metadata, Column("id", Id, primary_key=True), ...)

Tables are made by migrations only; a test compares both.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, Integer, MetaData

# Named constraints can be dropped by a later migration; unnamed ones can't on SQLite.
NAMING = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

metadata = MetaData(naming_convention=NAMING)

# A primary key that counts up by itself, and what refers to one. SQLite counts
# only in a column called INTEGER, which holds 64 bits there anyway.
Id = BigInteger().with_variant(Integer, "sqlite")

# Unix seconds, UTC: a double in both dialects, exact to under a microsecond.
Time: Double[float] = Double()
