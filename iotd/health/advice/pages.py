"""The page of advice and notes: to read for the patient, to write for doctors."""

from __future__ import annotations

from typing import Any

from iotd.accounts.rights import may
from iotd.health.access import Looks, owner_key
from iotd.health.advice.api import AdviceApi
from iotd.health.advice.model import MOST_TEXT
from iotd.health.advice.titles import SECTIONS
from iotd.health.patients import Patients
from iotd.site.routes import Call, Page, route


class AdvicePages:
    """``AdvicePages(api=, patients=, looks=)``."""

    def __init__(self, *, api: AdviceApi, patients: Patients, looks: Looks) -> None:
        self._api, self._patients, self._looks = api, patients, looks

    @route("GET", "/health/<id>/advice", kind="page")
    async def advice_page(self, call: Call, id: str) -> Page:
        """Advice in nine sections, and notes: of the two what one may see."""
        seen = self._patients.access.sections(call.who, id)
        sees_notes, advice = "notes" in seen, None
        if "advice" in seen:
            advice = await self._api.get_advice(call, id)
        else:
            await self._looks.look(call, id, "view notes", "notes")
        patient = self._patients.get(call.who, id)
        data: dict[str, Any] = {
            "patient": patient, "advice": advice, "limit": MOST_TEXT,
            "sections": [{"id": key, "title": title} for key, title in SECTIONS.items()],
            "writes": may(call.who.role, "health.change_advice"), "notes": sees_notes,
            "own": owner_key(call.who),
        }
        what = "Notes about" if advice is None else "Advice for"
        return Page("advice.html", data, title=f"{what} {patient['name']}")
