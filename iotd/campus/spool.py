"""What gates said and the store does not hold yet, safe on this machine's disk.

One SQLite file of its own, WAL and FULL: a batch that :meth:`Spool.append` took is there
after a power cut. It holds ids of students and times, never an address.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Iterable, Iterator, NamedTuple

from twisted.logger import Logger

from iotd.campus.batches import Batch
from iotd.campus.spool_access import SpoolAccess, SpoolDamaged
from iotd.campus.spool_file import SIDE_FILES, read_fact, write_fact
from iotd.errors import Unavailable

NAME = "spool.sqlite3"
MESSAGES = 10_000  # read() gives about so many at most
CHUNK = 200  # batches that are rewritten in one transaction
VACUUM_PAGES = 2_000  # given back to the disk in one go: 8 MB
GATES, REGISTER = "gates", "register"  # facts

#: Whose an identifier's hash is: a student's id, and until when in microseconds.
Known = dict[str, tuple[int, "int | None"]]


class Stats(NamedTuple):
    """What waits; ``bytes`` on disk, ``oldest_at`` in microseconds, None when nothing does."""

    bytes: int
    batches: int
    messages: int
    oldest_at: int | None


class Spool:
    """Batches in order, by ids that only grow. Any thread may ask; most of it blocks.

    Everything raises Unavailable, with the reason, when the disk is full or the file can't
    be used; nothing of the call happened then.
    """

    _log = Logger()

    def __init__(self, path: Path) -> None:
        self._path = path
        self._access = SpoolAccess(path)
        self._uuid = ""
        self._last = 0  # the newest id
        self._done = 0  # up to here the store has it
        self._deleted = 0  # and up to here that was deleted
        self._batches = self._messages = 0
        self._oldest: int | None = None

    def open(self) -> None:
        """Make the file or examine it; not before a process forks."""
        self._access.open()
        with self._access.reading() as connection:
            self._batches, self._messages = connection.execute(
                "SELECT count(*), coalesce(sum(messages), 0) FROM batches"
            ).fetchone()
            self._oldest = _oldest(connection)
            self._uuid = read_fact(connection, "uuid") or ""

    @property
    def uuid(self) -> str:
        """Which file this is: ids of another one mean other batches. "" before open()."""
        return self._uuid

    def append(self, batch: Batch, at: int) -> int:
        """Its id, once it is on disk; ``at`` is now in microseconds.

        A file that turns out to be damaged is moved aside, and begun anew.
        """
        try:
            return self._append(batch, at)
        except SpoolDamaged as fault:
            # whoever says done() still of the old one's must not mean batches of the new one
            self._access.renew(fault, self._last)
            self.open()
        return self._append(batch, at)

    def _append(self, batch: Batch, at: int) -> int:
        row = (at, len(batch.heard), batch.to_json())
        with self._access.transaction() as connection:
            upto, counts = self._delete_done(connection)
            found = connection.execute(
                "INSERT INTO batches (at, messages, body) VALUES (?, ?, ?)", row
            )
            oldest = _oldest(connection)
        self._count(1 - counts[0], len(batch.heard) - counts[1], oldest, upto)
        assert found.lastrowid is not None
        self._last = found.lastrowid
        return self._last

    def read(
        self, after_id: int, limit: int, messages: int = MESSAGES
    ) -> list[tuple[int, Batch]]:
        """The next batches behind ``after_id``: ``limit`` at most, about ``messages`` in all.

        One that can't be read any more is empty, and the log says so.
        """
        found: list[tuple[int, Batch]] = []
        with self._access.reading() as connection:
            rows = connection.execute(
                "SELECT id, messages, body FROM batches WHERE id > ? ORDER BY id LIMIT ?",
                (after_id, limit),
            )
            for id, count, body in rows:
                found.append((id, self._batch(id, body)))
                messages -= count
                if messages <= 0:
                    break
            rows.close()
        return found

    def done(self, upto_id: int) -> None:
        """The store has these. Does not block: they go with the next append() or tidy()."""
        self._done = max(self._done, upto_id)

    @property
    def untidy(self) -> bool:
        """Whether something that is done lies in the file still."""
        return self._done > self._deleted

    def tidy(self) -> None:
        """Delete what is done, and give space back to the disk."""
        if self.untidy:
            with self._access.transaction() as connection:
                upto, counts = self._delete_done(connection)
                oldest = _oldest(connection)
            self._count(-counts[0], -counts[1], oldest, upto)
        with self._access.writing() as connection:
            if connection.execute("PRAGMA freelist_count").fetchone()[0] > VACUUM_PAGES:
                connection.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()

    def stats(self) -> Stats:
        """What waits now; does not block."""
        files = [self._path.with_name(self._path.name + end) for end in ("", *SIDE_FILES[:1])]
        size = sum(file.stat().st_size for file in files if file.exists())
        return Stats(size, self._batches, self._messages, self._oldest)

    def forget(self, students: Iterable[int]) -> None:
        """Take these students out of all that waits, and out of the file's log."""
        gone, last = frozenset(students), 0
        while True:
            with self._access.transaction() as connection:
                rows = connection.execute(
                    "SELECT id, body FROM batches WHERE id > ? ORDER BY id LIMIT ?", (last, CHUNK)
                ).fetchall()
                changed = [*self._rewritten(rows, gone)]
                connection.executemany("UPDATE batches SET body = ? WHERE id = ?", changed)
            if not rows:
                break
            last = rows[-1][0]
        with self._access.writing() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def known(self) -> Known | None:
        """The register's identifiers, as they were last told; None when they never were."""
        with self._access.reading() as connection:
            if read_fact(connection, REGISTER) is None:
                return None
            rows = connection.execute("SELECT hash, student_id, expires_at FROM known")
            return {hash: (student, expires) for hash, student, expires in rows}

    def replace_known(self, known: Known) -> None:
        """Keep these identifiers and no others."""
        with self._access.transaction() as connection:
            connection.execute("DELETE FROM known")
            connection.executemany("INSERT INTO known VALUES (?, ?, ?)", _known_rows(known))
            write_fact(connection, REGISTER, "told")

    def change_known(self, added: Known, removed: Iterable[str]) -> None:
        """Forget ``removed``, then keep ``added``."""
        with self._access.transaction() as connection:
            connection.executemany("DELETE FROM known WHERE hash = ?", [(one,) for one in removed])
            connection.executemany(
                "INSERT OR REPLACE INTO known VALUES (?, ?, ?)", _known_rows(added)
            )

    def save_gates(self, text: str) -> None:
        """Keep what is known of gates, for a start without the store."""
        with self._access.transaction() as connection:
            write_fact(connection, GATES, text)

    def gates(self) -> str | None:
        """What save_gates() kept last."""
        with self._access.reading() as connection:
            return read_fact(connection, GATES)

    def close(self) -> None:
        """Delete what is done and close the file; what can't be deleted is logged."""
        try:
            if self.untidy:
                self.tidy()
        except Unavailable as error:
            self._log.error("the spool was not tidied up: {error}", error=str(error))
        self._access.close()

    def _delete_done(self, connection: sqlite3.Connection) -> tuple[int, tuple[int, int]]:
        """Up to which id, and how many batches and messages that were."""
        upto = self._done
        if upto <= self._deleted:
            return upto, (0, 0)
        counts = connection.execute(
            "SELECT count(*), coalesce(sum(messages), 0) FROM batches WHERE id <= ?", (upto,)
        ).fetchone()
        connection.execute("DELETE FROM batches WHERE id <= ?", (upto,))
        return upto, counts

    def _count(self, batches: int, messages: int, oldest: int | None, upto: int) -> None:
        self._batches += batches
        self._messages += messages
        self._oldest, self._deleted = oldest, upto

    def _batch(self, id: int, body: str) -> Batch:
        try:
            return Batch.from_json(body)
        except (ValueError, TypeError):
            self._log.error("batch {id} of the spool is damaged and left out", id=id)
            return Batch()

    def _rewritten(
        self, rows: list[tuple[int, str]], gone: frozenset[int]
    ) -> Iterator[tuple[str, int]]:
        for id, body in rows:
            batch = self._batch(id, body)
            if any(not gone.isdisjoint(one.students) for one in batch.heard):
                yield batch.without(gone).to_json(), id


def _oldest(connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT at FROM batches ORDER BY id LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def _known_rows(known: Known) -> Iterator[tuple[str, int, int | None]]:
    return ((hash, student, expires) for hash, (student, expires) in known.items())
