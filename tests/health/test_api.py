"""Patients, vitals and readings, asked for as browsers and scripts do."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.bus import ReadingHeard
from tests.apps import App, Browser

ANNA = {"name": "Anna Berg", "sex": "female", "birth_date": "1948-07-21"}


class HealthTest(TestCase):
    """The app; ``self.admin`` and ``self.anna`` are signed in."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        await self.app.add("admin", "admin")
        await self.app.add("anna", "patient")
        self.admin = await self.app.signed_in("admin")
        self.anna = await self.app.signed_in("anna")

    async def patient(self, browser: Browser | None = None, **more: Any) -> str:
        """A new patient's id."""
        made = await (browser or self.anna).call("POST", "/api/v1/patients", json={**ANNA, **more})
        self.assertEqual(made.status, 201, made.body)
        return str(made.json["id"])

    async def post(self, id: str, kind: str, value: Any, **more: Any) -> Any:
        """The reply to one reading told by Anna."""
        body = {"kind": kind, "value": value, **more}
        return await self.anna.call("POST", f"/api/v1/patients/{id}/readings", json=body)

    async def get(self, path: str, browser: Browser | None = None) -> Any:
        """A reply's JSON; it must be one that worked."""
        reply = await (browser or self.anna).call("GET", f"/api/v1/patients{path}")
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json

    async def hear(self, value: float, unit: str, device: str = "wch") -> None:
        """A device says a value, and it is on disk."""
        self.app.bus.publish(ReadingHeard(device, value, unit, f"{value:.2f},{unit}",
                                          self.app.now))
        while self.app.readings.waiting:
            await self.app.store.run(lambda connection: None)


class FirstTests(HealthTest):
    async def test_thin_path(self) -> None:
        """A patient, a reading, and it is among the vitals."""
        id = await self.patient()
        made = await self.post(id, "heart_rate", 72)
        self.assertEqual((made.status, made.json["quality"]), (201, "good"))
        vitals = await self.get(f"/{id}/vitals")
        self.assertEqual([each["kind"] for each in vitals["items"]], [
            "heart_rate", "body_temperature", "spo2", "bp_systolic", "bp_diastolic",
        ])
        pulse = vitals["items"][0]
        self.assertEqual((pulse["value"], pulse["unit"], pulse["state"]), (72.0, "/min", "fresh"))
        self.assertEqual(vitals["items"][1]["state"], "none")
        self.assertEqual((await self.get(f"/{id}/readings"))["items"], [made.json])


class PatientTests(HealthTest):
    """Making, changing and removing patients."""

    async def test_own(self) -> None:
        """A patient's account makes its own; it is listed, changed and removed by its owner."""
        id = await self.patient()
        self.assertRegex(id, r"^[0-9a-f]{16}$")
        shown = await self.get(f"/{id}")
        self.assertEqual({name: shown[name] for name in ANNA}, ANNA)
        self.assertEqual((shown["user"], shown["devices"]), ("anna", []))
        self.assertEqual((await self.get(""))["items"], [shown])
        changed = await self.anna.call(
            "PATCH", f"/api/v1/patients/{id}", json={"name": "Anna B.", "birth_date": None}
        )
        self.assertEqual((changed.json["name"], changed.json["birth_date"]), ("Anna B.", None))
        self.assertEqual(changed.json["sex"], "female")
        self.assertEqual((await self.anna.call("DELETE", f"/api/v1/patients/{id}")).status, 204)
        self.assertEqual((await self.anna.call("GET", f"/api/v1/patients/{id}")).status, 404)
        self.assertEqual((await self.get(""))["items"], [])

    async def test_for_an_account(self) -> None:
        """An admin makes a patient for an account, which sees it then, and may take it away."""
        id = await self.patient(self.admin, user="anna")
        self.assertEqual((await self.get(f"/{id}"))["name"], "Anna Berg")
        await self.admin.call("PATCH", f"/api/v1/patients/{id}", json={"user": None})
        self.assertEqual((await self.anna.call("GET", f"/api/v1/patients/{id}")).status, 404)
        self.assertIsNone((await self.get(f"/{id}", self.admin))["user"])

    async def test_account_goes(self) -> None:
        """When an account is deleted its patient stays, nobody's, and no later account gets it."""
        id = await self.patient()
        accounts = {each["name"]: each["id"] for each in self.app.accounts.users()}
        await self.app.accounts.people.remove(accounts["anna"], "test")
        self.assertIsNone((await self.get(f"/{id}", self.admin))["user"])
        await self.app.add("anna", "patient")
        again = await self.app.signed_in("anna")
        self.assertEqual((await again.call("GET", f"/api/v1/patients/{id}")).status, 404)

    async def test_refused(self) -> None:
        """Each wrong field is named."""
        cases: list[tuple[str, dict[str, Any]]] = [
            ("name", {"name": " "}), ("name", {"name": "a\nb"}), ("name", {"name": "x" * 101}),
            ("sex", {"sex": "x"}), ("birth_date", {"birth_date": "21.7.1948"}),
            ("birth_date", {"birth_date": "1848-07-21"}),
            ("birth_date", {"birth_date": "2048-07-21"}),
            ("birth_date", {"birth_date": "2001-02-29"}), ("user", {"user": "nobody"}),
            ("user", {"user": "admin"}), ("age", {"age": 3}),
        ]
        for field, wrong in cases:
            reply = await self.admin.call("POST", "/api/v1/patients", json={**ANNA, **wrong})
            self.assertEqual((reply.status, reply.json["field"]), (422, field), wrong)
        reply = await self.anna.call("POST", "/api/v1/patients", json={**ANNA, "user": "admin"})
        self.assertEqual(reply.status, 422)

    async def test_little_known(self) -> None:
        """Sex and date of birth may be left out; letters stand for words."""
        made = await self.anna.call("POST", "/api/v1/patients", json={"name": "B", "sex": "M"})
        self.assertEqual((made.json["sex"], made.json["birth_date"]), ("male", None))
        made = await self.anna.call("POST", "/api/v1/patients", json={"name": "C"})
        self.assertEqual(made.json["sex"], "unknown")

    async def test_devices(self) -> None:
        """A patient's devices are shown with it while they are assigned."""
        id = await self.patient()
        await self.app.registry.make_key("wch-7", "watch", "test")
        await self.app.registry.change("wch-7", {"patient": id}, "test")
        self.assertEqual((await self.get(f"/{id}"))["devices"], [
            {"id": "wch-7", "name": "wch-7", "kind": "watch", "state": "offline"}
        ])
        await self.app.registry.change("wch-7", {"patient": None}, "test")
        self.assertEqual((await self.get(f"/{id}"))["devices"], [])


