"""A log with a past of its own on a real database, and its check in one call."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select
from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts import audit_records as records
from iotd.accounts.audit_chain import Head, Row
from iotd.accounts.audit_check import Checker, Erasures
from iotd.accounts.audit_erasing import erase_account
from iotd.accounts.shared import By
from tests.databases import DatabaseTest

NOW = 1_800_000_000.123456
BY = By("root", NOW + 900, "10.0.0.9")


def fill(connection: Connection, rows: int = 24, first: int = 0) -> None:
    """Rows of four people who do things to each other, to devices and to a patient."""
    names = ("ann", "bob", "cleo", "dr.dee")
    for number in range(first, first + rows):
        who, other = names[number % 4], names[number * 7 % 3]
        action, subject = (("change user", other), ("view labs", "p1"), ("share", "p1"))[number % 3]
        detail = f"doctor {other}: labs" if action == "share" else ""
        records.write_audit(
            connection, NOW + number / 7, who, action, subject, detail, f"10.0.0.{number % 5}",
            "ok" if number % 5 else "refused", "p1" if subject == "p1" else None,
        )


def checked(connection: Connection, kept: Head | None = None, page: int = 7) -> Checker:
    """All of it, a few rows at a time, as the daemon does it."""
    key = records.chain_key(connection)
    checker = Checker(key, Erasures(records.told_erasures(connection)), kept)
    while (found := records.read_page(connection, key, checker.place, page)).rows:
        checker.feed(found.rows)
    checker.settle(Erasures(records.told_erasures(connection)))
    checker.end(found.before)
    return checker


def rows_of(connection: Connection) -> list[Row]:
    """Every row as it is in the table."""
    query = select(*records.ROW).order_by(records.audit.c.id)
    return [Row(*row) for row in connection.execute(query)]


class AuditTest(DatabaseTest, SynchronousTestCase):
    """``self.db``: a connection; ``self.kept``: the head that a file would have."""

    def setUp(self) -> None:
        self.db = self.connect()
        records.begin_chain(self.db, records.chain_key(self.db), before=False)

    def past(self) -> None:
        """Rows, an erased person, rows, another one, rows."""
        fill(self.db)
        erase_account(self.db, BY, "bob")
        fill(self.db, 6, 24)
        erase_account(self.db, BY, "cleo")
        fill(self.db, 6, 30)
        self.kept = self.head()

    def head(self) -> Head:
        """The newest row's."""
        head = records.head_of(self.db, records.chain_key(self.db))
        assert head is not None
        return head

    def said(self, **more: Any) -> list[str]:
        """What is wrong, in sentences."""
        return [fault.what for fault in checked(self.db, **more).faults]

    def must_be_whole(self, rows: int) -> None:
        """Nothing is wrong, and there are so many rows."""
        found = checked(self.db)
        self.assertEqual((found.faults, found.count, found.rows), ([], 0, rows))
