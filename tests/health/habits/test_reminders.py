"""Reminders: at their time, once, and never in heaps."""

from __future__ import annotations

from datetime import date

from tests.health.habits.room import HabitsRoom, moment
from tests.health.room import ANNA


class ReminderTests(HabitsRoom):
    """A habit to be reminded of at eight."""

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.now = moment("2026-11-21T07:59")
        self.who = await self.patient()
        self.pill = await self.habit(self.who, remind_at="08:00")
        self.habits.start_service()
        await self.quiet()

    async def test_once(self) -> None:
        """It comes at its time, once a day, and again the next day."""
        self.assertEqual(self.reminded(), [])
        for _ in range(4):
            await self.pass_by(30)
        self.assertEqual(self.reminded(), [self.pill])
        self.assertTrue((await self.shown(self.who, self.pill))["due"])
        await self.pass_by(86400)
        self.assertEqual(self.reminded(), [self.pill, self.pill])

    async def test_not_when_said(self) -> None:
        """What is done or skipped already is not reminded of."""
        other = await self.habit(self.who, "Other", remind_at="08:00")
        await self.check(self.who, self.pill)
        await self.check(self.who, other, "skip")
        await self.pass_by(120)
        self.assertEqual(self.reminded(), [])
        self.assertFalse((await self.shown(self.who, other))["due"])

    async def test_restart(self) -> None:
        """A restart neither repeats nor forgets it."""
        await self.pass_by(60)
        self.assertEqual(self.reminded(), [self.pill])
        await self.restart()
        self.habits.start_service()
        await self.pass_by(60)
        self.assertEqual(self.reminded(), [])

    async def test_after_days_off(self) -> None:
        """After days off there is one reminder at most, and none of hours ago."""
        await self.habits.stop_service()
        self.now = moment("2026-11-25T09:30")
        self.habits.start_service()
        await self.quiet()
        self.assertEqual(self.reminded(), [])
        await self.pass_by(22.75 * 3600)  # to a quarter past eight
        self.assertEqual(self.reminded(), [self.pill])

    async def test_weeks(self) -> None:
        """What was done often enough this week is not reminded of any more."""
        weekly = await self.habit(self.who, "Swim", per="week", times=2, remind_at="08:00")
        for day in (16, 18):
            await self.check(self.who, weekly, day=date(2026, 11, day))
        await self.check(self.who, self.pill)
        await self.pass_by(120)
        self.assertEqual(self.reminded(), [])

    async def test_small_hours(self) -> None:
        """With a day that begins at four, one o'clock belongs to the day before."""
        await self.habits.set(self.who, {"day_start": "04:00"}, self.by)
        late = await self.habit(self.who, "Late", remind_at="01:00")
        await self.check(self.who, self.pill)
        self.now = moment("2026-11-22T00:59")
        await self.pass_by(90)
        self.assertEqual(self.reminded(), [late])
        self.assertEqual(self.heard[-1]["day"], "2026-11-21")

    async def test_store_away(self) -> None:
        """While the store is away nobody is reminded; within the hour it is made good."""
        self.store.fault = RuntimeError("away")
        await self.pass_by(120)
        self.assertEqual(self.reminded(), [])
        self.store.fault = None
        await self.pass_by(120)
        self.assertEqual(self.reminded(), [self.pill])

    async def test_removed_patient(self) -> None:
        """Nobody is reminded of who is gone."""
        await self.patients.remove(ANNA, self.who)
        await self.pass_by(120)
        self.assertEqual(self.reminded(), [])
