"""The watch's thermometer, display, dial and texts on models of their hardware."""

from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from tests.firmware.bench import Bus
from common.errors import SensorError
from dial import Encoder, Potentiometer
from doctor import ADVICE, REPORT, Doctor, wrapped
from mlx90614 import Mlx90614, Thermometer, pec
from ssd1306 import SETUP, Ssd1306
import watch_pages as pages

models = rig.fake("part_models")


class Mlx90614Tests(SynchronousTestCase):
    """The thermometer and its checksums."""

    def setUp(self) -> None:
        self.celsius: Any = 36.58
        self.model = models.Mlx90614Model(lambda: self.celsius)
        self.bus = Bus(self.model)

    @given(st.floats(-70, 380))
    def test_celsius(self, celsius: float) -> None:
        """What it sees, in steps of 0.02 degrees."""
        model = models.Mlx90614Model(lambda: celsius)
        self.assertTrue(abs(Mlx90614(Bus(model)).object() - celsius) <= 0.0101)

    @given(st.binary(min_size=1, max_size=8))
    def test_pec(self, data: bytes) -> None:
        """The checksum agrees with long division; the data sheet's own example too."""
        self.assertEqual(pec(data), models.smbus_crc(data))
        self.assertEqual(pec(bytes([0xB4, 0x07, 0xB5, 0xD2, 0x3A])), 0x30)

    def test_spoilt(self) -> None:
        """A wrong checksum is asked again, twice; then it is a fault."""
        self.model.spoilt = 2
        self.assertTrue(abs(Mlx90614(self.bus).object() - 36.58) < 0.02)
        self.model.spoilt = 3
        self.assertRaises(SensorError, Mlx90614(self.bus).object)

    def test_flag_and_absence(self) -> None:
        """Its own error flag, and nobody on the bus, are faults, never temperatures."""
        self.celsius = None
        self.assertRaises(SensorError, Mlx90614(self.bus).object)
        self.assertAlmostEqual(Mlx90614(self.bus).ambient(), 24.0, places=1)
        self.bus.broken.add(0x5A)
        self.assertIn("100 kHz", str(self.assertRaises(SensorError, Mlx90614(self.bus).object)))

    def test_thermometer(self) -> None:
        """Asked once a second, the offset added; a fault takes the old value away."""
        clock = rig.FakeClock()
        thermometer = Thermometer(Mlx90614(self.bus), 0.5, clock)
        thermometer.poll()
        self.assertTrue(abs(thermometer.celsius - 37.08) < 0.02)
        self.celsius = None
        clock.sleep_ms(500)
        thermometer.poll()
        self.assertIsNotNone(thermometer.celsius)
        clock.sleep_ms(600)
        thermometer.poll()
        self.assertEqual(thermometer.celsius, None)
        self.assertIn("can't measure", thermometer.fault)


