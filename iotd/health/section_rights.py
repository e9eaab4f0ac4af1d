"""The one table of sections: which part of a patient's record each route is of.

Beside the roles (iotd.accounts.rights): those say who may call a route at all, this says what
a doctor must have been let into. The gate asks it before any handler is reached; a route about
a patient that has no row here is the patient's own.
"""

from __future__ import annotations

from typing import Any, Mapping

from iotd.health.access import Access
from iotd.site.routes import Call, Route

ANY = "any"  # who was let into any section; what is shown is of those alone
OWN = "own"  # of the patient and admins: no doctor was let into it, whatever was granted
OR = " or "  # between sections of which one is enough; what is shown is of those granted

ABOUT_A_PATIENT = ("/api/v1/patients/<id>", "/health/<id>")

SECTION_OF: Mapping[str, str] = {
    # the patient, and what is the patient's own
    "health.get_patient": ANY,
    "health.change_patient": OWN,
    "health.remove_patient": OWN,
    "health.patient_page": ANY,
    "health.list_accesses": OWN,
    "health.list_shares": OWN,
    "health.add_share": OWN,
    "health.revoke_share": OWN,
    "health.sharing_page": OWN,
    # readings
    "health.get_vitals": "readings",
    "health.list_readings": "readings",
    "health.add_reading": "readings",
    "health.remove_reading": "readings",
    "health.readings_csv": "readings",
    "health.get_sheet": "readings",
    "health.sheet_csv": "readings",
    "health.list_patient_alerts": "readings",
    "health.get_alert_rules": "readings",
    "health.change_alert_rules": "readings",
    "health.monitoring_page": "readings",
    "health.charts_page": "readings",
    "health.data_page": "readings",
    # labs
    "health.list_labs": "labs",
    "health.put_labs": "labs",
    "health.remove_labs": "labs",
    "health.labs_csv": "labs",
    "health.import_labs": "labs",
    "health.labs_page": "labs",
    # questionnaire
    "health.get_questionnaire": "questionnaire",
    "health.change_questionnaire": "questionnaire",
    "health.questionnaire_form": "questionnaire",
    "health.questionnaire_csv": "questionnaire",
    "health.questionnaire_page": "questionnaire",
    # advice and notes
    "health.get_advice": "advice",
    "health.change_advice": "advice",
    "health.list_advice_versions": "advice",
    "health.advice_page": "advice" + OR + "notes",
    "health.list_notes": "notes",
    "health.add_note": "notes",
    "health.change_note": "notes",
    "health.list_note_versions": "notes",
    # habits
    "health.habits_page": "habits",
    "health.list_habits": "habits",
    "health.add_habit": "habits",
    "health.order_habits": "habits",
    "health.change_habit_settings": "habits",
    "health.get_habit": "habits",
    "health.change_habit": "habits",
    "health.remove_habit": "habits",
    "health.list_checkins": "habits",
    "health.add_checkin": "habits",
    "health.remove_checkin": "habits",
    "cabinet.get_nutrition": "habits",
    "cabinet.list_nutrition_days": "habits",
    "cabinet.get_nutrition_targets": "habits",
    "cabinet.change_nutrition_targets": "habits",
    # told on: of what was granted
    "health.export_fhir": ANY,
    "health.import_fhir": "labs",
    "health.report_page": ANY,
    "health.report_pdf": ANY,
}


def is_about_a_patient(route: Route) -> bool:
    """Whether a route's path names a patient."""
    return route.path.startswith(ABOUT_A_PATIENT)


class Gate:
    """Lets nobody through to a part of a record that they were not let into."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def admit(self, call: Call, path: Mapping[str, Any]) -> None:
        """NotFound, or Hidden, unless this one may see what the route is about."""
        if call.identity is None or not is_about_a_patient(call.route):
            return
        self._access.check(call.identity, path["id"], self._section(call, path["id"]))

    def _section(self, call: Call, patient: str) -> str | None:
        """What is asked for; of several the first that this one may see."""
        section = SECTION_OF.get(call.route.name, OWN)
        if section == ANY:
            return None
        wanted = section.split(OR)
        seen = (each for each in wanted if self._access.may_see(call.who, patient, each))
        return next(seen, wanted[0])
