"""A cabinet whose patient is gone: nothing of what it knew is left, and it works on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from iotd.accounts.records import list_audit
from iotd.accounts.shared import By
from iotd.bus import CabinetChanged, WeightHeard
from iotd.cabinet import records, stock_records
from iotd.cabinet.nutrition_records import facts
from iotd.cabinet.parting import forget_past
from tests.accounts.room import PASSWORD
from tests.cabinet.house import LIT
from tests.cabinet.test_api import CAB, UPLOAD, ApiTest

BY = By("ada", 1.0)
TABLES = (records.visits, records.pictures, stock_records.changes, stock_records.photos, facts)


class PartingTests(ApiTest):
    """Eve's cabinet, with a visit, a picture, an item of her own, facts and a photo."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        await self.app.add("eve", "patient")
        self.eve = await self.app.signed_in("eve")
        made = await self.eve.call("POST", "/api/v1/patients", json={"name": "Eve"})
        self.hers = str(made.json["id"])
        await self.app.registry.change("cab", {"patient": self.hers}, "test")
        await self.run_cycle(LIT)
        for method, path, body in (
            ("POST", "/items", {"name": "Insulin", "low_at": 2}),
            ("POST", "/items/Insulin/count", {"count": 1}),
            ("POST", "/items/Insulin/photos", {"image": UPLOAD}),
            ("PUT", "/items/Insulin/nutrition", {"piece_g": 10}),
        ):
            reply = await self.eve.call(method, CAB + path, json=body)
            self.assertLess(reply.status, 300, (path, reply.body))
        await self.settled()

    async def rows(self) -> list[int]:
        """How many there are in each table."""
        def count(connection: Any) -> list[int]:
            return [
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in TABLES
            ]

        found: list[int] = await self.app.store.read(count)
        return found

    def weight(self, moment: str) -> WeightHeard:
        """The door was opened, or closed."""
        return WeightHeard("cab", moment, 990.0, self.app.now)

    async def test_forgotten(self) -> None:
        """Who leaves takes visits, pictures, items, journal, photos and facts along; whoever
        gets the cabinet then finds a new one."""
        self.assertTrue(all(await self.rows()))
        told: list[CabinetChanged] = []
        self.app.bus.subscribe(CabinetChanged, told.append)
        gone = await self.eve.call("DELETE", "/api/v1/session/account",
                                   json={"password": PASSWORD})
        self.assertEqual(gone.status, 204, gone.body)
        await self.settled()
        self.assertEqual(await self.rows(), [0] * len(TABLES))
        shown = await self.get()
        self.assertEqual((shown["patient"], shown["last_picture_at"]), (None, None))
        self.assertEqual(shown["items"], {"Nutella": 0, "Pepsi": 0, "Pringles": 0})
        self.assertEqual((shown["door"], shown["weight_g"]), ("closed", 1000.0))
        for path in ("/history", "/journal"):
            self.assertEqual((await self.get(path))["items"], [], path)
        self.assertEqual((await self.ada.call("GET", CAB + "/picture.jpg")).status, 404)
        alerts = (await self.ada.call("GET", "/api/v1/alerts?state=live")).json["items"]
        self.assertEqual(alerts, [])
        rows = await self.app.store.read(list_audit, 20)
        self.assertIn(("(erased)", "forget past of cabinet", "cab"),
                      [(row["who"], row["action"], row["subject"]) for row in rows])
        self.assertNotIn("Insulin", repr([each.data for each in told if not each.patient]))

    async def test_goes_on(self) -> None:
        """In the middle of a visit the cycle goes on: the picture is taken, the lights go off."""
        self.app.wire.said.clear()
        self.app.bus.publish(self.weight("bfr"))
        await self.settled()
        await forget_past(self.app.cabinets, "cab", BY)
        self.app.bus.publish(self.weight("aft"))
        await self.settled()
        await self.run_cycle(LIT)
        self.assertEqual((await self.get())["phase"], "rest")
        self.assertIn(("cab", "lof"), self.app.wire.said)
        self.assertEqual((await self.ada.call("GET", CAB + "/picture.jpg")).body, LIT)

    async def test_others(self) -> None:
        """A device that is no cabinet, or is not there, has nothing to be forgotten; another
        cabinet keeps its own."""
        before = await self.rows()
        for id in ("img", "nothing"):
            await forget_past(self.app.cabinets, id, BY)
        other = await self.eve.call("POST", "/api/v1/patients", json={"name": "Ben"})
        path = f"/api/v1/patients/{other.json['id']}"
        self.assertEqual((await self.eve.call("DELETE", path)).status, 204)
        self.assertEqual(await self.rows(), before)
