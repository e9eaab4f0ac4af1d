"""A patient's record as a Bundle, put together of what was read of it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from pydantic_core import to_json

from iotd.health.fhir.advice import add_advice, add_notes
from iotd.health.fhir.bundle import Bundle
from iotd.health.fhir.consents import add_consent, add_event
from iotd.health.fhir.people import add_patient
from iotd.health.fhir.questionnaire import add_questionnaire
from iotd.health.fhir.readings import Measured
from iotd.health.fhir.results import add_labs
from iotd.health.fhir.vitals import Devices, add_vitals
from iotd.health.records import Patient


@dataclass(frozen=True)
class Record:
    """What was read: ``sections`` as the API shows them, by name; those not asked for are not
    in it."""

    patient: Patient
    measured: Measured | None = None
    devices: Devices = field(default_factory=dict)
    sections: Mapping[str, Any] = field(default_factory=dict)
    shares: Sequence[Mapping[str, Any]] = ()
    audit: Sequence[Mapping[str, Any]] = ()


def bundle_of(record: Record, now: float) -> dict[str, Any]:
    """The Bundle as plain dicts."""
    bundle = Bundle(record.patient.id, record.patient.owner)
    add_patient(bundle, record.patient)
    if record.measured is not None:
        add_vitals(bundle, record.measured, record.devices)
    sections = record.sections
    if "labs" in sections:
        add_labs(bundle, sections["labs"])
    if "advice" in sections:
        add_advice(bundle, sections["advice"])
    if "questionnaire" in sections:
        add_questionnaire(bundle, sections["questionnaire"])
    if "notes" in sections:
        add_notes(bundle, sections["notes"])
    for share in record.shares:
        add_consent(bundle, share)
    for row in record.audit:
        add_event(bundle, row)
    return bundle.as_json(now)


def as_bytes(record: Record, now: float, zipped: bool = False) -> bytes:
    """The same as JSON, perhaps gzipped; ten thousand readings take a second, so not on the
    reactor."""
    told = to_json(bundle_of(record, now))
    return gzip.compress(told, 5, mtime=0) if zipped else told
