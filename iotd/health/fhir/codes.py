"""Code systems of FHIR R4 and the codes that we use of them, each with where it is defined.

LOINC of vitals and their UCUM units: the vital signs profiles of FHIR R4
(hl7.org/fhir/R4/observation-vitalsigns.html); systolic, diastolic and the panel:
its profile ``bp``; pulse oximetry: its profile ``oxygensat``. Codes of laboratory
results are those of ``iotd.health.labs.analytes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
PROFILES = "http://hl7.org/fhir/StructureDefinition/"
CATEGORY = HL7 + "observation-category"
STATISTICS = HL7 + "observation-statistics"
INTERPRETATION = HL7 + "v3-ObservationInterpretation"
RANGE_MEANING = HL7 + "referencerange-meaning"
ABSENT = HL7 + "data-absent-reason"
DIAGNOSTIC = HL7 + "v2-0074"
SCOPE = HL7 + "consentscope"
CONSENT_ACTION = HL7 + "consentaction"
PARTICIPATION = HL7 + "v3-ParticipationType"
ACT = HL7 + "v3-ActCode"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
URI = "urn:ietf:rfc:3986"

LABORATORY_REPORT = "11502-2"  # Laboratory report
NOTE = "34109-9"  # Note
CONSENT_DOCUMENT = "59284-0"  # Consent Document: value set consent-category of R4
PRESSURE = ("85354-9", "Blood pressure panel with all children optional")

#: Of a flag as labs tell it.
FLAGS = {"H": ("H", "High"), "L": ("L", "Low"), "N": ("N", "Normal")}


@dataclass(frozen=True)
class Vital:
    """How a kind of reading is said: its profile, its codes, and its unit in words."""

    profile: str
    codes: tuple[tuple[str, str], ...]
    unit: str


VITALS = {
    "heart_rate": Vital("heartrate", (("8867-4", "Heart rate"),), "/min"),
    "body_temperature": Vital("bodytemp", (("8310-5", "Body temperature"),), "°C"),
    "spo2": Vital("oxygensat", (
        ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
        ("2708-6", "Oxygen saturation in Arterial blood"),
    ), "%"),
    "bp_systolic": Vital("bp", (("8480-6", "Systolic blood pressure"),), "mmHg"),
    "bp_diastolic": Vital("bp", (("8462-4", "Diastolic blood pressure"),), "mmHg"),
}


def coding(system: str, code: str, display: str | None = None) -> dict[str, Any]:
    """A Coding."""
    return {"system": system, "code": code, "display": display}


def concept(*codings: dict[str, Any], text: str | None = None) -> dict[str, Any]:
    """A CodeableConcept."""
    return {"coding": list(codings), "text": text}


def loinc(*codes: tuple[str, str | None], text: str | None = None) -> dict[str, Any]:
    """A CodeableConcept of LOINC codes with their displays."""
    return concept(*(coding(LOINC, code, display) for code, display in codes), text=text)


def quantity(value: float, unit: str | None, code: str) -> dict[str, Any]:
    """A Quantity in UCUM; whole numbers without a point."""
    told = int(value) if float(value).is_integer() else value
    return {"value": told, "unit": unit or code, "system": UCUM, "code": code}
