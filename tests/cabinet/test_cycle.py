"""The door cycle on the reactor: what is said, and only after what is on disk."""

from __future__ import annotations

from iotd.cabinet import records
from tests.cabinet.house import LIT, CabinetsTest


class CycleTests(CabinetsTest):
    """From button to lights off."""

    async def test_whole_cycle(self) -> None:
        """Open, close, picture, lights off: each with its word, its row and its JSON."""
        await self.link("cab", "img")
        self.assertEqual(self.wire.said, [])
        await self.weigh("bfr", 1023.4567)
        self.assertEqual((self.json()["door"], self.json()["phase"]), ("open", "open"))
        await self.weigh("aft", 1000.0)
        self.assertEqual(self.wire.said, [("img", "img")])
        self.assertEqual(self.json()["lights"], "on")
        await self.send()
        self.wire.heard("img", "img")
        self.assertEqual(self.wire.said[1:], [("cab", "lof")])
        self.wire.heard("cab", "lof")
        await self.settled()
        shown = self.json()
        self.assertEqual([shown[key] for key in ("door", "lights", "phase", "weight_g")],
                         ["closed", "off", "rest", 1000.0])
        visit, = await self.history()
        self.assertEqual((visit["before_g"], visit["after_g"], visit["taken_g"]),
                         (1023.4567, 1000.0, 23.4567))
        self.assertIsNotNone(visit["lights_off_at"])
        kept = await self.store.read(records.find_picture, "cab")
        self.assertEqual(kept[1], LIT)
