"""Watch, cabinet and its camera whole: their files in the MicroPython VM, over real sockets."""

from __future__ import annotations

from typing import Any, Callable

from twisted.internet import task
from twisted.trial.unittest import TestCase

from tests.field_camera import scenes
from tests.firmware.honest_devices import DeviceVisit, HonestDevices
from tests.firmware.vm import CALIBRATED, STRIP, Board, device_board

KEY = bytes(range(32))
BRIGHT, DARK = (255, 128, 64), (0, 0, 0)
OPEN, CLOSED, TOUCHED = {"pins": {"4": 1}}, {"pins": {"4": 0}}, {"touch": {"14": 200}}


class DeviceTestCase(TestCase):
    """A server that starts boards as ``kind``, and boards that are off again afterwards."""

    timeout = 90
    kind = ""
    speed = 5.0

    async def setUp(self) -> None:
        from twisted.internet import reactor

        self.server = HonestDevices(reactor, {"dev-one": KEY}, self.kind)
        await self.server.open()

    async def tearDown(self) -> None:
        await self.server.close()

    def board(self, **more: Any) -> Board:
        """A board that is switched on, on a clock faster than ours."""
        board = device_board(self.kind, self.server.port, "dev-one", KEY.hex(),
                             **{"speed": self.speed, **more})
        self.addCleanup(board.stop)
        self.powered = board.start()
        return self.powered

    async def until(self, what: Callable[[], Any]) -> None:
        """Wait for it; when it never comes, say how board and server stand."""
        try:
            await self.server.until(what)
        except AssertionError:
            board, visits = self.powered, self.server.visits
            raise AssertionError(f"waited in vain: {board.output[-12:]}, {board.display}, "
                                 f"{board.errors()}, {[vars(visit) for visit in visits]}")

    async def visit(self) -> DeviceVisit:
        visit: Any = await self.server.visit()
        return visit

    def near(self, value: float, wanted: float, by: float) -> None:
        """No further from it than that."""
        self.assertTrue(abs(value - wanted) <= by, (value, wanted))

    def assert_well(self, board: Board) -> None:
        """The board neither fell over nor broke the protocol."""
        self.assertEqual((board.running, board.resets, board.errors()), (True, [], ""))
        visits: list[Any] = list(self.server.visits)
        self.assertEqual([visit.broke for visit in visits if visit.broke], [])
        self.assertEqual([bad for visit in visits for bad in visit.bad], [])


