"""A record as a Bundle: every rule of R4 is kept, whatever people wrote."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.health.fhir.export import as_bytes, bundle_of
from iotd.health.records import Patient
from tests.health.fhir import examples
from tests.health.fhir.examples import NOW, record
from tests.health.fhir.rules import check, codes_of

SCRIPT = "</script><script>alert(1)</script>"
ANYTHING = st.one_of(
    st.text(max_size=30), st.sampled_from([
        SCRIPT, "சோதனை", "健康", "مرحبا \u202eabc", "e\u0301 \U0001f9ea",
        "\x00\x07\x1b[31m", "\u0085\u2028",
        "\u3000", " \t\r\n ", "=cmd|' /C calc'!A0", "\ufffe\uffff",
    ]),
)


def told(**more: Any) -> dict[str, list[dict[str, Any]]]:
    """The resources of a record by type; every rule is kept."""
    return check(json.loads(as_bytes(record(**more), NOW)))


class RuleTests(SynchronousTestCase):
    """Whatever is in it, it is FHIR."""

    def test_everything(self) -> None:
        """A record with something in every field keeps the rules, and has a resource of each."""
        self.assertEqual(set(told()), {
            "Patient", "Practitioner", "Device", "Observation", "DiagnosticReport", "CarePlan",
            "Questionnaire", "QuestionnaireResponse", "DocumentReference", "Consent",
            "AuditEvent",
        })

    def test_nothing(self) -> None:
        """A record of which nothing may be seen is a patient alone; unknowns are left out."""
        nobody = Patient("ab12", "Anna", "unknown", None, None, NOW)
        found = told(patient=nobody, measured=None, sections={}, shares=(), audit=())
        self.assertEqual(list(found), ["Patient"])
        self.assertNotIn("birthDate", found["Patient"][0])
        empty = {"labs": {"items": []}, "advice": {}, "questionnaire": {}, "notes": []}
        self.assertEqual(list(told(measured=None, sections=empty, shares=(), audit=())),
                         ["Patient"])

    def test_same_bytes(self) -> None:
        """The same content is the same bytes, but for the time at which it was asked for."""
        first, again = as_bytes(record(), NOW), as_bytes(record(), NOW)
        self.assertEqual(first, again)
        later = bundle_of(record(), NOW + 60)
        self.assertNotEqual(later.pop("timestamp"), bundle_of(record(), NOW)["timestamp"])
        self.assertEqual(later["entry"], bundle_of(record(), NOW)["entry"])

    def test_other_patients(self) -> None:
        """Nothing of two patients has the same id, not even a doctor of both."""
        mine, theirs = record(), record(patient=Patient("cd34", "B", "male", None, None, NOW))
        ids = [{each["fullUrl"] for each in bundle_of(one, NOW)["entry"]} for one in (mine, theirs)]
        self.assertEqual(ids[0] & ids[1], set())

    @settings(max_examples=40, deadline=None)
    @given(st.lists(ANYTHING, min_size=1, max_size=8))
    def test_any_text(self, texts: list[str]) -> None:
        """Any mixture of texts in every field is a valid Bundle."""
        numbers = iter(range(10_000))
        check(json.loads(as_bytes(
            record(lambda _: texts[next(numbers) % len(texts)]), NOW
        )))

    def test_scripts(self) -> None:
        """Scripts stay text, as they were written."""
        found = told(words=lambda _: SCRIPT)
        self.assertEqual(found["CarePlan"][0]["description"], SCRIPT)
        self.assertEqual(found["Patient"][0]["name"], [{"text": SCRIPT}])
        self.assertNotIn("text", found["CarePlan"][0])  # no narrative that could be rendered


class LabTests(SynchronousTestCase):
    """Results and reports."""

    def setUp(self) -> None:
        self.found = told()
        self.results = {
            (code, each["effectiveDateTime"]): each for each in self.found["Observation"]
            for code in codes_of(each["code"]) if "issued" in each
        }

    def result(self, code: str, day: str = "2026-11-02") -> dict[str, Any]:
        """The Observation of a code and a day."""
        return self.results[code, day]

    def test_converted(self) -> None:
        """A value told in mg/dL is exported in mmol/L under the code of mmol/L."""
        value = self.result("14646-4")["valueQuantity"]
        self.assertAlmostEqual(value["value"], 60 / 38.67, places=4)
        self.assertEqual(value["code"], "mmol/L")

    def test_ranges(self) -> None:
        """The laboratory's own range is normal, a table's is recommended, with its source."""
        (own,) = self.result("14682-9")["referenceRange"]
        self.assertEqual(own["type"]["coding"][0]["code"], "normal")
        self.assertEqual((own["low"]["value"], own["high"]["value"]), (50, 90))
        (ours,) = self.result("14647-2")["referenceRange"]
        self.assertEqual(ours["type"]["coding"][0]["code"], "recommended")
        self.assertIn("Health Promotion Board", ours["text"])
        self.assertNotIn("low", ours)

    def test_flags(self) -> None:
        """High is H, within the range N, and a limit or a value without a range neither."""
        def flag(code: str) -> str | None:
            found = self.result(code).get("interpretation")
            return found[0]["coding"][0]["code"] if found else None

        self.assertEqual([flag(each) for each in ("14647-2", "14682-9", "14749-6", "14631-6")],
                         ["H", "N", None, None])

    def test_limit(self) -> None:
        """"<5" keeps its comparator."""
        value = self.result("14631-6")["valueQuantity"]
        self.assertEqual((value["comparator"], value["value"]), ("<", 5))

    def test_computed(self) -> None:
        """A computed value names its formula and what it is computed from."""
        egfr = self.result("98979-8")
        self.assertIn("CKD-EPI 2021", egfr["method"]["text"])
        self.assertEqual([each["reference"] for each in egfr["derivedFrom"]],
                         ["urn:uuid:" + self.result("14682-9")["id"]])
        self.assertEqual(len(self.result("32309-7")["derivedFrom"]), 2)

    def test_reports(self) -> None:
        """Each date has a report that refers to all results of it."""
        reports = {each["effectiveDateTime"]: each for each in self.found["DiagnosticReport"]}
        self.assertEqual(sorted(reports), ["2026-05-02", "2026-11-02"])
        for day, report in reports.items():
            mine = ["urn:uuid:" + each["id"] for (_, on), each in self.results.items() if on == day]
            self.assertEqual(sorted(each["reference"] for each in report["result"]), sorted(mine))
        self.assertEqual(reports["2026-11-02"]["performer"], [{"display": "laboratory"}])
        self.assertNotIn("performer", reports["2026-05-02"])


class WrittenTests(SynchronousTestCase):
    """What people wrote."""

    def test_advice(self) -> None:
        """Each section with text is a plan of its author; drafts are nobody's else."""
        found = told()
        plans = {each["title"]: each for each in found["CarePlan"]}
        self.assertEqual(sorted(plans), ["Diet", "Heart and vessels"])
        plan = plans["Diet"]
        self.assertEqual(plan["description"], "Less salt.")
        self.assertEqual(plan["activity"][0]["detail"]["description"], "Less salt.")
        authors = {"urn:uuid:" + each["id"]: each["name"][0]["text"]
                   for each in found["Practitioner"]}
        self.assertEqual(authors[plan["author"]["reference"]], "Dr Lim")
        self.assertEqual(len(authors), 2)
        self.assertNotIn("secret draft", as_bytes(record(), NOW).decode())

    def test_answers(self) -> None:
        """Every answer is there under its question; of no question none is invented."""
        (response,) = told()["QuestionnaireResponse"]
        self.assertEqual(response["status"], "completed")
        pages = {each["linkId"]: each["item"] for each in response["item"]}
        self.assertEqual(list(pages), ["medications", "sleep", "tobacco", "screen_time"])
        self.assertEqual([each["linkId"] for each in pages["medications"]],
                         ["medications.any", "medications.list", "medications.list"])
        self.assertEqual(pages["sleep"][0]["answer"], [{"valueString": "I sleep well."}])
        self.assertEqual(pages["tobacco"][1]["answer"], [{"valueDate": "2019-05"}])
        self.assertEqual(pages["screen_time"][-1]["answer"], [{"valueString": "gone: an answer"}])

    def test_notes(self) -> None:
        """A note is a document that says what was written."""
        (note,) = told(words=lambda word: f"{word} சோ")["DocumentReference"]
        data = note["content"][0]["attachment"]["data"]
        self.assertEqual(b64decode(data).decode(), "Seen. சோ")

    def test_own_notes(self) -> None:
        """What the patient wrote is the patient's, who is no practitioner."""
        (note,) = examples.notes()["items"]
        mine = {"notes": {"items": [{**note, "author": "user:2", "author_name": "Anna"}]}}
        found = told(sections=mine)
        self.assertEqual(found["DocumentReference"][0]["author"][0]["reference"],
                         "urn:uuid:" + found["Patient"][0]["id"])
        self.assertNotIn("Practitioner", found)

    def test_consents(self) -> None:
        """Links and grants say who, what and until when; nothing that opens them is in it."""
        link, grant = told()["Consent"]
        self.assertEqual((link["status"], grant["status"]), ("active", "inactive"))
        self.assertEqual([each["text"] for each in link["provision"]["code"]],
                         ["readings", "labs"])
        self.assertNotIn("end", grant["provision"]["period"])
        self.assertEqual(grant["provision"]["actor"][0]["reference"], {"display": "Dr Lim"})
        more = {"token": "abc-token", "url": "/shared#abc-token", "passcode": True}
        secret = record(shares=[{**examples.shares()[0], **more}])
        self.assertNotIn(b"abc-token", as_bytes(secret, NOW))

    def test_audit(self) -> None:
        """Looks are AuditEvents without addresses; what was refused says so."""
        seen, refused = told()["AuditEvent"]
        self.assertEqual((seen["action"], seen["outcome"]), ("R", "0"))
        self.assertEqual((refused["outcome"], refused["outcomeDesc"]), ("4", "denied"))
        self.assertNotIn(b"192.0.2.7", as_bytes(record(), NOW))
