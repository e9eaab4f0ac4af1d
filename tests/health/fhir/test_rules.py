"""The checks themselves: they find what the library takes, and know every code we have."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Callable

from fhir.resources.R4B.bundle import Bundle
from twisted.trial.unittest import SynchronousTestCase

from iotd.health.fhir import codes as ours
from iotd.health.fhir.export import bundle_of
from iotd.health.labs.analytes import ANALYTES, RANDOM_GLUCOSE
from iotd.health.model import KINDS
from tests.health.fhir import codes
from tests.health.fhir.examples import NOW, record
from tests.health.fhir.rules import Broken, check


def of(bundle: dict[str, Any], kind: str, having: str = "id") -> dict[str, Any]:
    """The first resource of a kind that has an element."""
    return next(each["resource"] for each in bundle["entry"]
                if each["resource"]["resourceType"] == kind and having in each["resource"])


def _twin(bundle: dict[str, Any]) -> None:
    bundle["entry"].append(deepcopy(bundle["entry"][0]))


def _alone(bundle: dict[str, Any]) -> None:
    pressure = next(each["resource"] for each in bundle["entry"]
                    if "85354-9" in str(each["resource"].get("code")))
    del pressure["component"][1]


#: What is broken, and how; the library sees none of it.
FAULTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a status that there is not": lambda b: of(b, "Observation").update(status="done"),
    "a gender of another system": lambda b: of(b, "Patient").update(gender="f"),
    "an intent that there is not": lambda b: of(b, "CarePlan").update(intent="advice"),
    "a unit of UCUM that is none": lambda b: of(b, "Observation", "valueQuantity")[
        "valueQuantity"].update(code="bpm"),
    "a unit of another property": lambda b: of(b, "Observation", "issued")[
        "valueQuantity"].update(code="%"),
    "a code that there is not": lambda b: of(b, "Observation")["code"]["coding"][0].update(
        code="8867-5"),
    "a code under another's name": lambda b: of(b, "Observation")["code"]["coding"][0].update(
        display="Ferritin"),
    "a reference that leads nowhere": lambda b: of(b, "Observation")["subject"].update(
        reference="urn:uuid:00000000-0000-5000-8000-000000000000"),
    "a reference to something else": lambda b: of(b, "Observation")["subject"].update(
        reference=b["entry"][1]["fullUrl"]),
    "no category": lambda b: of(b, "Observation")["category"][0]["coding"][0].update(
        code="survey"),
    "two of one address": _twin,
    "an id that is not its address": lambda b: of(b, "CarePlan").update(id="other"),
    "one value of a pressure": _alone,
}


class CheckTests(SynchronousTestCase):
    """What is planted is found."""

    def test_faults(self) -> None:
        """Each fault is taken by the library and found by the checks."""
        for what, plant in FAULTS.items():
            bundle = bundle_of(record(), NOW)
            plant(bundle)
            Bundle.model_validate(bundle)
            with self.assertRaises(Broken, msg=what):
                check(bundle)

    def test_empty(self) -> None:
        """Empty text and control characters are found."""
        for text in ("", "\x07", "a\x00b", "\u2028"):
            bundle = bundle_of(record(), NOW)
            of(bundle, "CarePlan")["title"] = text
            self.assertRaises((Broken, ValueError), check, bundle)


class CodeTests(SynchronousTestCase):
    """Our tables agree with those of the tests, which name their sources."""

    def test_laboratory(self) -> None:
        """Each analyte has the code and the unit of the table, and the table no other."""
        mine = {each.loinc: each.unit for each in ANALYTES.values()}
        mine[RANDOM_GLUCOSE["mmol/L"]] = "mmol/L"
        self.assertEqual(mine, {code: unit for code, (_, unit) in codes.LABORATORY.items()})

    def test_vitals(self) -> None:
        """Each kind has the code, the profile and the unit of the vital signs profiles."""
        for kind, vital in ours.VITALS.items():
            unit = KINDS[kind].unit
            found = dict(vital.codes)
            if vital.profile == "bp":
                self.assertEqual((found.items() - codes.COMPONENTS.items(), unit),
                                 (set(), "mm[Hg]"))
                continue
            (code,) = found.keys() & codes.VITALS.keys()
            self.assertEqual(codes.VITALS[code], (found[code], vital.profile, unit))
        self.assertEqual(ours.VITALS.keys(), KINDS.keys())
