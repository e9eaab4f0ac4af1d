"""The spool's file: made private, opened, or moved aside when it is damaged."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path

from twisted.logger import Logger

from iotd.store.connect import BUSY_SECONDS
from iotd.store.disk import make_private
from iotd.store.errors import SchemaNewer, StoreDamaged, StoreUnavailable
from iotd.store.faults import translate

VERSION = 1
TABLES = (
    "CREATE TABLE IF NOT EXISTS batches (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " at INTEGER NOT NULL, messages INTEGER NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS known (hash TEXT PRIMARY KEY, student_id INTEGER NOT NULL,"
    " expires_at INTEGER) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)
COLUMNS = ("id, at, messages, body FROM batches", "hash, student_id, expires_at FROM known")
SETTINGS = (
    "PRAGMA auto_vacuum = INCREMENTAL",  # counts in a file that is empty still
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",  # who was where is gone with its batch
)
SIDE_FILES = ("-wal", "-shm")

_log = Logger()


def open_file(path: Path) -> sqlite3.Connection:
    """A connection on a sound spool, made anew if need be; blocks.

    StoreUnavailable when the disk does not let it, SchemaNewer for a newer iotd's.
    """
    try:
        return _open(path)
    except StoreDamaged as fault:
        begin_anew(path, fault)
    return _open(path)


def begin_anew(path: Path, fault: Exception) -> None:
    """Give a damaged file, and what belongs to it, a name that is free; the log says so."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for end in ("", *SIDE_FILES):
        old = path.with_name(path.name + end)
        if old.exists():
            old.rename(aside.with_name(aside.name + end))
    _log.error(
        "{path} is damaged ({fault}): it is now {aside}, and what waited in it is not applied",
        path=str(path), fault=str(fault), aside=str(aside),
    )


def connect(path: Path) -> sqlite3.Connection:
    """One more connection on a spool that is open."""
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    for setting in SETTINGS:
        connection.execute(setting)
    return connection


def _open(path: Path) -> sqlite3.Connection:
    try:
        _make_private(path)
        connection = connect(path)
    except (sqlite3.Error, OSError) as error:
        raise own(error, path) from error
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise own(error, path) from error
    except Exception:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    if path.exists() and path.stat().st_size:
        return
    for end in SIDE_FILES:  # a log without its database would be replayed over the new one
        log = path.with_name(path.name + end)
        if log.exists() and log.stat().st_size:
            raise StoreDamaged(f"{log} is there without it")
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    make_private(path)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise SchemaNewer(f"{path} was written by a newer iotd")
    if version == 0:
        _make_tables(connection)
        return
    fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise StoreDamaged(str(fault))
    for columns in COLUMNS:
        connection.execute(f"SELECT {columns} LIMIT 0")
    if read_fact(connection, "uuid") is None:
        raise StoreDamaged("it lacks its own name")


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for table in TABLES:
        connection.execute(table)
    write_fact(connection, "uuid", new_name())
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def new_name() -> str:
    """What tells one spool from all others."""
    return uuid.uuid4().hex


def newest_id(connection: sqlite3.Connection) -> int:
    """Of all batches that there ever were; 0 when there was none."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'batches'").fetchone()
    return 0 if row is None else int(row[0])


def read_fact(connection: sqlite3.Connection, name: str) -> str | None:
    """One of the few things that are kept beside the batches."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def write_fact(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Keep it, instead of what was kept by that name."""
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def own(error: Exception, path: Path) -> Exception:
    """The error for a spool that can't be used: StoreUnavailable or StoreDamaged, with why."""
    if isinstance(error, OSError):
        return StoreUnavailable(f"{path} can't be used: {error.strerror or error}")
    known = translate(error)
    if isinstance(known, StoreUnavailable):
        return StoreUnavailable(f"{path}: {known}".replace("the database ", "the spool "))
    if isinstance(error, sqlite3.OperationalError) and "no such" in str(error):
        return StoreDamaged(str(error))
    return known if isinstance(known, StoreDamaged) else StoreUnavailable(f"{path}: {error}")
