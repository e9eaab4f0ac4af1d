"""What becomes of a patient's readings: removed with the patient, and kept as days."""

from __future__ import annotations

from typing import Any
from unittest import mock

from twisted.internet.defer import Deferred

from iotd.errors import NotFound, Unavailable
from iotd.health import bucket_records
from tests.databases import both
from tests.health.room import ANNA, START, HealthRoom


@both
class PatientTests(HealthRoom):
    """What becomes of a patient's readings."""

    async def test_removal(self) -> None:
        """Every trace of health goes, in pieces; the device is nobody's; others keep theirs."""
        id, other = await self.patient(), await self.patient()
        await self.device(patient=id)
        await self.device("wch-2", patient=other)
        for n in range(50):
            self.hear(60 + n % 9), self.hear(70, device="wch-2")
        await self.settle()
        self.now += 86400 * 2
        await self.rollups.work()
        with mock.patch("iotd.health.patients.CHUNK", 7):
            await self.patients.remove(ANNA, id)
        self.assertEqual(await self.stored(id), [])
        self.assertEqual(len(await self.stored(other)), 50)
        self.assertIsNone(self.registry.device("wch").patient)
        days = await self.real_store.read(_whose_days)
        self.assertEqual(days, {other})
        self.assertRaises(NotFound, self.patients.patient, id)

    async def test_removal_cut_off(self) -> None:
        """One that an end of the daemon interrupts goes on afterwards; nobody sees the rest."""
        id = await self.patient()
        await self.device(patient=id)
        for _ in range(20):
            self.hear(70)
        await self.settle()
        with mock.patch.object(self.patients, "_sweep", lambda id: Deferred()):
            removing = self.patients.remove(ANNA, id)
            while self.patients.knows(id):
                await self.real_store.run(lambda connection: None)
            await self.real_store.run(lambda connection: None)
        removing.addErrback(lambda _: None)
        await self.restart()
        self.assertFalse(self.patients.knows(id))
        await self.patients.finish_removals()
        self.assertEqual(await self.stored(id), [])


class RollupTests(HealthRoom):
    """Days that are over are kept, quietly."""

    async def test_kept_when_over(self) -> None:
        """Today is left alone; yesterday is kept; a late reading makes it stale again."""
        id = await self.patient()
        await self.device(patient=id)
        self.hear(70)
        await self.settle()
        await self.rollups.work()
        self.assertEqual(len(await self.stale()), 1)
        self.now += 86400
        await self.rollups.work()
        self.assertEqual(await self.stale(), [])
        self.hear(80, at=START + 60)
        adding = self.readings.add(id, "heart_rate", 90, "hand", measured_at=START + 90)
        await self.settle()
        self.successResultOf(adding)
        self.assertEqual(len(await self.stale()), 1)

    async def test_by_the_clock(self) -> None:
        """The timer does it, and goes on after the store was away."""
        id = await self.patient()
        await self.device(patient=id)
        self.hear(70)
        await self.settle()
        self.now += 86400
        self.store.fault = Unavailable("away")
        self.clock.advance(2)
        for _ in range(20):
            await self.real_store.read(lambda connection: None)
        self.assertEqual(len(await self.stale()), 1)
        self.store.fault = None
        for _ in range(20):
            self.clock.advance(2)
            await self.real_store.run(lambda connection: None)
        self.assertEqual(await self.stale(), [])

    async def stale(self) -> list[Any]:
        """Stale days."""
        found: list[Any] = await self.real_store.read(bucket_records.stale_days, "9", 99)
        return found


def _whose_days(connection: Any) -> set[str]:
    rows = connection.execute(bucket_records.reading_days.select()).mappings()
    kept = connection.execute(bucket_records.reading_buckets.select()).mappings()
    return {row["patient"] for row in [*rows, *kept]}
