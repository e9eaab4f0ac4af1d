"""Transactions off the reactor: group commit, order, limits, cancelling, closing."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import DBAPIError
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, DeferredList, gatherResults
from twisted.trial.unittest import TestCase

from iotd.errors import Conflict, Unavailable
from iotd.store.engine import Store
from iotd.store.records import facts, get_fact, put_fact
from iotd.store.writer import QUEUE
from tests.databases import DatabaseTest, both, in_new_process


class CountingReactor:
    """The real reactor's thread, with a count of the hops onto it."""

    def __init__(self) -> None:
        self.hops = 0

    def callFromThread(self, function: Any, *args: Any) -> None:
        self.hops += 1
        reactor.callFromThread(function, *args)


def refuse(connection: Connection, name: str) -> None:
    """Write, then fail: nothing of it may stay."""
    put_fact(connection, name, "half")
    raise Conflict("no")


def put(connection: Connection, name: str) -> None:
    put_fact(connection, name, "v")


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(facts)).scalar() or 0


class Gate:
    """Holds the writer thread inside a function, so that what follows forms one group."""

    def __init__(self, store: Store) -> None:
        self._entered, self._open = threading.Event(), threading.Event()
        self.passed = store.run(self._hold)
        self._entered.wait(30)

    def _hold(self, _: Connection) -> None:
        self._entered.set()
        self._open.wait(30)

    def open(self) -> None:
        self._open.set()


@both
class GroupCommitTests(DatabaseTest, TestCase):
    """Waiting functions share one commit."""

    async def test_one_of_ten_fails_alone(self) -> None:
        """Nine are saved in one commit; the one that raised left nothing and gets its error."""
        store = self.new_store(reactor)
        gate = Gate(store)
        ten = [store.run(refuse if i == 4 else put, f"f{i}") for i in range(10)]
        gate.open()
        results = await DeferredList(ten, consumeErrors=True)
        self.assertEqual([ok for ok, _ in results], [i != 4 for i in range(10)])
        results[4][1].trap(Conflict)
        self.assertEqual((store.stats.commits, store.stats.last_group), (2, 10))
        self.assertEqual(await store.read(count), 9)

    async def test_a_group_returns_in_one_hop(self) -> None:
        """However many functions a commit had, the reactor is woken once for it."""
        hops = CountingReactor()
        store = self.new_store(hops)
        gate = Gate(store)
        many = gatherResults([store.run(put_fact, f"f{i}", "v") for i in range(50)])
        gate.open()
        await many
        self.assertEqual(hops.hops, 2)

    async def test_result_means_saved(self) -> None:
        """When a result arrives, another connection sees the row; and it arrives on the reactor."""
        store = self.new_store(reactor)
        other = Store(self.url(), self.data_dir())
        self.addCleanup(other.close)
        seen = []

        def look(_: Any) -> None:
            seen.append((other.call(get_fact, "f"), threading.current_thread()))

        await store.run(put_fact, "f", "v").addCallback(look)
        self.assertEqual(seen, [("v", threading.current_thread())])

    async def test_not_seen_before_commit(self) -> None:
        """What a function wrote is invisible to others until its group is committed."""
        store = self.new_store(reactor)
        held, go_on = threading.Event(), threading.Event()

        def write_and_wait(connection: Connection) -> None:
            put_fact(connection, "f", "v")
            held.set()
            go_on.wait(30)

        writing = store.run(write_and_wait)
        held.wait(30)
        self.assertIsNone(await store.read(get_fact, "f"))
        go_on.set()
        await writing
        self.assertEqual(await store.read(get_fact, "f"), "v")

    async def test_order_is_kept(self) -> None:
        """Functions run in the order in which they were given."""
        store = self.new_store(reactor)
        order: list[int] = []
        await gatherResults([store.run(lambda _, i=i: order.append(i)) for i in range(1200)])
        self.assertEqual(order, list(range(1200)))

    async def test_commit_that_fails_fails_all(self) -> None:
        """When the group's commit is refused, everyone hears it and nothing is saved."""
        store = self.new_store(reactor)
        gate = Gate(store)
        two = [store.run(put_fact, "f", "v"), store.run(end_transaction)]
        gate.open()
        results = await DeferredList(two, consumeErrors=True)
        self.assertEqual([ok for ok, _ in results], [False, False])
        self.assertEqual(await store.read(count), 0)
        await store.run(put_fact, "g", "v")


