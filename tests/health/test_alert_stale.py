"""When nothing is heard of somebody who is measured."""

from __future__ import annotations

from tests.health.alert_room import ANNA, AlertTest


class SilenceTests(AlertTest):
    """When nothing is heard."""

    async def test_fifteen_and_thirty_minutes(self) -> None:
        """A warning at 15 minutes, urgent at 30, over with the next good reading."""
        self.hear(80)
        self.pass_time(14 * 60 + 50)
        self.assertEqual(await self.states(), [])
        self.pass_time(15)
        alert = await self.only()
        self.assertEqual((alert["cause"], alert["severity"], alert["text"]),
                         ("stale", "warning", "No good reading for 15 minutes."))
        self.pass_time(15 * 60)
        alert = await self.only()
        self.assertEqual((alert["severity"], alert["state"]), ("urgent", "open"))
        self.hear(200, quality="rejected")
        self.hear(80, quality="suspect")
        self.assertEqual(await self.states(), ["stale open"])
        self.hear(80)
        self.assertEqual(await self.states(), ["stale ended"])

    async def test_never_measured(self) -> None:
        """Who never had data, or only what was typed in, is not missed."""
        self.hear(80, patient="bert", source="hand")
        self.pass_time(3600)
        self.assertEqual(await self.states(), [])

    async def test_scripts(self) -> None:
        """A script that sends now and then is not missed, one that goes on and on is."""
        self.publish(self.reading(120, "bp_systolic", source="api"))
        self.publish(self.reading(80, "bp_diastolic", source="api"))
        self.pass_time(3600)
        self.assertEqual(await self.states(), [])
        self.hear(*[80] * 4, source="api")
        self.pass_time(16 * 60)
        self.assertEqual(await self.states(), ["stale open"])

    async def test_a_day_later(self) -> None:
        """Without a watch of one's own the alarm ends after a day."""
        self.hear(80)
        self.pass_time(1000)
        self.assertEqual(await self.states(), ["stale open"])
        self.wall += 24 * 3600
        self.pass_time(10)
        self.assertEqual(await self.states(), ["stale ended"])

    async def test_own_watch(self) -> None:
        """With an assigned watch it stays; without it, it ends."""
        await self.registry.make_key("wch-1", "watch")
        await self.registry.change("wch-1", {"patient": "anna"})
        self.hear(80)
        self.wall += 3 * 24 * 3600
        self.pass_time(1000)
        self.assertEqual(await self.states(), ["stale open"])
        await self.registry.change("wch-1", {"patient": None})
        self.pass_time(10)
        self.assertEqual(await self.states(), ["stale ended"])

    async def test_clock_set(self) -> None:
        """A clock that is set an hour ahead makes no silence."""
        self.hear(80)
        self.wall += 3600
        self.pass_time(60)
        self.assertEqual(await self.states(), [])

    async def test_after_a_restart(self) -> None:
        """A night in which the daemon was down is no silence; 15 minutes after it are, and the
        text says since when nothing came."""
        await self.measure(80)
        await self.restart(away=8 * 3600)
        self.pass_time(14 * 60)
        self.assertEqual(await self.states(), [])
        self.pass_time(70)
        self.assertEqual(
            (await self.only())["text"],
            "No good reading since iotd was started 15 minutes ago; the last one is 8 hours old.",
        )

    async def test_doubtful_before_a_restart(self) -> None:
        """Who was measured well long before many doubtful readings is missed all the same."""
        await self.measure(80)
        await self.measure(*[80] * 8, quality="suspect")
        await self.restart()
        self.pass_time(1000)
        self.assertEqual(await self.states(), ["stale open"])

    async def test_held_over_a_restart(self) -> None:
        """An alarm from before a restart stays one until something is heard."""
        await self.measure(80)
        self.pass_time(1000)
        await self.restart(away=60)
        self.pass_time(1000)
        self.assertEqual(await self.states(), ["stale open"])
        self.hear(80)
        self.assertEqual(await self.states(), ["stale ended"])

    async def test_turned_off(self) -> None:
        """Who wants no such alarm has none, and what there is ends."""
        self.hear(80)
        self.pass_time(1000)
        await self.desk.change_rules(ANNA, "anna", {"stale": {"enabled": False}})
        self.pass_time(1000)
        self.assertEqual(await self.states(), ["stale ended"])


class SeldomTests(AlertTest):
    """A watch that is asked once an hour."""

    poll_seconds = 3600

    async def test_hourly_polls(self) -> None:
        """It is missed after three polls, and two readings of three raise an alert."""
        for _ in range(2):
            self.pass_time(3570)
            self.hear(140)
        self.assertEqual(await self.states(), ["high open"])
