"""The database goes away, comes back, or gives up on a transaction."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing, redirect_stderr

import pymysql
from sqlalchemy import Connection, event
from twisted.internet import reactor
from twisted.internet.defer import DeferredList
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import TestCase

from iotd.errors import Unavailable
from iotd.store import connect
from iotd.store.engine import Store
from iotd.store.errors import StoreUnavailable
from iotd.store.records import get_fact, put_fact
from iotd.store.writer import Task, Writer
from tests.databases import DatabaseTest, MariaDB


class ServerAwayTests(DatabaseTest, TestCase):
    """A MariaDB that dies, hangs or drops connections."""

    dialect = "mariadb"

    def setUp(self) -> None:
        self.store = self.new_store(reactor)
        self.server = MariaDB.running()
        self.addCleanup(self.server.start)

    async def test_restart_between_calls_goes_unnoticed(self) -> None:
        """Writes and reads after a restart of the server just work."""
        await self.store.run(put_fact, "a", "v")
        self.assertEqual(await self.store.read(get_fact, "a"), "v")
        self.server.kill()
        self.server.start()
        await self.store.run(put_fact, "b", "v")
        self.assertEqual(await self.store.read(get_fact, "b"), "v")

    async def test_dead_server_is_unavailable_until_it_is_back(self) -> None:
        """Meanwhile every call says Unavailable; afterwards calls work again."""
        self.server.kill()
        with self.assertRaises(Unavailable):
            await self.store.run(put_fact, "a", "v")
        with self.assertRaises(Unavailable):
            await self.store.read(get_fact, "a")
        self.assertRaises(Unavailable, self.store.call, get_fact, "a")
        with self.assertRaises(Unavailable):
            await self.store.ping(30)
        self.server.start()
        await self.store.ping(30)

    def test_no_traceback_of_a_connection_given_back(self) -> None:
        """A server that dies while a connection is out costs a line of the log, and nothing
        on stderr."""
        engine = connect.reading(connect.parse_url(self.url(), self.data_dir()))
        self.addCleanup(engine.dispose)
        connection = engine.raw_connection()
        self.server.kill()
        said, lines = io.StringIO(), list[str]()

        def hear(event: LogEvent) -> None:
            lines.append(str(formatEvent(event)))

        globalLogPublisher.addObserver(hear)
        self.addCleanup(globalLogPublisher.removeObserver, hear)
        with redirect_stderr(said):
            connection.close()
        self.assertEqual(said.getvalue(), "")
        self.assertEqual(len([line for line in lines if line.startswith("connections: ")]), 1)

    async def test_hanging_server_fails_the_ping_in_time(self) -> None:
        """A silent server is found by the ping's own deadline, and work goes on when it wakes."""
        await self.store.ping(30)
        self.server.pause()
        try:
            with self.assertRaises(Unavailable):
                await self.store.ping(0.05)
        finally:
            self.server.resume()
        await self.store.run(put_fact, "a", "v")

    async def test_connection_lost_within_a_group(self) -> None:
        """The whole group runs again on a new connection: both writes are there, once."""
        cuts = [True]

        def write_and_cut(connection: Connection) -> None:
            put_fact(connection, "a", "v")
            if cuts:
                cuts.pop()
                self.cut(connection)
                get_fact(connection, "a")

        two = [self.store.run(put_fact, "b", "v"), self.store.run(write_and_cut)]
        self.assertEqual(await DeferredList(two), [(True, None), (True, None)])
        self.assertEqual(await self.store.read(get_fact, "b"), "v")

    async def test_deadlock_is_tried_again(self) -> None:
        """A function that the server picked as a deadlock's victim runs a second time."""
        errors = ["SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213"]

        def collide(connection: Connection) -> None:
            put_fact(connection, "a", "v")
            if errors:
                connection.exec_driver_sql(errors.pop())

        await self.store.run(collide)
        self.assertEqual(await self.store.read(get_fact, "a"), "v")

    async def test_deadlock_at_commit_is_tried_again(self) -> None:
        """A cluster may refuse at COMMIT what it undid: the group runs a second time."""
        engine = connect.writing(self.store.url)
        self.addCleanup(engine.dispose)
        refusal = "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213"

        def refuse(connection: Connection) -> None:
            connection.exec_driver_sql(refusal)

        event.listen(engine, "commit", refuse, once=True)
        writer = Writer(engine, reactor)
        await writer.submit(Task(put_fact, ("a", "v"), {}))
        self.assertEqual(await self.store.read(get_fact, "a"), "v")
        await writer.close(lambda: None)

    async def test_trouble_is_logged_once(self) -> None:
        """However many groups fail, one line says so and one that it is over."""
        lines: list[str] = []
        observe = lambda e: lines.append(e["log_format"])  # noqa: E731
        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        self.server.kill()
        for _ in range(3):
            await DeferredList([self.store.run(get_fact, "a")], consumeErrors=True)
        self.server.start()
        await self.store.run(get_fact, "a")
        self.assertEqual(lines, ["can't save: {why}", "saving works again"])

    async def test_connection_lost_within_commit(self) -> None:
        """Nobody knows whether it was saved: it is not run again, and the error says so."""
        engine = connect.writing(self.store.url)
        self.addCleanup(engine.dispose)
        event.listen(engine, "commit", self.cut, once=True)
        writer = Writer(engine, reactor)
        runs: list[int] = []
        with self.assertRaises(Unavailable) as caught:
            await writer.submit(Task(lambda _: runs.append(1), (), {}))
        self.assertIn("may or may not be saved", str(caught.exception))
        self.assertEqual(runs, [1])
        await writer.close(lambda: None)

    async def test_closing_without_a_server_gives_up(self) -> None:
        """A stop does not wait out the queue when the database is away: all is Unavailable."""
        self.server.kill()
        waiting = [self.store.run(put_fact, f"f{i}", "v") for i in range(2000)]
        ended = DeferredList(waiting, consumeErrors=True)
        await self.store.close()
        failures = [value for _, value in await ended]
        self.assertTrue(all(failure.check(Unavailable) for failure in failures))

    def cut(self, connection: Connection) -> None:
        """End this connection from the server's side."""
        number = connection.connection.dbapi_connection.thread_id()  # type: ignore[union-attr]
        with closing(pymysql.connect(unix_socket=str(self.server.socket), user="root")) as root:
            with root.cursor() as cursor:
                cursor.execute(f"KILL {number}")


