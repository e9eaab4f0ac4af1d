"""A record with something in every field, of text that a test gives."""

from __future__ import annotations

from typing import Any, Callable

from iotd.health.buckets import Bucket
from iotd.health.fhir.export import Record
from iotd.health.fhir.readings import Measured
from iotd.health.labs.model import read_result
from iotd.health.labs.reports import Person, Report, as_json
from iotd.health.records import Patient, Reading
from iotd.times import rfc3339

NOW = 1_800_000_000.0
AT = rfc3339(NOW)
Words = Callable[[str], str]


def plain(word: str) -> str:
    """Text that is nothing special."""
    return word


def reading(kind: str, value: float, id: int, at: float = NOW, **more: Any) -> Reading:
    """A good reading, told by hand unless a device is named."""
    return Reading(kind, value, "", at, at, more.get("device") or "hand", "ab12", id=id, **more)


def labs(words: Words = plain) -> dict[str, Any]:
    """Two reports: values of a laboratory's own range, of ours, computed ones and limits."""
    told: dict[str, dict[str, Any]] = {
        "total_cholesterol": {"value": 5.5, "unit": "mmol/L"},
        "hdl_c": {"value": 60, "unit": "mg/dL"},
        "creatinine": {"value": 80, "unit": "umol/L", "low": 50, "high": 90},
        "glucose": {"value": 7.2, "unit": "mmol/L", "fasting": False},
        "bilirubin": {"value": "<5", "unit": "umol/L"},
        "alt": {"value": 90, "unit": "U/L"},
    }
    results = {key: read_result(key, each) for key, each in told.items()}
    reports = [
        Report(7, "2026-11-02", words("laboratory"), "hand", 3, NOW, results),
        Report(6, "2026-05-02", "", "hand", 1, NOW, {"alt": results["alt"]}),
    ]
    return {"items": as_json(reports, Person("female", "1948-07-21")), "next": None}


def advice(words: Words = plain) -> dict[str, Any]:
    """Two sections by two doctors, the others empty."""
    about = {"version": 3, "author": "dr.lim", "author_name": words("Dr Lim"), "at": AT}
    return {
        "cardiovascular": words("Walk."), "diet": words("Less salt."), "glucose": "", "bone": None,
        "about": {"cardiovascular": about, "diet": {**about, "author": "dr.tan"}, "bone": None},
        "drafts": {"bone": {"text": "secret draft", "author": "dr.lim", "at": AT}},
    }


def questionnaire(words: Words = plain) -> dict[str, Any]:
    """Answers of every kind, a section in plain text, and one that the form knows no more."""
    return {
        "medications": {"any": True, "list": [
            {"name": words("Metformin"), "dose": words("500 mg"), "since": "2021"},
            {"name": words("Aspirin")},
        ]},
        "sleep": words("I sleep well."), "tobacco": {"status": "former", "stopped": "2019-05"},
        "screen_time": {"workday_hours": 7.5, "note": words("Neck"), "gone": words("an answer")},
        "stress": None, "step": "review", "version": 4, "finished_at": AT, "changed_at": AT,
    }


def notes(words: Words = plain) -> dict[str, Any]:
    """One note."""
    return {"items": [{"id": 9, "text": words("Seen."), "author": "dr.lim",
                       "author_name": words("Dr Lim"), "at": AT, "changed_at": AT, "versions": 1}]}


def shares(words: Words = plain) -> list[dict[str, Any]]:
    """A link and a grant, as their patient sees them."""
    common = {"sections": ["readings", "labs"], "created_at": AT, "token": None}
    return [
        {"id": "s1", "kind": "link", "label": words("For my son"), "state": "open",
         "expires_at": rfc3339(NOW + 86400), "doctor": None, "doctor_name": None, **common},
        {"id": "s2", "kind": "doctor", "label": "", "state": "revoked", "expires_at": None,
         "doctor": "dr.lim", "doctor_name": words("Dr Lim"), **common},
    ]


def audit(words: Words = plain) -> list[dict[str, Any]]:
    """Two rows of the audit."""
    row = {"at": NOW, "subject": "ab12", "detail": words("labs"), "address": "192.0.2.7"}
    return [
        {"id": 1, "who": "dr.lim", "action": "view labs", "result": "ok", **row},
        {"id": 2, "who": words("dr.no"), "action": "open link", "result": "denied", **row},
    ]


def measured() -> Measured:
    """Readings one by one, pressure in pairs and alone, and a day's median."""
    return Measured(
        {
            "heart_rate": [reading("heart_rate", 72.0, 1, device="wch")],
            "spo2": [reading("spo2", 98.0, 2)],
            "bp_systolic": [reading("bp_systolic", 121.0, 3),
                            reading("bp_systolic", 130.0, 4, NOW - 3600)],
            "bp_diastolic": [reading("bp_diastolic", 79.0, 5, NOW - 20)],
        },
        {"body_temperature": [Bucket(NOW - 86400, NOW, 1900, 35.9, 36.6, 37.25, 0.9)]},
    )


def record(words: Words = plain, **more: Any) -> Record:
    """All of it."""
    sections = {
        "labs": labs(words), "advice": advice(words), "questionnaire": questionnaire(words),
        "notes": notes(words),
    }
    return Record(**{
        "patient": Patient("ab12", words("Anna Berg"), "female", "1948-07-21", "user:2", NOW),
        "measured": measured(), "devices": {"wch": {"name": words("Watch"), "kind": "watch"}},
        "sections": sections, "shares": shares(words), "audit": audit(words), **more,
    })
