"""Two connections on the spool's file, one to write and one to read, each used by one at a time."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Iterator

from iotd.campus.spool_file import begin_anew, connect, open_file, own
from iotd.errors import Unavailable
from iotd.store.errors import StoreDamaged


class SpoolDamaged(Unavailable):
    """The file can't be read any more; it has to be begun anew."""


class SpoolAccess:
    """Raises Unavailable, with the reason, for whatever keeps the file from being used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing, self._reading = RLock(), RLock()
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None

    def open(self) -> None:
        """Make the file, or examine it; does nothing when it is open."""
        with self._writing, self._reading:
            if self._writer is not None:
                return
            writer = open_file(self.path)
            try:
                with self._telling():
                    self._reader = connect(self.path)
                    self._reader.execute("PRAGMA query_only = ON")
            except Unavailable:
                writer.close()
                raise
            self._writer = writer

    def close(self) -> None:
        """Let go of the file; does nothing when it is not open."""
        with self._writing, self._reading:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = None

    def renew(self, fault: Exception, last_id: int) -> None:
        """Move the damaged file aside and begin a new one, with ids behind ``last_id``."""
        with self._writing, self._reading:
            self.close()
            with self._telling():
                begin_anew(self.path, fault)
            self.open()
            with self.transaction() as connection:
                connection.execute("INSERT INTO sqlite_sequence VALUES ('batches', ?)", (last_id,))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing, and on disk at its end."""
        with self.writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk may have ended it already
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes, without a transaction."""
        with self._writing, self._telling():
            yield _there(self._writer)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The one that can't; it sees what is committed and never waits for writers."""
        with self._reading, self._telling():
            yield _there(self._reader)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            why = own(error, self.path)
            if isinstance(why, StoreDamaged):
                raise SpoolDamaged(f"{self.path} is damaged: {why}") from error
            raise why from error


def _there(connection: sqlite3.Connection | None) -> sqlite3.Connection:
    if connection is None:
        raise Unavailable("the spool is not open")
    return connection
