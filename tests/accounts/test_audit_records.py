"""Writing the audit: in whatever way a transaction ends, the chain is whole."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, text, update
from twisted.internet import reactor
from twisted.internet.defer import DeferredList
from twisted.trial.unittest import TestCase

from iotd.accounts import audit_records as records
from iotd.accounts.audit_records import audit
from iotd.errors import Conflict, Unavailable
from iotd.store import connect
from iotd.store.records import facts, get_fact
from tests.accounts.audit_room import NOW, AuditTest, checked, fill, rows_of
from tests.databases import DatabaseTest, both


@both
class WritingTests(AuditTest):
    """One connection."""

    def test_whole(self) -> None:
        """What was written is as it was written, with people erased from it, too."""
        self.must_be_whole(0)
        self.past()
        self.must_be_whole(38)
        self.assertGreater(sum(row.erased for row in rows_of(self.db)), 10)

    def test_undone(self) -> None:
        """A savepoint that is undone, or one in another, leaves no gap."""
        fill(self.db, 3)
        with self.db.begin_nested() as outer:
            fill(self.db, 3)
            inner = self.db.begin_nested()
            fill(self.db, 2)
            inner.rollback()
            fill(self.db, 1)
            outer.rollback()
        fill(self.db, 2)
        self.assertEqual([row.id for row in rows_of(self.db)], [1, 2, 3, 4, 5])
        self.must_be_whole(5)

    def test_shown(self) -> None:
        """What seals a row is shown to nobody."""
        fill(self.db, 3)
        for row in (records.list_audit(self.db, 1)[0],
                    records.list_audit_about(self.db, "p1", 0.0, 1)[0]):
            self.assertEqual({*row}, {"id", "at", "who", "action", "subject", "detail", "address",
                                      "result", "patient"})

    def test_integer_time(self) -> None:
        """A time without a fraction is a time."""
        records.write_audit(self.db, 5, "ann", "add user", "bob")
        self.must_be_whole(1)

    def test_from_before(self) -> None:
        """Rows of before there was a chain are chained once, gaps and all; never again."""
        key, rows = records.chain_key(self.db), []
        for id in (*range(1, 1205), 1300):
            rows.append({
                "id": id, "at": NOW + id / 7, "who": "ann", "action": "change user",
                "subject": "bob", "detail": "é" * (id % 9), "address": "", "result": "ok",
            })
        self.db.execute(insert(audit), rows)
        self.db.execute(delete(facts).where(facts.c.name == records.HEAD))
        records.begin_chain(self.db, key, before=False)
        self.must_be_whole(1205)
        records.begin_chain(self.db, key, before=False)
        fill(self.db, 3)
        self.must_be_whole(1208)
        self.db.execute(update(audit).values(chain=None, digest=None, salt=None, who="eve"))
        records.begin_chain(self.db, key, before=False)
        self.assertEqual(checked(self.db).count, 1208)
        self.db.execute(delete(facts).where(facts.c.name == records.HEAD))
        records.begin_chain(self.db, key, before=True)
        self.assertEqual(checked(self.db).count, 1209)

    def test_begun_empty(self) -> None:
        """A new log has a head from the start."""
        self.assertIsNotNone(get_fact(self.db, records.HEAD))
        fill(self.db, 2)
        self.must_be_whole(2)

    def test_nothing_else_changes_it(self) -> None:
        """No other code updates or deletes rows of the audit, and none prunes them."""
        from pathlib import Path

        import iotd

        folder = Path(iotd.__file__).parent
        found = {
            path.relative_to(folder).as_posix() for path in folder.glob("**/*.py")
            for word in ("update(audit)", "delete(audit)", "update(records.audit)",
                         "delete(records.audit)", "UPDATE audit", "DELETE FROM audit")
            if word in path.read_text()
        }
        self.assertEqual(found, {"accounts/audit_records.py", "accounts/audit_erasing.py"})


class Boom(Exception):
    """A work that fails after it wrote."""


@both
class GroupTests(DatabaseTest, TestCase):
    """The store's writer, which commits many works at once."""

    def setUp(self) -> None:
        self.store = self.new_store(reactor)
        self.store.call(lambda db: records.begin_chain(db, records.chain_key(db), before=False))

    def whole(self, rows: int) -> None:
        """Nothing is wrong with so many rows."""
        found = self.store.call(checked)
        self.assertEqual((found.faults, found.rows), ([], rows))

    async def test_some_fail(self) -> None:
        """Works that fail amid others in a commit leave no trace in the chain."""
        def work(connection: Connection, number: int) -> None:
            fill(connection, number % 3 + 1)
            if number % 3 == 1:
                raise Boom
            if number % 3 == 2:
                connection.execute(text("SELECT nothing FROM nowhere"))

        done = await DeferredList(
            [self.store.run(work, number) for number in range(90)], consumeErrors=True
        )
        self.assertEqual(sum(worked for worked, _ in done), 30)
        self.whole(30)

    def test_no_key(self) -> None:
        """Without a key nothing is written."""
        engine = connect.writing(self.store.url)
        self.addCleanup(engine.dispose)
        with engine.connect() as connection, connection.begin():
            self.assertRaises(KeyError, fill, connection, 1)
        self.whole(0)

    async def test_two_writers(self) -> None:
        """A second store on the same database goes on where the first one was."""
        other = self.new_store(reactor)
        works = [store.run(fill, 2) for store in (self.store, other) * 20]
        await DeferredList(works, fireOnOneErrback=True)
        self.whole(80)

    async def test_not_written(self) -> None:
        """What can't be written into the audit is not done, and told as 503; others are done."""
        self.store.call(refuse_rows)

        def work(connection: Connection, name: str) -> None:
            connection.execute(insert(facts).values(name=name, value="x"))
            records.write_audit(connection, NOW, name, "add user", "bob")

        refused = await self.assertFailure(self.store.run(work, "eve"), Unavailable)
        self.assertIn("audit", str(refused))
        await self.store.run(work, "ann")
        read: Any = await self.store.read(lambda db: (get_fact(db, "eve"), get_fact(db, "ann")))
        self.assertEqual(read, (None, "x"))
        self.whole(1)
        error = self.assertRaises(Unavailable, self.store.call, work, "eve")
        self.assertNotIsInstance(error, Conflict)


def refuse_rows(connection: Connection, who: str = "eve") -> None:
    """Let the database take no rows of somebody; of everybody who has a "%" for a name."""
    if connection.dialect.name == "sqlite":
        then = "SELECT RAISE(ABORT, 'no room')"
        connection.execute(text(
            f"CREATE TRIGGER full_audit BEFORE INSERT ON audit WHEN NEW.who LIKE '{who}'"
            f" BEGIN {then}; END"
        ))
    else:
        connection.execute(text(
            f"CREATE TRIGGER full_audit BEFORE INSERT ON audit FOR EACH ROW IF NEW.who LIKE"
            f" '{who}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no room'; END IF"
        ))
