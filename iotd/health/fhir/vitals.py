"""Vitals as Observations that keep the vital signs profiles of FHIR R4.

Blood pressure is one Observation with two components; of a value that came
alone the other is absent. A median of an hour or a day says so: its ``method``
is the statistic, its time a period, its components lowest, highest and count.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from iotd.health.buckets import Bucket
from iotd.health.fhir import people
from iotd.health.fhir.bundle import Bundle
from iotd.health.fhir.codes import (
    ABSENT, CATEGORY, PRESSURE, PROFILES, STATISTICS, VITALS, coding, concept, loinc, quantity,
)
from iotd.health.fhir.readings import Measured
from iotd.health.model import KINDS
from iotd.health.records import Reading
from iotd.health.vitals import pairs
from iotd.times import rfc3339

Devices = Mapping[str, Mapping[str, Any]]

HIGH, LOW = "bp_systolic", "bp_diastolic"
_CATEGORY = [concept(coding(CATEGORY, "vital-signs", "Vital Signs"))]


def add_vitals(bundle: Bundle, measured: Measured, devices: Devices) -> None:
    """All of them; ``devices``: the patient's, by id."""
    for kind, readings in measured.singly.items():
        if kind not in (HIGH, LOW):
            for reading in readings:
                _add_reading(bundle, reading, devices)
    for kind, buckets in measured.medians.items():
        if kind not in (HIGH, LOW):
            for bucket in buckets:
                _add_median(bundle, kind, bucket)
    _add_pressures(bundle, measured, devices)


def _add_reading(bundle: Bundle, reading: Reading, devices: Devices) -> None:
    kind = reading.kind
    bundle.add("Observation", f"reading/{reading.id}", {
        **_head(bundle, VITALS[kind].profile), "code": _code(kind),
        "effectiveDateTime": rfc3339(reading.at), "valueQuantity": _value(kind, reading.value),
        **_origin(bundle, reading, devices),
    })


def _origin(bundle: Bundle, reading: Reading, devices: Devices) -> dict[str, Any]:
    """What measured, and for a watch's temperature where: skin is not the body's core."""
    if reading.device is None:
        return {}
    skin = reading.kind == "body_temperature" and (
        devices.get(reading.device, {}).get("kind") == "watch"
    )
    return {
        "bodySite": {"text": "skin of the wrist"} if skin else None,
        "device": people.device(bundle, reading.device, devices),
    }


def _add_median(bundle: Bundle, kind: str, bucket: Bucket) -> None:
    seconds = round(bucket.end - bucket.start)
    bundle.add("Observation", f"median/{kind}/{bucket.start!r}/{seconds}", {
        **_head(bundle, VITALS[kind].profile), "code": _code(kind),
        **_period(bucket), "valueQuantity": _value(kind, bucket.median),
        "component": [
            {"code": _statistic("minimum", "Minimum"), "valueQuantity": _value(kind, bucket.min)},
            {"code": _statistic("maximum", "Maximum"), "valueQuantity": _value(kind, bucket.max)},
            {"code": _statistic("count", "Count"),
             "valueQuantity": quantity(bucket.count, "readings", "1")},
        ],
    })


def _period(bucket: Bucket) -> dict[str, Any]:
    return {
        "effectivePeriod": {"start": rfc3339(bucket.start), "end": rfc3339(bucket.end)},
        "method": _statistic("median", "Median"),
    }


def _add_pressures(bundle: Bundle, measured: Measured, devices: Devices) -> None:
    for both in _measurements(measured.singly.get(HIGH, []), measured.singly.get(LOW, [])):
        _add_pressure(bundle, both, devices)
    by_start: dict[tuple[float, float], dict[str, Bucket]] = {}
    for kind in (HIGH, LOW):
        for bucket in measured.medians.get(kind, []):
            by_start.setdefault((bucket.start, bucket.end), {})[kind] = bucket
    for (start, end), found in sorted(by_start.items()):
        bundle.add("Observation", f"median/bp/{start!r}/{round(end - start)}", {
            **_head(bundle, "bp"), "code": loinc(PRESSURE, text="Blood pressure"),
            **_period(next(iter(found.values()))),
            "component": _components({kind: each.median for kind, each in found.items()}),
        })


def _measurements(
    highs: Sequence[Reading], lows: Sequence[Reading]
) -> Iterable[tuple[Reading, ...]]:
    """Pairs and what came alone, the newest first."""
    found: list[tuple[Reading, ...]] = list(pairs(highs, lows))
    paired = {each.id for both in found for each in both}
    found += [(each,) for each in (*highs, *lows) if each.id not in paired]
    return sorted(found, key=lambda both: (-max(each.at for each in both), both[0].id or 0))


def _add_pressure(bundle: Bundle, both: tuple[Reading, ...], devices: Devices) -> None:
    key = "+".join(str(each.id) for each in both)
    bundle.add("Observation", f"pressure/{key}", {
        **_head(bundle, "bp"), "code": loinc(PRESSURE, text="Blood pressure"),
        "effectiveDateTime": rfc3339(max(each.at for each in both)),
        "component": _components({each.kind: each.value for each in both}),
        **_origin(bundle, both[0], devices),
    })


def _components(values: Mapping[str, float]) -> list[dict[str, Any]]:
    absent = concept(coding(ABSENT, "unknown", "Unknown"))
    return [
        {"code": _code(kind), "valueQuantity": _value(kind, values[kind])} if kind in values
        else {"code": _code(kind), "dataAbsentReason": absent}
        for kind in (HIGH, LOW)
    ]


def _head(bundle: Bundle, profile: str) -> dict[str, Any]:
    return {
        "meta": {"profile": [PROFILES + profile]}, "status": "final", "category": _CATEGORY,
        "subject": bundle.me,
    }


def _code(kind: str) -> dict[str, Any]:
    return loinc(*VITALS[kind].codes, text=KINDS[kind].label)


def _value(kind: str, value: float) -> dict[str, Any]:
    return quantity(value, VITALS[kind].unit, KINDS[kind].unit)


def _statistic(code: str, display: str) -> dict[str, Any]:
    return concept(coding(STATISTICS, code, display))
