"""Laboratory results as Observations, and a DiagnosticReport for each date.

A range of the laboratory's own is ``normal``, one of our tables ``recommended``
with its source in words: who reads it back takes only the first for the
laboratory's. A computed value names its formula as ``method`` and, as
``derivedFrom``, the results that it was computed from.
"""

from __future__ import annotations

from typing import Any, Mapping

from iotd.health.fhir.bundle import Bundle
from iotd.health.fhir.codes import (
    CATEGORY, DIAGNOSTIC, FLAGS, INTERPRETATION, LABORATORY_REPORT, RANGE_MEANING, coding,
    concept, loinc, quantity,
)
from iotd.health.labs.ranges import LABORATORY

#: What each computed analyte is computed from.
COMPUTED_FROM = {"egfr": ("creatinine",), "chol_hdl": ("total_cholesterol", "hdl_c")}
_CATEGORY = [concept(coding(CATEGORY, "laboratory", "Laboratory"))]


def add_labs(bundle: Bundle, section: Mapping[str, Any]) -> None:
    """All reports of the section ``labs``, as the API shows it."""
    for report in section.get("items", ()):
        results = [
            _add_value(bundle, report, key, value)
            for key, value in report["values"].items() if value is not None
        ]
        _add_report(bundle, report, results)


def _add_report(bundle: Bundle, report: Mapping[str, Any], results: list[Any]) -> None:
    bundle.add("DiagnosticReport", f"labs/{report['id']}", {
        "meta": _meta(report), "status": "final",
        "category": [concept(coding(DIAGNOSTIC, "LAB", "Laboratory"))],
        "code": loinc((LABORATORY_REPORT, "Laboratory report")),
        "subject": bundle.me, "effectiveDateTime": report["date"],
        "issued": report["changed_at"], "performer": _performer(report), "result": results,
    })


def _add_value(
    bundle: Bundle, report: Mapping[str, Any], key: str, value: Mapping[str, Any]
) -> dict[str, Any]:
    return bundle.add("Observation", _key(report, key), {
        "meta": _meta(report), "status": "final", "category": _CATEGORY,
        "code": loinc((value["loinc"], None), text=value["name"]),
        "subject": bundle.me, "effectiveDateTime": report["date"],
        "issued": report["changed_at"], "performer": _performer(report),
        "valueQuantity": _value(value),
        "interpretation": _interpretation(value), "referenceRange": _range(value),
        **_origin(bundle, report, key, value),
    })


def _key(report: Mapping[str, Any], key: str) -> str:
    return f"labs/{report['id']}/{key}"


def _meta(report: Mapping[str, Any]) -> dict[str, Any]:
    return {"versionId": str(report["version"]), "lastUpdated": report["changed_at"]}


def _performer(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"display": report.get("laboratory")}]


def _value(value: Mapping[str, Any]) -> dict[str, Any]:
    unit = value["unit"]
    return {**quantity(value["value"], unit, unit), "comparator": value.get("comparator")}


def _interpretation(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """High, low or normal; nothing where no range says which."""
    flag = value["flag"] or ("N" if _is_within(value) else None)
    return [] if flag is None else [concept(coding(INTERPRETATION, *FLAGS[flag]))]


def _is_within(value: Mapping[str, Any]) -> bool:
    # an eGFR of 75 is not flagged and yet below what is usual; of "<3" nobody knows
    low, high = value["low"], value["high"]
    if (low is None and high is None) or value.get("comparator"):
        return False
    return (low is None or value["value"] >= low) and (high is None or value["value"] <= high)


def _range(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    low, high = value.get("low"), value.get("high")
    if low is None and high is None:
        return []
    own = value.get("range_kind") == LABORATORY
    meaning = ("normal", "Normal Range") if own else ("recommended", "Recommended Range")
    unit = value["unit"]
    return [{
        "low": None if low is None else quantity(low, unit, unit),
        "high": None if high is None else quantity(high, unit, unit),
        "type": concept(coding(RANGE_MEANING, *meaning)), "text": value["range_source"],
    }]


def _origin(
    bundle: Bundle, report: Mapping[str, Any], key: str, value: Mapping[str, Any]
) -> dict[str, Any]:
    if not value.get("computed"):
        return {}
    sources = [each for each in COMPUTED_FROM.get(key, ()) if report["values"].get(each)]
    return {
        "method": {"text": f"Computed: {value.get('formula') or 'from other results'}"},
        "derivedFrom": [bundle.refer("Observation", _key(report, each)) for each in sources],
    }
