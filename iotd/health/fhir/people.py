"""Who it is about, who advised, and what measured."""

from __future__ import annotations

from typing import Any, Mapping

from iotd.health.fhir.bundle import Bundle, words
from iotd.health.fhir.codes import URI
from iotd.health.records import Patient


def add_patient(bundle: Bundle, patient: Patient) -> None:
    """The Patient; what is not known is left out."""
    bundle.add("Patient", patient.id, {
        "identifier": [{"system": URI, "value": bundle.url_of("Patient", patient.id)}],
        "name": [{"text": patient.name}],
        "gender": patient.sex,  # female, male, other, unknown: FHIR's own words
        "birthDate": patient.birth_date,
    })


def author(bundle: Bundle, account: str, name: str | None) -> dict[str, Any]:
    """A Reference to who wrote something: the patient, or a Practitioner, who is taken in."""
    if account == bundle.owner:
        return bundle.me
    told = words(name) or account
    reference = bundle.add("Practitioner", account, {
        "identifier": [{"system": URI, "value": bundle.url_of("Practitioner", account)}],
        "name": [{"text": told}],
    })
    return {**reference, "display": told}


def device(bundle: Bundle, id: str, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A Reference to what measured; ``known``: the patient's devices of now, by id."""
    worn = known.get(id, {})
    name = words(worn.get("name")) or words(id)
    return bundle.add("Device", id, {
        "identifier": [{"system": URI, "value": bundle.url_of("Device", id)}],
        "deviceName": [{"name": name, "type": "user-friendly-name"}] if name else [],
        "type": {"text": worn.get("kind")},
        "patient": bundle.me,
    })
