"""Results out of Bundles that others made: taken as they are, or skipped with a reason."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Conflict, Invalid
from iotd.health.fhir.export import bundle_of
from iotd.health.fhir.incoming import MOST_ENTRIES, Incoming, read_bundle
from iotd.health.fhir.whose import check_whose
from iotd.health.labs.analytes import ANALYTES
from iotd.health.labs.model import check_date, read_result
from iotd.health.labs.reports import Person, Report, as_json
from iotd.health.records import Patient
from tests.health.fhir.examples import NOW, record

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
ANNA = Patient("ab12", "Anna Berg", "female", "1948-07-21", "user:2", NOW)


def result(code: str = "14771-0", value: Any = 5.4, unit: str = "mmol/L", **more: Any) -> Any:
    """An Observation as laboratories send it."""
    return {
        "resourceType": "Observation", "id": "r1", "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "laboratory"}]}],
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": "2026-11-02T07:30:00+08:00",
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}, **more,
    }


def bundle(*resources: Any) -> dict[str, Any]:
    """A Bundle of resources."""
    return {"resourceType": "Bundle", "type": "collection",
            "entry": [{"resource": each} for each in resources]}


def read(told: Any) -> Incoming:
    """What is in a Bundle, on a day in January 2027."""
    return read_bundle(told, lambda day: check_date(day, "1948-07-21", "2027-01-15"))


class TakenTests(SynchronousTestCase):
    """What is taken."""

    def test_own(self) -> None:
        """Of our own export all that was measured comes back as it was; what was computed is
        computed again; the rest is none of the laboratory's."""
        found = read(json.loads(json.dumps(bundle_of(record(), NOW))))
        self.assertEqual({day: sorted(each) for day, each in found.days.items()}, {
            "2026-11-02": ["alt", "bilirubin", "creatinine", "glucose", "hdl_c",
                           "total_cholesterol"],
            "2026-05-02": ["alt"],
        })
        held = found.days["2026-11-02"]
        self.assertEqual((held["creatinine"].low, held["creatinine"].high), (50.0, 90.0))
        self.assertEqual(held["alt"].low, None)  # a table's range is nobody's own
        self.assertEqual((held["bilirubin"].comparator, held["bilirubin"].value), ("<", 5.0))
        self.assertTrue(held["glucose"].is_random)
        self.assertEqual(found.laboratories, {"2026-11-02": "laboratory"})
        self.assertEqual([each.reason for each in found.skipped], [
            "it is computed from other results of the day, which is done here as well"] * 2)
        self.assertGreater(found.ignored, 10)
        check_whose(found, ANNA, force=False)

    @settings(max_examples=100, deadline=None)
    @given(st.data())
    def test_round_trip(self, data: st.DataObject) -> None:
        """Whatever was told, in any unit, as a limit, with a range: its export changes nothing."""
        analyte = data.draw(st.sampled_from(list(ANALYTES.values())))
        unit = data.draw(st.sampled_from(analyte.units))
        low, high = (unit.from_own(side) for side in analyte.plausible)
        inside = st.floats(low * 1.001, high * 0.999)
        fields = {"value": data.draw(inside), "unit": unit.ucum,
                  "comparator": data.draw(st.sampled_from([None, "<", ">="]))}
        if data.draw(st.booleans()):
            fields |= {"low": round(low * 1.1, 2), "high": round(high * 0.9, 2)}
        if analyte.key == "glucose":
            fields["fasting"] = data.draw(st.sampled_from([None, True, False]))
        stored = read_result(analyte.key, fields)
        report = Report(7, "2026-11-02", "", "hand", 1, NOW, {analyte.key: stored})
        section = {"items": as_json([report], Person("female", "1948-07-21"))}
        told = bundle_of(record(sections={"labs": section}, measured=None, audit=()), NOW)
        back = read(json.loads(json.dumps(told))).days["2026-11-02"][analyte.key]
        self.assertTrue(stored.same_as(back), (stored, back))

    def test_other_units(self) -> None:
        """Each code is converted from its own unit: mg/dL of 1558-6 and 59261-8 of mmol/mol."""
        for code, value, unit, key, own in (
            ("1558-6", 97.29, "mg/dL", "glucose", 5.4), ("2345-7", 97.29, "mg/dL", "glucose", 5.4),
            ("59261-8", 48, "mmol/mol", "hba1c", 6.543), ("2160-0", 1, "mg/dL", "creatinine", 88.4),
            ("1751-7", 4.1, "g/dL", "albumin", 41), ("2823-3", 4.2, "meq/L", "potassium", 4.2),
        ):
            (held,) = read(bundle(result(code, value, unit))).days.values()
            self.assertAlmostEqual(held[key].value, own, places=2)
            self.assertEqual(held[key].is_random, code == "2345-7")

    def test_shapes(self) -> None:
        """A period, a panel's components, words for the unit, two codes that agree."""
        panel = result(code="57698-3", component=[
            {"code": {"coding": [{"system": LOINC, "code": "14647-2"}]},
             "valueQuantity": {"value": 5.1, "unit": "mmol/L"}},
            {"code": {"coding": [{"system": LOINC, "code": "2085-9"},
                                 {"system": LOINC, "code": "14646-4"}]},
             "valueQuantity": {"value": 58, "unit": "mg/dl"}},
        ])
        del panel["valueQuantity"], panel["effectiveDateTime"]
        panel["effectivePeriod"] = {"start": "2026-11-02", "end": "2026-11-03"}
        found = read(bundle(panel))
        self.assertEqual(sorted(found.days["2026-11-02"]), ["hdl_c", "total_cholesterol"])
        self.assertEqual(found.skipped, [])

    def test_derived_elsewhere(self) -> None:
        """An eGFR that another computed is taken when what it is made of is not there."""
        egfr = result("98979-8", 71, "mL/min/{1.73_m2}", derivedFrom=[{"reference": "#x"}])
        self.assertEqual(read(bundle(egfr)).days["2026-11-02"]["egfr"].value, 71)


