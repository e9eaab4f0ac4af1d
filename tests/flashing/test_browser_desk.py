"""What a page is given to write a board with, over HTTP on the whole site."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from iotd.config_sections import Config
from iotd.errors import Invalid
from iotd.flashing import images, wires
from iotd.flashing.chips import named
from iotd.flashing.desk import FlashDesk, told_of
from iotd.flashing.shapes import NewBoard
from iotd.flashing.wires import Wire, listener, wire_of
from iotd.updates.releases import Releases
from tests.apps import App, Browser, Reply
from tests.flashing.rom_image import image_for
from tests.tls.room import made as made_certificates

BOARDS = "/api/v1/flash/boards"
CAMERA = {"kind": "camera", "id": "cam-door", "host": "192.0.2.9", "mpy": 6}


class DeskTest(TestCase):
    """``self.browser`` is an operator's."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        await self.app.add("olga", "operator")
        self.browser: Browser = await self.app.signed_in("olga")

    async def post(self, **more: Any) -> Reply:
        """A camera that is asked for; None takes a field away."""
        body = {name: value for name, value in {**CAMERA, **more}.items() if value is not None}
        return await self.browser.call("POST", BOARDS, json=body)

    async def refused(self, status: int, field: str, **more: Any) -> str:
        """What is said to it, which names this field."""
        reply = await self.post(**more)
        self.assertEqual((reply.status, reply.json.get("field")), (status, field), reply.json)
        self.assertNotIn("cam-door", [each["id"] for each in self.app.registry.list()])
        return str(reply.json["detail"])


class BoardTests(DeskTest):
    """A key, settings and files for one board."""

    async def test_whole(self) -> None:
        """Settings hold the key that the registry knows, no Wi-Fi, and each file is what its
        digest says; name and place are kept."""
        reply = await self.post(name="Front door", place="Hall", values={"camera.fps": 9})
        self.assertEqual(reply.status, 201)
        made = reply.json
        key = made["settings"].pop("key")
        self.assertEqual(self.app.registry.key_of("cam-door"), bytes.fromhex(key))
        self.assertEqual(made["settings"]["server"], {"host": "192.0.2.9", "port": 9001})
        self.assertEqual(made["settings"]["camera"]["fps"], 9)
        self.assertNotIn("wifi", made["settings"])
        device = self.app.registry.device("cam-door")
        self.assertEqual((device.name, device.place, device.kind), ("Front door", "Hall", "camera"))
        paths = [each["path"] for each in made["slot_files"]]
        self.assertIn("main.mpy", paths)
        self.assertEqual(paths[-1], "version.json")
        self.assertEqual([each["path"] for each in made["files"]], ["/main.py"])
        for each in (made["files"][0], made["slot_files"][0], made["slot_files"][-1]):
            got = await self.browser.call("GET", f"/api/v1/flash/files/{each['sha256']}")
            self.assertEqual(hashlib.sha256(got.body).hexdigest(), each["sha256"])
            self.assertEqual(len(got.body), each["size"])

    async def test_audit(self) -> None:
        """The audit has who made the key; it does not have the key."""
        key = (await self.post()).json["settings"]["key"]
        await self.app.add("root", "admin")
        admin = await self.app.signed_in("root")
        told = (await admin.call("GET", "/api/v1/audit")).body.decode()
        self.assertIn("new device key", told)
        self.assertIn("olga", told)
        self.assertNotIn(key, told)

    async def test_dry_run(self) -> None:
        """It tells all but a key, and leaves nothing behind."""
        reply = await self.post(dry_run=True, mpy=None)
        self.assertEqual(reply.status, 200)
        self.assertNotIn("key", reply.json["settings"])
        self.assertIn("main.py", [each["path"] for each in reply.json["slot_files"]])
        self.assertEqual(self.app.registry.list(), [])

    async def test_again(self) -> None:
        """An id that is there is refused, unless the same board is meant: then its key changes."""
        first = (await self.post()).json["settings"]["key"]
        reply = await self.post()
        self.assertEqual((reply.status, reply.json["field"]), (409, "id"))
        again = (await self.post(again=True)).json["settings"]["key"]
        self.assertNotEqual(again, first)
        self.assertEqual(self.app.registry.key_of("cam-door"), bytes.fromhex(again))

    async def test_refusals(self) -> None:
        """What can't be is said with its field, and no key is made for it."""
        await self.refused(422, "kind", kind="toaster")
        await self.refused(422, "id", id="Cam Door")
        await self.refused(422, "host", host="http://192.0.2.9/")
        await self.refused(422, "preset", preset="toaster")
        await self.refused(422, "name", name="a\nb")
        await self.refused(422, "place", place="a\nb")
        for name in ("wifi", "wifi.password", "key", "server.host"):
            said = await self.refused(422, "values", values={name: "secret"})
            self.assertNotIn("secret", said)
        self.assertIn("fps", await self.refused(422, "settings", values={"camera.fps": "fast"}))


