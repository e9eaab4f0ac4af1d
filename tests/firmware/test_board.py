"""Whole boards: the very files, in the real MicroPython VM, over real sockets."""

from __future__ import annotations

import re
from typing import Any

from twisted.internet import task
from twisted.trial.unittest import TestCase

from tests.field_camera import scenes
from tests.firmware.honest_server import HonestServer, Visit
from tests.firmware.vm import ARDUCAM_PINS, Board, settings

KEY = bytes(range(32))
FRAMES = scenes(3)


class BoardTestCase(TestCase):
    """A server that knows cam-one, and boards that are off again afterwards."""

    timeout = 90

    async def setUp(self) -> None:
        from twisted.internet import reactor

        self.server = HonestServer(reactor, {"cam-one": KEY})
        await self.server.open()

    async def tearDown(self) -> None:
        await self.server.close()

    def board(self, speed: float = 10.0, key: bytes = KEY, frames: Any = FRAMES,
              **more: Any) -> Board:
        """A board that is switched on, on a clock so much faster than ours."""
        # On a busy machine Node may stand still for a second: 50 s on such a board's clock
        told = settings("cam-one", key, **{"watchdog_seconds": 600, **more})
        board = Board(self.server.port, told, frames=frames, speed=speed)
        self.addCleanup(board.stop)
        return board.start()

    async def streaming(self, visit: Visit, count: int = 5) -> None:
        """Frames keep coming."""
        before = len(visit.frames)
        await self.server.until(lambda: len(visit.frames) >= before + count)

    def assert_well(self, board: Board) -> None:
        """The board neither fell over nor broke the protocol."""
        self.assertEqual((board.running, board.resets, board.errors()), (True, [], ""))
        self.assertEqual([visit.broke for visit in self.server.visits if visit.broke], [])


class StoryTests(BoardTestCase):
    """What the daemon asks, and what the board does."""

    async def test_streams(self) -> None:
        """Hello, START, frames byte for byte, STOP, START again; the light tells."""
        board = self.board()
        visit = await self.server.visit()
        await self.server.until(lambda: board.led == "red")
        for _ in range(2):
            visit.command("START")
            await self.streaming(visit)
            await self.server.until(lambda: board.led == "green")
            visit.command("STOP")
            await self.server.until(lambda: board.led == "red")
        self.assertEqual(set(visit.frames), set(FRAMES))
        self.assertEqual(visit.frames[:4], [*FRAMES, FRAMES[0]])
        self.assert_well(board)

    async def test_stop_is_the_end(self) -> None:
        """After STOP the ping is answered and not one more frame comes before the answer."""
        board = self.board()
        visit = await self.server.visit()
        visit.command("START")
        await self.streaming(visit)
        visit.say(b"STOP\nping\n")
        await self.server.until(lambda: visit.pongs == 1)
        count = len(visit.frames)
        visit.say(b"ping\n")
        await self.server.until(lambda: visit.pongs == 2)
        self.assertEqual(len(visit.frames), count)
        self.assert_well(board)

    async def test_glued_and_split_commands(self) -> None:
        """Commands in one piece, and one in two pieces, are all obeyed."""
        board = self.board(lamp={"pin": 4})
        visit = await self.server.visit()
        visit.say(b"SET fps=20 quality=40\nSET flash=1\nSTART\nping\nSTO")
        await self.streaming(visit)
        await self.server.until(lambda: board.pins.get(4) == 1)
        visit.say(b"P\n")
        await self.server.until(lambda: board.led == "red" and board.pins[4] == 0)
        self.assertEqual((visit.pongs, visit.lines), (1, []))

    async def test_bad_set(self) -> None:
        """A SET that makes no sense is answered with what was wrong with it."""
        self.board()
        visit = await self.server.visit()
        visit.say(b"SET fps=500\n")
        await self.server.until(lambda: visit.lines)
        self.assertEqual(visit.lines, ["error fps 500 is not from 1 to 60"])

    async def test_silence(self) -> None:
        """After 20 s of silence it asks ping, and lives on with its answer."""
        board = self.board()
        visit = await self.server.visit()
        await self.server.until(lambda: visit.pings >= 2)
        self.assertEqual(len(self.server.visits), 1)
        self.assert_well(board)


