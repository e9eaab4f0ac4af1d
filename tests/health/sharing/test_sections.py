"""What is not a route of its own patient: alerts and cabinets are of sections too."""

from __future__ import annotations

from iotd.bus import AlertWanted
from iotd.health.alert_desk import section_of
from tests.health.sharing.test_api import SharingTest


class OtherTests(SharingTest):
    """Anna has an alert of a vital, one of low stock, and a cabinet."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        for key, cause in (("a", "stale"), ("b", "low_stock")):
            self.app.bus.publish(AlertWanted(
                key, self.hers, None, cause, "warning", f"It is {cause}.", True
            ))
        await self.app.store.run(lambda connection: None)

    async def causes(self, path: str) -> list[str]:
        """Causes of the alerts that Lee is told."""
        reply = await self.lee.call("GET", path)
        self.assertEqual(reply.status, 200, reply.body)
        return sorted(each["cause"] for each in reply.json["items"])

    async def test_alerts(self) -> None:
        """Alerts of vitals go with readings, low stock goes with habits: in the list, in the
        patient's own list, and one by one."""
        items = (await self.get(f"/{self.hers}/alerts", self.admin))["items"]
        ids = {each["cause"]: each["id"] for each in items}
        self.assertEqual(set(ids), {"stale", "low_stock"})
        own = self.path + "/alerts"
        self.assertEqual(await self.causes("/api/v1/alerts"), [])
        for section, seen, other in (
            ("notes", [], None), ("readings", ["stale"], "low_stock"),
            ("habits", ["low_stock"], "stale"),
        ):
            made = await self.share(doctor="lee", sections=[section])
            self.assertEqual(await self.causes("/api/v1/alerts"), seen)
            if section == "readings":
                self.assertEqual(await self.causes(own), seen)
            else:
                self.assertEqual((await self.lee.call("GET", own)).status, 404)
            if other is not None:
                path = f"/api/v1/alerts/{ids[other]}/acknowledge"
                self.assertEqual((await self.lee.call("POST", path, json={})).status, 404)
                path = f"/api/v1/alerts/{ids[seen[0]]}/acknowledge"
                self.assertEqual((await self.lee.call("POST", path, json={})).status, 200)
            await self.anna.call("DELETE", f"{self.path}/shares/{made['id']}")
        refused = {each[:3] for each in await self.told() if each[3] == "refused"}
        self.assertIn(("lee", "acknowledge alert", "habits"), refused)
        self.assertIn(("lee", "acknowledge alert", "readings"), refused)

    def test_causes(self) -> None:
        """Every cause is of one of the two."""
        self.assertEqual([section_of(cause) for cause in ("low_stock", "stale", "heart_rate")],
                         ["habits", "readings", "readings"])
