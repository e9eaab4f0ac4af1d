"""HTML routes of sharing: SharingPages(service=, patients=, looks=)."""

from __future__ import annotations

from iotd.health.access import Looks
from iotd.health.advice.titles import SECTIONS as ADVICE
from iotd.health.labs.analytes import ANALYTES
from iotd.health.patients import Patients
from iotd.health.questionnaire.form import SECTIONS as QUESTIONNAIRE
from iotd.health.sharing.service import PAGE, Shares
from iotd.site.routes import Call, Page, route


# what the page says of answers, advice and results; nobody's in particular
WORDS = {
    "form": [each.as_json() for each in QUESTIONNAIRE.values()], "advice": ADVICE,
    "units": {each.key: each.own.shown for each in ANALYTES.values()},
    "digits": {each.key: each.own.digits for each in ANALYTES.values()},
}


class SharingPages:
    """Where a patient lets others in, and what a link shows."""

    def __init__(self, *, service: Shares, patients: Patients, looks: Looks) -> None:
        self._shares, self._patients, self._looks = service, patients, looks

    @route("GET", "/health/<id>/sharing", kind="page")
    async def sharing_page(self, call: Call, id: str) -> Page:
        """Who may see what, until when, and who looked."""
        await self._looks.look(call, id, "view shares")
        patient = self._patients.get(call.who, id)
        data = {"patient": patient, "shares": self._shares.list(id)}
        return Page("sharing.html", data, title=f"Sharing of {patient['name']}")

    @route("GET", PAGE, kind="page")
    async def shared_page(self, call: Call) -> Page:
        """What a link shows; the page reads the token where no server sees it."""
        return Page("shared.html", WORDS, title="Shared health record")
