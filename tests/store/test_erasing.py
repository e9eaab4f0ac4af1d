"""What SQLite's files still hold of what was deleted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import text
from twisted.trial.unittest import SynchronousTestCase

from iotd.store import connect
from iotd.store.erasing import empty_log
from tests.databases import DatabaseTest, both

TRACE = "a-trace-that-must-go"


@both
class LogTests(DatabaseTest, SynchronousTestCase):
    """The log beside the database."""

    def setUp(self) -> None:
        self.store = self.new_store()

    def run_sql(self, sql: str) -> Any:
        """One committed statement."""
        self.store.call(lambda connection: connection.execute(text(sql)))

    def files(self) -> bytes:
        """All bytes of the folder."""
        return b"".join(each.read_bytes() for each in self.data_dir().iterdir())

    def test_deleted(self) -> None:
        """After a deletion and this, no file holds the row."""
        self.run_sql(f"INSERT INTO facts (name, value) VALUES ('x', '{TRACE}')")
        self.run_sql("DELETE FROM facts WHERE name = 'x'")
        if connect.is_sqlite(self.store.url):
            self.assertIn(TRACE.encode(), self.files())
        self.assertTrue(empty_log(self.store.url))
        self.assertNotIn(TRACE.encode(), self.files())

    def test_while_somebody_reads(self) -> None:
        """A reader that stays keeps the log: that is said, not waited for without end."""
        if not connect.is_sqlite(self.store.url):
            return
        self.patch(connect, "BUSY_SECONDS", 0.01)
        path = str(self.store.url.database)
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT COUNT(*) FROM facts").fetchone()
            self.run_sql("INSERT INTO facts (name, value) VALUES ('x', 'y')")
            self.assertFalse(empty_log(self.store.url))
        self.assertTrue(empty_log(self.store.url))

    def test_no_file(self) -> None:
        """A database that can't be opened is told as not done."""
        if connect.is_sqlite(self.store.url):
            gone = self.store.url.set(database=str(self.data_dir() / "none" / "x"))
            self.assertFalse(empty_log(gone))
