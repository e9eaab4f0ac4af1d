"""Role × route × consent where no patient is named: cabinets and what is in them, and the lists
that gather from many patients. Cabinets, and alerts of their stock, are of the section habits."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import Any, Iterable

from iotd.accounts.rights import may
from iotd.bus import AlertWanted, DeviceLinked, PictureHeard, WeightHeard
from iotd.devices.model import Approval, Device
from iotd.devices.records import save_device
from iotd.health.sections import SECTIONS
from iotd.site.routes import Route
from tests.apps import Browser
from tests.cabinet.house import LIT, settled
from tests.health.test_rights_matrix import BODIES, MatrixTest

ABOUT_A_CABINET = ("/api/v1/cabinets/<id>", "/cabinets/<id>")
LISTS = ("/api/v1/cabinets", "/cabinets", "/api/v1/patients", "/health?all=true",
         "/api/v1/alerts")
# what only the one or the other section tells, in the lists
OF_HABITS, OF_READINGS = "Kitchen", "Systolic"
BODIES.update({
    "cabinet.add_item": {"name": "Milk"},
    "cabinet.lights": {"on": True},
    "cabinet.correct": {"count": 1},
    "cabinet.add_photo": {"picture": 1, "box": [0, 0, 9, 9]},
    "cabinet.barcode": {"image": b64encode(LIT).decode()},
})


class CabinetMatrixTest(MatrixTest):
    """Anna has a cabinet with a picture, stock that runs low, and a pressure that is too high."""

    nothing = "There is no cabinet 'cab'."

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.subject = "cab"
        self.routes = [
            each for each in self.app.site.routes if each.path.startswith(ABOUT_A_CABINET)
        ]
        await self.devices()
        await self.opened_and_closed()
        self.app.bus.publish(AlertWanted(
            "low_stock:cab:1", self.hers, "cab", "low_stock", "warning",
            "Kitchen: no Nutella.", True,
        ))
        await self.post(self.hers, "bp_systolic", 230)
        await self.app.store.run(lambda connection: None)

    async def devices(self) -> None:
        """A cabinet and its camera, both Anna's."""
        for id, kind in (("cab", "cabinet"), ("img", "cabinet_camera")):
            device = Device(id, id, kind, Approval.APPROVED, "dev", 1.0, "10.0.0.7")
            await self.app.store.run(save_device, device)
        await self.app.store.run(self.app.registry.load)
        await self.app.registry.change("cab", {"name": "Kitchen", "patient": self.hers}, "admin")
        self.app.wire.at_once = {"lof": True, "lon": True, "img": True}
        for id, kind in (("cab", "cabinet"), ("img", "cabinet_camera")):
            self.app.wire.there.add(id)
            self.app.bus.publish(DeviceLinked(id, kind, True))

    async def opened_and_closed(self) -> None:
        """There is a visit and a picture."""
        for moment, grams in (("bfr", 1000.0), ("aft", 900.0)):
            self.app.bus.publish(WeightHeard("cab", moment, grams, self.app.now))
        await self.settled()
        self.app.bus.publish(PictureHeard("img", LIT, self.app.now))
        await self.settled()

    async def settled(self) -> None:
        """All that follows from what was told is on disk."""
        await settled(self.app.store, self.app.cabinets, self.app.counter)

    def section(self, route: Route) -> str:
        """All of it is of habits."""
        return "habits"

    def path(self, route: Route, id: str) -> str:
        """The route's path about this cabinet, and of the first item in it."""
        path = route.path.replace("<id>", id).replace("<item>", "1")
        return re.sub(r"<int:\w+>", "999999", path)


class RouteTests(CabinetMatrixTest):
    """Routes about one cabinet."""

    async def test_people(self) -> None:
        """Whose it is and admins are let in everywhere; another patient is told 404, other
        roles 403, and who is nobody 401."""
        self.assertEqual(len(self.routes), 22)
        await self.app.add("otto", "operator")
        await self.check(await self.app.signed_in("otto"), "operator")
        await self.check(await self.app.signed_in("bert"), "patient")
        await self.check(self.app.browser(), None)
        await self.check(self.anna, "patient", own=True)
        await self.check(self.admin, "admin")

    async def test_doctors(self) -> None:
        """A doctor is let in with consent to habits, and with it alone: 404 without, with any
        other section, after it was taken back, and once it is over."""
        lee = await self.app.signed_in("lee")
        await self.check(lee, "doctor")
        await self.let_in(*(set(SECTIONS) - {"habits"}))
        await self.check(lee, "doctor")
        share = await self.let_in("habits")
        await self.check(lee, "doctor", {"habits"})
        await self.take_back(share)
        await self.check(lee, "doctor")
        await self.let_in("habits", days=1)
        self.app.now += 86400
        lee = await self.app.signed_in("lee")
        await self.check(lee, "doctor")

    async def test_nobodys(self) -> None:
        """A cabinet that is nobody's, or another patient's, opens to no consent of hers."""
        lee = await self.app.signed_in("lee")
        await self.let_in(*SECTIONS)
        bert = await self.app.signed_in("bert")
        for whose in (None, await self.patient(bert)):
            await self.app.registry.change("cab", {"patient": whose}, "admin")
            await self.check(lee, "doctor")
            await self.check(self.anna, "patient")


