"""Whether a Bundle is one of FHIR R4, by the library ``fhir.resources`` and by what it overlooks.

That takes any text as a status, any code of any system and any unit, and follows no
reference; so those, the invariants of the resources used, and the vital signs profiles
are checked here. Numbers such as obs-6 are the invariants' names in hl7.org/fhir/R4.
"""

from __future__ import annotations

import math
import re
from typing import Any, Iterator

from fhir.resources.R4B.bundle import Bundle

from tests.health.fhir.codes import (
    CODES, COMPONENTS, LABORATORY, LOINC, REQUIRED, UCUM, UNITS, VITALS, WITHIN,
)

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
DATE_TIME = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?")
STRING = re.compile(r"[ \r\n\t\S]+")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_INSTANTS = {"timestamp", "lastUpdated", "issued", "recorded"}
_TIMES = {"effectiveDateTime", "start", "end", "created", "authored", "dateTime", "birthDate",
          "valueDate"}


class Broken(AssertionError):
    """A rule that a Bundle does not keep."""


def check(bundle: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The resources by type, of a Bundle that keeps every rule; else Broken."""
    Bundle.model_validate(bundle)
    entries = bundle.get("entry", [])
    urls = [each["fullUrl"] for each in entries]
    _must(len(set(urls)) == len(urls), "bdl-7: fullUrl is unique")
    for path, value in walk(bundle, "Bundle"):
        _check_value(path, value)
        if isinstance(value, dict) and "reference" in value and "type" in value:
            _must(value["reference"] in urls, f"{path}: {value['reference']} is in the Bundle")
            target = entries[urls.index(value["reference"])]["resource"]
            _must(target["resourceType"] == value["type"], f"{path} says its type")
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        resource = entry["resource"]
        _check_resource(resource, entry["fullUrl"])
        found.setdefault(resource["resourceType"], []).append(resource)
    _must(len(found["Patient"]) == 1, "one patient")
    _check_questionnaire(found)
    return found


def _must(kept: Any, rule: str) -> None:
    if not kept:
        raise Broken(rule)


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Everything within, with the names on the way."""
    yield path, value
    if isinstance(value, dict):
        kind = value.get("resourceType")
        for name, each in value.items():
            yield from walk(each, f"{kind or path}.{name}")
    if isinstance(value, list):
        for each in value:
            yield from walk(each, path)


def _check_value(path: str, value: Any) -> None:
    name = path.rpartition(".")[2]
    _must(value is not None and value != "" and value != [] and value != {}, f"{path} is empty")
    if isinstance(value, float):
        _must(math.isfinite(value), f"{path} is a number")
    if isinstance(value, str):
        _must(STRING.fullmatch(value) and not CONTROL.search(value), f"{path}: {value!r}")
        _must(name not in _INSTANTS or INSTANT.fullmatch(value), f"{path}: {value}")
        _must(name not in _TIMES or DATE_TIME.fullmatch(value), f"{path}: {value}")
        _must(name != "id" or ID.fullmatch(value), f"{path}: {value}")
    if isinstance(value, dict) and {"system", "code"} <= value.keys():
        _check_code(path, value)
    for where, allowed in WITHIN.items():
        if path.endswith(where) and isinstance(value, str):
            _must(value in allowed, f"{path}: {value}")


def _check_code(path: str, value: dict[str, Any]) -> None:
    """A Coding, or a Quantity."""
    if value["system"] == UCUM:
        _must(value["code"] in UNITS, f"{path}: unit {value['code']}")
        _must(isinstance(value["value"], (int, float)), f"{path}: its value is a number")
        _must(value.get("comparator", "<") in WITHIN["Quantity.comparator"], path)
        return
    known = CODES.get(value["system"], {})
    _must(value["code"] in known, f"{path}: {value}")
    _must(value.get("display") == known[value["code"]], f"{path}: display of {value}")


def _check_resource(resource: dict[str, Any], url: str) -> None:
    kind = resource["resourceType"]
    _must(url == f"urn:uuid:{resource['id']}", "its id is that of its address")
    for (of, element), allowed in REQUIRED.items():
        if of == kind and (element != "gender" or element in resource):
            _must(resource[element] in allowed, f"{kind}.{element}: {resource.get(element)}")
    if kind == "Observation":
        _check_observation(resource)
    if kind == "Consent":  # ppc-1, ppc-2: a policy, and a patient where it is about privacy
        _must("policyRule" in resource and "patient" in resource, "ppc-1")
        _must({"scope", "category", "status"} <= resource.keys(), "Consent")
    if kind == "AuditEvent":
        _must(resource["agent"][0]["requestor"] in (True, False), "AuditEvent.agent.requestor")
        _must("observer" in resource["source"], "AuditEvent.source.observer")
    if kind == "DiagnosticReport":
        _must({"code", "subject", "result"} <= resource.keys(), "DiagnosticReport")


def codes_of(concept: dict[str, Any], system: str = LOINC) -> set[str]:
    """The codes of a CodeableConcept."""
    return {each["code"] for each in concept.get("coding", ()) if each["system"] == system}


def _check_observation(resource: dict[str, Any]) -> None:
    codes = codes_of(resource["code"])
    category = {each for concept in resource["category"] for each in codes_of(
        concept, next(iter(concept["coding"]))["system"])}
    components = resource.get("component", [])
    valued = [name for name in resource if name.startswith("value")]
    _must(not (valued and "dataAbsentReason" in resource), "obs-6")
    _must(not any(codes_of(each["code"]) == codes for each in components if valued), "obs-7")
    _must(valued or components or "dataAbsentReason" in resource, "vs-2")
    for each in components:
        _must(("valueQuantity" in each) != ("dataAbsentReason" in each), "vs-3")
    if category == {"laboratory"}:
        _check_laboratory(resource, codes)
    else:
        _must(category == {"vital-signs"}, f"category {category}")
        _check_vital(resource, codes)


def _check_laboratory(resource: dict[str, Any], codes: set[str]) -> None:
    (code,) = codes
    unit = LABORATORY[code][1]
    _must(resource["valueQuantity"]["code"] == unit, f"{code} is measured in {unit}")
    for each in resource.get("referenceRange", ()):
        _must("low" in each or "high" in each or "text" in each, "obs-3")
        for side in ("low", "high"):
            _must(side not in each or each[side]["code"] == unit, f"{code}: range in {unit}")
    _must(("method" in resource) == ("derivedFrom" in resource), "computed ones say so")


def _check_vital(resource: dict[str, Any], codes: set[str]) -> None:
    """The profile vitalsigns, and that of the kind."""
    (code,) = codes & VITALS.keys()
    _, profile, unit = VITALS[code]
    claimed = resource["meta"]["profile"]
    _must(claimed == [f"http://hl7.org/fhir/StructureDefinition/{profile}"], f"{claimed}")
    _must("subject" in resource, "vitalsigns: subject")
    times = [name for name in resource if name.startswith("effective")]
    _must(times in (["effectiveDateTime"], ["effectivePeriod"]), "vitalsigns: effective")
    _must(len(str(resource.get("effectiveDateTime", "2026-11-21"))) >= 10, "vs-1: a whole day")
    if unit is not None:
        _must(resource["valueQuantity"]["code"] == unit, f"{code} is measured in {unit}")
        return
    _must("valueQuantity" not in resource, "bp: the values are the components'")
    found = [next(iter(codes_of(each["code"]))) for each in resource["component"]]
    _must(sorted(found) == sorted(COMPONENTS), "bp: systolic and diastolic")
    for each in resource["component"]:
        _must(each.get("valueQuantity", {}).get("code") in (None, "mm[Hg]"), "bp: mm[Hg]")


def _check_questionnaire(found: dict[str, list[dict[str, Any]]]) -> None:
    """que-2: linkIds are unique; qrs-1; every answer is to a question, and of its type."""
    for response in found.get("QuestionnaireResponse", ()):
        (asked,) = found["Questionnaire"]
        _must(response["questionnaire"] == asked["url"], "the questions are in the Bundle")
        links = [each for _, each in walk(asked["item"], "") if isinstance(each, dict)
                 and "linkId" in each]
        questions = {each["linkId"]: each["type"] for each in links}
        _must(len(questions) == len(links), "que-2")
        for _, item in walk(response["item"], ""):
            if isinstance(item, dict) and "linkId" in item:
                _check_item(item, questions[item["linkId"]])


_VALUES = {"boolean": "valueBoolean", "decimal": "valueDecimal", "integer": "valueInteger",
           "date": "valueDate", "string": "valueString", "text": "valueString",
           "choice": "valueCoding"}


def _check_item(item: dict[str, Any], kind: str) -> None:
    _must(("item" in item) != ("answer" in item), f"qrs-1: {item['linkId']}")
    _must(("item" in item) == (kind == "group"), f"{item['linkId']} is a group")
    for answer in item.get("answer", ()):
        _must(list(answer) == [_VALUES[kind]], f"{item['linkId']}: {answer} is no {kind}")