class ReadingTests(HealthTest):
    """Values told, listed, charted."""

    async def test_refused(self) -> None:
        """What can't be is refused with its field."""
        id = await self.patient()
        cases: list[tuple[str, dict[str, Any]]] = [
            ("kind", {"kind": "mood"}), ("value", {"value": 720}), ("value", {"value": "72"}),
            ("value", {"value": True}), ("value", {"value": 10**400}),
            ("value", {"value": None}), ("value", {"value": [72]}), ("unit", {"unit": "bpm"}),
            ("measured_at", {"measured_at": "yesterday"}),
            ("measured_at", {"measured_at": "2023-11-14T22:13:20"}),
            ("measured_at", {"measured_at": "2093-11-14T22:13:20Z"}),
            ("measured_at", {"measured_at": "1893-11-14T22:13:20Z"}),
            ("measured_at", {"measured_at": "1948-07-20T09:59:59Z"}),
            ("measured_at", {"measured_at": "2023-13-14T22:13:20Z"}),
        ]
        for field, wrong in cases:
            reply = await self.anna.call(
                "POST", f"/api/v1/patients/{id}/readings",
                json={"kind": "heart_rate", "value": 72, **wrong},
            )
            self.assertEqual(reply.status, 422, wrong)
            self.assertEqual(reply.json["field"], field, reply.json)
        self.assertEqual((await self.get(f"/{id}/readings"))["items"], [])

    async def test_time_and_unit(self) -> None:
        """Any offset and Fahrenheit are taken; a clock a little ahead is."""
        id = await self.patient()
        made = await self.post(id, "body_temperature", 98.6, unit="[degF]",
                               measured_at="2023-11-14T23:13:20.5+01:00")
        self.assertEqual(made.json["measured_at"], "2023-11-14T22:13:20.500Z")
        self.assertEqual((made.json["value"], made.json["raw"]), (37.0, "98.6 [degF]"))
        self.assertEqual(made.json["source"], "hand")
        soon = _text(self.app.now + 200)
        self.assertEqual((await self.post(id, "spo2", 97, measured_at=soon)).status, 201)

    async def test_born(self) -> None:
        """The day of birth counts from where on earth it begins first; where it is not known,
        any day from 1900 on does."""
        for born, when in (("1948-07-21", "1948-07-21T00:00:00+14:00"),
                           (None, "1900-01-01T00:00:00Z")):
            id = await self.patient(birth_date=born)
            made = await self.post(id, "spo2", 97, measured_at=when)
            self.assertEqual(made.status, 201, made.body)

    async def test_pages(self) -> None:
        """Pages follow each other to the end, whatever their size, the newest first."""
        id = await self.patient()
        for n in range(7):
            when = _text(self.app.now - 60 * (n % 3))  # many at the same moment
            await self.post(id, "heart_rate", 60 + n, measured_at=when)
            await self.post(id, "spo2", 90 + n, measured_at=when)
        whole = (await self.get(f"/{id}/readings"))["items"]
        self.assertEqual(len(whole), 14)
        times = [each["measured_at"] for each in whole]
        self.assertEqual(times, sorted(times, reverse=True))
        for size in (1, 3, 14):
            paged, path = [], f"/{id}/readings?limit={size}"
            while path:
                page = await self.get(path)
                paged += page["items"]
                path = (page["next"] or "").removeprefix("/api/v1/patients")
            self.assertEqual(paged, whole, size)
        only = (await self.get(f"/{id}/readings?kind=spo2&limit=2"))
        self.assertEqual([each["kind"] for each in only["items"]], ["spo2"] * 2)
        self.assertIn("kind=spo2", only["next"])

    async def test_span(self) -> None:
        """From since to before until; a wrong time or place is named."""
        id = await self.patient()
        for n in range(4):
            await self.post(id, "spo2", 95 + n, measured_at=_text(self.app.now - 60 * n))
        path = f"/{id}/readings?since={_text(self.app.now - 120)}&until={_text(self.app.now)}"
        self.assertEqual([e["value"] for e in (await self.get(path))["items"]], [96, 97])
        for query in ("since=now", "until=2023", "after=x", "after=1~x", "kind=mood",
                      "bucket=week", "bucket=day&after=7", "after=nan~1",
                      "bucket=day&after=spo2~nan", "bucket=day&after=spo2~1e300"):
            reply = await self.anna.call("GET", f"/api/v1/patients/{id}/readings?{query}")
            self.assertEqual(reply.status, 422, query)

    async def test_any_span(self) -> None:
        """Spans from the year 1 to 9999 are answered, in every form."""
        id = await self.patient()
        await self.post(id, "spo2", 97)
        span = "since=0001-01-01T00:00:00%2B23:59&until=9999-12-31T23:59:59-23:59"
        for query in (span, span + "&bucket=auto", span + "&bucket=minute", span + "&bucket=day"):
            found = await self.get(f"/{id}/readings?{query}")
            self.assertEqual(len(found["items"]), 1, query)
        self.assertEqual(len((await self.get(f"/{id}/sheet?{span}"))["items"]), 1)
        backwards = "since=2024-01-01T00:00:00Z&until=2023-01-01T00:00:00Z"
        for query in (backwards, backwards + "&bucket=auto"):
            self.assertEqual((await self.get(f"/{id}/readings?{query}"))["items"], [])

    async def test_buckets(self) -> None:
        """Buckets of the site's days, good readings alone, by kind or all kinds."""
        id = await self.patient()
        midnight = self.app.calendar.span(self.app.calendar.day_of(self.app.now))[0]
        for seconds, value in ((-1, 60), (0, 70), (1, 80), (2, 22)):
            await self.post(id, "heart_rate", value, measured_at=_text(midnight + seconds))
        await self.post(id, "spo2", 97)
        found = await self.get(f"/{id}/readings?bucket=day&kind=heart_rate")
        self.assertEqual([(e["start"], e["count"], e["min"], e["median"], e["max"])
                          for e in found["items"]], [
            (_text(midnight - 86400), 1, 60, 60, 60), (_text(midnight), 2, 70, 75, 80),
        ])
        self.assertEqual((found["bucket"], found["next"]), ("day", None))
        every = await self.get(f"/{id}/readings?bucket=auto")
        self.assertEqual({each["kind"] for each in every["items"]}, {"heart_rate", "spo2"})
        page = await self.get(f"/{id}/readings?bucket=86400&limit=1")
        self.assertEqual(len(page["items"]), 1)
        self.assertIn("after=", page["next"])

    async def test_zipped(self) -> None:
        """A chart is sent zipped to whoever takes that, and says the same."""
        id = await self.patient()
        await self.post(id, "spo2", 97)
        path = f"/api/v1/patients/{id}/readings?bucket=day"
        plain = await self.anna.open("GET", path, headers={"Accept-Encoding": None})
        zipped = await self.anna.open("GET", path, headers={"Accept-Encoding": "gzip"})
        told = [await reply.json() for reply in (plain, zipped)]
        self.assertEqual(told[0], told[1])
        self.assertEqual(len(told[0]["items"]), 1)
        self.assertEqual(zipped.headers.getRawHeaders("vary"), ["Accept-Encoding"])

    async def test_removed(self) -> None:
        """A value that was typed wrongly goes; what a device said stays."""
        id = await self.patient()
        await self.app.registry.make_key("wch-7", "watch", "test")
        await self.app.registry.change("wch-7", {"patient": id}, "test")
        await self.hear(71, "bpm", "wch-7")
        made = await self.post(id, "heart_rate", 72)
        path = f"/api/v1/patients/{id}/readings/"
        self.assertEqual((await self.anna.call("DELETE", path + str(made.json["id"]))).status, 204)
        kept = (await self.get(f"/{id}/readings"))["items"]
        self.assertEqual([each["source"] for each in kept], ["wch-7"])
        self.assertEqual((await self.anna.call("DELETE", path + str(kept[0]["id"]))).status, 409)
        self.assertEqual((await self.anna.call("DELETE", path + "999")).status, 404)