class FrameBuffer:
    """The part of MicroPython's framebuf that the display needs; a letter fills its 8 x 8."""

    def __init__(self, points: bytearray, width: int, height: int, layout: int) -> None:
        self.points, self.width = points, width

    def fill(self, colour: int) -> None:
        self.points[:] = bytes(len(self.points))

    def text(self, text: str, x: int, y: int, colour: int) -> None:
        for place, letter in enumerate(text):
            for column in range(8):
                self.points[y // 8 * self.width + x + place * 8 + column] = ord(letter)

    def fill_rect(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        for row in range(y, y + height):
            for column in range(x, x + width):
                self.points[row // 8 * self.width + column] |= 1 << row % 8


class FrameModule:
    """framebuf itself."""

    MONO_VLSB = 0
    FrameBuffer = FrameBuffer


class Ssd1306Tests(SynchronousTestCase):
    """The display's commands and rows."""

    def setUp(self) -> None:
        self.sent: list[int] = []
        self.model = models.Ssd1306Model(lambda model, page: self.sent.append(page))
        self.display = Ssd1306(Bus(self.model), FrameModule)

    def flush(self) -> list[int]:
        self.sent.clear()
        while self.display.poll():
            pass
        return list(self.sent)

    def test_setup(self) -> None:
        """Charge pump and panel are on after the flow chart's commands."""
        self.assertEqual(self.model.commands, list(SETUP))
        self.assertTrue(self.model.on and self.model.charged)

    def test_rows(self) -> None:
        """A row at a time; then only rows that have changed."""
        self.display.draw(["Pulse", "72"])
        self.assertTrue(self.display.poll())
        self.assertEqual(self.sent, [0])
        self.assertEqual(self.flush(), [1, 2, 3, 4, 5, 6, 7])
        self.assertEqual(self.flush(), [])
        self.display.draw(["Pulse", "73"])
        self.assertEqual(self.flush(), [1])
        self.assertEqual(self.model.memory[128:144], b"7" * 8 + b"3" * 8)

    def test_big(self) -> None:
        """Big figures are three times as large, over rows 2 to 4."""
        self.display.draw([], "8")
        self.flush()
        points = [[self.model.memory[y // 8 * 128 + x] >> y % 8 & 1 for x in range(24)]
                  for y in range(16, 40)]
        shape = [[ord("8") >> row & 1 for _ in range(8)] for row in range(8)]
        self.assertEqual([line[::3] for line in points[::3]], shape)
        self.assertEqual(points[0], points[2])

    def test_absent(self) -> None:
        """Nobody on the bus is an OSError, at once."""
        self.assertRaises(OSError, Ssd1306, Bus(), FrameModule)


class Level:
    """A pin, or an ADC."""

    def __init__(self, level: int = 1) -> None:
        self.level = level

    def value(self) -> int:
        return self.level

    read_u16 = value


class DialTests(SynchronousTestCase):
    """Encoder and potentiometer."""

    def turn(self, encoder: Encoder, a: Level, b: Level, steps: list[tuple[int, int]]) -> int:
        for a.level, b.level in steps:
            encoder.feed()
        return encoder.turned()

    def test_encoder(self) -> None:
        """A click to the right, one to the left, half a click, and contacts that bounce."""
        a, b = Level(), Level()
        encoder = Encoder(a, b)
        left = [(0, 1), (0, 0), (1, 0), (1, 1)]
        right = [(1, 0), (0, 0), (0, 1), (1, 1)]
        first = self.turn(encoder, a, b, right)
        self.assertEqual(abs(first), 1)
        self.assertEqual(self.turn(encoder, a, b, left), -first)
        self.assertEqual(self.turn(encoder, a, b, right[:2]), 0)
        self.assertEqual(self.turn(encoder, a, b, right[2:]), first)
        bouncing = [right[0], (1, 1), right[0], *right[1:]]
        self.assertEqual(self.turn(encoder, a, b, bouncing * 3), 3 * first)

    def test_potentiometer(self) -> None:
        """Its way is the pages; at a border it doesn't flicker."""
        adc = Level(0)
        dial = Potentiometer(adc, 6)
        self.assertEqual(dial.turned(), 0)
        adc.level = 65535
        self.assertEqual(dial.turned(), 5)
        border = 65536 // 6 * 5
        for adc.level in (border - 500, border + 500, border - 900):
            self.assertEqual(dial.turned(), 0)
        adc.level = border - 5000
        self.assertEqual(dial.turned(), -1)


class FakeWire:
    """Remembers requests."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    def request(self, what: str) -> None:
        self.requests.append(what)


class DoctorTests(SynchronousTestCase):
    """Advice and report, asked and shown."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.doctor = Doctor(self.clock)
        self.wire = FakeWire()

    def test_one_at_a_time(self) -> None:
        """The next request waits for the answer, or for 10 s."""
        self.doctor.want(ADVICE)
        self.doctor.want(ADVICE)
        for _ in range(3):
            self.doctor.poll(self.wire)
        self.assertEqual(self.wire.requests, ["a"])
        self.assertTrue(self.doctor.hear("crd Walk daily"))
        self.doctor.poll(self.wire)
        self.clock.sleep_ms(10_001)
        self.doctor.poll(self.wire)
        self.assertEqual(self.wire.requests, ["a", "b", "c"])
        self.assertEqual(self.doctor.advice(), ["Heart:", "Walk daily"])

    def test_report(self) -> None:
        """Values of the report stand beside their names, empty ones are left out."""
        self.doctor.want(REPORT)
        self.assertEqual(self.doctor.report(), ["asking ..."])
        self.assertTrue(self.doctor.hear("hrx,,1.4" + "," * 13 + "41"))
        self.assertEqual(self.doctor.report(), ["HDL 1.4", "HbA1c 41"])
        self.assertTrue(self.doctor.hear("hrx" + "," * 15))
        self.assertEqual(self.doctor.report(), ["nothing yet"])
        self.assertFalse(self.doctor.hear("bpm"))

    def test_again(self) -> None:
        """What is ten minutes old is asked again, and what a lost link left open at once."""
        self.doctor.want(REPORT)
        self.doctor.poll(self.wire)
        self.doctor.link_lost()
        self.doctor.want(REPORT)
        self.doctor.poll(self.wire)
        self.doctor.hear("hrx")
        self.doctor.want(REPORT)
        self.doctor.poll(self.wire)
        self.assertEqual(self.wire.requests, ["rep", "rep"])
        self.clock.sleep_ms(601_000)
        self.doctor.want(REPORT)
        self.doctor.poll(self.wire)
        self.assertEqual(self.wire.requests, ["rep"] * 3)

    @given(st.text("ab \t", max_size=200))
    def test_wrapped(self, text: str) -> None:
        """No line is too long or empty, and no letter is lost."""
        lines = wrapped(text, 16)
        self.assertTrue(all(0 < len(line) <= 16 for line in lines))
        self.assertEqual("".join(lines).replace(" ", ""), "".join(text.split()))


class PageTests(SynchronousTestCase):
    """What the pages say."""

    def test_values_and_reasons(self) -> None:
        """A value with its unit, or a dash with the reason."""
        self.assertEqual(pages.pulse(71.6, 1.0, "")[1], "72")
        self.assertEqual(pages.pulse(71.6, 1.0, "")[0][7], "[##########]")
        lines, big = pages.pulse(None, 0.3, "hold still")
        self.assertEqual((lines[6], lines[7], big), ("hold still", "[###       ]", "--"))
        self.assertEqual(pages.temperature(33.44, "")[1], "33.4")
        self.assertEqual(pages.oxygen(None, "no finger")[0][6:], ["no finger", "not calibrated"])

    def test_screens(self) -> None:
        """A long text is shown in parts, round and round, with the part in its title."""
        lines = [str(at) for at in range(10)]
        self.assertEqual(pages.text("Report", lines, 0)[0], ["Report 1/2", *lines[:7]])
        self.assertEqual(pages.text("Report", lines, 3)[0], ["Report 2/2", *lines[7:]])
        self.assertEqual(2, pages.screens_of(lines))

    def test_fits(self) -> None:
        """Nothing is wider than the display."""
        shown = pages.link("connected", "x" * 32, {"host": "h" * 60, "port": 5001}, "y" * 200)[0]
        self.assertLessEqual(len(shown), 8)
        self.assertTrue(all(len(line) <= 16 for line in shown), shown)
