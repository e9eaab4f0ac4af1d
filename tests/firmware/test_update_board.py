"""Updates over the air of whole boards: the very files, in the real VM, over a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from iotd.updates.firmware import compiled
from tests.firmware.flash import firmware_files, lay_out, put, state, version_file
from tests.firmware.release import Release, Serving
from tests.firmware.test_board import KEY, BoardTestCase
from tests.firmware.test_device_boards import DeviceTestCase
from tests.firmware.test_gate_board import GateTestCase
from tests.firmware.test_gate_board import KEY as GATE_KEY
from tests.firmware.vm import Board, settings


def byte_code(kind: str) -> dict[str, bytes]:
    """What a board that runs byte code is sent."""
    return compiled(firmware_files(kind))


class UpdateTestCase(BoardTestCase):
    """A camera in slots, and a server that serves it updates."""

    async def setUp(self) -> None:  # type: ignore[override]
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

    async def test_lost_link(self) -> None:
        """A server that goes away in the middle is taken up again when it is back."""
        self.serving.release = Release("camera", 2, firmware_files("camera"))
        board = self.slots_board()
        await self.until(lambda: len(self.serving.release.questions) > 20)
        await self.server.close()
        await self.server.open()
        await self.until(lambda: self.serving.last() == "ok-2")
        self.assertEqual((board.boots, state(self.flash)["slot"]), (2, "b"))

    async def test_refused(self) -> None:
        """What it refuses is told at once, and not asked for again at each report."""
        self.serving.release = Release("watch", 2, firmware_files("camera"))
        board = self.slots_board(speed=40.0)
        await self.until(lambda: self.serving.last() == "refused-2-kind")
        count = len(self.serving.release.questions)
        await self.until(lambda: len(self.serving.reports) >= 5)
        self.assertEqual((len(self.serving.release.questions), board.boots), (count, 1))

    async def test_comes_back(self) -> None:
        """Firmware that crashes, that hangs, and that never reaches the daemon: the old one is
        back after two tries of each, and tells why."""
        for build, (main, why, reset) in enumerate((
                ("1 / 0", "crash", "crash"), ("import _host\nwhile True:\n    _host.sleep(1000)",
                                              "hang", "watchdog"),
                ("import time\nfrom machine import WDT\nwhile True:\n    WDT(600000)\n"
                 "    time.sleep_ms(1000)", "nolink", "watchdog")), 2):
            self.flash = Path(self.mktemp())
            lay_out(self.flash, "camera", None)
            put(self.flash, {"b/main.py": main.encode(), "trial": b"b 2",
                             "b/version.json": version_file("camera", build)})
            board = self.slots_board(speed=200.0)
            await self.until(lambda: self.serving.last() == f"back-{build}-{why}")
            newest = self.serving.reports[-1]
            self.assertEqual((newest.build, newest.slot, newest.reset), (1, "a", reset))
            self.assertEqual((len(board.resets), state(self.flash)["slot"]), (2, "a"))
            board.stop()
            self.serving.reports.clear()


class WatchUpdateTests(DeviceTestCase):
    """The device wire, on which lines come between readings and messages."""

    kind = "watch"

    async def test_taken(self) -> None:
        """A watch fetches new firmware, is asked meanwhile and answers, and is well with it."""
        self.server.serving = serving = Serving("dev-one", KEY)
        serving.release = release = Release("watch", 2, byte_code("watch"))
        board = self.board(layout="slots", world={"pulse": 72})
        visit = await self.visit()
        await self.until(lambda: len(release.questions) > 5)
        visit.word("bpm")
        await self.until(lambda: serving.last() == "ok-2")
        self.assertEqual(serving.reports[-1].slot, "b")
        self.assertEqual((board.resets, board.errors()), (["reset"], ""))


class GateUpdateTests(GateTestCase):
    """MQTT: the same lines under three topics, over a real broker."""

    def test_taken(self) -> None:
        """A gate fetches new firmware, and loses no number of what it saw."""
        serving = Serving("gate-a", bytes.fromhex(GATE_KEY))
        serving.release = Release("gate", 2, byte_code("gate"))
        board = self.gate(layout="slots")
        heard = 0

        def answered() -> bool:
            nonlocal heard
            told = [each for each in self.listener.messages
                    if each.topic.endswith(("/info", "/fetch"))]
            for each in told[heard:]:
                answer = serving.hear(each.payload.decode())
                if answer is not None:
                    self.listener.tell("update", answer.encode())
            heard = len(told)
            return serving.last() == "ok-2"

        self.until(answered, 60)
        self.assertEqual((serving.reports[-1].slot, board.resets), ("b", ["reset"]))
        first = serving.reports[0].boot
        assert first is not None
        numbers = self.numbers(first)
        self.assertEqual(sorted(set(numbers)), [*range(1, max(numbers) + 1)])
