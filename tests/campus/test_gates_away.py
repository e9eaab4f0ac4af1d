"""Gates at a start while the store is away: who counts by what was kept of them."""

from __future__ import annotations

import json

from twisted.internet import defer

from iotd.errors import Unavailable
from tests.campus.gate_room import GatesTest, seen


class AwayTests(GatesTest):
    """A start while the store is away."""

    async def forget_store(self) -> None:
        """A restart whose store can't be read."""
        self.gates.stop_service()
        kept = self.saved[-1]
        await self.restart()
        self.registry._roster.loaded = False
        self.registry._roster.devices.clear()
        self.gates._loaded = None
        self.gates.adopt(kept)

    async def test_snapshot(self) -> None:
        """Approved gates count at once, with their floors; nobody else does, and no row is made."""
        await self.approved("north")
        await self.approved("revoked-one")
        await self.registry.revoke("revoked-one")
        await self.desk.set_floor("north", -75, "ann")
        self.hear(seen("waiting"))
        key = await self.registry.make_key("south", "gate")
        await self.forget_store()
        names = ("north", "south", "waiting", "new-one", "revoked-one")
        found = self.hear(*map(seen, names))
        self.assertEqual([(route.gate, route.min_rssi) for route, _ in found],
                         [("north", -75), ("south", None)])
        door = self.registry.gate_door
        self.assertTrue(door.sign_in("south", key, "c", "10.0.0.9"))
        self.assertFalse(door.sign_in("new-one", key, "c", "10.0.0.9"))
        self.assertEqual(self.registry.list(), [])

    async def test_store_comes(self) -> None:
        """When the store is there, its gates are judged by it, and are online when heard."""
        await self.approved("north")
        await self.forget_store()
        self.assertEqual(len(self.hear(seen("north"))), 1)
        self.store.call(self.registry.load)
        self.store.call(self.gates.load)
        self.advance(1)
        self.assertEqual(len(self.hear(seen("north"))), 1)
        self.assertEqual(self.states(), {"north": "online"})

    def test_rubbish(self) -> None:
        """What can't be read of a snapshot is told, and ends nothing."""
        self.registry._roster.loaded = False
        for text in ("", "[]", "{}", '{"devices": [{"id": 1}], "floors": {}}', "null"):
            self.gates.adopt(text)
        self.assertEqual(self.hear(seen("north")), [])

    async def test_not_saved(self) -> None:
        """What could not be kept is tried again until it can, and told once."""
        await self.approved("north")
        self.save = lambda text: defer.fail(Unavailable("the disk is full"))
        self.advance(5)
        self.assertEqual(len(self.flushLoggedErrors(Unavailable)), 1)
        self.save = self.take
        self.advance(1)
        self.assertIn("north", self.saved[-1])

    async def test_saved_when_it_changes(self) -> None:
        """What is kept changes with decisions, not with each message."""
        await self.approved("north")
        self.advance(1)
        count = len(self.saved)
        for _ in range(20):
            self.hear(seen("north"))
            self.advance(1)
        self.assertEqual(len(self.saved), count)
        self.assertEqual([each["id"] for each in json.loads(self.saved[-1])["devices"]], ["north"])
        self.assertNotIn("last_seen\": 1", self.saved[-1])
