"""The fleet: what boards tell is kept, what happens to them, why one is missing."""

from __future__ import annotations

from typing import Any

from twisted.internet import defer

from iotd.devices.model import Approval, Device
from iotd.fleet import behind, records
from iotd.fleet.model import KEPT_SECONDS, Event
from iotd.store.errors import StoreUnavailable
from tests.fleet.room import FleetTest


class TellingTests(FleetTest):
    """What boards tell of themselves."""

    async def test_a_report(self) -> None:
        """It is shown at once, in both lists, and is there after a restart."""
        key = await self.with_key("wch-9")
        self.keyed("wch-9", key)
        self.tells("wch-9", fw="1.1.0", build=8, boot="aa", reset="power", up=60, free=90_000,
                   rssi=-61, chip="esp32", slot="a", tls=1)
        for _ in range(2):
            board = self.fleet.get("wch-9")
            told = {name: board[name] for name in ("version", "build", "restarts", "free_memory",
                                                   "rssi", "slot", "tls", "firmware")}
            self.assertEqual(told, {
                "version": "1.1.0", "build": 8, "restarts": 0, "free_memory": 90_000,
                "rssi": -61, "slot": "a", "tls": True, "firmware": "1.1.0+8",
            })
            self.assertEqual(self.registry.get("wch-9")["firmware"], "1.1.0+8")
            await self.restart()

    async def test_uptime(self) -> None:
        """It goes on while the board is there, and is not known when it is not."""
        key = await self.with_key("wch-9")
        board = self.keyed("wch-9", key)
        self.tells("wch-9", boot="aa", up=60)
        self.turn(12)
        self.assertEqual(self.fleet.get("wch-9")["uptime_s"], 72)
        board.leave()
        self.assertIsNone(self.fleet.get("wch-9")["uptime_s"])

    async def test_strangers(self) -> None:
        """A board that was removed while it spoke leaves nothing behind."""
        self.tells("nobody", fw="1.1.0", build=8)
        self.turn(4)
        await self.settled()
        self.assertEqual((self.fleet.list(), await self.store.run(records.all_boards)), ([], []))

    async def test_pages_are_told_once_a_second(self) -> None:
        """However often a board tells, open pages hear of it once a second, and when it goes."""
        await self.with_key("wch-9")
        self.turn(1)
        self.shown.clear()
        for number in range(50):
            self.tells("wch-9", free=number)
        self.turn(1)
        self.assertEqual([event.data["free_memory"] for event in self.shown], [49])
        await self.registry.remove("wch-9")
        self.assertEqual(self.shown[-1].data, {"id": "wch-9", "gone": True})

    async def test_one_write(self) -> None:
        """Reports of 1,000 boards within three seconds are one write, and no more is kept
        waiting than that."""
        devices = [Device(f"b-{n}", f"b-{n}", "watch", Approval.APPROVED, "dev", 1.0)
                   for n in range(1000)]
        for device in devices:
            self.registry._roster.devices[device.id] = device
        runs: list[Any] = []
        whole = self.store.run
        self.store.run = lambda *args: runs.append(args[0]) or whole(*args)  # type: ignore
        for device in devices:
            self.tells(device.id, fw="1.1.0", build=8, rssi=-60)
        self.turn(3)
        self.assertEqual(runs, [records.write_news])


class HistoryTests(FleetTest):
    """What happened to a board."""

    async def kept(self, id: str) -> list[tuple[str, str]]:
        """What is on disk of it, the oldest first."""
        await self.fleet._behind.finish()
        rows = await self.store.run(lambda c: c.execute(records.board_events.select()).all())
        return [(row.what, row.text) for row in rows if row.device == id]

    async def test_story(self) -> None:
        """It connects, starts anew, is replaced, and is lost: each is told once."""
        key = await self.with_key("wch-9")
        self.keyed("wch-9", key)
        self.tells("wch-9", boot="aa", reset="power")
        self.tells("wch-9", boot="bb", reset="watchdog")
        again = self.keyed("wch-9", key, "10.0.0.8")
        again.leave()
        self.assertEqual(await self.kept("wch-9"), [
            ("connected", "from 10.0.0.7"), ("restarted", "its watchdog bit"),
            ("connected", "from 10.0.0.8"), ("lost", ""),
        ])
        self.assertEqual(self.count("iotd_boards_restarts_total"), 1)

    async def test_store_away(self) -> None:
        """What happens while the store is away is written when it is back, in order."""
        await self.with_key("wch-9")
        whole = self.store.run
        self.store.run = lambda *args: defer.fail(StoreUnavailable("away"))  # type: ignore
        for number in range(3):
            self.fleet._happened(Event("wch-9", self.now(), "lost", str(number)))
            self.turn(3)
        self.store.run = whole  # type: ignore[method-assign]
        self.assertEqual(await self.kept("wch-9"), [("lost", "0"), ("lost", "1"), ("lost", "2")])

    async def test_bounded(self) -> None:
        """What waits is bounded, and of one board the newest 1,000 of the last 90 days stay."""
        await self.with_key("wch-9")
        self.patch(behind, "MAX_WAITING", 1500)
        for number in range(2000):
            self.fleet._happened(Event("wch-9", self.now(), "lost", str(number)))
        self.assertEqual(self.fleet._behind.lost, 500)
        await self.fleet._behind.finish()
        texts = [text for _, text in await self.kept("wch-9")]
        self.assertEqual((texts[0], texts[-1], len(texts)), ("1000", "1999", 1000))
        self.clock.advance(KEPT_SECONDS + 1)
        self.fleet._behind.prune()
        for _ in range(4):
            await self.settled()
        self.assertEqual(await self.kept("wch-9"), [])


class WhyTests(FleetTest):
    """Why a board does not show up."""

    async def why(self, id: str) -> str:
        """The reason and the next step, or "" when there is none."""
        why = self.fleet.get(id)["why"]
        return "" if why is None else f"{why['reason']} {why['next_step']}"

    async def test_wrong_key(self) -> None:
        """A wrong key is told at its board, with what to do, until it is there."""
        key = await self.with_key("wch-9")
        self.assertIn("never connected", await self.why("wch-9"))
        self.turn(1)
        self.shown.clear()
        self.keyed("wch-9", "00" * 32)
        self.assertIn("write a new key onto the board", await self.why("wch-9"))
        self.turn(1)
        self.assertIn("its proof", self.shown[-1].data["why"]["reason"])
        board = self.keyed("wch-9", key)
        self.assertEqual(await self.why("wch-9"), "")
        self.turn(1)
        board.leave()
        self.assertIn("Nothing was heard", await self.why("wch-9"))

    async def test_address(self) -> None:
        """A refusal without an id counts for what was last at that address, others' do not."""
        key = await self.with_key("wch-9")
        await self.with_key("cab-9", "cabinet")
        self.keyed("wch-9", key, "10.0.0.9").leave()
        self.turn(1)
        self.registry.admissions.refuse("dev", "10.0.0.9", "cab-9", "wrong", "not this one")
        self.assertIn("Nothing was heard", await self.why("wch-9"))
        self.registry.admissions.refuse("dev", "10.0.0.9", None, "limit", "too many")
        self.assertIn("too many", await self.why("wch-9"))

    async def test_waits(self) -> None:
        """One that waits says so, a revoked one too."""
        self.board("wch")
        self.assertIn("held until somebody approves it", await self.why("wch"))
        await self.registry.revoke("wch")
        self.assertIn("revoked", await self.why("wch"))