class SkippedTests(SynchronousTestCase):
    """What is not taken, and why."""

    def why(self, told: Any) -> str:
        """The only reason; nothing is taken."""
        found = read(bundle(told))
        self.assertEqual([each for day in found.days.values() for each in day], [])
        (skipped,) = found.skipped
        self.assertEqual((skipped.index, skipped.id), (0, "r1"))
        return skipped.reason

    def test_units(self) -> None:
        """A unit that the code can't have is refused, never relabelled."""
        for code, unit in (("14771-0", "mg/dL"), ("1558-6", "mmol/L"), ("4548-4", "mmol/mol"),
                           ("59261-8", "%"), ("14682-9", "mg/dL"), ("2345-7", "mmol/L")):
            self.assertIn("which is wrong is not known", self.why(result(code, 50, unit)))
        for unit in ("mmol", "g/L", "furlong", "<script>"):
            self.assertIn("The unit of Glucose", self.why(result(unit=unit)))
        quantity = {"value": 5.4, "unit": "mg/dL", "system": UCUM, "code": "mmol/L"}
        self.assertIn("different things", self.why(result(valueQuantity=quantity)))
        quantity = {"value": 5.4, "code": "258813002", "system": "http://snomed.info/sct"}
        self.assertIn("not of UCUM", self.why(result(valueQuantity=quantity)))
        self.assertIn("no unit", self.why(result(valueQuantity={"value": 5.4})))

    def test_values(self) -> None:
        """What is no number, or none that a living person has, is not taken."""
        for value in ("5.4", None, True, [5], {"a": 1}):
            self.assertIn("no number", self.why(result(value=value)))
        for number in (-5, 0, 5000, 10**400, 1e300):
            self.assertRegex(self.why(result(value=number)), "finite|taken from")
        self.assertIn("no value", self.why(result(valueQuantity=None)))
        self.assertIn("one of <", self.why(result(valueQuantity={
            "value": 5, "unit": "mmol/L", "comparator": "ad"})))

    def test_status(self) -> None:
        """Only what a laboratory stands by: neither withdrawn nor not final yet."""
        for status in ("entered-in-error", "cancelled", "preliminary", "registered", "", None, 7):
            self.assertIn("its status is", self.why(result(status=status)))

    def test_times(self) -> None:
        """A day is needed: none, a month, words, before the birth and the future are refused."""
        for said in ("2026", "2026-11", "yesterday", "2026-11-02 07:30", 20261102, ["2026-11-02"]):
            self.assertIn("no effective time", self.why(result(effectiveDateTime=said)))
        self.assertIn("no time", self.why(result(effectiveDateTime=None)))
        for said, word in (("2027-01-16", "future"), ("2026-02-30", "a day such"),
                           ("1948-07-20", "too early"), ("9999-12-31T23:59:59Z", "future")):
            self.assertIn(word, self.why(result(effectiveDateTime=said)))

    def test_codes(self) -> None:
        """Codes that are not ours, or of two analytes, are skipped."""
        self.assertIn("none of the analytes", self.why(result("2276-4", 120, "ng/mL")))
        two = {"coding": [{"system": LOINC, "code": "14647-2"},
                          {"system": LOINC, "code": "14646-4"}]}
        self.assertIn("more than one analyte", self.why(result(code="x") | {"code": two}))
        named = {"coding": [{"system": "http://lab.example/codes", "code": "14771-0"}]}
        self.assertIn("none of the analytes", self.why(result() | {"code": named}))

    def test_twice(self) -> None:
        """Of two different results of a day the first is taken; the same again is no matter."""
        found = read(bundle(result(), result(), result(value=9.9)))
        self.assertEqual(found.days["2026-11-02"]["glucose"].value, 5.4)
        self.assertEqual([each.index for each in found.skipped], [2])