class ListTests(CabinetMatrixTest):
    """Lists, and what pages of them show at first."""

    async def seen(self, browser: Browser, path: str) -> set[str]:
        """Of which section something stands in it."""
        reply = await browser.call("GET", path, headers={"Accept": "*/*"})
        self.assertEqual(reply.status, 200, (path, reply.body))
        text = reply.body.decode()
        words = {"habits": OF_HABITS, "readings": OF_READINGS, "": "Anna Berg"}
        return {section for section, word in words.items() if word in text}

    async def check_lists(self, browser: Browser, granted: Iterable[str]) -> None:
        """Each list tells of what was granted and of nothing else."""
        granted, named = set(granted), {""} if granted else set()
        wanted = {
            "/api/v1/cabinets": granted & {"habits"}, "/cabinets": granted & {"habits"},
            "/api/v1/alerts": granted & {"habits", "readings"},
            "/api/v1/patients": named | (granted & {"habits"}),
            "/health?all=true": named | (granted & {"habits"}),
        }
        for path in LISTS:
            self.assertEqual(await self.seen(browser, path), wanted[path], (path, granted))

    async def test_doctors(self) -> None:
        """With consent to one section a doctor finds in lists what is of that section."""
        lee = await self.app.signed_in("lee")
        await self.check_lists(lee, ())
        for section in SECTIONS:
            share = await self.let_in(section)
            await self.check_lists(lee, {section})
            await self.take_back(share)
        await self.check_lists(lee, ())
        await self.let_in(*SECTIONS)
        await self.check_lists(lee, SECTIONS)

    async def test_others(self) -> None:
        """Anna and the admin find it all, another patient nothing, operators no alert of it."""
        await self.check_lists(self.anna, SECTIONS)
        await self.check_lists(self.admin, SECTIONS)
        await self.check_lists(await self.app.signed_in("bert"), ())
        await self.app.add("otto", "operator")
        otto = await self.app.signed_in("otto")
        self.assertEqual(await self.seen(otto, "/api/v1/alerts"), set())

    async def test_alerts(self) -> None:
        """An alert is acted upon by who may see it; to others there is none such."""
        alerts = json.loads((await self.anna.call("GET", "/api/v1/alerts")).body)["items"]
        of = {each["cause"]: each["id"] for each in alerts}
        self.assertEqual(set(of), {"low_stock", "high"})
        lee = await self.app.signed_in("lee")
        for granted, there in ((None, set()), ("labs", set()), ("readings", {"high"}),
                               ("habits", {"low_stock"})):
            share = await self.let_in(granted) if granted else None
            for cause, id in of.items():
                for act, body in (("acknowledge", {}), ("snooze", {"minutes": 5})):
                    reply = await lee.call("POST", f"/api/v1/alerts/{id}/{act}", json=body)
                    self.assertEqual(reply.status, 200 if cause in there else 404,
                                     (granted, cause, act))
            if share:
                await self.take_back(share)


class CoverTests(CabinetMatrixTest):
    """Nothing is left out."""

    async def test_all_routes(self) -> None:
        """Every route that a doctor may call and that names no patient is tried here, or is of
        no patient at all."""
        tried: set[Any] = {each.name for each in self.routes}
        tried |= {"cabinet.list_cabinets", "cabinet.cabinets_page", "health.list_patients",
                  "health.patients_page", "health.list_alerts", "health.acknowledge_alert",
                  "health.snooze_alert", "health.cancel_alert"}
        bare = {"health.list_analytes", "health.list_ready_habits", "accounts.list_doctors"}
        left = {
            each.name for each in self.app.site.routes
            if may("doctor", each.name) and not may("viewer", each.name)
            and not each.path.startswith(("/api/v1/patients/<id>", "/health/<id>"))
        }
        self.assertEqual(left - tried - bare, set())