class KindsTests(DeskTest):
    """What the dialog begins with."""

    async def test_kinds(self) -> None:
        """Kinds with presets, ids that are free, where each connects, chips."""
        await self.post(id="camera-1")
        told = (await self.browser.call("GET", "/api/v1/flash/kinds")).json
        self.assertEqual({each["kind"] for each in told["kinds"]}, set(wires.WIRES))
        self.assertTrue(all(each["presets"] for each in told["kinds"]))
        self.assertEqual(told["ids"]["camera"], "camera-2")
        self.assertEqual(told["ids"]["cabinet_camera"], "cabinet-camera-1")
        self.assertEqual(told["wires"]["gate"], {"port": 1883, "tls": False, "host": None})
        self.assertIn({"chip": "ESP32-S3", "id": 9, "offset": 0}, told["chips"])
        self.assertEqual((told["images"], told["https_url"]), ([], None))

    async def test_images(self) -> None:
        """Images that lie here are told and given; one that was altered since is neither."""
        chip, folder = named("esp32s3"), self.app.folder / "images"
        source = Path(self.mktemp())
        source.mkdir()
        data = image_for(chip)
        (source / "board.bin").write_bytes(data)
        images.add(source / "board.bin", folder)
        told = (await self.browser.call("GET", "/api/v1/flash/kinds")).json["images"]
        digest = hashlib.sha256(data).hexdigest()
        self.assertEqual(told, [{"chip": "ESP32-S3", "name": "board.bin", "version": "1.29.0",
                                 "size": len(data), "sha256": digest, "offset": 0}])
        got = await self.browser.call("GET", f"/api/v1/flash/images/{digest}")
        self.assertEqual(got.body, data)
        (folder / "board.bin").write_bytes(data[:-1] + b"\0")
        got = await self.browser.call("GET", f"/api/v1/flash/images/{digest}")
        self.assertEqual(got.status, 404)

    async def test_unknown(self) -> None:
        """What is no digest, or nobody's, is not there."""
        for name in ("0" * 64, "..%2Fkey", "A" * 64, "key"):
            for folder in ("files", "images"):
                got = await self.browser.call("GET", f"/api/v1/flash/{folder}/{name}")
                self.assertEqual(got.status, 404)

    async def test_encrypted(self) -> None:
        """Where boards' listener speaks TLS, a board is told so and gets the authority, whole."""
        folder = Path(self.mktemp()).absolute()
        made_certificates(folder / "tls")
        config = Config(data_dir=folder, cameras={"listen": ["tcp:9001", "ssl:9002"]})
        desk = FlashDesk(self.app.registry, Releases(folder / "firmware"), folder / "images",
                         config, lambda: "https://localhost:8443", maybeDeferred)
        made = await desk.add(NewBoard(**CAMERA), "olga")
        self.assertEqual(made["settings"]["server"],
                         {"host": "192.0.2.9", "port": 9002, "tls": True})
        ca = next(each for each in made["files"] if each["path"] == "/ca.der")
        self.assertEqual(len(await desk.file(ca["sha256"])), ca["size"])
        plain = await desk.add(NewBoard(**{**CAMERA, "id": "cam-2", "tls": False}), "olga")
        self.assertEqual(plain["settings"]["server"], {"host": "192.0.2.9", "port": 9001})
        self.assertEqual((await desk.kinds())["https_url"], "https://localhost:8443")


class WireTests(SynchronousTestCase):
    """Ports out of the configuration."""

    def test_listeners(self) -> None:
        """Endpoint strings in any spelling give their port, and whether they encrypt."""
        for text, wire in (
            ("tcp:5001", Wire(5001)), ("tcp6:5001:interface=\\:\\:", Wire(5001)),
            ("tcp:port=5001:interface=127.0.0.1", Wire(5001)), ("ssl:5002", Wire(5002, True)),
            ("ssl:5002:privateKey=/k:certKey=/c", Wire(5002, True)),
            ("haproxy:tcp:5001", Wire(5001)), ("haproxy:ssl:5002", Wire(5002, True)),
            ("unix:/run/iotd/1234.sock", Wire(None)), ("tcp:0", Wire(None)),
        ):
            self.assertEqual(listener(text), wire, text)

    def test_doors(self) -> None:
        """Ports of endpoints, and whether what goes there is encrypted."""
        found = wires.doors("devices", [
            "tcp:5001", "ssl:5002:interface=10.0.0.1", "tcp6:port=5003", "unix:/run/x", "tcp:0"])
        self.assertEqual([(one["port"], one["tls"]) for one in found],
                         [(5001, False), (5002, True), (5003, False)])

    def test_broker(self) -> None:
        """Gates go to the broker: this machine's, or the one that is named, never its password."""
        for broker, wire in (
            ("mqtt://iotd:secret@broker.example", Wire(1883, False, "broker.example")),
            ("mqtt://broker.example:1999", Wire(1999, False, "broker.example")),
            ("mqtts://broker.example", Wire(None, False, "broker.example")),
        ):
            config = Config(mqtt={"broker": broker})
            self.assertEqual(wire_of("gate", config), wire)
            self.assertNotIn("secret", json.dumps(wires.wires_json(config)))

    def test_own_addresses(self) -> None:
        """None of them is one that only this machine reaches."""
        for each in wires.own_addresses():
            self.assertFalse(each.startswith("127."))

    def test_no_port(self) -> None:
        """Without a port that is known one has to be given."""
        with self.assertRaises(Invalid) as refused:
            told_of(NewBoard(**CAMERA), "192.0.2.9", Wire(None))
        self.assertEqual(refused.exception.field, "port")
        told = told_of(NewBoard(**CAMERA, port=7), "192.0.2.9", Wire(None))
        self.assertEqual(told["port"], 7)
