"""The firmware against the whole daemon, as on a wall: keyed, streaming, restarted under it."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.field_camera import scenes
from tests.running_daemon import RunningDaemon
from tests.firmware.vm import Board, camera_board

FRAMES = scenes(5)


class DaemonTests(SynchronousTestCase):
    """One daemon in a process of its own, one board in another."""

    def setUp(self) -> None:
        self.daemon = RunningDaemon(Path(self.mktemp()))
        self.addCleanup(self.daemon.stop)
        self.daemon.start()

    def board(self, key: str) -> Board:
        board = camera_board("127.0.0.1", self.daemon.ports["cameras"], "cam-vm", key,
                             frames=FRAMES, speed=5.0)
        self.addCleanup(board.stop)
        return board.start()

    def comes(self, board: Board, colour: str) -> None:
        """The light turns to this colour."""
        told = board.wait_for(lambda: board.led == colour, 40)
        self.assertTrue(told, (board.output, board.errors(), self.daemon.log()))

    def test_streams_and_survives_a_restart(self) -> None:
        """Start, pictures byte for byte, daemon restarted, pictures again by themselves, stop."""
        key = self.daemon.iotd("device", "key", "cam-vm", "--kind", "camera")
        board = self.board(key)
        self.comes(board, "red")
        self.daemon.call("POST", "/api/v1/cameras/cam-vm/start")
        self.comes(board, "green")
        self.assertLessEqual(set(self.daemon.stream("cam-vm", 8)), set(FRAMES))
        self.daemon.stop()
        self.comes(board, "red")
        self.daemon.start()
        self.comes(board, "green")
        self.assertLessEqual(set(self.daemon.stream("cam-vm", 8)), set(FRAMES))
        self.daemon.call("POST", "/api/v1/cameras/cam-vm/stop")
        self.comes(board, "red")
        self.assertEqual((board.resets, board.errors()), ([], ""))

    def test_wrong_key(self) -> None:
        """A board with a wrong key is refused, told so, and shows red; it streams nothing."""
        key = self.daemon.iotd("device", "key", "cam-vm", "--kind", "camera")
        board = self.board(key[::-1])
        refused = "link: the daemon refuses our key"
        self.assertTrue(board.wait_for(lambda: refused in board.output), board.output)
        self.assertEqual(board.led, "red")
        [camera] = self.daemon.call("GET", "/api/v1/cameras")["items"]
        self.assertEqual((camera["id"], camera["state"]), ("cam-vm", "offline"))
