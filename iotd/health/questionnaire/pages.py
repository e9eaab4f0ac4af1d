"""The page of the questionnaire: a wizard for its patient, an answer sheet for others."""

from __future__ import annotations

from iotd.health.patients import Patients
from iotd.health.questionnaire.api import QuestionnaireApi, form_json
from iotd.site.routes import Call, Page, route


class QuestionnairePages:
    """``QuestionnairePages(api=, patients=)``."""

    def __init__(self, *, api: QuestionnaireApi, patients: Patients) -> None:
        self._api, self._patients = api, patients

    @route("GET", "/health/<id>/questionnaire", kind="page")
    async def questionnaire_page(self, call: Call, id: str) -> Page:
        """The questionnaire."""
        answers = await self._api.get_questionnaire(call, id)
        patient = self._patients.get(call.who, id)
        data = {
            "patient": patient, "questionnaire": answers, "form": form_json(),
            "writes": call.who.role != "doctor",
        }
        return Page("questionnaire.html", data, title=f"Questionnaire of {patient['name']}")
