"""Brings a database to this program's schema, or says in plain words why not."""

from __future__ import annotations

import fcntl
import os
import re
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Iterator

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from twisted.logger import Logger

from iotd.store import connect, sqlite_file
from iotd.store.disk import leave_to_owner
from iotd.store.errors import SchemaNewer, StoreDamaged, StoreUnavailable
from iotd.store.faults import reason

FOLDER = Path(__file__).parent / "migrations"
REVISION = re.compile(r"\d{4}")
LOCK_SECONDS = 60  # how long another start may take to upgrade the same database

_log = Logger()


def bring_up_to_date(url: URL, data_dir: Path, folder: Path = FOLDER) -> None:
    """Make the database, or upgrade it after a backup; StoreError says why it can't be."""
    steps = _shipped() if folder == FOLDER else Steps(folder)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with only_one(data_dir / "store.lock"):
            if connect.is_sqlite(url):
                _sqlite(url, data_dir, steps)
            else:
                _mysql(url, steps)
    except OSError as error:
        what = error.filename or data_dir
        raise StoreUnavailable(f"can't use {what}: {error.strerror or error}") from error


class Steps:
    """The migrations of one folder, oldest first."""

    def __init__(self, folder: Path) -> None:
        self._config = Config()
        self._config.set_main_option("script_location", str(folder).replace("%", "%%"))
        scripts = ScriptDirectory.from_config(self._config)
        self._shapes: dict[str, sqlite_file.Shape] = {}
        self.known = [step.revision for step in reversed(list(scripts.walk_revisions()))]

    @property
    def newest(self) -> str:
        return self.known[-1]

    def check(self, revision: str, name: str, next_step: str) -> None:
        """Refuse a revision that this program does not know."""
        if revision in self.known:
            return
        if REVISION.fullmatch(revision) and revision > self.newest:
            raise SchemaNewer(
                f"{name} was written by a newer iotd (schema {revision}, this program knows"
                f" up to {self.newest}): install that version or {next_step}"
            )
        raise StoreDamaged(f"{name} has an unknown schema {revision[:32]!r}: {next_step}")

    def shape(self, revision: str) -> sqlite_file.Shape:
        """The tables of a revision as SQLite has them; made once in a process, in 80 ms."""
        if revision not in self._shapes:
            self._shapes[revision] = sqlite_file.built(
                lambda connection: self.apply(connection, revision))
        return self._shapes[revision]

    def apply(self, connection: Connection, target: str = "head") -> None:
        """Run what is missing on this connection."""
        self._config.attributes["connection"] = connection
        command.upgrade(self._config, target)


@cache
def _shipped() -> Steps:
    return Steps(FOLDER)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file, so that daemon and command line don't upgrade together."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        leave_to_owner(path)
        _wait_for(handle)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int) -> None:
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise StoreUnavailable(
                    f"another iotd has been upgrading this database for {LOCK_SECONDS} s"
                ) from None
            time.sleep(0.05)


def _sqlite(url: URL, data_dir: Path, steps: Steps) -> None:
    path = Path(url.database or "")
    backups = data_dir / "backups"
    if not path.exists():
        sqlite_file.refuse_orphans(path)
        return sqlite_file.create(path, steps.apply)
    next_step = (
        f"move it, {path.name}-wal and {path.name}-shm aside together,"
        f" then copy the newest backup from {backups} to its place"
    )
    found = sqlite_file.examine(path, next_step)
    steps.check(found, str(path), f"restore a backup: {next_step}")
    sqlite_file.compare(path, steps.shape(found), next_step)
    os.chmod(path, 0o600)
    if found != steps.newest:
        copy = sqlite_file.back_up(path, backups, found, time.time())
        sqlite_file.transform(path, steps.apply)
        _log.info(
            "upgraded {path} from schema {old} to {new}; the backup is {copy}",
            path=str(path), old=found, new=steps.newest, copy=str(copy),
        )  # fmt: skip


def _mysql(url: URL, steps: Steps) -> None:
    where = url.query.get("unix_socket") or f"{url.host or 'localhost'}:{url.port or 3306}"
    name = f"the database {url.database} on {where}"
    engine = connect.upgrading(url)
    try:
        with engine.connect() as connection:
            _warn_of_forgetting(connection)
            with _only_one_on_server(connection):
                _upgrade_mysql(connection, steps, name)
    except DBAPIError as error:
        raise StoreUnavailable(f"{name} can't be used: {reason(error)}") from error
    finally:
        engine.dispose()


def _upgrade_mysql(connection: Connection, steps: Steps, name: str) -> None:
    heads = MigrationContext.configure(connection).get_current_heads()
    found = ", ".join(heads) if heads else None
    tables = set(inspect(connection).get_table_names())
    connection.commit()
    if found is not None:
        steps.check(found, name, "restore a backup made with mariadb-dump")
    elif tables and "alembic_version" not in tables:
        raise StoreDamaged(
            f"{name} holds tables that are not iotd's, such as {min(tables)!r}:"
            " give iotd a database of its own"
        )
    if found == steps.newest:
        return
    if found is not None:
        _log.warn(
            "upgrading {name} from schema {old} to {new}; iotd makes no backup of a"
            " MySQL database: that is yours to make (mariadb-dump) before upgrading",
            name=name, old=found, new=steps.newest,
        )  # fmt: skip
    steps.apply(connection)
    connection.commit()


@contextmanager
def _only_one_on_server(connection: Connection) -> Iterator[None]:
    # Daemons on several machines may share one server; each database has its own lock.
    lock = text("SELECT GET_LOCK(CONCAT('iotd/', DATABASE()), :seconds)")
    held = connection.execute(lock, {"seconds": LOCK_SECONDS}).scalar()
    connection.commit()
    if not held:
        raise StoreUnavailable(
            f"another iotd has been upgrading this database for {LOCK_SECONDS} s"
        )
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT RELEASE_LOCK(CONCAT('iotd/', DATABASE()))"))
        connection.commit()


def _warn_of_forgetting(connection: Connection) -> None:
    """What iotd acknowledges as saved must survive a power cut of the server too."""
    asked = "SELECT @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog"
    flush, binlog, sync = connection.execute(text(asked)).one()
    connection.commit()
    if flush != 1 or (binlog and sync != 1):
        _log.warn(
            "the MySQL server may lose saved data in a power cut: set"
            " innodb_flush_log_at_trx_commit=1 and sync_binlog=1"
        )
