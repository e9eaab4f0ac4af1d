"""The whole daemon, and a whole board that updates itself over the air from it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any, Callable

from twisted.trial.unittest import SynchronousTestCase

from iotd.updates.firmware import firmware_folder
from iotd.updates.releases import Releases
from tests.firmware.flash import state
from tests.firmware.vm import Board, camera_board
from tests.running_daemon import RunningDaemon

ROLLOUTS = "/api/v1/rollouts"


class OverTheAirTests(SynchronousTestCase):
    """One daemon in a process of its own, one camera in the real VM."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.daemon = RunningDaemon(self.folder / "daemon")
        self.addCleanup(self.daemon.stop)
        self.daemon.start()

    def release(self, line: str) -> int:
        """The build of a release of the shipped firmware whose app begins with this line; made
        beside the daemon, as on another machine, and found by it."""
        source = self.folder / "source"
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(firmware_folder(), source)
        main = source / "camera" / "main.py"
        main.write_text(f"{line}\n{main.read_text()}")
        return Releases(self.daemon.data / "firmware").make(source, now=time.time()).build

    def board(self) -> Board:
        """A camera with two folders that runs build 1."""
        key = self.daemon.iotd("device", "key", "cam-air", "--kind", "camera")
        self.flash = self.folder / "flash"
        board = camera_board("127.0.0.1", self.daemon.ports["cameras"], "cam-air", key,
                             layout="slots", flash=self.flash, speed=20.0)
        self.addCleanup(board.stop)
        return board.start()

    def comes(self, what: Callable[[], Any], board: Board, seconds: float = 60.0) -> Any:
        """The first true thing that ``what`` gives; what was said meanwhile when none came."""
        until = time.monotonic() + seconds
        while not (found := what()):
            if time.monotonic() > until:
                self.fail(f"{board.output}, {board.errors()}, {self.daemon.log()[-3000:]}")
            time.sleep(0.05)
        return found

    def ended(self, id: int) -> Any:
        """A roll-out that runs no more; None while it does."""
        rollout = self.daemon.call("GET", f"{ROLLOUTS}/{id}")
        return None if rollout["state"] == "running" else rollout

    def test_new_firmware_and_bad_firmware(self) -> None:
        """It fetches a release and runs it for good; from one that crashes it comes back by
        itself, and that roll-out stops."""
        self.release("")
        board = self.board()
        self.comes(lambda: self.daemon.call("GET", "/api/v1/boards/cam-air")["build"], board)

        good = self.release("print('the second')")
        self.assertEqual(good, 2)
        begun = self.daemon.call("POST", ROLLOUTS, {})
        self.assertEqual((begun["build"], begun["boards_total"]), (2, 1))
        found = self.comes(lambda: self.ended(begun["id"]), board)
        [done] = found["boards"]
        self.assertEqual((found["state"], done["state"]), ("done", "done"))
        self.assertEqual(done["done_bytes"], done["total_bytes"])
        self.assertEqual(state(self.flash), {"slot": "b", "last": "ok-2"})
        self.assertTrue((self.flash / "b" / "main.mpy").exists())
        self.assertIn("the second", "\n".join(board.output))
        self.assertEqual(self.daemon.call("GET", "/api/v1/boards/cam-air")["build"], 2)

        bad = self.release("raise OSError('the third')")
        begun = self.daemon.call("POST", ROLLOUTS, {"build": bad})
        found = self.comes(lambda: self.ended(begun["id"]), board)
        self.assertEqual(
            (found["state"], found["reason"]),
            ("stopped", "cam-air: went back to what it had: crash"))
        self.assertEqual(state(self.flash), {"slot": "b", "last": "back-3-crash"})
        self.assertEqual(self.daemon.call("GET", "/api/v1/boards/cam-air")["build"], 2)
        status = self.daemon.iotd("firmware", "status")
        self.assertIn("it stopped: cam-air: went back", status)
        self.assertEqual(board.errors(), "")
