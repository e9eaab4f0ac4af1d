"""Cabinets over HTTP, from outside."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any
from unittest import mock

from PIL import Image
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.accounts.records import list_audit
from iotd.bus import CabinetChanged, DeviceLinked, PictureHeard, WeightHeard
from iotd.cabinet import items
from iotd.cabinet.records import pictures
from iotd.devices.model import Approval, Device
from iotd.devices.records import save_device
from tests.apps import App, Browser, Reply
from tests.cabinet.house import LIT, settled

CAB = "/api/v1/cabinets/cab"
UPLOAD = base64.b64encode(LIT).decode()
KEYS = {"id", "name", "items", "door", "weight_g", "lights", "last_picture_at", "connected",
        "camera", "camera_state", "patient", "phase", "message", "counts_state"}


class ApiTest(TestCase):
    """The app with an admin, a cabinet ``cab`` and its camera ``img``, both approved."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        store = self.app.store
        for id, kind in (("cab", "cabinet"), ("img", "cabinet_camera")):
            device = Device(id, id, kind, Approval.APPROVED, "dev", 1.0, "10.0.0.7")
            await store.run(save_device, device)
        await store.run(self.app.registry.load)
        await self.app.registry.change("cab", {"name": "Kitchen"}, "test")
        await self.app.add("ada", "admin")
        self.ada = await self.app.signed_in("ada")
        self.app.wire.at_once = {"lof": True, "lon": True, "img": True}

    def link(self, *ids: str) -> None:
        """These are there."""
        for id in ids:
            self.app.wire.there.add(id)
            kind = "cabinet" if id == "cab" else "cabinet_camera"
            self.app.bus.publish(DeviceLinked(id, kind, True))

    async def settled(self) -> None:
        """All that follows from what was told is on disk."""
        await settled(self.app.store, self.app.cabinets, self.app.counter)

    async def run_cycle(self, jpeg: bytes = LIT) -> None:
        """Opened, closed, a picture."""
        self.link("cab", "img")
        for moment, grams in (("bfr", 1023.4567), ("aft", 1000.0)):
            self.app.bus.publish(WeightHeard("cab", moment, grams, self.app.now))
        await self.settled()
        self.app.bus.publish(PictureHeard("img", jpeg, self.app.now))
        await self.settled()

    async def get(self, path: str = "", status: int = 200) -> Any:
        """The JSON under the cabinet."""
        return await self.call("GET", path, status=status)

    async def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """The JSON of an admin's call, which must have this status."""
        options = {} if method == "GET" else {"json": body or {}}
        reply = await self.ada.call(method, CAB + path, **options)
        self.assertEqual(reply.status, status, reply.body)
        return reply.json

    async def fault(self, method: str, path: str, body: Any, status: int, field: str) -> None:
        """The call is refused so, and names the field."""
        problem = await self.call(method, path, body, status)
        self.assertEqual(problem.get("field"), field, problem)


