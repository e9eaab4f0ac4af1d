"""The fleet over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.accounts.records import list_audit
from iotd.bus import BoardTold
from iotd.fleet.shapes import BoardOut, EventOut
from iotd.wire.board_lines import Report
from tests.apps import App

URL = "/api/v1/boards"


class FleetApiTests(TestCase):
    """Three boards with keys, of which one told of itself, and an operator."""

    async def setUp(self) -> None:
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        for id in ("cab-7", "cam-7", "wch-7"):
            await self.app.registry.make_key(id, "other", "ada")
        self.app.bus.publish(
            BoardTold("wch-7", "dev", Report(fw="1.1.0", build=8, boot="aa"), self.app.now))
        await self.app.add("olga", "operator")
        self.olga = await self.app.signed_in("olga")

    async def get(self, path: str = "", status: int = 200) -> Any:
        """What an operator reads."""
        reply = await self.olga.call("GET", URL + path)
        self.assertEqual(reply.status, status, reply.body)
        return reply.json

    async def act(self, action: str, *devices: str, status: int = 200, **more: str) -> Any:
        """One thing done to many: what became of it."""
        body = {"action": action, "devices": list(devices), **more}
        reply = await self.olga.call("POST", URL + "/actions", json=body)
        self.assertEqual(reply.status, status, reply.body)
        items = reply.json.get("items", ())
        self.assertTrue(all(one["ok"] is (one["error"] is None) for one in items))
        return {one["id"]: one["error"] for one in items}

    async def acts(self, action: str) -> list[tuple[str, str]]:
        """Who did this to whom, by the audit."""
        rows = await self.app.store.read(list_audit, 1000)
        return sorted((row["subject"], row["who"]) for row in rows if row["action"] == action)

    async def test_list(self) -> None:
        """All boards by id, in pages, each as described; the registry tells the firmware too."""
        whole = await self.get()
        self.assertEqual([one["id"] for one in whole["items"]], ["cab-7", "cam-7", "wch-7"])
        self.assertEqual({*whole["items"][2]}, {*BoardOut.model_fields})
        self.assertEqual((await self.get("?limit=1"))["next"], URL + "?limit=1&after=cab-7")
        one = await self.get("/wch-7")
        self.assertEqual((one["version"], one["build"], one["restarts"]), ("1.1.0", 8, 0))
        self.assertIn("never connected", one["why"]["reason"])
        device = (await self.olga.call("GET", "/api/v1/devices/wch-7")).json
        self.assertEqual(device["firmware"], "1.1.0+8")
        await self.get("/nobody", status=404)

    async def test_place(self) -> None:
        """A place is kept, trimmed, taken away by an empty one, and shown by both."""
        for given, kept in (("  Hall ", "Hall"), ("", None), (None, None)):
            path = "/api/v1/devices/wch-7"
            reply = await self.olga.call("PATCH", path, json={"place": given})
            self.assertEqual((reply.status, reply.json["place"]), (200, kept))
            self.assertEqual((await self.get("/wch-7"))["place"], kept)
        reply = await self.olga.call("PATCH", path, json={"place": "a\nb"})
        self.assertEqual((reply.status, reply.json["field"]), (422, "place"))

    async def test_partial_failure(self) -> None:
        """Each has its own result in the order named, each done one its line in the audit."""
        done = await self.act("place", "wch-7", "nobody", "cab-7", "wch-7", place="Hall")
        self.assertEqual(list(done), ["wch-7", "nobody", "cab-7"])
        self.assertEqual([one is None for one in done.values()], [True, False, True])
        self.assertEqual(await self.acts("change device"), [("cab-7", "olga"), ("wch-7", "olga")])
        done = await self.act("command", "cab-7", "wch-7", command="bpm")
        self.assertIn("offline", done["wch-7"])
        self.assertEqual(await self.act("revoke", "cab-7", "cam-7"), {"cab-7": None, "cam-7": None})
        self.assertEqual(await self.act("approve", "cab-7"), {"cab-7": None})
        self.assertEqual(await self.act("remove", "cam-7"), {"cam-7": None})
        states = [(one["id"], one["state"]) for one in (await self.get())["items"]]
        self.assertEqual(states, [("cab-7", "offline"), ("wch-7", "offline")])
        self.assertEqual(await self.acts("remove device"), [("cam-7", "olga")])

    async def test_bodies(self) -> None:
        """What can't be done to any of them is refused as a whole, and changes nothing."""
        for action, more in (("command", {}), ("place", {}), ("paint", {}), ("place", {"at": "x"}),
                             ("place", {"place": "a\nb"})):
            await self.act(action, "wch-7", status=422, **more)
        await self.act("revoke", status=422)
        await self.act("revoke", *(f"b-{n}" for n in range(501)), status=422)
        self.assertEqual((await self.get("/wch-7"))["state"], "offline")

    async def test_many(self) -> None:
        """500 at once are taken."""
        done = await self.act("revoke", *(f"b-{n}" for n in range(499)), "wch-7")
        self.assertEqual((len(done), done["wch-7"]), (500, None))
        self.assertTrue(all("no device" in done[f"b-{n}"] for n in range(499)))

    async def test_update(self) -> None:
        """Those that can be updated are, in one roll-out; the others say why not."""
        done = await self.act("update", "wch-7")
        self.assertIn("no release yet", done["wch-7"])
        self.assertEqual(await self.acts("update device"), [])
        reply = await self.olga.call("POST", "/api/v1/firmware", json={})
        self.assertEqual(reply.status, 201, reply.body)
        updates = self.app.boards.updates
        told = "info fw=0.9.0 build=0 kind=watch boot=aa slot=a mpy=6"
        updates.hear("wch-7", "dev", told, lambda line: None)
        await self.act("revoke", "cam-7")
        done = await self.act("update", "cab-7", "cam-7", "wch-7", "nobody")
        self.assertIn("never told", done["cab-7"])
        self.assertIn("not approved", done["cam-7"])
        self.assertIn("unknown here", done["nobody"])
        self.assertIsNone(done["wch-7"])
        (rollout,) = (await self.olga.call("GET", "/api/v1/rollouts")).json["items"]
        self.assertEqual((rollout["boards_total"], rollout["started_by"]), (1, "olga"))
        self.assertEqual(await self.acts("update device"), [("wch-7", "olga")])

    async def test_history(self) -> None:
        """What happened up to now and who did what, the newest first, page by page; no act on
        another."""
        await self.act("place", "wch-7", place="Hall")
        self.app.now += 1
        self.app.bus.publish(BoardTold("wch-7", "dev", Report(boot="bb", reset="crash"),
                                       self.app.now))
        page = await self.get("/wch-7/events?limit=2")
        self.assertEqual({*page["items"][0]}, {*EventOut.model_fields})
        told = [(one["what"], one["text"], one["by"]) for one in page["items"]]
        self.assertEqual(told, [
            ("restarted", "its program crashed", ""), ("changed", "place", "olga")])
        rest = await self.get(page["next"].removeprefix(URL))
        self.assertEqual([(one["what"], one["by"]) for one in rest["items"]], [("key", "ada")])
        self.assertIsNone(rest["next"])
        await self.get("/nobody/events", status=404)
        await self.get("/wch-7/events?after=x", status=422)
