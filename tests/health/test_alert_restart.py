"""What an end of the daemon, or a store that is away, must not change about alerts."""

from __future__ import annotations

from unittest import mock

from iotd.bus import PatientRemoved
from iotd.health import records as health_records
from tests.databases import both
from tests.health.alert_room import ANNA, AlertTest, away


@both
class RestartTests(AlertTest):
    """What an end of the daemon must not change."""

    async def test_no_double(self) -> None:
        """A crossing that goes on is the same alert, told once."""
        await self.measure(140, 140)
        id = (await self.only())["id"]
        await self.restart(away=30)
        await self.measure(140, 140)
        self.assertEqual((await self.only())["id"], id)
        self.assertEqual(len(self.post.mails), 1)

    async def test_none_lost(self) -> None:
        """Readings that were stored without their alert raise it at the next start."""
        for value in (80, 140, 140):
            self.pass_time(30)
            await self.store.run(
                health_records.add_readings, [self.reading(value).as_row()]
            )
        await self.restart(away=60)
        self.pass_time(5)
        self.assertEqual((await self.only())["state"], "open")
        await self.settled()
        self.assertEqual(len(self.post.mails), 1)
        await self.restart()
        self.assertEqual(await self.states(), ["high open"])

    async def test_what_ended_stays_so(self) -> None:
        """A crossing that was over before the restart is not raised again from the readings."""
        await self.measure(140, 140, 80, 80)
        self.assertEqual(await self.states(), ["high ended"])
        await self.restart(away=30)
        self.assertEqual(await self.states(), ["high ended"])

    async def test_ended_meanwhile(self) -> None:
        """An alert whose end was not saved ends at the next start."""
        await self.measure(140, 140)
        await self.settled()
        for value in (80, 80):
            self.pass_time(30)
            await self.store.run(
                health_records.add_readings, [self.reading(value).as_row()]
            )
        await self.restart()
        self.assertEqual(await self.states(), ["high ended"])

    async def test_a_run_goes_on(self) -> None:
        """One reading before and one after a restart are two of three."""
        await self.measure(140)
        await self.restart()
        await self.measure(140)
        self.assertEqual(await self.states(), ["high open"])

    async def test_snooze(self) -> None:
        """A snooze holds over a restart, and ends in its time."""
        await self.measure(140, 140)
        await self.desk.snooze(ANNA, (await self.only())["id"], 10)
        await self.restart(away=60)
        await self.measure(80, 80, 140, 140)
        self.assertEqual(await self.states(), ["high snoozed"])
        for _ in range(20):
            await self.measure(140)
        self.assertEqual(await self.states(), ["high open"])

    async def test_store_away(self) -> None:
        """An alert that the store did not take is saved and told when it is back."""
        with mock.patch.object(self.store, "run", away):
            self.hear(140, 140)
            self.pass_time(10)
        self.assertEqual(self.told, [])
        self.pass_time(5)
        self.assertEqual(await self.states(), ["high open"])
        self.assertEqual(len(self.post.mails), 1)

    async def test_removed_patient(self) -> None:
        """With a patient go alerts, rules and messages, now or at the next start."""
        self.post.broken = True
        self.hear(140, 140)
        await self.desk.change_rules(ANNA, "anna", {"spo2": {"low": 90, "urgent_low": 88}})
        await self.settled()
        self.bus.publish(PatientRemoved("anna"))
        self.assertEqual(await self.states(), [])
        self.hear(140, 140, patient="bert")
        await self.settled()
        await self.store.run(health_records.forget_patient, "bert")
        await self.restart()
        self.assertEqual(await self.states(), [])
        self.assertEqual(self.outbox._waiting, {})
