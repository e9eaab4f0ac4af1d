"""What can't be written into the audit is not done: 503, and nothing is different afterwards."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import text

from iotd.devices.model import Approval, Device
from iotd.devices.records import save_device
from iotd.site.routes import Identity
from iotd.store.metadata import metadata
from tests.accounts.room import PASSWORD
from tests.accounts.test_audit_records import refuse_rows
from tests.apps import Browser
from tests.health.test_api import HealthTest

CAB = "/api/v1/cabinets/cab"
# when somebody was seen, who tried a password, what a worker made meanwhile: no acts of people
PASSING = {"login_attempts", "sessions", "readings", "buckets", "alembic_version"}
FINGER = {"kind": "spo2", "value": 97}
LABS = {"date": "2023-01-02", "values": {"hba1c": {"value": 5.6, "unit": "%"}}}


class NeededTests(HealthTest):
    """Anna has a patient and a cabinet; the audit takes no rows until a test says so."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        store = self.app.store
        self.hers = await self.patient()
        device = Device("cab", "cab", "cabinet", Approval.APPROVED, "dev", 1.0, "10.0.0.7")
        await store.run(save_device, device)
        await store.run(self.app.registry.load)
        await self.app.registry.change("cab", {"patient": self.hers}, "admin")
        await self.app.add("vera", "viewer")
        self.own = f"/api/v1/patients/{self.hers}"
        self.before = await self.rows()
        await store.run(refuse_rows, "%")

    async def rows(self) -> dict[str, list[Any]]:
        """Every table that acts of people change."""
        def read(connection: Any) -> dict[str, list[Any]]:
            return {name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))]
                    for name in metadata.tables if name not in PASSING}

        found: dict[str, list[Any]] = await self.app.store.read(read)
        return found

    def acts(self) -> list[tuple[Browser, str, str, dict[str, Any] | None]]:
        """Changes, looks, exports and shares."""
        admin, anna, own = self.admin, self.anna, self.own
        changes: list[tuple[Browser, str, str, dict[str, Any] | None]] = [
            (anna, "PATCH", own, {"name": "Anna B."}),
            (admin, "POST", own + "/readings", FINGER),
            (anna, "PUT", own + "/alert-rules", {"spo2": {"low": 93}}),
            (anna, "PUT", own + "/labs", LABS),
            (anna, "PUT", own + "/questionnaire", {"sleep": "seven hours"}),
            (anna, "POST", own + "/notes", {"text": "Slept well."}),
            (anna, "POST", own + "/habits", {"name": "Walk"}),
            (anna, "POST", own + "/shares", {"sections": ["labs"]}),
            (admin, "POST", CAB + "/items", {"name": "Milk"}),
            (anna, "POST", "/api/v1/patients", {"name": "Bert"}),
            (admin, "PUT", own + "/advice", {"diet": "Eat slowly."}),
            (admin, "PATCH", "/api/v1/devices/cab", {"name": "Kitchen"}),
            (admin, "POST", "/api/v1/devices/cab/key", None),
            (admin, "POST", "/api/v1/users", {"name": "carl", "role": "viewer"}),
            (admin, "POST", "/api/v1/users/3/reset", None),
            (admin, "DELETE", "/api/v1/users/3", None),
            (admin, "POST", "/api/v1/tokens", {"name": "ci", "role": "viewer"}),
            (anna, "DELETE", own, None),
        ]
        looks = ("", "/vitals", "/labs", "/questionnaire", "/advice", "/notes", "/habits",
                 "/readings", "/readings.csv", "/labs.csv", "/report.pdf", "/fhir", "/alert-rules")
        return [(admin, "GET", own + look, None) for look in looks] + changes

    async def status(self, act: tuple[Browser, str, str, dict[str, Any] | None]) -> int:
        """What it is answered with."""
        browser, method, path, body = act
        options = {} if method == "GET" else {"json": body or {}}
        return (await browser.call(method, path, **options)).status

    async def test_not_done(self) -> None:
        """None of the acts happens; once the audit takes rows again each of them does."""
        refused = {act[1:3]: await self.status(act) for act in self.acts()}
        self.assertEqual({act: code for act, code in refused.items() if code != 503}, {})
        self.assertEqual(await self.rows(), self.before)
        await self.app.store.run(lambda db: db.execute(text("DROP TRIGGER full_audit")))
        done = {act[1:3]: await self.status(act) for act in self.acts()}
        self.assertEqual({act: code for act, code in done.items() if code >= 300}, {})
        self.assertEqual((await self.app.accounts.audit_log.follow())["items"], [])

    async def test_no_health_in_it(self) -> None:
        """No value, word, answer or name of what the acts were about stands in the audit."""
        await self.app.store.run(lambda db: db.execute(text("DROP TRIGGER full_audit")))
        for act in self.acts():
            await self.status(act)
        said = repr([list(row.values())[4:6] for row in await self.app.accounts.audit(200)])
        said = re.sub("[0-9a-f]{16}", "id", said)  # which are random, and may have a 97 in them
        for word in ("Anna B", "Bert", "97", "93", "5.6", "seven", "Slept", "Walk", "Milk",
                     "slowly"):
            self.assertNotIn(word, said)

    async def test_sign_in(self) -> None:
        """Nobody is signed in whose sign-in can't be written down; a wrong password says 503."""
        browser = self.app.browser()
        for password in (PASSWORD, "wet paint on monday"):
            body = {"username": "vera", "password": password}
            reply = await browser.call("POST", "/api/v1/session", json=body)
            self.assertEqual((reply.status, browser.cookie), (503, None))
        self.assertEqual((await self.rows())["users"], self.before["users"])

    async def test_live(self) -> None:
        """Who hears somebody live without its being noted hears no more until it can be."""
        looks, seen = self.app.looks, []
        who = Identity("admin", "admin", "s-new", 1, "csrf")
        for _ in range(3):
            seen.append(looks.hears(who, self.hers, self.app.now))
            await self.app.store.run(lambda connection: None)
        await self.app.store.run(lambda db: db.execute(text("DROP TRIGGER full_audit")))
        for _ in range(2):
            seen.append(looks.hears(who, self.hers, self.app.now))
            await self.app.store.run(lambda connection: None)
        self.assertEqual(seen, [True, False, False, False, True])
