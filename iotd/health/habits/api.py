"""Habits over HTTP: ``HabitsApi(service=habits, patients=patients, looks=looks)``."""

from __future__ import annotations

from datetime import date
from typing import Any

from iotd.accounts.shared import By
from iotd.errors import NotFound
from iotd.health.access import Looks
from iotd.health.habits import shapes
from iotd.health.habits.ready import READY
from iotd.health.habits.service import SECTION, Habits
from iotd.health.patients import Patients
from iotd.site.paging import TextPaging, as_page, page_of
from iotd.site.routes import Call, route

HABITS = "/api/v1/patients/<id>/habits"
_ONE = HABITS + "/<int:habit>"


class HabitsApi:
    """Routes of a patient's habits; they are the patient's to tick, doctors read them."""

    def __init__(self, *, service: Habits, patients: Patients, looks: Looks) -> None:
        self._habits, self._patients, self._looks = service, patients, looks

    @route("GET", "/api/v1/habits/ready", query=TextPaging, answer=shapes.ReadyList)
    async def list_ready_habits(self, call: Call) -> dict[str, Any]:
        """Habits to begin with, and who stands for their targets."""
        return page_of([each.as_json() for each in READY], call)

    @route("GET", HABITS, query=shapes.HabitQuery, answer=shapes.HabitList)
    async def list_habits(self, call: Call, id: str) -> dict[str, Any]:
        """All habits with today, streaks and strength."""
        await self._look(call, id)
        found = await self._habits.section(id, call.now)
        return {**found, **page_of(found["items"], call)}

    @route("POST", HABITS, body=shapes.NewHabit, answer=shapes.HabitOut, status=201)
    async def add_habit(self, call: Call, id: str) -> dict[str, Any]:
        """A new habit, of one's own or a ready one."""
        by = self._by(call, id)
        return await self._habits.add(id, call.body.model_dump(exclude_unset=True), by)

    @route("PUT", HABITS + "/order", body=shapes.Order, answer=shapes.HabitList)
    async def order_habits(self, call: Call, id: str) -> dict[str, Any]:
        """Show these habits first, in this order."""
        by = self._by(call, id)
        await self._habits.order(id, call.body.ids, by)
        return await self._habits.section(id, call.now)

    @route("PUT", HABITS + "/settings", body=shapes.HabitSettings, answer=shapes.SettingsOut)
    async def change_habit_settings(self, call: Call, id: str) -> dict[str, Any]:
        """The time zone, and when a day begins."""
        by = self._by(call, id)
        return await self._habits.set(id, call.body.model_dump(exclude_unset=True), by)

    @route("GET", _ONE, answer=shapes.HabitOut)
    async def get_habit(self, call: Call, id: str, habit: int) -> dict[str, Any]:
        """One habit."""
        await self._look(call, id)
        return await self._habits.get(id, habit)

    @route("PATCH", _ONE, body=shapes.HabitChange, answer=shapes.HabitOut)
    async def change_habit(self, call: Call, id: str, habit: int) -> dict[str, Any]:
        """Change a habit, put it into the archive or take it out again."""
        fields = call.body.model_dump(exclude_unset=True)
        return await self._habits.change(id, habit, fields, self._by(call, id))

    @route("DELETE", _ONE, status=204)
    async def remove_habit(self, call: Call, id: str, habit: int) -> None:
        """Forget a habit and all that was checked."""
        await self._habits.remove(id, habit, self._by(call, id))

    @route("GET", _ONE + "/checkins", query=shapes.CheckinQuery, answer=shapes.CheckinList)
    async def list_checkins(self, call: Call, id: str, habit: int) -> dict[str, Any]:
        """What was said of its days, the oldest first; days without a word are left out."""
        await self._look(call, id)
        asked = call.query
        found = await self._habits.checkins(
            id, habit, asked.since, asked.until, asked.after, asked.limit + 1
        )
        return as_page(found, call)

    @route("POST", _ONE + "/checkins", body=shapes.NewCheckin, answer=shapes.CheckinOut,
           status=201)
    async def add_checkin(self, call: Call, id: str, habit: int) -> dict[str, Any]:
        """Say that it was done, skipped or missed; the same day adds up."""
        fields = call.body.model_dump(exclude_unset=True)
        return await self._habits.check_in(id, habit, fields, self._by(call, id))

    @route("DELETE", _ONE + "/checkins/<day>", status=204)
    async def remove_checkin(self, call: Call, id: str, habit: int, day: str) -> None:
        """Take back what was said of a day."""
        by = self._by(call, id)
        try:
            which = date.fromisoformat(day)
        except ValueError:
            raise NotFound("There is no such day.", "day") from None
        await self._habits.take_back(id, habit, which, by)

    async def _look(self, call: Call, id: str) -> None:
        await self._looks.look(call, id, "view habits", SECTION)

    def _by(self, call: Call, id: str) -> By:
        self._patients.access.check(call.who, id, SECTION)
        return By(call.who.name, call.now, call.address)