def end_transaction(connection: Connection) -> None:
    """Behind SQLAlchemy's back, so that the commit finds its SAVEPOINT gone."""
    raw = connection.connection.dbapi_connection
    assert raw is not None
    raw.rollback()


@both
class EdgeTests(DatabaseTest, TestCase):
    """Limits, cancelling, reading, closing."""

    async def test_full_queue_refuses_at_once(self) -> None:
        """The function after 10,000 waiting ones gets Unavailable without waiting."""
        store = self.new_store(reactor)
        gate = Gate(store)
        waiting = [store.run(nothing) for _ in range(QUEUE)]
        self.failureResultOf(store.run(nothing), Unavailable)
        self.assertEqual(store.queue_length, QUEUE)
        gate.open()
        await gatherResults(waiting)

    async def test_cancelling_breaks_nothing(self) -> None:
        """A cancelled waiter hears CancelledError at once; the write and its neighbours go on."""
        store = self.new_store(reactor)
        gate = Gate(store)
        first, second = store.run(put_fact, "a", "v"), store.run(put_fact, "b", "v")
        first.cancel()
        self.failureResultOf(first, CancelledError)
        gate.open()
        await second
        self.assertEqual(await store.read(count), 2)

    async def test_readers_cannot_write(self) -> None:
        """A reading function that writes fails, in both dialects."""
        store = self.new_store(reactor)
        with self.assertRaises(Exception):
            await store.read(put_fact, "f", "v")
        self.assertEqual(await store.read(count), 0)

    async def test_foreign_parents_are_asked_for(self) -> None:
        """A row that refers to nothing is refused, in both dialects."""
        store = self.new_store(reactor)
        with self.assertRaises(DBAPIError):
            await store.run(add_orphan)

    async def test_closing_finishes_what_waits(self) -> None:
        """All that was accepted before close() is saved; afterwards it is refused."""
        store = self.new_store(reactor)
        gate = Gate(store)
        waiting = [store.run(put_fact, f"f{i}", "v") for i in range(600)]
        closed = store.close()
        self.assertNoResult(closed)
        gate.open()
        await closed
        self.assertTrue(all(self.successResultOf(d) is None for d in waiting))
        self.failureResultOf(store.run(count), Unavailable)
        self.failureResultOf(store.read(count), Unavailable)
        self.assertEqual(self.new_store().call(count), 600)

    async def test_closing_twice(self) -> None:
        """A second close() fires too."""
        store = self.new_store(reactor)
        await store.run(count)
        await gatherResults([store.close(), store.close()])

    def test_call_needs_no_reactor(self) -> None:
        """The command line can open, write, read and close without a reactor."""
        store = self.new_store()
        store.call(put_fact, "f", "v")
        self.assertEqual(store.call(get_fact, "f"), "v")
        self.assertRaises(Conflict, store.call, refuse, "g")
        self.assertEqual(store.call(count), 1)
        self.successResultOf(store.close())

    async def test_ping(self) -> None:
        """A store that reads and writes answers a ping; one that is held up is reported."""
        store = self.new_store(reactor)
        await store.ping(30)
        gate = Gate(store)
        with self.assertRaises(Unavailable):
            await store.ping(0.05)
        gate.open()
        await gate.passed
        await store.ping(30)


def nothing(connection: Connection) -> None:
    """Take a place in the queue."""


def add_orphan(connection: Connection) -> None:
    from iotd.accounts.records import recovery_codes

    connection.execute(insert(recovery_codes).values(user_id=99, code_hash="x"))


class ExitTests(DatabaseTest, TestCase):
    """The end of the process."""

    def test_stuck_function_does_not_hold_the_exit(self) -> None:
        """A process ends although its writer and readers are still busy."""
        script = (
            "import sys, time; from pathlib import Path; from twisted.internet import reactor\n"
            "from iotd.store.engine import Store\n"
            "store = Store('sqlite:///iotd.sqlite3', Path(sys.argv[1]), reactor); store.open()\n"
            "store.run(lambda _: time.sleep(3600)); store.read(lambda _: time.sleep(3600))\n"
        )
        done = in_new_process(script, self.data_dir())
        self.assertEqual((done.returncode, done.stderr), (0, b""))
