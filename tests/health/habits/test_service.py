"""Habits of patients in the store: what is kept, refused, audited and told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from iotd.accounts.records import list_audit
from iotd.errors import Conflict, Invalid, NotFound
from iotd.health.habits import records
from iotd.health.habits.fields import MOST_HABITS
from tests.databases import both
from tests.health.habits.room import HabitsRoom, moment
from tests.health.room import ANNA, refused


@both
class HabitsTests(HabitsRoom):
    """A patient with habits, on a day in November."""

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.now = moment("2026-11-21T10:00")
        self.who = await self.patient()

    async def test_ready(self) -> None:
        """A ready habit comes with its goal, once; a name of one's own may stand for it."""
        made = await self.habits.add(self.who, {"ready": "water", "name": "Tea"}, self.by)
        self.assertEqual(
            (made["name"], made["target"], made["unit"], made["step"], made["today"]),
            ("Tea", 2.0, "L", 0.25, {"state": "open", "count": 0, "value": None}),
        )
        self.assertIsInstance(
            await refused(self.habits.add(self.who, {"ready": "water"}, self.by)), Conflict)
        self.assertIsInstance(
            await refused(self.habits.add(self.who, {"ready": "wine"}, self.by)), Invalid)

    async def test_amounts_of_a_day(self) -> None:
        """Several check-ins of a day are one row that adds up."""
        id = await self.habit(self.who, target=2.0, unit="L")
        for value in (0.5, 0.5, -0.25, 1.25):
            said = await self.check(self.who, id, value=value)
        self.assertEqual((said["state"], said["value"], said["count"]), ("done", 2.0, 3))
        listed = await self.habits.checkins(self.who, id, None, None, None, 10)
        self.assertEqual([(each["day"], each["by"]) for each in listed], [("2026-11-21", "anna")])
        self.assertEqual((await self.shown(self.who, id))["streak"], 1)

    async def test_which_days(self) -> None:
        """A day may be filled in a year back, not further, and not before it begins."""
        id = await self.habit(self.who)
        today = date(2026, 11, 21)
        for days, fits in ((1, True), (366, True), (367, False), (-1, False)):
            asked = self.check(self.who, id, day=today - timedelta(days=days))
            if fits:
                self.assertEqual((await asked)["state"], "done")
            else:
                error: Any = await refused(asked)
                self.assertIsInstance(error, Invalid)
                self.assertEqual(error.field, "day")
        shown = await self.shown(self.who, id)
        self.assertEqual((shown["since"], shown["streak"]), ("2025-11-20", 1))

    async def test_missed_is_computed(self) -> None:
        """Days without a word were missed, and are made good when the word comes."""
        id = await self.habit(self.who)
        await self.check(self.who, id)
        self.now += 3 * 86400
        self.assertEqual((await self.shown(self.who, id))["streak"], 0)
        for day in (22, 23):
            await self.check(self.who, id, day=date(2026, 11, day))
        shown = await self.shown(self.who, id)
        self.assertEqual((shown["streak"], shown["today"]["state"]), (3, "open"))

    async def test_own_days(self) -> None:
        """The day is the person's: another zone or start makes it another day."""
        id = await self.habit(self.who)
        self.now = moment("2026-11-22T02:00")
        self.assertEqual((await self.check(self.who, id))["day"], "2026-11-22")
        told = await self.habits.set(self.who, {"day_start": "04:00"}, self.by)
        self.assertEqual(told, {
            "timezone": "Europe/Berlin", "own_timezone": False, "day_start": "04:00"})
        found = await self.habits.section(self.who, self.now)
        self.assertEqual(found["day"], "2026-11-21")
        self.assertEqual(found["items"][0]["today"]["state"], "open")
        await self.habits.set(
            self.who, {"timezone": "Pacific/Kiritimati", "day_start": None}, self.by)
        self.assertEqual((await self.shown(self.who, id))["today"]["state"], "done")
        days = await self.habits.days(self.who)
        self.assertEqual(days.day_of(self.now), "2026-11-22")
        for fields in ({"timezone": "Mars"}, {"day_start": "13:00"}, {"day_start": "4"}):
            self.assertIsInstance(
                await refused(self.habits.set(self.who, fields, self.by)), Invalid)

    async def test_change_and_archive(self) -> None:
        """A habit changes, rests as it was, and comes back."""
        id = await self.habit(self.who, times=3)
        made = await self.habits.change(
            self.who, id, {"name": "Pages", "target": 20.0, "unit": "p."}, self.by)
        self.assertEqual((made["name"], made["times"], made["target"]), ("Pages", 1, 20.0))
        await self.check(self.who, id)
        await self.habits.change(self.who, id, {"archived": True}, self.by)
        self.now += 30 * 86400
        rests = await self.shown(self.who, id)
        self.assertEqual((rests["archived"], rests["streak"]), (True, 1))
        self.assertIsInstance(await refused(self.check(self.who, id)), Conflict)
        back = await self.habits.change(self.who, id, {"archived": False}, self.by)
        self.assertEqual((back["archived"], back["streak"], back["best_streak"]), (False, 0, 1))
        for fields in ({"name": " "}, {"name": None}, {"times": 0}, {"per": "month"},
                       {"target": -1.0}, {"target": 1.0, "times": 2}, {"unit": "x" * 17},
                       {"remind_at": "25:00"}, {"name": "x" * 61}, {"name": "a\nb"}):
            error = await refused(self.habits.change(self.who, id, fields, self.by))
            self.assertIsInstance(error, Invalid, fields)

    async def test_order_and_remove(self) -> None:
        """Habits are shown as they were ordered, and what is removed is gone whole."""
        ids = [await self.habit(self.who, name) for name in "abc"]
        await self.check(self.who, ids[0])
        await self.habits.order(self.who, [ids[2], ids[1]], self.by)
        found = await self.habits.section(self.who, self.now)
        self.assertEqual([each["name"] for each in found["items"]], ["c", "b", "a"])
        for wrong, kind in (([ids[0], ids[0]], Invalid), ([999], NotFound)):
            self.assertIsInstance(
                await refused(self.habits.order(self.who, wrong, self.by)), kind)
        await self.habits.remove(self.who, ids[0], self.by)
        self.assertIsInstance(await refused(self.shown(self.who, ids[0])), NotFound)
        self.assertEqual(await self.rows(), (2, 0))

    async def rows(self) -> tuple[int, int]:
        """How many habits and check-ins are stored."""
        def count(connection: Any) -> tuple[int, int]:
            return tuple(
                connection.execute(select(func.count()).select_from(table)).scalar()
                for table in (records.habits, records.checkins)
            )  # type: ignore[return-value]

        found: tuple[int, int] = await self.real_store.read(count)
        return found

    async def test_of_another(self) -> None:
        """A habit is found under its own patient only."""
        id, other = await self.habit(self.who), await self.patient()
        for asked in (self.shown(other, id), self.check(other, id),
                      self.habits.remove(other, id, self.by),
                      self.habits.checkins(other, id, None, None, None, 5)):
            self.assertIsInstance(await refused(asked), NotFound)

    async def test_removed_patient(self) -> None:
        """With the patient all of it goes."""
        id = await self.habit(self.who)
        await self.check(self.who, id)
        await self.habits.set(self.who, {"day_start": "04:00"}, self.by)
        await self.patients.remove(ANNA, self.who)
        self.assertEqual(await self.rows(), (0, 0))
        self.assertIsInstance(await refused(self.check(self.who, id)), NotFound)

    async def test_told_and_audited(self) -> None:
        """Each change is told without its words, and audited with ids and days alone."""
        id = await self.habit(self.who, "Secret pill")
        await self.check(self.who, id)
        await self.habits.take_back(self.who, id, date(2026, 11, 21), self.by)
        self.assertEqual([(each["section"], each["what"]) for each in self.heard], [
            ("habits", "add habit"), ("habits", "check in habit"),
            ("habits", "take back check-in")])
        rows = await self.real_store.read(list_audit, 3)
        self.assertEqual({row["patient"] for row in rows}, {self.who})
        self.assertNotIn("Secret", f"{rows} {self.heard}")
        self.assertIn("2026-11-21", rows[0]["detail"])


class LimitTests(HabitsRoom):
    """How much there may be."""

    async def test_fifty(self) -> None:
        """There are at most 50 habits, archived ones included."""
        who = await self.patient()
        for n in range(MOST_HABITS):
            id = await self.habit(who, f"habit {n}")
        await self.habits.change(who, id, {"archived": True}, self.by)
        self.assertIsInstance(await refused(self.habit(who, "one more")), Conflict)
        await self.habits.remove(who, id, self.by)
        await self.habit(who, "one more")
