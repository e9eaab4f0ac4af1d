"""The fleet: what boards tell is kept, events, alarms, why one is missing."""

from __future__ import annotations

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
            told = {key: board[key] for key in ("version", "build", "restarts", "free_memory",
                                                "rssi", "slot", "tls", "firmware")}
            self.assertEqual(told, {
                "version": "1.1.0", "build": 8, "restarts": 0, "free_memory": 90_000,
                "rssi": -61, "slot": "a", "tls": True, "firmware": "1.1.0+8",
            })
            self.assertEqual(self.registry.get("wch-9")["firmware"], "1.1.0+8")
            await self.restart()