class WatchTests(DeviceTestCase):
    """The watch, with each of its sensors."""

    kind = "watch"

    async def measured(self, visit: DeviceVisit) -> dict[str, float]:
        """Unit to value; asked again while a busy machine robs the board of its samples."""
        for _ in range(6):
            before = visit.pongs
            visit.word("bpm")
            answers = len(visit.readings) + len(visit.lines)
            await self.until(lambda: len(visit.readings) + len(visit.lines) > answers)
            visit.ping()
            await self.until(lambda: visit.pongs > before)  # the rest of the answer is here
            found = {unit: value for value, unit in visit.readings}
            if "bpm" in found:
                break
        return found

    async def test_measures(self) -> None:
        """bpm is answered with rate, temperature and oxygen; the display shows the rate."""
        board = self.board(world={"pulse": 72, "celsius": 33.4})
        found = await self.measured(await self.visit())
        self.assertEqual(sorted(found), ["bpm", "spo2", "temp"])
        self.near(found["bpm"], 72, 3)
        self.near(found["temp"], 33.4, 0.02)
        self.near(found["spo2"], 92.5, 1.5)  # R = 0.6 on Maxim's curve
        await self.until(lambda: board.display[0] == "Pulse" and board.display[8].isdigit())
        self.near(int(board.display[8]), 72, 3)
        self.assert_well(board)

    async def test_analogue(self) -> None:
        """A PulseSensor on an ADC pin measures too; without a thermometer there is a rate only."""
        board = self.board(world={"pulse": 95}, speed=3.0, settings={
            "pulse": {"sensor": "pulse_sensor", "pin": 1}, "thermometer": {"enabled": False}})
        visit = await self.visit()
        found = await self.measured(visit)
        self.assertEqual(list(found), ["bpm"])
        self.near(found["bpm"], 95, 3)
        self.assertEqual(visit.lines[-1], "error no temperature: no thermometer")
        self.assert_well(board)

    async def test_no_finger(self) -> None:
        """Without a finger bpm is answered with the temperature and the reason, with no rate."""
        board = self.board(world={"pulse": 0}, speed=20.0)
        visit = await self.visit()
        visit.word("bpm")
        await self.until(lambda: visit.lines)
        self.assertEqual([unit for _, unit in visit.readings], ["temp"])
        self.assertEqual(visit.lines, ["error no heart rate: no finger"])
        await self.until(lambda: board.display[6] == "no finger")
        self.assert_well(board)

    async def test_pages(self) -> None:
        """The button turns pages; advice and report are asked for and shown."""
        self.server.answers = {"rep": "hrx5.2,1.1" + "," * 14, **{
            what: prefix + " " for what, prefix in zip(
                "abcdefghi", "crd glc dit exr mtl rsp dig bne imm".split())}}
        self.server.answers["c"] = "dit Eat caf\u00e9 less salt and drink more water every day"
        board = self.board(world={"pulse": 60}, speed=2.0)
        visit = await self.visit()
        for title in ("Temperature", "Oxygen", "Advice"):
            await self.turn_to(board, title)
        advice = ["Diet:", "Eat caf? less", "salt and drink", "more water every"]
        await self.until(lambda: board.display[1:5] == advice)
        await self.turn_to(board, "Report")
        await self.until(lambda: board.display[1:3] == ["Cholesterol 5.2", "Triglycer. 1.1"])
        self.assertEqual(visit.requests, [*"abcdefghi", "rep"])
        await self.turn_to(board, "Connection")
        await self.until(lambda: board.display[:2] == ["Connection", "connected"])
        self.assert_well(board)

    async def test_broken_parts(self) -> None:
        """Display and sensor may be away and come back; the link never notices."""
        board = self.board(world={"pulse": 72, "broken": [0x3C, 0x57]}, speed=10.0)
        visit = await self.visit()
        visit.word("bpm")
        await self.until(lambda: visit.lines)
        self.assertEqual(visit.lines, ["error no heart rate: sensor fault"])
        board.set(broken=[])
        await self.until(lambda: board.display[0] == "Pulse" and board.display[8].isdigit())
        self.assertEqual(len(self.server.visits), 1)
        self.assert_well(board)

    async def turn_to(self, board: Board, title: str) -> None:
        """Press the button until the page is there; a busy machine may miss a press."""
        while board.display[0] != title:
            before = board.display[0]
            for level in (CLOSED, OPEN):
                board.set(**level)
                await self.pause(0.15)
            for _ in range(50):
                if board.display[0] != before:
                    break
                await self.pause(0.02)

    async def pause(self, seconds: float) -> None:
        """Ours, not the board's."""
        await task.deferLater(self.server.reactor, seconds, lambda: None)


