"""Connections to either dialect, set up so that both behave alike."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Sequence

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from twisted.logger import Logger

from iotd.errors import Invalid

BUSY_SECONDS = 5.0  # how long SQLite waits for another process's write
CONNECT_SECONDS = 5
ANSWER_SECONDS = 10  # MySQL: longest silence of a server that owes an answer
LOCK_SECONDS = 5  # MySQL: below ANSWER_SECONDS, or a lock would look like a dead server
UPGRADE_SECONDS = 3600  # a step may rebuild a large table
READERS = 3

MYSQL_DRIVERS = ("mysql+pymysql", "mariadb+pymysql")
SQLITE_SESSION = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # deleted rows are overwritten, not only let go
)
# Strict: what does not fit a column is an error, never cut to fit.
MYSQL_SESSION = (
    f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
)


class _Told(logging.Handler):
    """What the pool says of lost connections, one line each: without a handler of its own
    it prints a traceback of 40 lines whenever a server dies between commit and check-in."""

    _log = Logger(namespace=__name__)

    def emit(self, record: logging.LogRecord) -> None:
        fault = record.exc_info[1] if record.exc_info else None
        why = f": {type(fault).__name__}" if fault is not None else ""
        self._log.debug("connections: {said}", said=record.getMessage()[:200] + why)


def _tell_of_pools() -> None:
    pools = logging.getLogger("sqlalchemy.pool")
    pools.handlers, pools.propagate = [_Told()], False


def parse_url(text: str, data_dir: Path) -> URL:
    """The database's address with its path made absolute; Invalid says what is allowed."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise Invalid("store.url is not a database address", "store.url") from None
    if url.drivername in MYSQL_DRIVERS:
        if not url.database:
            raise Invalid("store.url names no database after the host", "store.url")
        return url
    return _parse_sqlite(url, data_dir)


def _parse_sqlite(url: URL, data_dir: Path) -> URL:
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise Invalid(
            f"store.url begins with {url.drivername!r}; allowed are 'sqlite' and 'mysql+pymysql'",
            "store.url",
        )
    if not url.database or url.database == ":memory:" or url.query or url.host:
        raise Invalid("store.url must name a file: sqlite:///iotd.sqlite3", "store.url")
    return url.set(database=str(data_dir.absolute() / url.database))


def writing(url: URL) -> Engine:
    """An engine for the writer thread and for calls at start-up."""
    return _sqlite(url) if is_sqlite(url) else _mysql(url)


def reading(url: URL) -> Engine:
    """An engine whose connections refuse to write."""
    if is_sqlite(url):
        return _sqlite(url, begin="BEGIN", extra=["PRAGMA query_only = ON"])
    return _mysql(url, extra=["SET SESSION TRANSACTION READ ONLY"])


def upgrading(url: URL) -> Engine:
    """An engine for migrations: no foreign keys on SQLite, no hurry on MySQL."""
    if is_sqlite(url):
        # Rebuilding a table drops it, and with foreign keys that empties others.
        return _sqlite(url, extra=["PRAGMA foreign_keys = OFF"])
    return _mysql(url, extra=["SET SESSION lock_wait_timeout = 60"], answer=UPGRADE_SECONDS)


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _sqlite(url: URL, begin: str = "BEGIN IMMEDIATE", extra: Sequence[str] = ()) -> Engine:
    # A writer that begins as a reader can't wait for a lock, hence IMMEDIATE.
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=READERS,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        # sqlite3 would begin transactions late, after SAVEPOINT and DDL; we say BEGIN.
        connection.isolation_level = None
        for statement in (*SQLITE_SESSION, *extra):
            connection.execute(statement)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _mysql(url: URL, extra: Sequence[str] = (), answer: int = ANSWER_SECONDS) -> Engine:
    _tell_of_pools()
    engine = create_engine(
        url,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": answer,
            "write_timeout": answer,
            "charset": "utf8mb4",
        },
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_size=READERS,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            for statement in (*MYSQL_SESSION, *extra):
                cursor.execute(statement)

    return engine
