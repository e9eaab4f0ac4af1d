"""Readings while the store is away, while one of them is odd, and at the end of the daemon."""

from __future__ import annotations

from typing import Any
from unittest import mock

from iotd.errors import Unavailable
from iotd.health import commits
from tests.databases import both
from tests.health.room import HealthRoom, refused


@both
class TroubleTests(HealthRoom):
    """The store is away, or takes one reading and not another."""

    async def lose(self, seconds: float) -> None:
        """Time passes while nothing can be stored."""
        for _ in range(round(seconds / 0.05)):
            self.clock.advance(0.05)

    async def test_away_for_a_while(self) -> None:
        """All is kept and stored in order, once, when the store is back."""
        await self.device()
        self.store.fault = Unavailable("away")
        for n in range(3):
            self.hear(70 + n)
            await self.lose(10)
        self.assertEqual(self.told, [])
        self.assertLess(self.store.runs, 25)
        self.store.fault = None
        await self.settle()
        self.assertEqual([row.value for row in await self.stored()], [70, 71, 72])
        self.assertEqual([each["value"] for each in self.told], [70, 71, 72])

    async def test_commit_nobody_heard_of(self) -> None:
        """A commit that happened though it was said to be lost does not double anything."""
        await self.device()
        self.now += 0.1234567  # the very same double is found again
        self.store.fault, self.store.after_commit = Unavailable("lost"), True
        self.hear(70), self.hear(70, "sys")
        self.clock.advance(0.05)
        await self.real_store.run(lambda connection: None)
        self.store.fault = None
        await self.settle()
        rows = await self.stored()
        self.assertEqual([row.value for row in rows], [70, 70])
        self.assertEqual([each["id"] for each in self.told], [row.id for row in rows])

    async def test_too_many(self) -> None:
        """Beyond the most that may wait the oldest go: said once, counted, and the rest is kept."""
        await self.device()
        self.store.fault = Unavailable("away")
        with mock.patch.object(commits, "MOST", 10):
            for n in range(25):
                self.hear(60 + n)
            self.assertEqual(self.readings.waiting, 10)
        self.store.fault = None
        await self.settle()
        kept = [row.value for row in await self.stored()]
        self.assertEqual(kept, [60.0 + n for n in range(15, 25)])
        self.assertEqual(self.metrics.get_sample_value("iotd_readings_dropped_total"), 15)

    async def test_one_that_can_not_be_stored(self) -> None:
        """It alone is lost; those beside it are stored."""
        await self.device()
        whole = commits.write_batch

        def picky(connection: Any, batch: Any, day_of: Any) -> Any:
            if any(row["value"] == 66 for row in batch.rows):
                raise ValueError("not this one")
            return whole(connection, batch, day_of)

        with mock.patch.object(commits, "write_batch", picky):
            for value in (65, 66, 67):
                self.hear(value)
            await self.settle()
        self.assertEqual([row.value for row in await self.stored()], [65, 67])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    async def test_stop(self) -> None:
        """A stop waits until all that was heard is on disk, however much that is."""
        await self.device()
        for n in range(1200):
            self.hear(60 + n % 20)
        await self.readings.stop_service()
        self.assertEqual(len(await self.stored()), 1200)

    async def test_stop_while_away(self) -> None:
        """A stop with the store away ends at once and says what was lost."""
        await self.device()
        self.hear(70)
        self.store.fault = Unavailable("away")
        await self.readings.stop_service()
        self.assertEqual(self.readings.waiting, 0)

    async def test_told_by_a_person(self) -> None:
        """Who types a value while the store is away is told so, and it is not stored later."""
        id = await self.patient()
        self.store.fault = Unavailable("away")
        adding = self.readings.add(id, "spo2", 97, "hand")
        self.clock.advance(0.05)
        error = await refused(adding)
        self.assertIsInstance(error, Unavailable)
        self.store.fault = None
        await self.lose(10)
        await self.settle()
        self.assertEqual(await self.stored(id), [])
