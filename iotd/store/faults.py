"""What a driver's error means for the caller: try again, come back later, or broken."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from iotd.store.errors import StoreDamaged, StoreUnavailable

# SQLite's primary result codes
SQLITE_AWAY = {
    5: "it is locked by another program",
    6: "it is locked by another program",
    7: "out of memory",
    8: "it can't be written to",
    10: "the disk reports an error",
    13: "the disk is full",
    14: "it can't be opened",
}
SQLITE_DAMAGED = {11, 26}

# 1205 lock wait, 1213 deadlock (also a lost Galera certification), 1305 the
# savepoint is gone because a deadlock inside the function undid everything.
MYSQL_TRY_AGAIN = {1205, 1213, 1305}
# Full disk or table, too many connections, access, shutdown, read-only, network.
MYSQL_AWAY = {
    1021, 1040, 1044, 1045, 1049, 1053, 1114, 1129, 1130, 1158, 1159, 1160, 1161, 1203,
    1205, 1213, 1290, 1305, 1317, 1836, 1927, 2002, 2003, 2005, 2006, 2013, 2014, 4031,
}  # fmt: skip


def code_of(error: BaseException) -> int | None:
    """SQLite's primary result code, MySQL's error number, or None."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF
    number = cause.args[0] if cause is not None and cause.args else None
    return number if isinstance(number, int) else None


def is_lost(error: BaseException) -> bool:
    """Whether the connection went away under this statement."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def spoils_group(error: BaseException) -> bool:
    """Whether the error undid, or may have undone, the whole transaction."""
    return is_lost(error) or is_undone(error)


def is_undone(error: BaseException) -> bool:
    """Whether the server undid the transaction, so that running it again is safe."""
    return (
        isinstance(error, DBAPIError)
        and not isinstance(error.orig, sqlite3.Error)
        and code_of(error) in MYSQL_TRY_AGAIN
    )


def translate(error: BaseException) -> BaseException:
    """The store's error for a database that is away or broken; others unchanged."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable("the database does not answer: all connections are busy")
    if isinstance(error, sqlite3.Error) or (
        isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.Error)
    ):
        return _translate_sqlite(error)
    if isinstance(error, DBAPIError) and (is_lost(error) or code_of(error) in MYSQL_AWAY):
        return StoreUnavailable(f"the database does not answer: {reason(error)}")
    return error


def _translate_sqlite(error: BaseException) -> BaseException:
    code = code_of(error)
    if code in SQLITE_AWAY:
        return StoreUnavailable(f"the database can't be used: {SQLITE_AWAY[code]}")
    if code in SQLITE_DAMAGED or "Could not decode to UTF-8" in str(error):
        return StoreDamaged(f"the database is damaged: {reason(error)}")
    return error


def reason(error: BaseException) -> str:
    """The driver's own words, without statement, parameters or password."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if cause is None or not cause.args:
        return type(error).__name__
    text = str(cause.args[-1]) or type(cause).__name__
    return text[:300]
