"""Boards with a key on the device wire, and how many boards may connect."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import maybeDeferred

from iotd.bus import ReadingHeard
from iotd.devices.records import all_devices
from tests.devices.room import DevicePartsTest

THERE = "10.0.0.9"


class KeyTests(DevicePartsTest):
    """Boards that prove a key."""

    async def test_lines(self) -> None:
        """A keyed board is started by a line, is told lines, and its readings are lines."""
        key = await self.registry.make_key("ward-1", "watch", by="test")
        board = self.keyed("ward-1", key)
        self.assertTrue(board.heard().endswith(b"\nstart\n"))
        self.advance(0.3)
        outcome: list[Any] = []
        self.devices.say("ward-1", "bpm").addBoth(outcome.append)
        self.assertEqual(board.heard(), b"bpm\n")
        board.say(b"72.00,bpm\n36.50,temp\n")
        self.assertEqual((outcome, len(self.of(ReadingHeard))), ([True], 2))

    async def test_kinds(self) -> None:
        """Any kind but camera and gate may prove itself here; of other kind it stays other."""
        for kind in ("cabinet", "cabinet_camera", "watch", "other"):
            key = await self.registry.make_key(f"a-{kind}".replace("_", "-"), kind, by="test")
            self.assertFalse(self.keyed(f"a-{kind}".replace("_", "-"), key).cut)
        self.assertEqual(self.registry.get("a-other")["kind"], "other")
        for kind in ("camera", "gate"):
            key = await self.registry.make_key(f"a-{kind}", kind, by="test")
            self.assertTrue(self.keyed(f"a-{kind}", key).cut)

    async def test_known_ids(self) -> None:
        """A key made for an id of the field without a kind makes what that id stands for."""
        key = await self.registry.make_key("wch", by="test")
        self.keyed("wch", key)
        self.assertEqual(self.devices.linked("watch"), ["wch"])

    async def test_removed_and_made_anew(self) -> None:
        """A new board with the id of one that was removed a moment ago was never seen."""
        key = await self.registry.make_key("ward-1", "watch", by="test")
        self.keyed("ward-1", key).leave()
        await self.registry.remove("ward-1", "test")
        await self.registry.make_key("ward-1", "watch", by="test")
        await maybeDeferred(self.registry._roster.write_heard)
        seen = await self.store.read(all_devices)
        self.assertEqual([(each.id, each.last_seen) for each in seen], [("ward-1", None)])

    async def test_wrong_proof(self) -> None:
        """A wrong key gets a nonce and `denied`; the true one stays, and replaces only itself."""
        key = await self.registry.make_key("ward-1", "watch", by="test")
        true = self.keyed("ward-1", key)
        false = self.keyed("ward-1", "00" * 32)
        self.assertTrue(false.heard().endswith(b"\ndenied\n"))
        self.assertEqual((true.cut, false.cut), (False, True))
        again = self.keyed("ward-1", key, THERE)
        self.assertEqual((true.cut, again.cut), (True, False))

    async def test_a_proof_of_the_other_wire(self) -> None:
        """A proof made for the camera wire is none here."""
        key = await self.registry.make_key("ward-1", "watch", by="test")
        protocol, transport = self.connect()
        protocol.dataReceived(b"key~ward-1\n")
        self.assertFalse(self.keyed("ward-1", key).cut)
        self.assertNotIn(b"denied", transport.value())

    async def test_late_proof(self) -> None:
        """A nonce is good for ten seconds."""
        await self.registry.make_key("ward-1", "watch", by="test")
        board = self.board()
        board.say(b"key~ward-1\n")
        self.advance(12)
        self.assertTrue(board.cut)
        self.assertTrue(board.heard().endswith(b"denied\n"))

    async def test_silence(self) -> None:
        """A keyed board is pinged after 20 s of silence and closed after 45 s."""
        key = await self.registry.make_key("ward-1", "watch", by="test")
        board = self.keyed("ward-1", key)
        board.heard()
        self.advance(22)
        self.assertEqual(board.heard(), b"ping\n")
        board.say(b"pong\n")
        self.advance(44)
        self.assertEqual((board.heard(), board.cut), (b"ping\n", False))
        self.advance(3)
        self.assertTrue(board.cut)

    async def test_its_own_ping(self) -> None:
        """What it asks by ping is answered at once."""
        key = await self.registry.make_key("ward-1", "watch", by="test")
        board = self.keyed("ward-1", key)
        board.heard()
        board.say(b"ping\nerror no finger\n")
        self.assertEqual(board.heard(), b"pong\n")
        self.assertEqual(self.count("iotd_device_faults_total", cause="board"), 1)

    async def test_exact_message(self) -> None:
        """A keyed cabinet's message has the size it says, and is over with its last byte."""
        key = await self.registry.make_key("larder", "cabinet", by="test")
        board = self.keyed("larder", key)
        self.advance(0.3)
        board.heard()
        board.say(b"size-13\n")
        self.assertEqual(board.heard(), b"send\n")
        board.say(b"aft-1023.4567")
        self.assertEqual(self.events[-1].grams, 1023.4567)
        self.advance(18)
        self.assertFalse(board.cut)


class KeyedOnlyTests(DevicePartsTest):
    """Keyed enrolment."""

    enrolment = "keyed"

    def test_refused(self) -> None:
        """A board without a key is closed, leaves no row, and the reason says why."""
        self.assertTrue(self.board("wch").cut)
        self.assertEqual(self.states(), [])
        self.assertIn("keyed", self.registry.admissions.refusals.items()[0]["reason"])

    async def test_let_in(self) -> None:
        """One with its key is started."""
        key = await self.registry.make_key("wch", by="test")
        self.assertFalse(self.keyed("wch", key).cut)


class LimitTests(DevicePartsTest):
    """How many may connect."""

    device_limits = {"max_per_address": 5, "max_connections": 8}

    def test_per_address(self) -> None:
        """One address can't take all places; seventy from one are refused beyond its share."""
        boards = [self.board() for _ in range(70)]
        self.assertEqual([board.cut for board in boards], [False] * 5 + [True] * 65)
        self.assertFalse(self.board(address=THERE).cut)
        self.assertEqual(self.count("iotd_refused_total", wire="dev", cause="limit"), 65)
        boards[0].leave()
        self.assertFalse(self.board().cut)

    async def test_proven_ones(self) -> None:
        """Boards with a key do not count for their address, but in all."""
        for n in range(8):
            key = await self.registry.make_key(f"watch-{n}", "watch", by="test")
            self.assertFalse(self.keyed(f"watch-{n}", key).cut)
        self.assertTrue(self.board(address=THERE).cut)
        self.assertEqual(self.count("iotd_device_connections"), 8)

    async def test_proven_ones_that_leave(self) -> None:
        """A board with a key that leaves makes no room for others of its address."""
        key = await self.registry.make_key("watch-1", "watch", by="test")
        for _ in range(4):
            self.board()
        for _ in range(3):
            self.keyed("watch-1", key).leave()
        self.assertEqual([self.board().cut for _ in range(2)], [False, True])

    def test_stopping(self) -> None:
        """When the daemon stops every link is closed, and no new one is taken."""
        board = self.started("wch")
        done = self.devices.close_all()
        self.assertTrue(board.cut)
        self.assertEqual(self.devices.linked("watch"), [])
        board.leave()
        self.successResultOf(done)
        self.assertTrue(self.board().cut)
        self.devices._closing = None
