"""FHIR over HTTP: who gets what, what comes back, and what is refused."""

from __future__ import annotations

import json
from typing import Any

from iotd.health.bucket_records import mark_stale
from iotd.health.fhir.api import MAX_BYTES
from iotd.health.readings import API
from iotd.health.records import add_readings
from tests.health.fhir.room import FhirTest
from tests.health.fhir.rules import codes_of
from tests.health.fhir.test_incoming import bundle, result
from tests.health.labs.room import mmol

WRITTEN = {"CarePlan", "QuestionnaireResponse", "DocumentReference"}


def values(found: dict[str, list[dict[str, Any]]], code: str) -> list[Any]:
    """The values of the Observations of a code."""
    return [each.get("valueQuantity", {}).get("value") for each in found.get("Observation", ())
            if code in codes_of(each["code"])]


class ExportTests(FhirTest):
    """What is handed out, and to whom."""

    async def fill(self) -> None:
        """Something in every section."""
        await self.read("heart_rate", 72)
        await self.tell("2023-11-02", glucose=mmol(97.3, "mg/dL"), creatinine=mmol(80, "umol/L"))
        await self.say("PUT", "/questionnaire", sleep="I sleep well.")
        doctor = await self.doctor("dora", "advice", "notes")
        await self.say("PUT", "/advice", doctor, diet="Less salt.")
        await self.say("POST", "/notes", doctor, text="Seen.")
        made = await self.say("POST", "/shares", sections=["labs"], label="For my son")
        self.token = made["token"]

    async def test_own(self) -> None:
        """A patient gets all of it, and that it was exported is written down."""
        await self.fill()
        found = await self.export()
        self.assertLessEqual(WRITTEN | {"DiagnosticReport", "Consent"}, found.keys())
        self.assertEqual(values(found, "8867-4"), [72])
        self.assertEqual(values(found, "14771-0"), [5.4008])
        self.assertEqual([each["name"][0]["text"] for each in found["Practitioner"]], ["dora"])
        self.assertEqual([each["status"] for each in found["Consent"]], ["active"] * 2)
        self.assertNotIn(self.token, json.dumps(found))
        self.assertNotIn("AuditEvent", found)
        self.assertEqual((await self.audited())[0], (
            "anna", "export fhir", "readings, labs, advice, questionnaire, notes"))

    async def test_doctor(self) -> None:
        """A doctor gets the sections that were granted, of shares and looks nothing; without
        consent there is no such patient."""
        await self.fill()
        lee = await self.doctor("lee", "labs")
        found = await self.export("", lee)
        self.assertEqual(set(found), {"Patient", "Observation", "DiagnosticReport"})
        self.assertEqual(values(found, "8867-4"), [])
        for query in ("?sections=readings", "?sections=labs,notes", "?audit=true"):
            self.assertEqual((await self.ask(query, lee)).status, 404, query)
        kim = await self.doctor("kim")
        self.assertEqual((await self.ask("", kim)).status, 404)
        self.assertEqual((await self.send(bundle(), "", kim)).status, 404)
        self.assertIn(("lee", "export fhir", "labs"), await self.audited())

    async def test_ended_meanwhile(self) -> None:
        """What a consent that ends while it is put together would have shown is not handed out."""
        await self.fill()
        lee = await self.doctor("lee", "labs")
        fhir = self.app.record.fhir
        export = fhir.export

        async def slow(*args: Any, **more: Any) -> bytes:
            body = await export(*args, **more)
            for share in await self.say_shares():
                await self.anna.call("DELETE", f"{self.path}/shares/{share}")
            return body

        self.patch(fhir, "export", slow)
        reply = await self.ask("", lee)
        self.assertEqual((reply.status, b"5.4008" in reply.body), (404, False))

    async def say_shares(self) -> list[str]:
        """The ids of all that is shared."""
        return [each["id"] for each in (await self.get("/shares"))["items"]]

    async def test_audit(self) -> None:
        """Who looked is told to the patient on request, the export itself among it."""
        await self.fill()
        events = (await self.export("?audit=true"))["AuditEvent"]
        self.assertEqual(events[0]["subtype"], [{"display": "export fhir"}])
        self.assertIn("advice", str(events[1:]))

    async def test_sections(self) -> None:
        """Some sections only; one that there is not is refused with those there are."""
        await self.fill()
        found = await self.export("?sections=labs")
        self.assertNotIn("CarePlan", found)
        reply = await self.ask("?sections=blood")
        self.assertEqual((reply.status, reply.json["field"]), (422, "sections"))
        self.assertEqual((await self.ask("?readings=some")).status, 422)
        self.assertEqual((await self.ask("?since=yesterday")).status, 422)

    async def test_pressure(self) -> None:
        """Both values are one Observation; what was rejected is not told."""
        for kind, value in (("bp_systolic", 128), ("bp_diastolic", 82), ("spo2", 97),
                            ("heart_rate", 399), ("body_temperature", 36.8)):
            await self.read(kind, value)
        found = await self.export()
        (pressure,) = [each for each in found["Observation"] if "component" in each]
        self.assertEqual([each["valueQuantity"]["value"] for each in pressure["component"]],
                         [128, 82])
        self.assertEqual(codes_of(pressure["code"]), {"85354-9"})
        self.assertEqual(values(found, "59408-5"), [97])
        self.assertEqual(values(found, "8867-4"), [])
        self.assertEqual(values(found, "8310-5"), [36.8])

    async def poll(self, count: int) -> None:
        """So many pulses, 30 s apart, up to now."""
        rows: list[dict[str, Any]] = [
            {"patient": self.who, "device": "wch", "kind": "heart_rate", "value": 60 + n % 5,
             "raw": "", "at": self.app.now - 30 * n, "received_at": self.app.now, "source": API,
             "quality": "good", "reason": None} for n in range(count)
        ]
        await self.app.store.run(add_readings, rows)
        days = sorted({self.app.calendar.day_of(row["at"]) for row in rows})
        keys = [(self.who, "heart_rate", day) for day in days]
        await self.app.store.run(mark_stale, keys)

    async def test_many(self) -> None:
        """Thousands of polls are told as the median of each day, unless all are asked for."""
        await self.poll(11_000)
        found = await self.export()
        self.assertEqual(values(found, "8867-4"), [62] * 4)
        self.assertIn("effectivePeriod", found["Observation"][0])
        self.assertEqual(len((await self.export("?readings=hour"))["Observation"]), 93)
        reply = await self.ask("?readings=all")
        self.assertEqual((reply.status, reply.json["field"]), (422, "readings"))
        since = "2023-11-14T00:00:00Z"
        found = await self.export(f"?readings=all&since={since}")
        self.assertEqual(len(values(found, "8867-4")), self.app.now % 86400 // 30 + 1)


class ImportTests(FhirTest):
    """What is taken over."""

    async def fill(self) -> None:
        """Results in other units, with the laboratory's own range, computed ones, limits."""
        await self.tell(
            "2023-11-02", total_cholesterol=mmol(213, "mg/dL"), hdl_c=mmol(60, "mg/dL"),
            creatinine=mmol(0.9, "mg/dL", low=0.5, high=1.1), glucose=mmol(97.3, "mg/dL"),
            hba1c=mmol(42, "mmol/mol"), bilirubin=mmol("<5", "umol/L"),
        )
        await self.say("PUT", "/labs", date="2023-05-02", laboratory="Lab சோ", values={
            "alt": mmol(31, "U/L"), "glucose": mmol(7.1, fasting=False)})

    async def test_own(self) -> None:
        """What was exported comes back without a change: no version, nothing in the audit."""
        await self.fill()
        before, exported = await self.get("/labs"), (await self.ask()).json
        for query in ("?preview=true", ""):
            reply = await self.send(exported, query)
            self.assertEqual(reply.status, 200, reply.body)
            self.assertEqual((reply.json["added"], reply.json["changed"]), (0, 0))
            self.assertEqual(reply.json["unchanged"], 8)
            self.assertEqual(reply.json["skipped_in_all"], 2)  # computed ones
        self.assertEqual(await self.get("/labs"), before)
        self.assertNotIn("fhir", str([each for each in await self.audited() if "labs" in each[1]]))

    async def test_to_another(self) -> None:
        """A record moves: what is taken over elsewhere is exported as it was here."""
        await self.fill()
        before, exported = await self.export("?sections=labs"), (await self.ask()).json
        await self.patient(name="A. Berg")
        reply = await self.send(exported, kind="application/json")
        self.assertEqual((reply.status, reply.json["added"]), (201, 8), reply.body)
        self.assertEqual(reply.json["reports"], ["2023-05-02", "2023-11-02"])
        after = await self.export("?sections=labs")
        for code in ("14647-2", "14646-4", "14682-9", "14771-0", "14749-6", "4548-4", "98979-8",
                     "32309-7", "14631-6", "1742-6"):
            self.assertEqual(values(after, code), values(before, code), code)
            self.assertEqual(len(values(after, code)), 1)
        reports = (await self.get("/labs"))["items"]
        self.assertEqual([each["source"] for each in reports], ["fhir", "fhir"])
        self.assertEqual(reports[1]["laboratory"], "Lab சோ")
        self.assertTrue(reports[0]["values"]["egfr"]["computed"])

    async def test_merge(self) -> None:
        """Results are merged by day and analyte; a preview changes nothing."""
        await self.tell("2023-11-02", glucose=mmol(5.4), alt=mmol(30, "U/L"))
        told = bundle(*(
            result(code, value, unit, effectiveDateTime="2023-11-02") for code, value, unit in (
                ("14771-0", 5.4, "mmol/L"), ("1742-6", 55, "U/L"), ("1920-8", 20, "U/L"),
                ("14771-0", 5.4, "mg/dL"), ("2276-4", 120, "ng/mL"))
        ), {"resourceType": "Observation", "status": "final"})
        counts = {"added": 1, "changed": 1, "unchanged": 1, "skipped_in_all": 2, "ignored": 1}
        for query, status, version in (("?preview=true", 200, 1), ("", 201, 2)):
            reply = await self.send(told, query)
            self.assertEqual(reply.status, status, reply.body)
            self.assertEqual({name: reply.json[name] for name in counts}, counts)
            self.assertEqual([each["index"] for each in reply.json["skipped"]], [3, 4])
            self.assertEqual(await self.versions(), {"2023-11-02": version})
        again = await self.send(told)
        self.assertEqual((again.status, again.json["unchanged"]), (200, 3))
        self.assertEqual(await self.versions(), {"2023-11-02": 2})

    async def test_doctor(self) -> None:
        """A doctor with the section takes results over; others can't."""
        lee, kim = await self.doctor("lee", "labs"), await self.doctor("kim", "advice")
        told = bundle(result(effectiveDateTime="2023-11-02"))
        self.assertEqual((await self.send(told, "", kim)).status, 404)
        self.assertEqual((await self.send(told, "", lee)).status, 201)
        self.assertEqual(await self.versions(), {"2023-11-02": 1})

    async def test_somebody_else(self) -> None:
        """A Bundle of somebody born on another day is refused, until it is told to be right."""
        person = {"resourceType": "Patient", "id": "1", "birthDate": "1950-01-01"}
        told = bundle(person, result(effectiveDateTime="2023-11-02"))
        reply = await self.send(told)
        self.assertEqual((reply.status, reply.json["field"]), (409, "birth_date"))
        self.assertEqual(await self.versions(), {})
        self.assertEqual((await self.send(told, "?force=true")).status, 201)

    async def test_refused(self) -> None:
        """What is no Bundle, or JSON that readers disagree on, is refused; nothing is stored."""
        for body, status in (
            (b"{}", 422), (b"[]", 422), (b"", 400), (b"{", 400), (b"\xff", 400),
            (b'{"resourceType": "Bundle", "resourceType": "Bundle"}', 400),
            (b'{"resourceType": "Bundle", "entry": [{"value": NaN}]}', 400),
            (b'{"resourceType": "Bundle", "entry": [{"value": 1e999}]}', 400),
            (b"[" * 100_000 + b"]" * 100_000, 400),
            (json.dumps(bundle(*[{}] * 100_000)).encode(), 422), (b" " * (MAX_BYTES + 1), 413),
        ):
            reply = await self.send(body)
            self.assertEqual(reply.status, status, (body[:60], reply.body))
        for kind in ("text/csv", "application/xml", "multipart/form-data; boundary=x"):
            self.assertEqual((await self.send(bundle(), "", kind=kind)).status, 415)
        self.assertEqual(await self.versions(), {})
