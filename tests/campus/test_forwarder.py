"""From the spool to the store: in order, once, however long the store is away."""

from __future__ import annotations

from iotd.campus import forwarder, waiting
from iotd.campus.forwarder import FIRST_REST, LONGEST_REST
from iotd.campus.spool import Spool
from iotd.campus.statistics_records import list_strangers
from tests.campus.movement_room import MovementTest
from tests.campus.work_room import ENTRY, EXIT
from tests.databases import both

HOUR = 3600


@both
class ForwarderTests(MovementTest):
    """Batches, told of or not."""

    async def test_a_batch_becomes_movements(self) -> None:
        """Then the spool may forget it, and memory says what the store says."""
        self.forwarder.start_service()
        await self.forwarded()
        self.spooled(self.seen(0, ENTRY), self.seen(HOUR, EXIT))
        self.spooled(self.seen(2 * HOUR, ENTRY, "R2"))
        await self.forwarded()
        self.assertEqual(await self.moved(), [(0, "entry"), (HOUR, "exit")])
        self.assertEqual(await self.moved("R2"), [(2 * HOUR, "entry")])
        self.assertEqual(self.movements.state_of(self.ids["R1"])[0], False)
        self.assertEqual(self.movements.memory.place.batch, 2)
        self.spool.tidy()
        self.assertEqual(self.spool.stats().batches, 0)
        self.check_memory()
        await self.forwarder.stop_service()

    async def test_what_waits_at_the_start_is_not_passed_over(self) -> None:
        """Many reads' worth lies there; the first that somebody tells of comes behind it."""
        self.patch(waiting, "READ", 3)
        for number in range(20):
            self.spooled(self.seen(number * HOUR, number % 2), tell=False)
        self.forwarder.start_service()
        self.spooled(self.seen(20 * HOUR, ENTRY))
        await self.forwarded()
        self.assertEqual([at / HOUR for at, _ in await self.moved()], [*range(21)])
        await self.forwarder.stop_service()

    async def test_a_restart_goes_on_where_it_was(self) -> None:
        """Batches that were applied and not deleted yet are not applied again."""
        told = {("2027-01-15", 24, ""): 3}
        self.forwarder.start_service()
        self.spooled(self.seen(0, ENTRY), strangers=told)
        await self.forwarded()
        await self.forwarder.stop_service()
        self.build()
        self.spooled(self.seen(HOUR, EXIT), tell=False)
        self.forwarder.start_service()
        await self.forwarded()
        self.assertEqual(await self.moved(), [(0, "entry"), (HOUR, "exit")])
        day = await self.store.read(list_strangers, "2027-01-15")
        self.assertEqual([tuple(row) for row in day], [(24, 0, 3)])
        await self.forwarder.stop_service()

    async def test_an_older_copy_of_the_spool(self) -> None:
        """It gives out ids again that the store is done with: no message is passed over."""
        path = self.spool._path
        self.spooled(self.seen(0, ENTRY), tell=False)
        self.spool.close()
        copy = path.read_bytes()
        self.reopen()
        self.forwarder.start_service()
        self.spooled(self.seen(HOUR, EXIT))
        self.spooled(self.seen(2 * HOUR, ENTRY))
        await self.forwarded()
        await self.forwarder.stop_service()
        self.spool.close()
        path.write_bytes(copy)
        self.reopen()
        self.spooled(self.seen(3 * HOUR, EXIT), tell=False)
        self.forwarder.start_service()
        await self.forwarded()
        self.spooled(self.seen(4 * HOUR, ENTRY))
        await self.forwarded()
        self.assertEqual([at / HOUR for at, _ in await self.moved()], [*range(5)])
        self.assertEqual(self.spool.uuid, self.movements.memory.place.spool)
        self.check_memory()
        await self.forwarder.stop_service()

    def reopen(self) -> None:
        """What a restart does to the spool and all above it."""
        self.spool = Spool(self.spool._path)
        self.spool.open()
        self.addCleanup(self.spool.close)
        self.build()

    async def test_a_store_that_is_away(self) -> None:
        """It is tried again and again, ever more rarely; then all is there, in order."""
        self.forwarder.start_service()
        self.store.away = True
        self.spooled(self.seen(0, ENTRY))
        await self.forwarded()
        rest = FIRST_REST
        for number in range(1, 9):
            self.spooled(self.seen(number * HOUR, number % 2))
            await self.forwarded(rest)
            rest = min(LONGEST_REST, rest * 2)
        self.assertEqual(self.movements.memory.place.batch, 0)
        self.store.away = False
        await self.forwarded(rest)
        self.assertEqual([at / HOUR for at, _ in await self.moved()], [*range(9)])
        self.check_memory()
        await self.forwarder.stop_service()

    async def test_a_commit_that_may_have_happened(self) -> None:
        """It did: nothing is counted twice, and memory and statistics take it over."""
        self.forwarder.start_service()
        await self.forwarded()
        self.store.doubts = 1
        self.spooled(self.seen(0, ENTRY), strangers={("2027-01-15", 24, ""): 3})
        await self.forwarded()
        self.assertEqual(self.movements.memory.place.batch, 0)
        self.spooled(self.seen(HOUR, EXIT))
        await self.forwarded(FIRST_REST)
        self.assertEqual(await self.moved(), [(0, "entry"), (HOUR, "exit")])
        self.assertEqual(self.statistics.strangers_today(), 3)
        row, = await self.statistics.totals(["2027-01-15"])
        self.assertEqual(row.bit_count(), 2)  # one entry, one exit
        self.check_memory()
        await self.forwarder.stop_service()

    async def test_what_the_store_can_never_take(self) -> None:
        """One message is left out, counted and named in the log; all else is applied."""
        self.forwarder.start_service()
        broken = self.seen(HOUR, EXIT, boot="b", seq=2)._replace(flags=None)  # type: ignore
        self.spooled(self.seen(0, ENTRY), strangers={("2027-01-15", 24, ""): 3})
        self.spooled(self.seen(10, ENTRY, boot="b", seq=1), broken, self.seen(9 * HOUR, EXIT))
        await self.forwarded()
        self.assertEqual(await self.moved(), [(0, "entry"), (9 * HOUR, "exit")])
        self.assertEqual(self.movements.left_out._value.get(), 1)
        self.assertEqual(self.statistics.strangers_today(), 3)
        self.assertEqual(self.movements.memory.place.batch, 2)
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.check_memory()
        await self.forwarder.stop_service()

    async def test_batches_gather(self) -> None:
        """What comes one by one is one transaction for a twentieth of a second's worth."""
        self.forwarder.start_service()
        await self.forwarded()
        for number in range(10):
            self.spooled(self.seen(number, ENTRY))
        await self.forwarded()
        self.assertEqual(self.movements.memory.place.turn, 1)
        await self.forwarder.stop_service()

    async def test_much_is_cut_into_transactions(self) -> None:
        """So that others get their turn."""
        self.patch(forwarder, "AT_ONCE", 4)
        self.build()
        self.forwarder.start_service()
        for number in range(10):
            self.spooled(self.seen(number, ENTRY), tell=False)
        await self.forwarded()
        self.assertEqual(self.movements.memory.place, (self.spool.uuid, 10, 3))
        await self.forwarder.stop_service()