class BundleTests(SynchronousTestCase):
    """What is no Bundle, whose it is, and what is thrown at it."""

    def test_no_bundle(self) -> None:
        """Anything else is refused, with what is wanted."""
        wrong: list[Any] = [
            None, [], "x", 7, {}, result(), {"resourceType": "Patient"},
            {"resourceType": ["Bundle"]}, {"resourceType": "Bundle", "entry": {}},
        ]
        for told in wrong:
            self.assertRaises(Invalid, read, told)
        self.assertEqual(read({"resourceType": "Bundle"}).days, {})

    def test_size(self) -> None:
        """100,000 entries are refused; as many as are allowed are read."""
        self.assertRaises(Invalid, read, bundle(*[{}] * 100_000))
        self.assertEqual(read(bundle(*[{}] * MOST_ENTRIES)).ignored, MOST_ENTRIES)

    def test_circles(self) -> None:
        """Results that refer to each other in a circle are read once, like any."""
        back, on = [{"reference": "Observation/1"}], [{"reference": "Observation/2"}]
        one = result("98979-8", 71, "mL/min/{1.73_m2}", derivedFrom=on)
        two = result("32309-7", 4, "{ratio}", derivedFrom=back)
        self.assertEqual(sorted(read(bundle(one, two)).days["2026-11-02"]), ["chol_hdl", "egfr"])

    @settings(max_examples=100, deadline=None)
    @given(st.data())
    def test_junk(self, data: st.DataObject) -> None:
        """Whatever stands in the place of any element, it is taken or skipped; nothing fails."""
        junk = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
            | st.just(LOINC) | st.just("14771-0"),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                st.sampled_from(["coding", "system", "code", "value", "unit", "reference",
                                 "low", "high", "type", "display"]), inner, max_size=3),
            max_leaves=6,
        )
        names = st.sampled_from([
            "status", "category", "code", "effectiveDateTime", "effectivePeriod", "valueQuantity",
            "component", "referenceRange", "derivedFrom", "subject", "performer", "id",
            "resourceType",
        ])
        told = {**result(), **data.draw(st.dictionaries(names, junk, max_size=4))}
        found = read(bundle(told, data.draw(junk)))
        check = found.ignored + len(found.skipped) + sum(map(len, found.days.values()))
        self.assertGreaterEqual(check, 1)


class WhoseTests(SynchronousTestCase):
    """Results of somebody else are not put to a patient."""

    def found(self, *patients: dict[str, Any], subject: str = "Patient/p1") -> Incoming:
        """A result of a subject, and patients."""
        told = [{"resourceType": "Patient", "id": "p1", **each} for each in patients]
        return read(bundle(*told, result(subject={"reference": subject})))

    def test_same(self) -> None:
        """The same day of birth and sex, either unknown, or a year alone, are no contradiction."""
        people: list[dict[str, Any]] = [
            {}, {"birthDate": "1948-07-21", "gender": "female"}, {"birthDate": "1948"},
            {"gender": "other"}, {"gender": "unknown"}, {"birthDate": 7, "gender": []},
        ]
        for told in people:
            check_whose(self.found(told), ANNA, force=False)
        check_whose(self.found(), ANNA, force=False)
        check_whose(self.found({}, subject="https://lab.example/fhir/Patient/p1"), ANNA, False)

    def test_other(self) -> None:
        """Another day of birth or sex is refused, unless it is told to be the same person."""
        for told in ({"birthDate": "1948-07-22"}, {"gender": "male"}, {"birthDate": "1949"}):
            self.assertRaises(Conflict, check_whose, self.found(told), ANNA, False)
            check_whose(self.found(told), ANNA, force=True)

    def test_several(self) -> None:
        """A Bundle of two patients is refused, and one whose results are of a third."""
        two = self.found({}, {"id": "p2"})
        self.assertRaises(Invalid, check_whose, two, ANNA, True)
        other = self.found({}, subject="Patient/p9")
        self.assertRaises(Invalid, check_whose, other, ANNA, True)
        both = read(bundle(result(subject={"reference": "Patient/1"}),
                           result("1742-6", 30, "U/L", subject={"reference": "Patient/2"})))
        self.assertRaises(Invalid, check_whose, both, ANNA, True)
