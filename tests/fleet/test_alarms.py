"""The alarms "silent" and "flapping": when they begin, when they end, and who is left alone."""

from __future__ import annotations

from iotd.fleet.records import board_events
from tests.fleet.room import SILENT, FleetTest


class SilentTests(FleetTest):
    """One that says nothing for 15 minutes."""

    async def there_once(self, id: str = "wch-9") -> str:
        """A board that was connected and is away now; its key."""
        key = await self.with_key(id)
        self.keyed(id, key).leave()
        return key

    async def test_begins_and_ends(self) -> None:
        """It is told of once, with its name and what to do, until it is back."""
        key = await self.there_once()
        self.turn(SILENT - 10)
        self.assertEqual(self.begun("silent"), [])
        self.turn(60)
        (alert,) = [alert for alert in self.alerts if alert.active]
        told = alert.device, alert.cause, alert.severity
        self.assertEqual(told, ("wch-9", "silent", "warning"))
        self.assertIn("wch-9 has said nothing for 15 min", alert.text)
        self.assertTrue(self.fleet.get("wch-9")["silent"])
        self.assertEqual(self.count("iotd_boards_alarms", cause="silent"), 1)
        self.keyed("wch-9", key)
        self.assertEqual(self.begun("silent"), [])
        self.assertFalse(self.fleet.get("wch-9")["silent"])

    async def test_says_why(self) -> None:
        """One that tries in vain is told of with the reason."""
        await self.there_once()
        self.turn(5)
        self.keyed("wch-9", "00" * 32)
        self.turn(SILENT + 10)
        self.assertIn("It was turned away", self.alerts[-1].text)

    async def test_who_is_expected(self) -> None:
        """Nobody waits for one that was never there, is not approved, or is connected."""
        await self.with_key("never-9")
        self.board("wch").leave()
        self.keyed("here-9", await self.with_key("here-9"))
        self.registry.gate_door.judge("north")
        await self.registry.approve("north", by="ada")
        door = self.registry.gate_door
        door.leave("north", door.connect("north"))
        self.turn(SILENT * 2)
        self.assertEqual(self.begun("silent"), [])

    async def test_decided(self) -> None:
        """It ends for one that is revoked or removed."""
        for id in ("one-9", "two-9"):
            await self.there_once(id)
        self.turn(SILENT + 10)
        self.assertEqual(self.begun("silent"), ["one-9", "two-9"])
        await self.registry.revoke("one-9")
        await self.registry.remove("two-9")
        self.assertEqual(self.begun("silent"), [])

    async def test_grace_after_a_start(self) -> None:
        """A daemon that was away blames nobody for it; an alarm from before ends by what comes."""
        key = await self.there_once()
        self.turn(SILENT + 10)
        await self.registry.tick()
        await self.restart()
        self.turn(SILENT - 10)
        self.assertEqual(self.begun("silent"), [])
        self.keyed("wch-9", key)
        self.assertEqual([(a.key, a.active) for a in self.alerts if a.cause == "silent"],
                         [("board_silent:wch-9", False)])


class CrowdTests(FleetTest):
    """Many boards that lose the same switch."""

    async def test_one_message(self) -> None:
        """Five are told of one by one, all others together, until the last of them is back."""
        keys = {f"wch-{number:02}": await self.with_key(f"wch-{number:02}")
                for number in range(20)}
        for id, key in keys.items():
            self.keyed(id, key).leave()
        self.turn(SILENT + 10)
        begun = [alert.device for alert in self.alerts if alert.active]
        self.assertEqual((len(begun), begun.count(None)), (6, 1))
        self.assertEqual(self.count("iotd_boards_alarms", cause="silent"), 20)
        for id, key in keys.items():
            self.assertIn("None", self.begun("silent"))
            self.keyed(id, key)
        self.assertEqual(self.begun("silent"), [])


class NeverTests(FleetTest):
    """With silent_seconds = 0."""

    silent_seconds = 0.0

    async def test_none(self) -> None:
        """Nobody is ever called silent."""
        self.keyed("wch-9", await self.with_key("wch-9")).leave()
        self.turn(5000)
        self.assertEqual(self.begun("silent"), [])


class FlappingTests(FleetTest):
    """One that connects again and again."""

    async def test_begins_and_ends(self) -> None:
        """The fifth connection within ten minutes is told, and 15 quiet minutes later its end."""
        key = await self.with_key("wch-9")
        for number in range(5):
            self.assertEqual(self.begun("flapping"), [])
            self.keyed("wch-9", key)  # the older one is replaced
            self.turn(60)
        self.assertEqual(self.begun("flapping"), ["wch-9"])
        self.assertTrue(self.fleet.get("wch-9")["flapping"])
        self.turn(800)
        self.assertEqual(self.begun("flapping"), ["wch-9"])
        self.turn(60)
        self.assertEqual(self.begun("flapping"), [])

    async def test_not_before_it_is_let_in(self) -> None:
        """Strangers that wait raise nothing, and what they do writes nothing."""
        for _ in range(6):
            self.board("wch").leave()
            self.turn(2)
        self.assertEqual(self.begun("flapping"), [])
        await self.fleet._behind.finish()
        written = await self.store.run(lambda c: c.execute(board_events.select()).all())
        self.assertEqual(written, [])

    async def test_begun_while_it_waited(self) -> None:
        """Once it is let in it is told of, if it goes on."""
        for _ in range(6):
            self.board("wch").leave()
            self.turn(2)
        await self.registry.approve("wch", by="ada")
        self.assertEqual(self.begun("flapping"), [])
        self.board("wch")
        self.assertEqual(self.begun("flapping"), ["wch"])
        self.turn(1000)
        self.assertEqual(self.begun("flapping"), [])
