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
from iotd.campus.reserve import Reserve
from iotd.campus.spool_access import SpoolAccess, SpoolDamaged
from iotd.campus.spool_facts import Known, SpoolFacts
from iotd.campus.spool_file import SIDE_FILES, new_name, newest_id, read_fact, write_fact
from iotd.errors import Unavailable

__all__ = ["NAME", "Known", "Spool", "Stats"]

NAME, RESERVE = "spool.sqlite3", "spool.reserve"
MESSAGES = 10_000  # read() gives about so many at most
CHUNK = 100  # batches that are deleted or rewritten in one transaction
FREE_PAGES = 2_000  # of 4 KiB, kept for batches to come
VACUUM_PAGES = 500  # given back to the disk in one go


class Stats(NamedTuple):
    """What waits; ``bytes`` on disk, ``oldest_at`` in microseconds, None when nothing does."""

    bytes: int
    batches: int
    messages: int
    oldest_at: int | None


class Spool(SpoolFacts):
    """Batches in order, by ids that only grow. Any thread may ask; most of it blocks.

    Everything raises Unavailable, with the reason, when the disk is full or the file can't
    be used; nothing of the call happened then.
    """

    _log = Logger()

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(SpoolAccess(path))
        self._reserve = Reserve(path.with_name(RESERVE))
        self._uuid = ""
        self._last = 0  # the newest id
        #: The newest id that there ever was when the file was opened.
        self.found_at = 0
        self._done = 0  # up to here the store has it
        self._deleted = 0  # and up to here that was deleted
        self._batches = self._messages = 0
        self._oldest: int | None = None

    def open(self) -> None:
        """Make the file or examine it; not before a process forks."""
        try:
            self._access.open()
        except Unavailable:
            if not self._reserve.give():
                raise
            self._access.open()
        self._reserve.keep()
        with self._access.reading() as connection:
            self._batches, self._messages = connection.execute(
                "SELECT count(*), coalesce(sum(messages), 0) FROM batches"
            ).fetchone()
            self._oldest = _oldest(connection)
            self._last = self.found_at = newest_id(connection)
            self._uuid = read_fact(connection, "uuid") or ""

    @property
    def uuid(self) -> str:
        """Which file this is: ids of another one mean other batches. "" before open()."""
        return self._uuid

    def rename(self) -> None:
        """From now on it is another file: what is known of this one's ids is not of it."""
        name = new_name()
        with self._access.transaction() as connection:
            write_fact(connection, "uuid", name)
        self._uuid = name

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
        """Delete what is done, and give room back to the disk, also to a full one."""
        try:
            self._tidy()
        except Unavailable:
            if not self._reserve.give():
                raise
            self._checkpoint()
            self._tidy()
        self._reserve.keep()

    def _tidy(self) -> None:
        while self.untidy:
            with self._access.transaction() as connection:
                upto, counts = self._delete_done(connection)
                oldest = _oldest(connection)
            self._count(-counts[0], -counts[1], oldest, upto)
        with self._access.writing() as connection:
            if connection.execute("PRAGMA freelist_count").fetchone()[0] > FREE_PAGES:
                # execute() would take one step of it: one page
                connection.executescript(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")

    def _checkpoint(self) -> None:
        with self._access.writing() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def stats(self) -> Stats:
        """What waits now; does not block."""
        files = [self._path.with_name(self._path.name + end) for end in ("", *SIDE_FILES[:1])]
        size = sum(file.stat().st_size for file in files if file.exists())
        return Stats(size, self._batches, self._messages, self._oldest)

    def forget(self, students: Iterable[int]) -> None:
        """Take these students out of all that waits, and out of the file's log."""
        gone, last = frozenset(students), 0
        self.forget_known(gone)
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
        self._checkpoint()

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
        if not self.untidy:
            return self._deleted, (0, 0)
        rows = connection.execute(
            "SELECT id, messages FROM batches WHERE id <= ? ORDER BY id LIMIT ?",
            (self._done, CHUNK),
        ).fetchall()
        upto = rows[-1][0] if len(rows) == CHUNK else self._done
        connection.execute("DELETE FROM batches WHERE id <= ?", (upto,))
        return upto, (len(rows), sum(messages for _, messages in rows))

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
