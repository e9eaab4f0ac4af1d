"""Reports as people read them: ranges, flags, trends, and what was computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping

from iotd.health.labs import model
from iotd.health.labs.analytes import ANALYTES, KEYS, Analyte
from iotd.health.labs.model import Result, told
from iotd.health.labs.ranges import Range, range_for
from iotd.times import rfc3339


@dataclass(frozen=True)
class Report:
    """What one day's samples gave; ``results`` by analyte."""

    id: int
    date: str
    laboratory: str
    source: str
    version: int
    changed_at: float
    results: Mapping[str, Result] = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """What of a patient decides ranges and equations."""

    sex: str
    birth_date: str | None


@dataclass(frozen=True)
class Computed:
    """A value that nobody measured: of which formula, rounded as laboratories round it."""

    value: float
    formula: str


def computed_of(
    report: Report, person: Person
) -> tuple[dict[str, Computed], dict[str, str]]:
    """What follows from a report's results, and why something that could does not."""
    found: dict[str, Computed] = {}
    missing: dict[str, str] = {}
    results = report.results
    if "egfr" not in results and "creatinine" in results:
        age = model.age_on(person.birth_date, report.date)
        why = model.why_no_egfr(results["creatinine"], person.sex, age)
        if why is not None:
            missing["egfr"] = f"not computed: {why}"
        else:
            rate = model.egfr(results["creatinine"].value, person.sex, age or 0)
            found["egfr"] = Computed(round(rate, 1), model.EGFR_FORMULA)
    both = [results.get("total_cholesterol"), results.get("hdl_c")]
    if "chol_hdl" not in results and all(both):
        total, hdl = (each for each in both if each is not None)
        if total.comparator or hdl.comparator:
            missing["chol_hdl"] = "not computed: one of the two is only known as a limit"
        else:
            found["chol_hdl"] = Computed(round(total.value / hdl.value, 2), model.RATIO_FORMULA)
    return found, missing


class Reader:
    """Makes JSON of a patient's reports, the oldest first: each knows those before it."""

    def __init__(self, person: Person, site: Iterable[Range]) -> None:
        self._person, self._site = person, tuple(site)
        self._last: dict[tuple[str, bool], tuple[float, str]] = {}
        self._usual: dict[tuple[str, int | None], Range | None] = {}

    def as_json(self, report: Report) -> dict[str, Any]:
        """A report as the API shows it."""
        found, missing = computed_of(report, self._person)
        age = model.age_on(self._person.birth_date, report.date)
        values = {}
        for key in KEYS:
            if key in report.results:
                values[key] = self._measured(report, report.results[key], age)
            elif key in found:
                values[key] = self._computed(report, ANALYTES[key], found[key], age)
        return {
            "id": report.id, "date": report.date, "laboratory": report.laboratory,
            "source": report.source, "version": report.version,
            "changed_at": rfc3339(report.changed_at), "values": values, "missing": missing,
        }

    def _measured(self, report: Report, result: Result, age: int | None) -> dict[str, Any]:
        analyte = ANALYTES[result.key]
        usual = model.own_range(result)
        if usual is None and not result.is_random:
            usual = self._range(result.key, age)
        return {
            "value": told(result.value), "comparator": result.comparator, "unit": analyte.unit,
            "flag": model.flag_of(result, usual), **_of_range(usual, result.is_random, age),
            "computed": False, "formula": None,
            "given": {"value": result.given, "unit": result.unit},
            **self._trend(result, report.date), "loinc": model.loinc_of(analyte, result),
            "name": model.name_of(analyte, result),
            "fasting": None if result.fasting is None else not result.is_random,
        }

    def _computed(
        self, report: Report, analyte: Analyte, computed: Computed, age: int | None
    ) -> dict[str, Any]:
        usual = self._range(analyte.key, age)
        result = Result(analyte.key, computed.value, None, computed.value, analyte.unit)
        return {
            "value": computed.value, "comparator": None, "unit": analyte.unit,
            "flag": model.flag_of(result, usual), **_of_range(usual, False, age),
            "computed": True, "formula": computed.formula, "given": None,
            **self._trend(result, report.date), "loinc": analyte.loinc, "name": analyte.name,
            "fasting": None,
        }

    def _range(self, key: str, age: int | None) -> Range | None:
        if (key, age) not in self._usual:
            self._usual[key, age] = range_for(key, self._person.sex, age, self._site)
        return self._usual[key, age]

    def _trend(self, result: Result, day: str) -> dict[str, Any]:
        if result.comparator is not None:  # a limit is neither more nor less than another
            return {"previous": None, "change": None, "trend": None}
        key = (result.key, result.is_random)
        before = self._last.get(key)
        self._last[key] = (result.value, day)
        if before is None:
            return {"previous": None, "change": None, "trend": None}
        change, trend = model.trend_of(result.value, before[0])
        return {
            "previous": {"value": told(before[0]), "date": before[1]}, "change": told(change),
            "trend": trend,
        }


def _of_range(usual: Range | None, is_random: bool, age: int | None) -> dict[str, Any]:
    if usual is not None:
        return {
            "low": told(usual.low), "high": told(usual.high), "flag_low": usual.flag_low,
            "range_text": usual.text,
            "range_source": usual.source, "range_kind": usual.kind, "limits": usual.limits,
        }
    why = "there is no range for a random sample" if is_random else None
    if why is None and age is not None:
        why = f"no range is known for the age of {age}"
    return {"low": None, "high": None, "flag_low": None, "range_text": None,
            "range_source": why, "range_kind": None, "limits": {}}


def as_json(
    reports: Iterable[Report], person: Person, site: Iterable[Range] = ()
) -> list[dict[str, Any]]:
    """All reports of a patient as the API shows them, the newest first."""
    reader = Reader(person, site)
    told_reports = [reader.as_json(each) for each in sorted(reports, key=lambda one: one.date)]
    return told_reports[::-1]
