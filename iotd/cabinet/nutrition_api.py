"""Nutrition over HTTP.

``NutritionApi(diet=…, cabinets=…, looks=looks, check=patients.access.check)``:
``check(identity, patient, "habits")`` raises NotFound for whom it is none of their business.
"""

from __future__ import annotations

from typing import Any, Callable, Protocol

from iotd.accounts.shared import By
from iotd.cabinet.diet import SECTION, Diet
from iotd.cabinet.nutrition_shapes import (
    DayQuery, DaysQuery, DaySumList, ItemFacts, ItemFactsOut, NutritionOut, TargetList, Targets,
)
from iotd.cabinet.service import Cabinets
from iotd.site.routes import Call, Identity, route

NUTRITION = "/api/v1/patients/<id>/nutrition"
FACTS = "/api/v1/cabinets/<id>/items/<item>/nutrition"


class Looks(Protocol):
    """Lets a call through to a section of a patient, and writes it down."""

    async def look(
        self, call: Call, patient: str, what: str, section: str | None = None
    ) -> None:
        """NotFound for whom it is none of their business."""


class NutritionApi:
    """Routes of what was eaten, of daily values, and of what is in an item."""

    def __init__(
        self, *, diet: Diet, cabinets: Cabinets, looks: Looks,
        check: Callable[[Identity, str, str], None],
    ) -> None:
        self._diet, self._cabinets, self._looks, self._check = diet, cabinets, looks, check

    @route("GET", NUTRITION, query=DayQuery, answer=NutritionOut)
    async def get_nutrition(self, call: Call, id: str) -> dict[str, Any]:
        """What was taken from the cabinet on a day, beside daily values."""
        await self._look(call, id)
        return await self._diet.day(id, call.query.day, call.now)

    @route("GET", NUTRITION + "/days", query=DaysQuery, answer=DaySumList)
    async def list_nutrition_days(self, call: Call, id: str) -> dict[str, Any]:
        """Sums by day, the oldest first."""
        await self._look(call, id)
        return {"items": await self._diet.history(id, call.query.days, call.now), "next": None}

    @route("GET", NUTRITION + "/targets", answer=TargetList)
    async def get_nutrition_targets(self, call: Call, id: str) -> dict[str, Any]:
        """The daily values, and who stands for them."""
        await self._look(call, id)
        return {"items": await self._diet.targets(id), "next": None}

    @route("PUT", NUTRITION + "/targets", body=Targets, answer=TargetList)
    async def change_nutrition_targets(self, call: Call, id: str) -> dict[str, Any]:
        """Daily values of one's own."""
        self._check(call.who, id, SECTION)
        fields = call.body.model_dump(exclude_unset=True)
        found = await self._diet.set_targets(id, fields, self._by(call))
        return {"items": found, "next": None}

    @route("GET", FACTS, answer=ItemFactsOut)
    async def get_item_nutrition(self, call: Call, id: str, item: str) -> dict[str, Any]:
        """What one piece of an item weighs, and what is in it."""
        await self._cabinets.look_at(call, id)
        return await self._diet.facts(id, self._diet.item(call.who, id, item))

    @route("PUT", FACTS, body=ItemFacts, answer=ItemFactsOut)
    async def change_item_nutrition(self, call: Call, id: str, item: str) -> dict[str, Any]:
        """Say what one piece weighs, and what is in it."""
        found = self._diet.item(call.who, id, item)
        fields = call.body.model_dump(exclude_unset=True)
        return await self._diet.set_facts(id, found, fields, self._by(call))

    async def _look(self, call: Call, id: str) -> None:
        await self._looks.look(call, id, "view nutrition", SECTION)

    def _by(self, call: Call) -> By:
        return By(call.who.name, call.now, call.address)
