"""Whether a Bundle is about the patient to whom its results are to be put."""

from __future__ import annotations

from typing import Any

from iotd.errors import Conflict, Invalid
from iotd.health.fhir.incoming import Incoming
from iotd.health.records import Patient

SEXES = ("female", "male")  # others than these contradict nothing


def check_whose(found: Incoming, patient: Patient, force: bool) -> None:
    """Invalid when it is about several people; Conflict when about somebody born on another
    day or of another sex, unless ``force``. Names are not compared: they are written in many
    ways."""
    if len(found.patients) > 1 or len(found.subjects) > 1:
        raise Invalid("The Bundle is about more than one patient: send one for each.", "subject")
    if not found.patients:
        return
    told = found.patients[0]
    if any(not _is_of(told, subject) for subject in found.subjects):
        raise Invalid("The results are about another patient than the Bundle's.", "subject")
    if force:
        return
    if _differs(told.get("birthDate"), patient.birth_date):
        raise _somebody_else("was born on another day", "birth_date")
    if told.get("gender") in SEXES and patient.sex in SEXES and told["gender"] != patient.sex:
        raise _somebody_else("is of another sex", "sex")


def _is_of(told: dict[str, Any], subject: str) -> bool:
    url, id = told.get("fullUrl"), told.get("id")
    return subject in (url, f"urn:uuid:{id}") or subject.endswith(f"Patient/{id}")


def _differs(told: Any, known: str | None) -> bool:
    # a year or a month alone is the beginning of a day
    return isinstance(told, str) and bool(told) and known is not None and (
        not known.startswith(told)
    )


def _somebody_else(how: str, field: str) -> Conflict:
    return Conflict(
        f"The Bundle's patient {how}: nothing was taken. When it is the same person after all,"
        " send it with force=true.", field,
    )
