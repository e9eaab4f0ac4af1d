"""Readings from the wire and from people: judged, stored in groups, published, adopted."""

from __future__ import annotations

from typing import Any
from unittest import mock

from twisted.internet.defer import Deferred

from iotd.accounts.shared import By
from iotd.bus import ReadingHeard
from iotd.errors import Conflict, Invalid, NotFound, Unavailable
from iotd.health import bucket_records, commits
from tests.databases import both
from tests.health.room import ADMIN, ANNA, START, HealthRoom


@both
class WireTests(HealthRoom):
    """What devices say."""

    async def test_stored_then_published(self) -> None:
        """Nothing is told before it is on disk; then each reading, with its id, in order."""
        id = await self.patient()
        await self.device(patient=id)
        await self.settle()
        self.hear(72), self.hear(36.5, "temp")
        self.assertEqual((self.told, self.readings.waiting), ([], 2))
        await self.settle()
        rows = await self.stored(id)
        self.assertEqual([each["id"] for each in self.told], [row.id for row in rows])
        self.assertEqual(
            [(each["kind"], each["value"], each["unit"], each["raw"]) for each in self.told],
            [("heart_rate", 72.0, "/min", "72.00,bpm"),
             ("body_temperature", 36.5, "Cel", "36.50,temp")],
        )
        self.assertEqual({each["patient"] for each in self.told}, {id})
        self.assertEqual({(row.source, row.device, row.at) for row in rows}, {
            ("wch", "wch", START)
        })

    async def test_one_commit(self) -> None:
        """What comes within 50 ms is one call of the store; 500 do not wait for that."""
        await self.device()
        runs = self.store.runs
        for n in range(40):
            self.hear(60 + n % 3)
        await self.settle()
        self.assertEqual(self.store.runs - runs, 1)
        for n in range(700):
            self.hear(60 + n % 3)
        self.clock.advance(0)  # no time passes
        await self.real_store.run(lambda connection: None)
        self.assertGreaterEqual(len(self.told), 40 + 500)
        await self.settle()
        self.assertEqual(len(self.told), 740)

    async def test_quality(self) -> None:
        """Bad values are kept with what is wrong, and a jump that is confirmed becomes good."""
        id = await self.patient()
        await self.device(patient=id)
        for value in (72, 8, 152):
            self.hear(value)
            self.now += 30
        await self.settle()
        self.assertEqual(
            [row.quality for row in await self.stored(id)], ["good", "rejected", "suspect"]
        )
        self.assertIn("not possible", str(self.told[1]["reason"]))
        self.hear(148)
        await self.settle()
        rows = await self.stored(id)
        self.assertEqual([row.quality for row in rows], ["good", "rejected", "good", "good"])
        self.assertIsNone(rows[2].reason)

    async def test_jump_and_its_proof_in_one_group(self) -> None:
        """Both are stored as good at once."""
        await self.device()
        for value in (72, 152, 148):
            self.hear(value)
        await self.settle()
        self.assertEqual([row.quality for row in await self.stored()], ["good"] * 3)

    async def test_judged_across_a_restart(self) -> None:
        """Nine equal temperatures before it and one after are ten; a jump is confirmed after it."""
        await self.device()
        for _ in range(9):
            self.hear(36.5, "temp")
        self.hear(72), self.hear(152)
        await self.settle()
        await self.restart()
        self.hear(36.5, "temp"), self.hear(150)
        await self.settle()
        rows = await self.stored()
        self.assertEqual(rows[-2].quality, "suspect")
        self.assertEqual([row.quality for row in rows if row.kind == "heart_rate"], ["good"] * 3)

    async def test_clock_set_back(self) -> None:
        """A clock set back a little breaks no order; what was received when stays true."""
        await self.device()
        for at in (START, START - 60, START - 30, START + 1):
            self.now = at
            self.hear(70)
        await self.settle()
        rows = await self.stored()
        self.assertEqual([row.at - START for row in rows], [0, 0, 0, 1])
        self.assertEqual([row.received_at - START for row in rows], [0, -60, -30, 1])

    async def test_clock_set_back_a_lot(self) -> None:
        """A clock that was wrong by hours is believed when it is set right."""
        await self.device()
        for at in (START, START - 7200):
            self.now = at
            self.hear(70)
        await self.settle()
        self.assertEqual([row.at - START for row in await self.stored()], [0, -7200])

    async def test_nonsense(self) -> None:
        """What is no number, or of a unit that nobody knows, is named in the log and left."""
        await self.device()
        for value, unit in ((float("nan"), "bpm"), (float("inf"), "temp"), (1.0, "mood")):
            self.hear(value, unit)
        self.assertEqual(self.readings.waiting, 0)

    async def test_long_raw(self) -> None:
        """Text that is too long for its column is cut, and nothing else is lost for it."""
        await self.device()
        self.bus.publish(ReadingHeard("wch", 70, "bpm", "7" * 5000, START))
        self.hear(71)
        await self.settle()
        self.assertEqual([len(row.raw) for row in await self.stored()], [64, 9])


