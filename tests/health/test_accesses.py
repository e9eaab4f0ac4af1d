"""Patients see who looked at them or changed something, and nobody else does."""

from __future__ import annotations

from typing import Any

from iotd.accounts.records import list_audit
from iotd.devices.model import Approval, Device
from iotd.devices.records import save_device
from tests.apps import Browser
from tests.health.test_api import HealthTest

CAB = "/api/v1/cabinets/cab"


class AccessesTest(HealthTest):
    """Anna has a patient, and a cabinet that is hers."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.hers = await self.patient()
        device = Device("cab", "cab", "cabinet", Approval.APPROVED, "dev", 1.0, "10.0.0.7")
        await self.app.store.run(save_device, device)
        await self.app.store.run(self.app.registry.load)
        await self.app.registry.change("cab", {"patient": self.hers}, "admin")

    async def told(self, browser: Browser | None = None, id: str | None = None) -> list[Any]:
        """Who did what to what, the newest first."""
        items = (await self.get(f"/{id or self.hers}/accesses", browser))["items"]
        return [(row["who"], row["action"], row["subject"]) for row in items]

    async def done(self, method: str, path: str, **body: Any) -> None:
        """The admin does this."""
        options = {} if method == "GET" else {"json": body}
        reply = await self.admin.call(method, path, **options)
        self.assertLess(reply.status, 300, (path, reply.body))


class ShownTests(AccessesTest):
    """What is in the list."""

    async def test_acts(self) -> None:
        """Every act of an admin about the patient, or a device of theirs, is shown to the
        patient; what was about somebody else is not."""
        own = f"/api/v1/patients/{self.hers}"
        other = await self.patient(self.admin, name="Bert")
        await self.done("GET", f"/api/v1/patients/{other}/vitals")
        await self.done("PATCH", own, name="Anna B.")
        await self.done("POST", own + "/readings", kind="spo2", value=97)
        await self.done("PUT", own + "/alert-rules", spo2={"low": 93})
        await self.done("POST", CAB + "/items", name="Milk")
        self.assertEqual(await self.told(), [
            ("admin", "add item", "cab"),
            ("admin", "change alert rules", self.hers),
            ("admin", "add reading", self.hers),
            ("admin", "change patient", self.hers),
            ("admin", "change device", "cab"),
            ("anna", "add patient", self.hers),
        ])

    async def test_looks(self) -> None:
        """Every page and route that shows an admin something of the patient leaves a line."""
        own, pages = f"/api/v1/patients/{self.hers}", f"/health/{self.hers}"
        looks = {
            "view patient": [own, pages + "/charts", pages + "/data", pages + "/habits"],
            "view vitals": [own + "/vitals", pages, pages + "/monitoring", pages + "/report"],
            "view readings": [own + "/readings", own + "/sheet"],
            "export data sheet": [own + "/sheet.csv"],
            "export readings": [own + "/readings.csv"],
            "export labs": [own + "/labs.csv"],
            "export questionnaire": [own + "/questionnaire.csv"],
            "view alerts": [own + "/alerts"],
            "view alert rules": [own + "/alert-rules"],
            "view accesses": [own + "/accesses"],
            "list patients": ["/api/v1/patients", "/health?all=1"],
            "list cabinets": ["/api/v1/cabinets", "/cabinets"],
            "view cabinet": [CAB, CAB + "/history", CAB + "/boxes", CAB + "/items",
                             CAB + "/items/1", CAB + "/items/1/photos", CAB + "/journal",
                             "/cabinets/cab"],
        }
        for action, paths in looks.items():
            for path in paths:
                self.app.now += 1000.0  # the same look counts anew
                await self.done("GET", path)
                self.assertIn(action, [each[1] for each in (await self.told())[:3]], path)

    async def test_exports(self) -> None:
        """Each copy that is taken out leaves a line, the patient's own as well; nothing else of
        one's own does."""
        own = f"/api/v1/patients/{self.hers}"
        for file in ("readings", "sheet", "labs", "questionnaire"):
            for path in (own + f"/{file}.csv", own + f"/{file}.csv", own + f"/{file}"):
                reply = await self.anna.call("GET", path)
                self.assertEqual(reply.status, 200, path)
        told = [action for who, action, _ in await self.told() if who == "anna"]
        for action in ("readings", "data sheet", "labs", "questionnaire"):
            self.assertEqual(told.count(f"export {action}"), 2, action)
        self.assertEqual(len(told), 9, told)  # and the patient was added

    async def test_alerts(self) -> None:
        """A list with alerts of theirs in it is a look; one without is none."""
        await self.done("GET", "/api/v1/alerts")
        self.assertNotIn("list alerts", [each[1] for each in await self.told()])
        await self.post(self.hers, "spo2", 80)
        while not (await self.anna.call("GET", "/api/v1/alerts")).json["items"]:
            await self.app.store.run(lambda connection: None)
        await self.done("GET", "/api/v1/alerts")
        self.assertIn(("admin", "list alerts", "all"), await self.told())

    async def test_lists_before(self) -> None:
        """Lists of everybody from before there was the patient are not about them."""
        await self.done("GET", "/api/v1/patients")
        self.app.now += 5.0
        later = await self.patient()
        self.assertEqual([each[1] for each in await self.told(id=later)], ["add patient"])

    async def test_moved(self) -> None:
        """A device that is given to another leaves a line for both, and what follows is about
        the new one alone."""
        other = await self.patient(self.admin)
        await self.app.registry.change("cab", {"patient": other}, "admin")
        await self.done("GET", CAB)
        mine, theirs = await self.told(), await self.told(self.admin, other)
        self.assertEqual(mine.count(("admin", "change device", "cab")), 2)
        self.assertEqual(theirs.count(("admin", "change device", "cab")), 1)
        self.assertNotIn(("admin", "view cabinet", "cab"), mine)
        self.assertIn(("admin", "view cabinet", "cab"), theirs)

    async def test_pages(self) -> None:
        """``next`` leads through all of it, and what one reads of oneself adds nothing."""
        for value in (95, 96, 97):
            path = f"/api/v1/patients/{self.hers}/readings"
            await self.done("POST", path, kind="spo2", value=value)
        whole, path, seen = await self.told(), f"/{self.hers}/accesses?limit=2", []
        while path:
            page = await self.get(path)
            seen += [(row["who"], row["action"], row["subject"]) for row in page["items"]]
            path = (page["next"] or "").removeprefix("/api/v1/patients")
        self.assertEqual((seen, len(seen)), (whole, 5))
        self.assertEqual(await self.told(), whole)

    async def test_own(self) -> None:
        """The audit of admins says of each line whom it is about."""
        rows = await self.app.store.read(list_audit, 100)
        acts = ("add patient", "change device")
        about = {row["patient"] for row in rows if row["action"] in acts}
        self.assertEqual(about, {self.hers})