class CabinetApiTests(ApiTest):
    """State, history, pictures, words."""

    async def test_cabinet(self) -> None:
        """What the contract names is there, in list and alone, and more beside it."""
        shown = await self.get()
        self.assertEqual(set(shown), KEYS)
        self.assertEqual(shown["items"], {"Nutella": 0, "Pepsi": 0, "Pringles": 0})
        self.assertEqual(shown["name"], "Kitchen")
        listed = (await self.ada.call("GET", "/api/v1/cabinets")).json
        self.assertEqual(listed, {"items": [shown], "next": None})

    async def test_cycle(self) -> None:
        """A cycle stands in state, history and picture, byte for byte."""
        await self.run_cycle(LIT)
        shown = await self.get()
        self.assertEqual([shown[key] for key in ("door", "lights", "weight_g", "phase")],
                         ["closed", "off", 1000.0, "rest"])
        visit, = (await self.get("/history"))["items"]
        self.assertEqual([visit[key] for key in ("before_g", "after_g", "taken_g", "outcome")],
                         [1023.4567, 1000.0, 23.4567, "A picture was taken."])
        reply = await self.picture()
        self.assertEqual((reply.body, reply.header("content-type")), (LIT, "image/jpeg"))
        self.assertEqual((await self.ada.call("GET", visit["picture"])).body, LIT)
        self.assertEqual(reply.header("x-taken-at"), shown["last_picture_at"])

    async def picture(self, query: str = "") -> Reply:
        """A picture of the cabinet."""
        return await self.ada.call("GET", CAB + "/picture.jpg" + query)

    async def test_which_picture(self) -> None:
        """By number, by time, none before the first; a broken time is named."""
        self.assertEqual((await self.picture()).status, 404)
        await self.run_cycle()
        for query, status in (("?id=1", 200), ("?id=99", 404), ("?at=2100-01-01T00:00:00Z", 200),
                              ("?at=2001-01-01T00:00:00%2B01:00", 404), ("?at=noon", 422),
                              ("?at=2100-01-01T00:00:00", 422), ("?id=0", 422), ("?v=3", 200)):
            self.assertEqual((await self.picture(query)).status, status, query)

    async def test_history_pages(self) -> None:
        """``next`` leads through all visits, the newest first."""
        for grams in range(5):
            self.app.bus.publish(WeightHeard("cab", "aft", float(grams), self.app.now))
        await self.settled()
        path, seen = CAB + "/history?limit=2", []
        while path:
            page = (await self.ada.call("GET", path)).json
            seen += [visit["after_g"] for visit in page["items"]]
            path = page["next"]
        self.assertEqual(seen, [4.0, 3.0, 2.0, 1.0, 0.0])

    async def test_words(self) -> None:
        """Lights and look are said, and answered with the cabinet; 409 when it is away."""
        await self.call("POST", "/lights", {"on": True}, 409)
        await self.call("POST", "/look", status=409)
        self.link("cab", "img")
        self.assertEqual((await self.call("POST", "/lights", {"on": True}))["lights"], "on")
        self.assertEqual((await self.call("POST", "/lights", {"on": False}))["lights"], "off")
        self.assertEqual(set(await self.call("POST", "/look", status=202)), KEYS)
        self.assertEqual(self.app.wire.said, [("cab", "lon"), ("cab", "lof"), ("img", "img")])
        for body in ({}, {"on": "yes"}, {"on": 1}, {"on": None}):
            await self.fault("POST", "/lights", body, 422, "on")
        actions = [row["action"] for row in await self.app.store.read(list_audit, 3)]
        self.assertEqual(actions, ["look into cabinet", "cabinet lights off", "cabinet lights on"])

    async def test_whose(self) -> None:
        """Others get 404 for all of it, and an empty list; one's own is there."""
        await self.app.add("eve", "patient")
        eve = await self.app.signed_in("eve")
        await self.all_are(eve, 404)
        self.assertEqual((await eve.call("GET", "/api/v1/cabinets")).json["items"], [])
        hers = (await eve.call("POST", "/api/v1/patients", json={"name": "Eve"})).json["id"]
        await self.app.registry.change("cab", {"patient": hers}, "test")
        self.assertEqual((await eve.call("GET", CAB)).status, 200)
        self.assertEqual((await eve.call("POST", CAB + "/items/1/count",
                                         json={"count": 2})).status, 200)

    async def all_are(self, browser: Browser, status: int) -> None:
        """Every route under the cabinet answers so."""
        for path in ("", "/history", "/picture.jpg", "/boxes", "/items", "/items/1",
                     "/items/1/photos", "/items/1/photos/1", "/journal"):
            self.assertEqual((await browser.call("GET", CAB + path)).status, status, path)
        for path, body in (("/look", {}), ("/lights", {"on": True}), ("/items", {"name": "x"}),
                           ("/items/1/count", {"count": 1}), ("/items/1/undo", {}),
                           ("/items/1/photos", {"image": UPLOAD}), ("/barcode", {"image": "eA=="})):
            reply = await browser.call("POST", CAB + path, json=body)
            self.assertEqual(reply.status, status, path)
        for method, path in (("PATCH", "/items/1"), ("DELETE", "/items/1"),
                             ("DELETE", "/items/1/photos/1")):
            self.assertEqual((await browser.call(method, CAB + path, json={})).status, status)

    async def test_reading_changes_nothing(self) -> None:
        """GETs leave no trace: no word, no event, no row."""
        await self.run_cycle()
        said: list[Any] = list(self.app.wire.said)
        told: list[Any] = []
        self.app.bus.subscribe(CabinetChanged, told.append)
        before = await self.app.store.read(list_audit, 1000)
        for path in ("", "/history", "/picture.jpg", "/boxes", "/items", "/items/Pepsi",
                     "/items/1/photos", "/journal"):
            self.assertEqual((await self.ada.call("GET", CAB + path)).status, 200, path)
        self.assertEqual((self.app.wire.said, told), (said, []))
        self.assertEqual(await self.app.store.read(list_audit, 1000), before)


