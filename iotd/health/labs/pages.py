"""The page of health reports: ``LabsPages(service=, patients=, looks=)``."""

from __future__ import annotations

from iotd.health.access import Looks
from iotd.health.labs.api import analytes_json
from iotd.health.labs.service import SECTION, Labs
from iotd.health.patients import Patients
from iotd.site.routes import Call, Page, route


class LabsPages:
    """Reports of a patient; the page shows at first what the JSON routes answer."""

    def __init__(self, service: Labs, patients: Patients, looks: Looks) -> None:
        self._labs, self._patients, self._looks = service, patients, looks

    @route("GET", "/health/<id>/labs", kind="page")
    async def labs_page(self, call: Call, id: str) -> Page:
        """Health reports: what was measured, what is usual, and how it goes."""
        await self._looks.look(call, id, "view labs", SECTION)
        patient = self._patients.get(call.who, id)
        data = {
            "patient": patient, "labs": await self._labs.section(id, call.now),
            "analytes": analytes_json(await self._labs.site_ranges()), "today": self._labs.today,
        }
        return Page("labs.html", data, title=f"Health report of {patient['name']}")