class ServerRefusesTests(DatabaseTest, TestCase):
    """Opening a database on a server that can't be used."""

    def refusal(self, url: str) -> str:
        store = Store(url, self.data_dir())
        return str(self.assertRaises(StoreUnavailable, store.open))

    def test_nobody_listens(self) -> None:
        """The host, the port and the reason are named, the password is not."""
        said = self.refusal("mysql+pymysql://iotd:s3cret@127.0.0.1:1/iotd")
        self.assertIn("127.0.0.1:1", said)
        self.assertIn("Can't connect", said)
        self.assertNotIn("s3cret", said)

    def test_wrong_password(self) -> None:
        """The server's words are passed on, the password is not."""
        url = MariaDB.running().new_database().replace("root@", "nobody:s3cret@")
        said = self.refusal(url)
        self.assertIn("Access denied", said)
        self.assertNotIn("s3cret", said)

    def test_unknown_database(self) -> None:
        """A database that was never made is named."""
        socket = MariaDB.running().socket
        url = f"mysql+pymysql://root@localhost/absent?unix_socket={socket}"
        self.assertIn("Unknown database 'absent'", self.refusal(url))


def fill_disk(connection: Connection) -> None:
    """Behave as on a disk with room for ten more pages."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}")
    put_fact(connection, "big", "x" * 100_000)


class FileTroubleTests(DatabaseTest, TestCase):
    """An SQLite file that another program holds, or that can't grow."""

    async def test_full_disk(self) -> None:
        """What did not fit is Unavailable; neighbours are saved exactly if they were told so."""
        store = self.new_store(reactor)
        three = [store.run(put_fact, "a", "v"), store.run(fill_disk), store.run(put_fact, "b", "v")]
        results = await DeferredList(three, consumeErrors=True)
        results[1][1].trap(Unavailable)
        self.assertIn("disk is full", results[1][1].getErrorMessage())
        for name, (worked, _) in zip("a!b", results):
            self.assertEqual(await store.read(get_fact, name) is not None, worked)
        await store.run(put_fact, "small", "v")

    async def test_locked_then_free(self) -> None:
        """While another program holds the lock writes say so, reads work; then all works."""
        self.patch(connect, "BUSY_SECONDS", 0.05)
        store = self.new_store(reactor)
        with closing(sqlite3.connect(store.url.database or "", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with self.assertRaises(Unavailable) as caught:
                await store.run(put_fact, "a", "v")
            self.assertIn("locked by another program", str(caught.exception))
            self.assertIsNone(await store.read(get_fact, "a"))
        await store.run(put_fact, "a", "v")
