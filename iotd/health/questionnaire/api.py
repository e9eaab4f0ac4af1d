"""Questionnaires over HTTP: the questions, the answers, and all of it as CSV."""

from __future__ import annotations

from typing import Any

from iotd.accounts.shared import By
from iotd.health.access import Looks
from iotd.health.patients import Patients
from iotd.health.questionnaire.form import SECTIONS
from iotd.health.questionnaire.model import MOST_TEXT
from iotd.health.questionnaire.service import Questionnaires
from iotd.health.questionnaire.shapes import Answered, FormOut, QuestionnaireOut
from iotd.health.questionnaire.telling import as_csv
from iotd.site.routes import Answer, Call, route

PATH = "/api/v1/patients/<id>/questionnaire"
SECTION = "questionnaire"
BODY_LIMIT = 512 * 1024  # nine sections of 10,000 characters, however they are spelt


class QuestionnaireApi:
    """``QuestionnaireApi(service=, patients=, looks=)``."""

    def __init__(self, *, service: Questionnaires, patients: Patients, looks: Looks) -> None:
        self._service, self._patients, self._looks = service, patients, looks

    @route("GET", PATH, answer=QuestionnaireOut)
    async def get_questionnaire(self, call: Call, id: str) -> dict[str, Any]:
        """What the patient has answered, by section."""
        await self._looks.look(call, id, "view questionnaire", SECTION)
        return await self._service.section(id, call.now)

    @route("PUT", PATH, body=Answered, answer=QuestionnaireOut, body_limit=BODY_LIMIT)
    async def change_questionnaire(self, call: Call, id: str) -> dict[str, Any]:
        """Answer some sections; the others stay as they are."""
        self._patients.access.check(call.who, id, SECTION)
        given = call.body.model_dump(exclude_unset=True)
        step, finished = given.pop("step", None), given.pop("finished", None)
        by = By(call.who.name, call.now, call.address)
        return await self._service.put(id, given, by, step, finished)

    @route("GET", PATH + "/form", answer=FormOut)
    async def questionnaire_form(self, call: Call, id: str) -> dict[str, Any]:
        """The questions, the same for everybody."""
        self._patients.access.check(call.who, id, SECTION)
        return form_json()

    @route("GET", PATH + ".csv")
    async def questionnaire_csv(self, call: Call, id: str) -> Answer:
        """Every answer in words, and what follows from it."""
        await self._looks.export(call, id, "export questionnaire", SECTION)
        text = as_csv(await self._service.answers(id))
        name = f'attachment; filename="questionnaire-{id}.csv"'
        return Answer(text, headers={"Content-Disposition": name},
                      content_type="text/csv; charset=utf-8")


def form_json() -> dict[str, Any]:
    """All questions as the wizard is told them."""
    return {
        "sections": [each.as_json() for each in SECTIONS.values()], "text_limit": MOST_TEXT,
    }
