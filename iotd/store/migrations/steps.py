"""What the steps of an upgrade have in common."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME: sa.Double[float] = sa.Double()
# Ids of what was removed are never given out again; MySQL compares as SQLite does.
OPTIONS: dict[str, Any] = {
    "sqlite_autoincrement": True,
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "if_not_exists": True,  # MySQL can't undo half a step, so it must be able to go on
}
#: For tables whose key is no number that counts up.
PLAIN = {key: value for key, value in OPTIONS.items() if key != "sqlite_autoincrement"}


def column(table: str, new: sa.Column[Any]) -> None:
    """One more column, unless it is there."""
    if new.name not in {each["name"] for each in sa.inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, new)


def index(table: str, columns: list[str]) -> None:
    """An index by its usual name, unless it is there."""
    name = f"ix_{table}_{'_'.join(columns)}"
    present = {each["name"] for each in sa.inspect(op.get_bind()).get_indexes(table)}
    if name not in present:
        op.create_index(name, table, columns)