@both
class AdoptionTests(HealthRoom):
    """Readings of a device that is nobody's."""

    async def test_follow_the_assignment(self) -> None:
        """What was heard before, also a moment before, is the patient's; its days count it."""
        id = await self.patient()
        await self.device()
        self.hear(70)
        await self.settle()
        self.hear(71)
        await self.registry.change("wch", {"patient": id})
        self.hear(72)
        await self.settle()
        self.assertEqual([row.value for row in await self.stored(id)], [70, 71, 72])
        self.assertEqual([each["patient"] for each in self.told], [None, None, id])
        day = self.calendar.day_of(START)
        stale = await self.real_store.read(bucket_records.stale_days, "9", 9)
        self.assertEqual(stale, [(id, "heart_rate", day)])

    async def test_only_what_is_nobodys(self) -> None:
        """A second patient gets what comes from then on, nothing of the first one's."""
        first, second = await self.patient(), await self.patient(ADMIN)
        await self.device(patient=first)
        self.hear(70)
        await self.registry.change("wch", {"patient": second})
        self.hear(80)
        await self.settle()
        await self.registry.change("wch", {"patient": None})
        self.hear(90)
        await self.settle()
        self.assertEqual([row.value for row in await self.stored(first)], [70])
        self.assertEqual([row.value for row in await self.stored(second)], [80])
        self.assertEqual([row.value for row in await self.stored()], [90])

    async def test_cut_off(self) -> None:
        """Assigned right before the end of the daemon: adopted when it begins again."""
        id = await self.patient()
        await self.device()
        self.hear(70)
        await self.settle()
        with mock.patch.object(commits, "write_batch", lambda *args: []):
            await self.registry.change("wch", {"patient": id})
            await self.settle()
        self.assertEqual(await self.stored(id), [])
        await self.restart()
        await self.settle()
        self.assertEqual([row.value for row in await self.stored(id)], [70])

    async def test_unknown_patient(self) -> None:
        """A device of a patient that there is not is nobody's."""
        await self.device(patient="feedfacefeedface")
        self.hear(70)
        await self.settle()
        self.assertEqual([row.value for row in await self.stored()], [70])


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
        error = await _refused(adding)
        self.assertIsInstance(error, Unavailable)
        self.store.fault = None
        await self.lose(10)
        await self.settle()
        self.assertEqual(await self.stored(id), [])


class ToldTests(HealthRoom):
    """Values that people and scripts tell."""

    async def test_add(self) -> None:
        """It fires with the id when it is on disk, converted, with what was typed."""
        id = await self.patient()
        adding = self.readings.add(
            id, "body_temperature", 98.6, "hand", unit="[degF]", measured_at=START - 60,
            by=By("root", START),
        )
        self.assertNoResult(adding)
        await self.settle()
        reading = self.successResultOf(adding)
        self.assertEqual(
            (reading.value, reading.raw, reading.at, reading.source, reading.quality),
            (37.0, "98.6 [degF]", START - 60, "hand", "good"),
        )
        self.assertEqual((await self.stored(id))[0].id, reading.id)

    async def test_refused(self) -> None:
        """What nobody can have is refused, what is unlikely is suspect."""
        id = await self.patient()
        self.assertRaises(Invalid, self.readings.add, id, "heart_rate", 8, "api")
        self.assertRaises(Invalid, self.readings.add, id, "mood", 8, "api")
        adding = self.readings.add(id, "heart_rate", 22, "api")
        await self.settle()
        self.assertEqual(self.successResultOf(adding).quality, "suspect")

    async def test_patient_goes_meanwhile(self) -> None:
        """A value for a patient who was removed a moment ago is not stored."""
        id = await self.patient()
        adding = self.readings.add(id, "spo2", 97, "hand")
        await self.patients.remove(ANNA, id)
        await self.settle()
        self.assertIsInstance(await _refused(adding), NotFound)
        self.assertEqual(await self.stored(id), [])

    async def test_remove(self) -> None:
        """What was told may be removed, what a device said not, and nothing of anybody else."""
        id, other = await self.patient(), await self.patient()
        await self.device(patient=id)
        self.hear(70)
        adding = self.readings.add(id, "spo2", 97, "hand")
        await self.settle()
        by, told = By("anna", START), self.successResultOf(adding).id
        heard = (await self.stored(id))[0].id
        for patient, number, kind in ((other, told, NotFound), (id, 999, NotFound),
                                      (id, heard, Conflict)):
            self.assertIsInstance(await _refused(self.readings.remove(patient, number, by)), kind)
        await self.readings.remove(id, told, by)
        self.assertEqual([row.id for row in await self.stored(id)], [heard])


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
        """The timer does it, and goes on after a failure."""
        id = await self.patient()
        await self.device(patient=id)
        self.hear(70)
        await self.settle()
        self.now += 86400
        self.store.fault = Unavailable("away")
        self.clock.advance(2)
        for _ in range(20):
            await self.real_store.read(lambda connection: None)
        self.assertEqual(len(self.flushLoggedErrors(Unavailable)), 1)
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


async def _refused(waiting: Any) -> Exception:
    try:
        result = await waiting
    except Exception as error:
        return error
    raise AssertionError(f"not refused, but {result!r}")
