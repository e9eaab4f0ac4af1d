"""What becomes of a patient's record when its owner's account goes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from twisted.internet.defer import DeferredList

from iotd.errors import Conflict
from iotd.site.routes import Identity
from iotd.store.metadata import metadata
from tests.accounts.room import PASSWORD
from tests.health.test_api import HealthTest

OWN = "/api/v1/session/account"


class LeavingTest(HealthTest):
    """Anna has a patient with something in every section; the admin has one as well."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.hers, self.other = await self.patient(), await self.patient(self.admin)
        for id, browser in ((self.hers, self.anna), (self.other, self.admin)):
            await self.fill(f"/api/v1/patients/{id}", browser)
        self.number = self.app.accounts.people.named("anna").id

    async def fill(self, path: str, browser: Any) -> None:
        """Something of each section."""
        habit = await browser.call("POST", path + "/habits", json={"name": "Walk"})
        for method, where, body in (
            ("POST", "/readings", {"kind": "spo2", "value": 97}),
            ("PUT", "/labs", {"date": "2023-11-01",
                              "values": {"glucose": {"value": 5.1, "unit": "mmol/L"}}}),
            ("PUT", "/questionnaire", {"sleep": "Seven hours."}),
            ("POST", "/notes", {"text": "Better today."}),
            ("POST", f"/habits/{habit.json['id']}/checkins", {"state": "done"}),
            ("POST", "/shares", {"sections": ["labs"]}),
            ("PUT", "/nutrition/targets", {"iron_mg": 18}),
            ("PUT", "/alert-rules", {"spo2": {"low": 93}}),
        ):
            reply = await browser.call(method, path + where, json=body)
            self.assertLess(reply.status, 300, (where, reply.body))
        advice = await self.admin.call("PUT", path + "/advice", json={"diet": "Eat slowly."})
        self.assertEqual(advice.status, 200, advice.body)

    async def rows(self, patient: str) -> dict[str, int]:
        """How many rows each table has of a patient."""
        def count(connection: Any) -> dict[str, int]:
            return {
                table.name: connection.execute(
                    select(func.count()).select_from(table).where(table.c.patient == patient)
                ).scalar_one()
                for table in metadata.sorted_tables if "patient" in table.c
            }

        found: dict[str, int] = await self.app.store.read(count)
        return {name: rows for name, rows in found.items() if rows}


class LeavingTests(LeavingTest):
    """Who goes, and who takes whom away."""

    async def test_own(self) -> None:
        """Whoever deletes their own account takes the record along, of every table; the audit
        stays without the name, and other records stay as they were."""
        before = await self.rows(self.other)
        self.assertGreater(set(await self.rows(self.hers)), {"lab_reports", "notes", "shares"})
        gone = await self.anna.call("DELETE", OWN, json={"password": PASSWORD})
        self.assertEqual(gone.status, 204, gone.body)
        self.assertEqual(set(await self.rows(self.hers)), {"audit"})
        self.assertEqual(await self.rows(self.other), before)
        reply = await self.admin.call("GET", f"/api/v1/patients/{self.hers}")
        self.assertEqual(reply.status, 404)
        rows = await self.app.accounts.audit(500)
        self.assertIn("remove patient", [row["action"] for row in rows])
        self.assertNotIn("anna", repr(rows).lower())

    async def test_by_an_admin(self) -> None:
        """An admin who takes an account away takes no record with it: it is nobody's then."""
        before = await self.rows(self.hers)
        gone = await self.admin.call("DELETE", f"/api/v1/users/{self.number}")
        self.assertEqual(gone.status, 204)
        self.assertEqual(set(await self.rows(self.hers)), set(before))
        shown = await self.get(f"/{self.hers}", self.admin)
        self.assertIsNone(shown["user"])


class MeanwhileTests(LeavingTest):
    """A patient that is made while its owner goes."""

    async def test_under_way(self) -> None:
        """One that is on its way to the disk goes along."""
        anna = Identity("anna", "patient", "s", self.number)
        both: list[Any] = [
            self.app.patients.add(anna, "Late", None, None),
            self.app.accounts.people.remove(self.number, "anna"),
        ]
        await DeferredList(both)
        names = [each.name for each in self.app.patients.seen_by(Identity("r", "admin", "s"))]
        self.assertEqual(names, ["Anna Berg"])

    async def test_afterwards(self) -> None:
        """Nothing more is hung on who is leaving, or has left, by whomever."""
        admin, anna = Identity("r", "admin", "s"), Identity("anna", "patient", "s", self.number)
        leaving = self.app.accounts.people.remove(self.number, "anna")
        late: list[Any] = [
            self.app.patients.add(anna, "Late", None, None),
            self.app.patients.add(admin, "Late", None, None, user="anna"),
            self.app.patients.change(admin, self.other, {"user": "anna"}),
        ]
        for each in late:
            await self.assertFailure(each, Conflict)
        await leaving
        await self.assertFailure(self.app.patients.add(anna, "Late", None, None), Conflict)

    async def test_stays(self) -> None:
        """Whose removal fails can go on as before."""
        async def hook(*args: Any) -> None:
            raise Conflict("Not now.")

        self.app.accounts.before_removal.insert(0, hook)
        await self.assertFailure(self.app.accounts.people.remove(self.number, "anna"), Conflict)
        await self.patient()
