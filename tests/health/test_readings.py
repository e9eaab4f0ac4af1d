"""Readings from the wire and from people: judged, stored, published, adopted, removed."""

from __future__ import annotations

from unittest import mock

from iotd.accounts.shared import By
from iotd.bus import ReadingHeard
from iotd.errors import Conflict, Invalid, NotFound
from iotd.health import bucket_records, commits
from tests.databases import both
from tests.health.room import ADMIN, ANNA, START, HealthRoom, refused


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
        self.assertRaises(Invalid, self.readings.add, id, "heart_rate", 720, "api")
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
        self.assertIsInstance(await refused(adding), NotFound)
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
            self.assertIsInstance(await refused(self.readings.remove(patient, number, by)), kind)
        await self.readings.remove(id, told, by)
        self.assertEqual([row.id for row in await self.stored(id)], [heard])
