"""Updates over the air of whole boards: the very files, in the real VM, over a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.firmware.flash import firmware_files, state
from tests.firmware.release import Release, Serving
from tests.firmware.test_board import KEY, BoardTestCase
from tests.firmware.vm import Board, settings


class UpdateTestCase(BoardTestCase):
    """A camera in slots, and a server that serves it updates."""

    async def setUp(self) -> None:
        await super().setUp()
        self.flash = Path(self.mktemp())
        self.serving = Serving("cam-one", KEY)
        self.server.serving = self.serving

    def slots_board(self, speed: float = 10.0, **more: Any) -> Board:
        told = settings("cam-one", KEY, **{"watchdog_seconds": 600, "retry_seconds": 5, **more})
        board = Board(self.server.port, told, speed=speed, layout="slots", flash=self.flash)
        self.addCleanup(board.stop)
        return board.start()

    async def until(self, what: Any) -> None:
        await self.server.until(what)


class UpdateTests(UpdateTestCase):
    """What happens to a board that is offered new firmware."""

    async def test_report(self) -> None:
        """The first report tells all of the board, another one comes after 30 s."""
        self.slots_board(speed=20.0)
        await self.until(lambda: len(self.serving.reports) >= 2)
        first, second = self.serving.reports[:2]
        self.assertEqual((first.fw, first.build, first.kind, first.slot, first.mpy, first.reset),
                         ("1.1.0", 1, "camera", "a", 6, "power"))
        self.assertEqual((first.boot, first.last, first.tls, first.rssi),
                         (second.boot, None, 0, -60))
        assert second.up is not None and first.up is not None and first.free is not None
        self.assertIn(second.up - first.up, (30, 31))
        self.assertGreater(first.free, 10_000)

    async def test_taken(self) -> None:
        """While it streams it fetches, starts anew, is well, and says so; the old one stays."""
        self.serving.release = Release("camera", 2, firmware_files("camera"))
        board = self.slots_board()
        visit = await self.server.visit()
        visit.command("START")
        await self.until(lambda: len(self.serving.release.questions) > 50)
        self.assertGreater(len(visit.frames), 0)
        await self.until(lambda: self.serving.last() == "ok-2")
        newest = self.serving.reports[-1]
        self.assertEqual((newest.build, newest.slot, newest.reset), (2, "b", "update"))
        self.assertEqual(state(self.flash), {"slot": "b", "last": "ok-2"})
        self.assertTrue((self.flash / "a" / "main.py").exists())
        self.assertEqual((board.resets, board.errors()), (["reset"], ""))
