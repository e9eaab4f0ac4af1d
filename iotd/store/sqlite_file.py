"""The SQLite file itself: made whole or not at all, examined before use, backed up."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import DBAPIError

from iotd.store import connect
from iotd.store.disk import leave_to_owner, make_private, put
from iotd.store.errors import StoreDamaged, StoreUnavailable
from iotd.store.faults import SQLITE_AWAY, code_of, reason, translate

MAGIC = b"SQLite format 3\0"
KEPT = 5  # backups before upgrades
UTF8 = 1
# Damaged names reach sqlite3 as text that is no UTF-8.
BROKEN = (sqlite3.Error, UnicodeDecodeError)

Build = Callable[[Connection], None]
Shape = dict[str, list[tuple[object, ...]]]


def create(path: Path, build: Build) -> None:
    """A new database, put in place only when it is complete and on disk."""
    draft = path.with_name(path.name + ".new")
    for leftover in (draft, path.with_name(draft.name + "-journal")):
        leftover.unlink(missing_ok=True)
    make_private(draft)
    transform(draft, build)
    put(draft, path)


def transform(path: Path, build: Build) -> None:
    """Run ``build`` in one transaction: afterwards it is all there, or nothing of it."""
    engine = connect.upgrading(URL.create("sqlite", database=str(path)))
    try:
        with engine.begin() as connection:
            build(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise StoreDamaged(f"{path} has rows that refer to nothing: {broken[0]!r}")
    except DBAPIError as error:
        known = translate(error)
        raise known if known is error else type(known)(f"{path}: {known}") from error
    finally:
        engine.dispose()


def refuse_orphans(path: Path) -> None:
    """A log without its database would be replayed over a new one."""
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise StoreDamaged(
            f"{path} is gone but its log {log} is there: bring the file back,"
            " or move the log aside to begin anew"
        )


def examine(path: Path, next_step: str) -> str:
    """The schema revision of a sound database, found without writing to it."""
    _check_header(path, next_step)
    try:
        with closing(_open_read_only(path)) as connection:
            # 0.34 s for 188 MB in memory; integrity_check takes four times as long.
            fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if fault != "ok":
                raise StoreDamaged(f"{path} is damaged ({fault}): {next_step}")
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except BROKEN as error:
        raise _refusal(path, error, next_step) from error
    if len(rows) != 1:
        raise StoreDamaged(f"{path} does not say which schema it has: {next_step}")
    return str(rows[0][0])


def compare(path: Path, wanted: Shape, next_step: str) -> None:
    """Refuse a file that lacks tables, columns or references that it should have."""
    try:
        with closing(_open_read_only(path)) as connection:
            found = _shape(connection)
    except BROKEN as error:
        raise _refusal(path, error, next_step) from error
    for table, parts in wanted.items():
        lost = [part for part in parts if part not in found.get(table, [])]
        if lost:
            raise StoreDamaged(f"{path} is damaged ({table} lacks {lost[0][1]!r}): {next_step}")


def built(build: Build) -> Shape:
    """What ``build`` makes of an empty database."""
    engine = create_engine("sqlite://")
    with closing(engine.raw_connection()) as raw, engine.begin() as connection:
        build(connection)
        shape = _shape(raw.driver_connection)
    return shape


def _shape(connection: Any) -> Shape:
    """Per table its columns (name, type) and references."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name: _parts(connection, name) for (name,) in tables.fetchall()}


def _parts(connection: Any, table: str) -> list[tuple[object, ...]]:
    columns = connection.execute(
        "SELECT 'column', name, type, pk FROM pragma_table_info(?)", (table,)
    )
    references = connection.execute(
        'SELECT \'reference\', "from", "table", "to", on_delete FROM pragma_foreign_key_list(?)',
        (table,),
    )
    return [*columns.fetchall(), *references.fetchall()]


def _check_header(path: Path, next_step: str) -> None:
    with open(path, "rb") as handle:
        header = handle.read(100)
    if not header:
        raise StoreDamaged(f"{path} is empty: {next_step}")
    if len(header) < 100 or not header.startswith(MAGIC):
        raise StoreDamaged(f"{path} is not an SQLite database: {next_step}")
    # Bytes 18, 19: file format for writing and reading; 56-59: text encoding.
    if not {header[18], header[19]} <= {1, 2} or header[56:60] != bytes([0, 0, 0, UTF8]):
        raise StoreDamaged(f"{path} is damaged (its header is wrong): {next_step}")


def _open_read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path.absolute().as_uri() + "?mode=ro", uri=True, timeout=connect.BUSY_SECONDS
    )


def _refusal(path: Path, error: Exception, next_step: str) -> Exception:
    code = code_of(error)
    if code in SQLITE_AWAY:
        return StoreUnavailable(f"{path} can't be used: {SQLITE_AWAY[code]}")
    return StoreDamaged(f"{path} is damaged or not iotd's ({reason(error)}): {next_step}")


def back_up(path: Path, folder: Path, revision: str, now: float) -> Path:
    """A copy of the database as it is now; the newest five stay."""
    if not folder.exists():
        folder.mkdir(mode=0o700)
        leave_to_owner(folder)
    stamp = datetime.fromtimestamp(now, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    copy = folder / f"{path.stem}-{revision}-{stamp}.sqlite3"
    draft = copy.with_suffix(".part")
    draft.unlink(missing_ok=True)
    make_private(draft)
    _copy(path, draft)
    put(draft, copy)
    _prune(folder, path.stem)
    return copy


def _copy(path: Path, draft: Path) -> None:
    try:
        with closing(_open_read_only(path)) as source, closing(sqlite3.connect(draft)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        draft.unlink()
        why = SQLITE_AWAY.get(code_of(error) or 0, reason(error))
        raise StoreUnavailable(
            f"{path} must be upgraded but can't be backed up to {draft.parent}: {why}"
        ) from error


def _prune(folder: Path, stem: str) -> None:
    name = re.compile(re.escape(stem) + r"-\w+-(\d{8}T\d{6}Z)\.sqlite3")
    dated = [(found[1], path) for path in folder.iterdir() if (found := name.fullmatch(path.name))]
    for _, path in sorted(dated)[:-KEPT]:
        path.unlink()
