"""Alerts, asked for as browsers and scripts do."""

from __future__ import annotations

from typing import Any

from iotd.bus import AlertWanted
from tests.apps import Browser
from tests.health.test_api import HealthTest


class AlertApiTest(HealthTest):
    """The app with Anna's patient, Bert with one of his own, an operator and a viewer."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        for name, role in (("bert", "patient"), ("otto", "operator"), ("vic", "viewer"),
                           ("doc", "doctor")):
            await self.app.add(name, role)
        self.bert = await self.app.signed_in("bert")
        self.otto = await self.app.signed_in("otto")
        self.id = await self.patient()

    async def settled(self) -> None:
        """What was asked for is on disk."""
        for _ in range(3):
            await self.app.store.run(lambda connection: None)

    async def pressure(self, value: float) -> dict[str, Any]:
        """Anna tells a pressure; the newest alert."""
        await self.post(self.id, "bp_systolic", value)
        await self.settled()
        return (await self.alerts(self.anna))[0]

    async def alerts(self, browser: Browser, path: str = "/alerts", query: str = "") -> Any:
        """The items of a list."""
        reply = await browser.call("GET", f"/api/v1{path}{query}")
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json["items"]

    async def act(self, browser: Browser, id: str, act: str, **body: Any) -> Any:
        """The reply to an act."""
        return await browser.call("POST", f"/api/v1/alerts/{id}/{act}", json=body)


class AlertApiTests(AlertApiTest):
    async def test_life(self) -> None:
        """An alert is raised by a reading, acknowledged, snoozed, cancelled, and then over."""
        alert = await self.pressure(230)
        self.assertEqual(
            {name: alert[name] for name in ("patient", "cause", "vital", "value", "unit",
                                            "severity", "state", "text")},
            {"patient": self.id, "cause": "high", "vital": "bp_systolic", "value": 230,
             "unit": "mm[Hg]", "severity": "urgent", "state": "open",
             "text": "Systolic blood pressure 230 mmHg is above 219."},
        )
        done = await self.act(self.anna, alert["id"], "acknowledge")
        self.assertEqual((done.status, done.json["acknowledged_by"]), (200, "anna"))
        done = await self.act(self.admin, alert["id"], "snooze", minutes=5)
        self.assertEqual((done.status, done.json["state"]), (200, "snoozed"))
        self.assertIsNotNone(done.json["snoozed_until"])
        done = await self.act(self.anna, alert["id"], "cancel")
        self.assertEqual((done.json["state"], done.json["ended_by"]), ("ended", "anna"))
        for act in ("acknowledge", "cancel"):
            self.assertEqual((await self.act(self.anna, alert["id"], act)).status, 409)
        self.assertEqual(await self.alerts(self.anna, query="?state=live"), [])
        self.assertEqual(len(await self.alerts(self.anna, query="?state=ended")), 1)
        audit = await self.admin.call("GET", "/api/v1/audit")
        rows = [row for row in audit.json["items"] if "alert" in row["action"]]
        self.assertEqual([(row["who"], row["subject"]) for row in rows],
                         [("anna", self.id), ("admin", self.id), ("anna", self.id)])

    async def test_minutes(self) -> None:
        """A snooze is for 1 to 10080 whole minutes."""
        alert = await self.pressure(230)
        for minutes in (0, -5, 10081, 1.5, "5", None, True):
            reply = await self.act(self.anna, alert["id"], "snooze", minutes=minutes)
            self.assertEqual((reply.status, reply.json["field"]), (422, "minutes"), minutes)
        self.assertEqual((await self.act(self.anna, alert["id"], "snooze")).status, 422)

    async def test_whose(self) -> None:
        """Others neither see it nor can act on it; a viewer may not even ask."""
        alert = await self.pressure(230)
        vic, doc = await self.app.signed_in("vic"), await self.app.signed_in("doc")
        for browser in (self.bert, self.otto, doc):
            self.assertEqual(await self.alerts(browser), [])
            reply = await self.act(browser, alert["id"], "acknowledge")
            self.assertEqual(reply.status, 404)
        for browser in (self.bert, doc):
            for path in ("alerts", "alert-rules"):
                reply = await browser.call("GET", f"/api/v1/patients/{self.id}/{path}")
                self.assertEqual(reply.status, 404)
        self.assertEqual((await vic.call("GET", "/api/v1/alerts")).status, 403)
        path = f"/patients/{self.id}/alerts"
        self.assertEqual(await self.alerts(self.admin, path), [alert])
        self.assertEqual(await self.alerts(self.anna, path, "?state=open"), [alert])

    async def test_devices(self) -> None:
        """Operators answer alerts of devices, patients know nothing of them."""
        self.app.bus.publish(AlertWanted(
            "two/cab", None, "cab", "two_boards", "urgent", "Two boards behind 10.0.0.7.", True
        ))
        await self.settled()
        [alert] = await self.alerts(self.otto)
        self.assertEqual((alert["device"], alert["kind"]), ("cab", "device"))
        self.assertEqual(await self.alerts(self.anna), [])
        self.assertEqual((await self.act(self.anna, alert["id"], "cancel")).status, 404)
        self.assertEqual((await self.act(self.otto, alert["id"], "cancel")).status, 200)

    async def test_pages(self) -> None:
        """``next`` leads through all of them, with the state that was asked for."""
        for n in range(5):
            self.app.bus.publish(AlertWanted(
                f"k{n}", self.id, None, "low_stock", "warning", f"{n}", True
            ))
            self.app.now += 1
        await self.settled()
        for start in ("/api/v1/alerts?limit=2&state=open",
                      f"/api/v1/patients/{self.id}/alerts?limit=2&state=open"):
            texts, path = [], start
            while path:
                reply = await self.anna.call("GET", path)
                texts += [each["text"] for each in reply.json["items"]]
                path = reply.json["next"]
            self.assertEqual(texts, ["4", "3", "2", "1", "0"])
        reply = await self.anna.call("GET", "/api/v1/alerts?state=none")
        self.assertEqual((reply.status, reply.json["field"]), (422, "state"))

    async def test_rules(self) -> None:
        """Rules are merged by key; nonsense is told with its field."""
        path = f"/api/v1/patients/{self.id}/alert-rules"
        before = (await self.anna.call("GET", path)).json
        self.assertEqual(before["heart_rate"]["high"], 120)
        changed = await self.anna.call("PUT", path, json={
            "bp_systolic": {"urgent_high": None, "high": 140}, "stale": {"urgent_minutes": 45},
        })
        expected = {**before, "stale": {**before["stale"], "urgent_minutes": 45},
                    "bp_systolic": {**before["bp_systolic"], "urgent_high": None, "high": 140}}
        self.assertEqual((changed.status, changed.json), (200, expected))
        self.assertEqual((await self.anna.call("PUT", path, json=expected)).json, expected)
        for body, field in (
            ({"heart_rate": {"high": 20}}, "heart_rate.high"),
            ({"heart_rate": {"high": "120"}}, "heart_rate.high"),
            ({"heart_rate": {"hihg": 120}}, "heart_rate.hihg"),
            ({"heart_rate": None}, "heart_rate"), ({"colour": {}}, "colour"),
            ({"stale": {"warning_minutes": 0}}, "stale.warning_minutes"),
            ({"spo2": {"need": 4}}, "spo2.need"),
        ):
            reply = await self.anna.call("PUT", path, json=body)
            self.assertEqual((reply.status, reply.json["field"]), (422, field), body)
        self.assertEqual((await self.pressure(145))["severity"], "warning")
        reply = await self.bert.call("PUT", path, json={})
        self.assertEqual(reply.status, 404)

    async def test_trial(self) -> None:
        """An admin sends a test and is told what became of it; others may not."""
        reply = await self.admin.call("POST", "/api/v1/alerts/test", json={})
        self.assertEqual((reply.status, reply.json), (200, {"items": [
            {"channel": "mail", "target": "family@example.org", "delivered": True, "error": None},
        ], "next": None}))
        self.assertEqual(self.app.post.mails[0].subject, "iotd: test of alerts")
        self.assertEqual((await self.anna.call("POST", "/api/v1/alerts/test")).status, 403)

    async def test_unknown(self) -> None:
        """What there is not is not found."""
        for act in ("acknowledge", "cancel"):
            self.assertEqual((await self.act(self.admin, "nothing", act)).status, 404)
        reply = await self.admin.call("GET", "/api/v1/patients/nothing/alerts")
        self.assertEqual(reply.status, 404)

    async def test_removed(self) -> None:
        """With the patient its alerts go."""
        alert = await self.pressure(230)
        await self.anna.call("DELETE", f"/api/v1/patients/{self.id}")
        await self.settled()
        self.assertEqual(await self.alerts(self.admin), [])
        self.assertEqual((await self.act(self.admin, alert["id"], "cancel")).status, 404)
