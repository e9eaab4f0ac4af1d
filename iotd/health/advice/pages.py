"""The page of advice and notes: to read for the patient, to write for doctors."""

from __future__ import annotations

from typing import Any

from iotd.accounts.rights import may
from iotd.health.access import owner_key
from iotd.health.advice.api import AdviceApi, NotesApi
from iotd.health.advice.model import MOST_TEXT, SECTIONS
from iotd.health.patients import Patients
from iotd.site.routes import Call, Page, route


class AdvicePages:
    """``AdvicePages(api=, notes_api=, patients=)``."""

    def __init__(self, *, api: AdviceApi, notes_api: NotesApi, patients: Patients) -> None:
        self._api, self._notes_api, self._patients = api, notes_api, patients

    @route("GET", "/health/<id>/advice", kind="page")
    async def advice_page(self, call: Call, id: str) -> Page:
        """Advice in nine sections, and notes, where one may see them."""
        advice = await self._api.get_advice(call, id)
        patient = self._patients.get(call.who, id)
        sees_notes = "notes" in self._patients.access.sections(call.who, id)
        data: dict[str, Any] = {
            "patient": patient, "advice": advice, "limit": MOST_TEXT,
            "sections": [{"id": key, "title": title} for key, title in SECTIONS.items()],
            "writes": may(call.who.role, "health.change_advice"), "notes": sees_notes,
            "own": owner_key(call.who),
        }
        return Page("advice.html", data, title=f"Advice for {patient['name']}")
