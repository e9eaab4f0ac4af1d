"""Habits on a real store, with a clock that tests turn."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from iotd.accounts.shared import By
from iotd.bus import RecordChanged
from iotd.health.habits.service import Habits
from tests.health.room import HealthRoom

ZONE = "Europe/Berlin"


def moment(text: str, zone: str = ZONE) -> float:
    """Unix seconds of a time on a wall in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


class HabitsRoom(HealthRoom):
    """``self.habits``; ``self.heard`` is what was published of records."""

    def begin(self) -> None:
        """The parts as a new process finds them."""
        super().begin()
        self.habits = Habits(
            store=self.store, bus=self.bus, now=lambda: self.now, patients=self.patients,
            clock=self.clock, site_timezone=ZONE,
        )
        self.heard: list[dict[str, Any]] = []
        self.bus.subscribe(RecordChanged, lambda event: self.heard.append(event.data))

    async def end(self) -> None:
        """Stop as the daemon does."""
        await self.habits.stop_service()
        await super().end()

    @property
    def by(self) -> By:
        """Anna, now."""
        return By("anna", self.now, "192.0.2.7")

    async def habit(self, patient: str, name: str = "Read", **fields: Any) -> int:
        """A new habit's id."""
        made = await self.habits.add(patient, {"name": name, **fields}, self.by)
        return int(made["id"])

    async def check(self, patient: str, id: int, state: str = "done", **fields: Any) -> Any:
        """Say something of a day."""
        return await self.habits.check_in(patient, id, {"state": state, **fields}, self.by)

    async def shown(self, patient: str, id: int) -> dict[str, Any]:
        """The habit as the API shows it."""
        return await self.habits.get(patient, id)

    async def pass_by(self, seconds: float) -> None:
        """Time passes, and what is due then is done."""
        self.now += seconds
        self.clock.advance(30)
        await self.quiet()

    async def quiet(self) -> None:
        """Until what is due is told."""
        while not self.habits.reminders.idle:
            await self.real_store.read(lambda connection: None)
            await self.real_store.run(lambda connection: None)

    def reminded(self) -> list[int]:
        """Which habits were reminded of."""
        return [data["habit"] for data in self.heard if data["what"] == "reminder"]
