"""Pages of which more than one section opens the door: what they hold is what was granted."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.apps import Browser
from tests.health.record_app import RecordTest

INITIAL = re.compile(r'<script[^>]*id="initial"[^>]*>(.*?)</script>', re.S)
SECRETS = {"advice": "Eat slowly.", "notes": "Dizzy on Monday.", "readings": "97.5"}


class GrantedPageTests(RecordTest):
    """A doctor with one section each."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        ada = await self.signed_in("ada", "admin")
        await self.put("/advice", ada, diet=SECRETS["advice"])
        for path, body in (("/notes", {"text": SECRETS["notes"]}),
                           ("/readings", {"kind": "spo2", "value": 97.5})):
            reply = await self.anna.call("POST", self.path + path, json=body)
            self.assertEqual(reply.status, 201, reply.body)

    async def page(self, browser: Browser, name: str) -> Any:
        """What the server put into a page; None when there is no such page for this one."""
        reply = await browser.call("GET", f"/health/{self.who}/{name}",
                                   headers={"Accept": "text/html"})
        self.assertIn(reply.status, (200, 404), reply.body)
        found = INITIAL.search(reply.body.decode())
        return json.loads(found[1]) if reply.status == 200 and found else None

    async def test_advice(self) -> None:
        """Consent to advice or to notes opens their page, with nothing of the other in it;
        that they were looked at is written down."""
        for name, section, other in (("dora", "advice", "notes"), ("emil", "notes", "advice")):
            browser = await self.doctor(name, section)
            shown = await self.page(browser, "advice")
            self.assertEqual((bool(shown["advice"]), shown["notes"]),
                             (section == "advice", section == "notes"))
            self.assertNotIn(SECRETS[other], json.dumps(shown))
            self.assertEqual((await browser.call("GET", f"{self.path}/{other}")).status, 404)
            self.assertIn((name, f"view {section}", ""), await self.audited())
        self.assertIsNone(await self.page(await self.doctor("finn", "labs", "habits"), "advice"))

    async def test_report(self) -> None:
        """Any consent opens the page of the report; vitals are in it where readings were
        granted, and the PDF is of what was granted."""
        with_vitals = await self.page(await self.doctor("dora", "readings"), "report")
        self.assertIn(SECRETS["readings"], json.dumps(with_vitals))
        emil = await self.doctor("emil", "labs")
        shown = await self.page(emil, "report")
        self.assertEqual(shown["patient"]["sections"], ["labs"])
        self.assertEqual({"vitals", "alerts"} & set(shown), set())
        self.assertNotIn(SECRETS["readings"], json.dumps(shown))
        reply = await emil.call("GET", self.path + "/report.pdf?sections=readings")
        self.assertEqual(reply.status, 404)
        self.assertIsNone(await self.page(await self.signed_in("finn", "doctor"), "report"))
