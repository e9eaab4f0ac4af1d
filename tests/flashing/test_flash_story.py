"""The whole story: an empty board, ``iotd flash``, and a camera that the daemon has online."""

from __future__ import annotations

import json
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.field_camera import scenes
from tests.firmware.terminal import SerialBoard
from tests.firmware.vm import Board
from tests.running_daemon import RunningDaemon

PASSWORD = "correct horse battery"


class StoryTests(SynchronousTestCase):
    """One daemon, one board on a cable; its network is there once it has restarted."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.daemon = RunningDaemon(self.folder / "daemon")
        self.addCleanup(self.daemon.stop)
        self.daemon.start()
        self.flash = self.folder / "flash"
        self.networked: Board | None = None

    def put_on_wifi(self, cable: SerialBoard) -> None:
        """After its reset the board runs where there is a network; the cable shows its words."""
        board = Board(0, None, layout="slots", flash=self.flash, frames=scenes(2), speed=5.0)
        self.addCleanup(board.stop)
        self.networked = board.start()
        told = 0
        while board.running:
            for line in board.output[told:]:
                cable.say(line)
                told += 1
            time.sleep(0.05)

    def cable(self) -> SerialBoard:
        board = SerialBoard(self.flash, on_reset=self.put_on_wifi)
        self.addCleanup(board.stop)
        return board.start()

    def words(self, port: str) -> list[str]:
        """A whole command line, with a Wi-Fi and settings in files."""
        wifi, more = self.folder / "wifi.txt", self.folder / "more.json"
        wifi.write_text(f"home\n{PASSWORD}\n")
        more.write_text(json.dumps({"camera": {"sensor": "pattern"}, "retry_seconds": 5,
                                    "server": {"port": self.daemon.ports["cameras"]}}))
        return ["flash", "--port", port, "--kind", "camera", "--id", "cam-box", "--preset",
                "esp32s3-arducam", "--settings", str(more), "--wifi", str(wifi), "--server",
                "127.0.0.1"]

    def test_out_of_the_box(self) -> None:
        """An empty board is online after one command; a second one changes nothing, and soon."""
        done = self.daemon.command(*self.words(self.cable().port))
        print(done)
        self.assertEqual(done.returncode, 0, (done.stderr, done.stdout))
        self.assertIn("online", done.stdout.splitlines()[-1])