class ItemApiTests(ApiTest):
    """Items, photos, counts by hand."""

    async def test_items(self) -> None:
        """An item is made, changed by number or name, shown in the cabinet, and removed."""
        made = await self.call("POST", "/items", {"name": " Oat milk ", "low_at": 1}, 201)
        self.assertEqual((made["name"], made["low_at"], made["count"]), ("Oat milk", 1, None))
        self.assertEqual(await self.get(f"/items/{made['id']}"), made)
        changed = await self.call("PATCH", "/items/Oat%20milk", {"name": "Milk", "low_at": None,
                                                                 "barcode": "4006381333931"})
        self.assertEqual((changed["name"], changed["low_at"]), ("Milk", None))
        self.assertIn("Milk", (await self.get())["items"])
        await self.call("DELETE", "/items/Milk", status=204)
        self.assertNotIn("Milk", (await self.get())["items"])
        await self.get(f"/items/{made['id']}", 404)

    async def test_pages(self) -> None:
        """The list of items goes on where it is told."""
        page = await self.get("/items?limit=2")
        rest = (await self.ada.call("GET", page["next"])).json
        names = [item["name"] for item in page["items"] + rest["items"]]
        self.assertEqual((names, rest["next"]), (["Nutella", "Pepsi", "Pringles"], None))

    async def test_bad_items(self) -> None:
        """What can't be an item is refused with its field; names and barcodes are unique."""
        await self.call("PATCH", "/items/Pepsi", {"barcode": "42"})
        for body, status, field in (
            ({}, 422, "name"), ({"name": ""}, 422, "name"), ({"name": "a\nb"}, 422, "name"),
            ({"name": "x" * 61}, 422, "name"), ({"name": "12"}, 422, "name"),
            ({"name": "pepsi"}, 409, "name"), ({"name": "Cola", "barcode": "42"}, 409, "barcode"),
            ({"name": "x", "low_at": -1}, 422, "low_at"), ({"name": "x", "id": 4}, 422, "id"),
            ({"name": "x", "low_at": 1.5}, 422, "low_at"),
            ({"name": "x", "barcode": "ü"}, 422, "barcode"),
        ):
            await self.fault("POST", "/items", body, status, field)
        await self.fault("PATCH", "/items/Pepsi", {"name": None}, 422, "name")
        await self.call("PATCH", "/items/Pepsi", {"name": "PEPSI"})

    async def test_count_by_hand(self) -> None:
        """A correction counts at once, can be taken back, and both stand in the journal."""
        for count in (3, 2):
            await self.call("POST", "/items/Pepsi/count", {"count": count})
        self.assertEqual((await self.get())["items"]["Pepsi"], 2)
        self.assertEqual((await self.get("/items/Pepsi"))["state"], "known")
        self.assertEqual((await self.call("POST", "/items/Pepsi/undo"))["count"], 3)
        self.assertIsNone((await self.call("POST", "/items/Pepsi/undo"))["count"])
        await self.call("POST", "/items/Pepsi/undo", status=409)
        lines = (await self.get("/journal?item=2"))["items"]
        self.assertEqual([(line["cause"], line["who"], line["after"]) for line in lines],
                         [("undone", "ada", None), ("undone", "ada", 3), ("corrected", "ada", 2),
                          ("corrected", "ada", 3)])
        for bad in (-1, 10_000, 1.5, "2", None, True):
            await self.fault("POST", "/items/Pepsi/count", {"count": bad}, 422, "count")

    async def test_photo_upload(self) -> None:
        """An uploaded photo is kept as JPEG, listed with its address, and can be removed."""
        made = await self.call("POST", "/items/Pepsi/photos", {"image": UPLOAD}, 201)
        self.assertEqual((made["width"], made["height"]), (96, 64))
        listed = (await self.get("/items/Pepsi/photos"))["items"]
        self.assertEqual(listed, [made])
        reply = await self.ada.call("GET", made["url"])
        self.assertEqual(Image.open(io.BytesIO(reply.body)).size, (96, 64))
        number = made["id"]
        await self.call("DELETE", f"/items/Nutella/photos/{number}", status=404)
        await self.call("DELETE", f"/items/Pepsi/photos/{number}", status=204)
        await self.get(f"/items/Pepsi/photos/{number}", 404)

    async def test_photo_of_a_picture(self) -> None:
        """A box of the cabinet's own picture becomes a photo, and is a copy."""
        body = {"box": [8, 0, 64, 64]}
        await self.fault("POST", "/items/Pepsi/photos", body, 404, "picture")
        await self.run_cycle()
        made = await self.call("POST", "/items/Pepsi/photos", body, 201)
        self.assertEqual((made["width"], made["height"]), (64, 64))
        made = await self.call("POST", "/items/Pepsi/photos", {**body, "picture": 1}, 201)
        await self.fault("POST", "/items/Pepsi/photos", {**body, "picture": 9}, 404, "picture")
        await self.app.store.run(_forget_pictures)
        self.assertEqual((await self.ada.call("GET", made["url"])).status, 200)

    async def test_bad_photos(self) -> None:
        """What is no photo is refused with its field."""
        await self.run_cycle()
        small = io.BytesIO()
        Image.new("RGB", (40, 40)).save(small, "PNG")
        for body, field in (
            ({}, "image"), ({"picture": 1}, "image"), ({"image": "?"}, "image"),
            ({"image": base64.b64encode(b"no").decode()}, "image"),
            ({"image": base64.b64encode(small.getvalue()).decode()}, "image"),
            ({"image": UPLOAD, "picture": 1}, "picture"), ({"box": [0, 0, 10, 10]}, "box"),
            ({"box": [0, 0, 64]}, "box"), ({"box": [500, 0, 64, 64]}, "box"),
            ({"box": [-1, 0, 64, 64]}, "box.0"),
        ):
            await self.fault("POST", "/items/Pepsi/photos", body, 422, field)
        huge = {"image": "A" * (7 * 1024 * 1024)}
        self.assertEqual((await self.ada.call("POST", CAB + "/items/Pepsi/photos",
                                              json=huge)).status, 413)

    async def test_counting_with_a_photo(self) -> None:
        """A photo lets pictures count; the boxes of the newest picture can be drawn."""
        self.app.counter.shelf = {"Pepsi": 1}
        await self.call("POST", "/items/Pepsi/photos", {"image": UPLOAD}, 201)
        await self.run_cycle()
        shown = await self.get()
        self.assertEqual((shown["items"]["Pepsi"], shown["counts_state"], shown["phase"]),
                         (1, "provisional", "checking"))
        self.app.bus.publish(PictureHeard("img", LIT, self.app.now))
        await self.settled()
        self.assertEqual((await self.get())["counts_state"], "known")
        boxes = await self.get("/boxes")
        self.assertEqual((boxes["state"], boxes["width"], boxes["height"]), ("counted", 96, 64))
        self.assertEqual([(box["item"], len(box["corners"])) for box in boxes["boxes"]],
                         [("Pepsi", 4)])
        self.assertEqual((await self.ada.call("GET", boxes["url"])).body, LIT)

    async def test_barcodes(self) -> None:
        """Codes on a picture come with the item that has them, if one has."""
        await self.call("PATCH", "/items/Pepsi", {"barcode": "4006381333931"})
        self.app.counter.codes = ["4006381333931", "96385074", "96385074"]
        found = (await self.call("POST", "/barcode", {"image": UPLOAD}))["items"]
        self.assertEqual([(each["code"], each["item"] and each["item"]["name"]) for each in found],
                         [("4006381333931", "Pepsi"), ("96385074", None)])
        await self.fault("POST", "/barcode", {}, 422, "image")

    async def test_limits(self) -> None:
        """A cabinet has at most 60 items, an item 12 photos."""
        for number in range(57):
            await self.call("POST", "/items", {"name": f"item {number}"}, 201)
        await self.call("POST", "/items", {"name": "one more"}, 409)
        for _ in range(12):
            await self.call("POST", "/items/Pepsi/photos", {"image": UPLOAD}, 201)
        await self.call("POST", "/items/Pepsi/photos", {"image": UPLOAD}, 409)
        with mock.patch.object(items, "MAX_ALL_PHOTOS", 13):
            await self.call("POST", "/items/Nutella/photos", {"image": UPLOAD}, 201)
            await self.call("POST", "/items/Nutella/photos", {"image": UPLOAD}, 409)


def _forget_pictures(connection: Any) -> None:
    connection.execute(pictures.delete())