@both
class ErasingTests(MovementTest):
    """Somebody is erased while sightings wait."""

    async def test_nothing_is_left_and_nothing_comes_back(self) -> None:
        """In no table, in no batch, in no count; others stay as they were."""
        self.forwarder.start_service()
        self.spooled(self.seen(0, ENTRY), self.seen(5, ENTRY, "R2"), self.seen(HOUR, EXIT))
        await self.forwarded()
        self.spooled(self.seen(2 * HOUR, ENTRY), self.seen(3 * HOUR, EXIT, "R2"))
        await self.office.erasing.erase("R1", "ann")
        await self.forwarded()
        self.assertEqual(await self.moved(), [])
        self.assertEqual(await self.moved("R2"), [(5, "entry"), (3 * HOUR, "exit")])
        for table in ("campus_sightings", "campus_movements", "campus_seen"):
            rows = await self.store.read(lambda connection, table=table: {
                id for id, in connection.exec_driver_sql(f"SELECT student_id FROM {table}")
            })
            self.assertEqual(rows, {self.ids["R2"]}, table)
        row, = await self.statistics.totals(["2027-01-15"])
        self.assertEqual(row.bit_count(), 2)
        self.check_memory()
        await self.forwarder.stop_service()

    async def test_after_a_commit_in_doubt(self) -> None:
        """What nobody knew of is taken over before, not after."""
        self.forwarder.start_service()
        self.store.doubts = 1
        self.spooled(self.seen(0, ENTRY))
        await self.forwarded()
        await self.office.erasing.erase("R1", "ann")
        self.spooled(self.seen(HOUR, ENTRY, "R2"))
        await self.forwarded(FIRST_REST)
        self.assertEqual(await self.moved(), [])
        row, = await self.statistics.totals(["2027-01-15"])
        self.assertEqual(row.bit_count(), 1)
        self.check_memory()
        await self.forwarder.stop_service()