class CabinetTests(DeviceTestCase):
    """The cabinet's cycle."""

    kind = "cabinet"
    speed = 10.0

    def cabinet(self, **more: Any) -> Board:
        """Calibrated, closed, 1.5 kg in it."""
        return self.board(files=CALIBRATED, world={**CLOSED, "counts": 35000}, **more)

    async def ready(self, board: Board) -> DeviceVisit:
        """The scale has settled, and the board is linked."""
        await self.until(lambda: "cabinet: 1500.00 g to begin with" in board.output)
        return await self.visit()

    async def weighed(self, count: int) -> list[tuple[str, float]]:
        """The first so many weights, over all connections."""
        def weights() -> list[tuple[str, float]]:
            visits: list[Any] = list(self.server.visits)
            return [weight for visit in visits for weight in visit.weights]

        await self.until(lambda: len(weights()) >= count)
        return weights()

    async def lights(self, board: Board, colour: tuple[int, int, int]) -> None:
        await self.until(lambda: board.strips.get(STRIP) == colour)

    async def test_cycle(self) -> None:
        """Touched, opened, closed: unlocked, weighed before and after, lights until lof."""
        board = self.cabinet()
        visit = await self.ready(board)
        await self.until(lambda: board.pulses[13][-1:] == [0])  # at rest, locked
        board.set(**TOUCHED)
        await self.until(lambda: board.pulses[13][-1] == 1_500_000)  # 90 degrees
        board.set(**OPEN)
        self.assertEqual(await self.weighed(1), [("bfr", 1500.0)])
        board.set(counts=30000, touch={})
        board.set(**CLOSED)
        await self.lights(board, BRIGHT)
        self.assertEqual((await self.weighed(2))[1], ("aft", 1000.0))
        self.assertEqual(visit.sizes, [11, 11])
        await self.until(lambda: board.pulses[13][-2:] == [500_000, 0])  # locked again
        visit.word("lof")
        await self.lights(board, DARK)
        visit.word("lon")
        await self.lights(board, BRIGHT)
        self.assert_well(board)

    async def test_without_lof(self) -> None:
        """Nobody says lof: the lights go off by themselves."""
        board = self.cabinet()
        await self.ready(board)
        board.set(**OPEN)
        await self.weighed(1)
        board.set(**CLOSED)
        await self.weighed(2)
        await self.lights(board, BRIGHT)
        await self.lights(board, DARK)
        self.assert_well(board)

    async def test_lost_connection(self) -> None:
        """Two visits while the server is away are told in order when it is back."""
        board = self.cabinet(speed=20.0)
        await self.ready(board)
        await self.server.close()
        for counts in (30000, 28000):
            board.set(**OPEN)
            await self.until(lambda: said(board, "bfr") > said(board, "aft"))
            board.set(counts=counts, **CLOSED)
            await self.until(lambda: said(board, "bfr") == said(board, "aft"))
        await self.server.open()
        self.assertEqual(await self.weighed(4), [("bfr", 1500.0), ("aft", 1000.0),
                                                 ("bfr", 1000.0), ("aft", 800.0)])
        self.assert_well(board)

    async def test_no_leave(self) -> None:
        """A server that never says send is left after 15 s; the weight comes on the next link."""
        self.server.grants = False
        board = self.cabinet(speed=20.0)
        visit = await self.ready(board)
        board.set(**OPEN)
        await self.until(lambda: visit.ended)
        self.server.grants = True
        self.assertEqual(await self.weighed(1), [("bfr", 1500.0)])
        self.assert_well(board)

    async def test_dead_scale(self) -> None:
        """A scale that gives no values makes no weights up: the reason is told instead."""
        board = self.board(files=CALIBRATED, world={**CLOSED, "counts": None})
        visit = await self.visit()
        board.set(**OPEN)
        await self.until(lambda: visit.lines)
        self.assertIn("error no weight bfr: no value from the HX711", visit.lines[0])
        self.assert_well(board)

    async def test_not_calibrated(self) -> None:
        """Without a calibration there are no weights, and the console says what to do."""
        board = self.board(world=CLOSED)
        visit = await self.visit()
        board.set(**OPEN)
        await self.until(lambda: visit.lines)
        self.assertEqual(visit.lines, ["error no weight bfr: the scale is not calibrated"])
        self.assertIn("calibrate.main()", board.output[0])


class CabinetCameraTests(DeviceTestCase):
    """The cabinet's camera."""

    kind = "cabinet_camera"

    async def test_pictures(self) -> None:
        """Each img is answered with the next picture, byte for byte, its flash lit meanwhile."""
        board = self.board(frames=scenes(3))
        visit = await self.visit()
        for count, picture in enumerate(scenes(3), 1):
            visit.word("img")
            await self.until(lambda: len(visit.pictures) == count)
            self.assertEqual(visit.pictures[-1], picture)
        self.assertEqual(visit.sizes, [len(picture) for picture in scenes(3)])
        self.assertEqual(board.pins[4], 0)
        self.assert_well(board)

    async def test_arducam(self) -> None:
        """What surrounds the picture in an ArduCAM's FIFO is not sent."""
        pins = {"spi": {"sck": 12, "mosi": 11, "miso": 13, "cs": 10}, "i2c": {"scl": 9, "sda": 8}}
        board = self.board(frames=scenes(2), settings={
            "camera": {"sensor": "arducam_ov2640", "skip": 1, **pins}})
        visit = await self.visit()
        visit.word("img")
        await self.until(lambda: visit.pictures)
        self.assertEqual(visit.pictures, [scenes(2)[1]])
        self.assert_well(board)

    async def test_no_picture(self) -> None:
        """A sensor that gives nothing is told as an error, and the link stands."""
        board = self.board(frames=[])
        visit = await self.visit()
        visit.word("img")
        await self.until(lambda: visit.lines)
        self.assertEqual(visit.lines, ["error no .jpg in /frames"])
        visit.ping()
        await self.until(lambda: visit.pongs)
        self.assert_well(board)


def said(board: Board, moment: str) -> int:
    """How many such weights the board took, told or not."""
    return sum(f"cabinet: {moment}-" in line for line in list(board.output))