class VitalsTests(HealthTest):
    """The newest of each."""

    async def test_states(self) -> None:
        """Fresh after a poll, late after a few lost ones, stale after 15 minutes."""
        id = await self.patient()
        await self.app.registry.make_key("wch-7", "watch", "test")
        await self.app.registry.change("wch-7", {"patient": id}, "test")
        await self.hear(72, "bpm", "wch-7")
        for passed, state in ((10, "fresh"), (70, "fresh"), (80, "late"), (899, "late"),
                              (901, "stale")):
            self.app.now += passed
            vital = (await self.get(f"/{id}/vitals"))["items"][0]
            self.assertEqual((vital["state"], vital["age_seconds"]), (state, passed))
            self.app.now -= passed
        self.assertEqual(vital["trend"], [[self.app.now, 72.0]])
        self.assertEqual((vital["range"]["low"], vital["range"]["high"]), (60, 100))

    async def test_blood_pressure(self) -> None:
        """Two values of one source within a minute are one measurement; others are none."""
        id = await self.patient()
        await self.post(id, "bp_systolic", 130, measured_at=_text(self.app.now - 61))
        await self.post(id, "bp_diastolic", 85)
        self.assertIsNone((await self.get(f"/{id}/vitals"))["blood_pressure"])
        await self.post(id, "bp_systolic", 120, measured_at=_text(self.app.now - 60))
        pressure = (await self.get(f"/{id}/vitals"))["blood_pressure"]
        self.assertEqual((pressure["systolic"], pressure["diastolic"]), (120, 85))
        self.assertEqual((pressure["source"], pressure["quality"]), ("hand", "good"))
        self.app.now += 300
        await self.post(id, "bp_systolic", 80)
        await self.post(id, "bp_diastolic", 120)
        pressure = (await self.get(f"/{id}/vitals"))["blood_pressure"]
        self.assertEqual((pressure["systolic"], pressure["quality"]), (80, "suspect"))

    async def test_late_data(self) -> None:
        """A value measured long ago that arrives now is not the newest."""
        id = await self.patient()
        await self.post(id, "spo2", 97)
        await self.post(id, "spo2", 91, measured_at=_text(self.app.now - 9000))
        vital = (await self.get(f"/{id}/vitals"))["items"][2]
        self.assertEqual((vital["value"], len(vital["trend"])), (97, 2))

    async def test_news2(self) -> None:
        """The score counts what is told; a watch's temperature is that of skin and does not."""
        id = await self.patient()
        await self.app.registry.make_key("wch-7", "watch", "test")
        await self.app.registry.change("wch-7", {"patient": id}, "test")
        await self.hear(135, "bpm", "wch-7")
        await self.hear(39.5, "temp", "wch-7")
        score = (await self.get(f"/{id}/vitals"))["news2"]
        self.assertEqual((score["at_least"], score["complete"]), (3, False))
        self.assertIn("body_temperature", score["missing"])
        await self.hear(40, "bpm", "wch-7")  # a jump: it alone does not count, nor hide the rest
        score = (await self.get(f"/{id}/vitals"))["news2"]
        self.assertEqual((score["at_least"], score["parts"][0]["value"]), (3, 135))

    async def test_news2_behind_doubtful_ones(self) -> None:
        """However many values are doubtful, or of skin, the good one of minutes ago counts,
        for an hour."""
        id = await self.patient()
        await self.app.registry.make_key("wch-7", "watch", "test")
        await self.app.registry.change("wch-7", {"patient": id}, "test")
        await self.post(id, "body_temperature", 39.5)
        await self.post(id, "spo2", 91)
        for _ in range(8):
            self.app.now += 30
            await self.hear(300, "bpm", "wch-7")
            await self.hear(33.5, "temp", "wch-7")
            await self.hear(0, "spo2", "wch-7")
        score = (await self.get(f"/{id}/vitals"))["news2"]
        told = {part["kind"]: part["value"] for part in score["parts"]}
        self.assertEqual(told, {"body_temperature": 39.5, "spo2": 91})
        self.app.now += 3600
        self.assertIsNone((await self.get(f"/{id}/vitals"))["news2"])


def _text(at: float) -> str:
    moment = datetime.fromtimestamp(at, timezone.utc)
    return moment.isoformat().replace("+00:00", "Z")
