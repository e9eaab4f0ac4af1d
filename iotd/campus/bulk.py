"""Many rows of whole numbers at once, in either dialect."""

from __future__ import annotations

from typing import Iterable, Sequence

from sqlalchemy import Connection

Row = tuple[int, ...]

AT_ONCE = 5000  # rows of a statement: 250 KB of text


def is_sqlite(connection: Connection) -> bool:
    """Which of the two dialects it is."""
    return connection.dialect.name == "sqlite"


def add_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows whose key is not there yet; 1 us a row and what the database needs."""
    if is_sqlite(connection):
        # unlike OR IGNORE, which would hide a NULL as well
        _write(connection, "INSERT", table, columns, rows, " ON CONFLICT DO NOTHING")
    else:
        _write(connection, "INSERT IGNORE", table, columns, rows)


def put_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows, or put them in the place of those with the same key."""
    _write(connection, "REPLACE", table, columns, rows)


def _write(
    connection: Connection, verb: str, table: str, columns: Sequence[str], rows: Sequence[Row],
    tail: str = "",
) -> None:
    if not rows:
        return
    head = f"{verb} INTO {table} ({', '.join(columns)}) VALUES "
    if is_sqlite(connection):
        marks = ",".join("?" * len(columns))
        connection.exec_driver_sql(f"{head}({marks}){tail}", [*rows])
        return
    # %d takes nothing but a number, so this is safe; parameters cost PyMySQL 6 us a row
    form = f"({','.join(['%d'] * len(columns))})"
    for first in range(0, len(rows), AT_ONCE):
        some = rows[first:first + AT_ONCE]
        connection.exec_driver_sql(head + ",".join([form % row for row in some]))


def listed(numbers: Iterable[int]) -> str:
    """Whole numbers as the inside of IN (...)."""
    return ",".join(["%d" % number for number in numbers])