class ReturnTests(BoardTestCase):
    """What the field firmware never did."""

    async def test_server_restart(self) -> None:
        """A server that goes away while it streams and comes back finds the board again."""
        board = self.board(speed=20.0)
        visit = await self.server.visit()
        visit.command("START")
        await self.streaming(visit)
        await self.server.close()
        await self.server.until(lambda: board.led == "red")
        await self.server.open()
        visit = await self.server.visit()
        visit.command("START")
        await self.streaming(visit)
        self.assertEqual(set(visit.frames), set(FRAMES))
        self.assert_well(board)

    async def test_away_for_long(self) -> None:
        """A server that stays away is tried again and again, the watchdog content."""
        port = self.server.port
        await self.server.close()
        board = self.board(speed=100.0)
        await self.server.until(lambda: len(waits(board)) >= 8)
        self.assertEqual(self.server.port, port)
        await self.server.open()
        await self.server.visit()
        self.assert_well(board)

    async def test_wrong_key(self) -> None:
        """A wrong key is tried again every 30 to 60 s, and works once it is right."""
        board = self.board(speed=50.0, key=bytes(32))
        await self.server.until(lambda: len(waits(board, after="link: the daemon refuses")) >= 3)
        refused = waits(board, after="link: the daemon refuses")
        self.assertTrue(all(30_000 <= wait <= 60_000 for wait in refused), refused)
        self.assertFalse(any(visit.accepted for visit in self.server.visits))
        self.server.keys["cam-one"] = bytes(32)
        await self.server.visit()
        self.assert_well(board)

    async def test_silent_server(self) -> None:
        """A server that hangs is left after 45 s, and met again on a new connection."""
        board = self.board(speed=50.0)
        visit = await self.server.visit()
        self.patch(visit, "heard", lambda event: None)
        await self.server.until(lambda: len(self.server.visits) >= 2)
        await self.server.until(lambda: visit.ended)
        self.assertIn("link: LinkLost('not a byte for 45 s',)", board.output)
        self.assert_well(board)

    async def test_watchdog(self) -> None:
        """A board that hangs is started anew by its watchdog."""
        board = self.board(speed=50.0, watchdog_seconds=20)
        await self.server.visit()
        board.freeze()
        await task.deferLater(self.server.reactor, 0.6, board.thaw)
        await self.server.until(lambda: not board.running)
        self.assertEqual(board.resets, ["watchdog"])

    async def test_bad_settings(self) -> None:
        """Without good settings the board says why and leaves its console to the owner."""
        board = self.board(retry_seconds="soon")
        await self.server.until(lambda: not board.running)
        self.assertEqual(board.resets, [])
        self.assertIn("retry_seconds is 'soon'", board.output[0])


class SensorTests(BoardTestCase):
    """Each kind of sensor, all the way from its buses to the server."""

    async def shows(self, camera: dict[str, Any]) -> Board:
        """The frames that arrive are the camera's, byte for byte."""
        board = self.board(camera=camera)
        visit = await self.server.visit()
        visit.command("START")
        await self.streaming(visit, 6)
        visit.command("SET framesize=VGA quality=20")
        await self.streaming(visit)
        self.assertEqual(set(visit.frames), set(FRAMES))
        self.assertEqual(visit.lines, [])
        self.assert_well(board)
        return board

    async def test_ov2640(self) -> None:
        """An ArduCAM with an OV2640."""
        await self.shows({"sensor": "arducam_ov2640", "fps": 10, **ARDUCAM_PINS})

    async def test_ov5642(self) -> None:
        """An ArduCAM with an OV5642."""
        await self.shows({"sensor": "arducam_ov5642", "fps": 10, **ARDUCAM_PINS})

    async def test_builtin(self) -> None:
        """A board whose MicroPython has a camera module."""
        board = await self.shows({"sensor": "builtin", "fps": 10})
        self.assertIn("camera module: quality 20", board.output)

    async def test_no_picture(self) -> None:
        """A sensor that gives nothing is told, the light stays red, the link stands."""
        board = self.board(frames=[])
        visit = await self.server.visit()
        visit.command("START")
        await self.server.until(lambda: visit.lines)
        self.assertEqual(visit.lines, ["error no .jpg in /frames"])
        await self.server.until(lambda: board.led == "red")
        visit.say(b"ping\n")
        await self.server.until(lambda: visit.pongs)
        self.assert_well(board)


def waits(board: Board, after: str = "") -> list[int]:
    """The waits in ms that the board told of, those after a line that begins so."""
    lines = list(board.output)
    found = [re.fullmatch(r"link: again in (\d+) ms", line) for line in lines]
    return [int(match[1]) for line, match in zip(lines, found[1:])
            if match and line.startswith(after)]
