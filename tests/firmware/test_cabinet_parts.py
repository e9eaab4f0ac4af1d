"""The cabinet's scale, lock, handle, lights and button on models of their hardware."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from calibrate import calibrate
from common.button import Button
from common.errors import SensorError
from common.part import Part
from door import Door, Handle, Servo
from hx711 import Hx711, IrqGuard
from lights import Lights, colour_of
from scale import Calibration, Scale, calibrated, load, store

models = rig.fake("part_models")


class Bench:
    """An HX711's two pins, and the driver's guard."""

    def __init__(self, counts: Any) -> None:
        self.clock = rig.FakeClock()
        self.counts = counts
        self.model = models.Hx711Model(lambda: self.clock.now, lambda: self.counts)
        self.guarded = 0
        self.guard = IrqGuard(self.disable, self.enable)

    def disable(self) -> int:
        self.guarded += 1
        return 7

    def enable(self, state: int) -> None:
        assert state == 7

    def value(self, level: int | None = None) -> Any:
        """Both pins at once: reading is data, writing is the clock."""
        return self.model.data() if level is None else self.model.clock(level)

    def driver(self, gain: int = 128) -> Any:
        return Hx711(self, self, self.clock, gain, self.guard)

    def scale(self, calibration: Any = None) -> Any:
        return Scale(Part("scale", self.driver, self.clock, lambda text: None), calibration,
                     self.clock)

    def run(self, poll: Any, ms: int = 1500) -> list[Any]:
        """What it gives when it is polled every 10 ms."""
        found = []
        for _ in range(0, ms, 10):
            self.clock.sleep_ms(10)
            found.append(poll())
        return found


class Hx711Tests(SynchronousTestCase):
    """24 bits, two's complement, gain, silence."""

    @given(st.integers(-0x7FFFFF, 0x7FFFFE))
    def test_values(self, counts: int) -> None:
        """Any value within the range comes out as it is, sign included."""
        bench = Bench(counts)
        found = [value for value in bench.run(bench.driver().poll) if value is not None]
        self.assertEqual(set(found), {counts})
        self.assertGreaterEqual(len(found), 9)

    def test_gain(self) -> None:
        """Each gain has its pulses; the value before it was chosen is dropped."""
        for gain in (128, 64, 32):
            bench = Bench(5)
            found = [value for value in bench.run(bench.driver(gain).poll) if value is not None]
            self.assertEqual(set(bench.model.gains), {gain})
            self.assertIn(len(bench.model.gains) - len(found), (0, 1))

    def test_guard(self) -> None:
        """No interrupt can stretch a pulse: each is guarded, one by one."""
        bench = Bench(5)
        driver = bench.driver()
        bench.run(driver.poll, 450)
        self.assertEqual(bench.guarded, 25)

    def test_silence(self) -> None:
        """After a second without a value it says so, with the wires to look at."""
        bench = Bench(None)
        driver = bench.driver()
        error = self.assertRaises(SensorError, bench.run, driver.poll, 2000)
        self.assertIn("data and clock pins", str(error))

    def test_ends(self) -> None:
        """Either end of the range is no weight."""
        for counts in (0x7FFFFF, -0x800000):
            bench = Bench(counts)
            self.assertRaises(SensorError, bench.run, bench.driver().poll)


class ScaleTests(SynchronousTestCase):
    """Medians, grams, and what happens to them when values stop."""

    def test_median(self) -> None:
        """One value that is far off doesn't count; grams are signed."""
        bench = Bench(12000)
        scale = bench.scale(Calibration(20000, 8))
        bench.run(scale.poll)
        bench.counts = 4000000
        bench.run(scale.poll, 150)
        bench.counts = 12000
        self.assertEqual(scale.grams(), -1000)

    def test_stale(self) -> None:
        """2 s after the last value there are no grams, and the reason is known."""
        bench = Bench(12000)
        scale = bench.scale(Calibration(20000, 8))
        bench.run(scale.poll)
        bench.counts = None
        bench.run(scale.poll, 3000)
        self.assertIn("HX711", str(self.assertRaises(SensorError, scale.grams)))
        bench.counts = 20000
        bench.run(scale.poll, 4000)
        self.assertEqual(scale.grams(), 0)

    def test_not_calibrated(self) -> None:
        """Without a calibration counts are not sold as grams."""
        bench = Bench(1)
        scale = bench.scale()
        bench.run(scale.poll)
        self.assertIn("not calibrated", str(self.assertRaises(SensorError, scale.grams)))


class CalibrationTests(SynchronousTestCase):
    """Known masses, and a file that survives the power."""

    def setUp(self) -> None:
        self.path = self.mktemp()

    def test_stored(self) -> None:
        """What is stored is what is loaded; the newest wins."""
        self.assertIsNone(load(self.path))
        for per_gram in (8.25, -10.5):
            store(Calibration(20000.5, per_gram), self.path)
            found = load(self.path)
            self.assertEqual((found.empty, found.per_gram), (20000.5, per_gram))

    def test_power_failure(self) -> None:
        """A file that is cut anywhere, or full of rubbish, is passed over for the whole one."""
        store(Calibration(1, 2), self.path)
        whole = Path(self.path).read_text()
        for end in range(len(whole)):
            Path(self.path).write_text(whole[:end])
            Path(self.path + ".new").write_text(whole)
            self.assertEqual(load(self.path).per_gram, 2)
            Path(self.path + ".new").write_text("[1]")
            self.assertIsNone(load(self.path))

    def test_checked(self) -> None:
        """A mass that isn't on the scale, and one that can't be, are refused."""
        self.assertRaises(ValueError, calibrated, 20000, 20500, 1000)
        self.assertRaises(ValueError, calibrated, 20000, 50000, 0)
        self.assertRaises(ValueError, calibrated, 20000, 50000, float("nan"))
        self.assertEqual(calibrated(20000, 10000, 1000).grams(9000), 1100)

    def test_console(self) -> None:
        """Empty, then a known mass; wrong answers are told and asked again."""
        bench, said = Bench(20000), []
        self.patch(calibrate.__globals__["store"], "__defaults__", (self.path,))
        answers = ["", "lots", "1000", "1000"]

        def ask(prompt: str) -> str:
            if len(answers) == 1:
                bench.counts = 30000
            return answers.pop(0)

        self.assertTrue(calibrate(bench.scale(), bench.clock, ask, said.append))
        self.assertEqual(load(self.path).per_gram, 10)
        self.assertEqual(sum(line.startswith("No: ") for line in said), 2)
        self.assertIn("Stored: 10.0 counts a gram.", said)

    def test_dead_scale(self) -> None:
        """A scale that gives nothing ends the calibration with a hint."""
        bench, said = Bench(None), []
        self.assertFalse(calibrate(bench.scale(), bench.clock, lambda prompt: "", said.append))
        self.assertIn("wires of the HX711", said[-1])


class FakePwm:
    """Remembers the width of its pulse, and when it was told."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.told: list[tuple[int, int]] = []

    def duty_ns(self, width: int) -> None:
        self.told.append((self.clock.now, width))


class FakePad:
    """A touch pad."""

    def __init__(self) -> None:
        self.level = 600

    def read(self) -> int:
        return self.level


class DoorTests(SynchronousTestCase):
    """Servo, handle, and both together."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.pwm, self.pad = FakePwm(self.clock), FakePad()
        self.servo = Servo(self.pwm, 0, 60, self.clock)
        self.handle = Handle(self.pad, self.clock)
        self.door = Door(self.servo, self.handle, 90, 0, 10_000, self.clock)

    def pass_ms(self, ms: int, closed: bool = True) -> None:
        for _ in range(0, ms, 10):
            self.clock.sleep_ms(10)
            self.door.poll(closed)

    def touch(self, closed: bool = True) -> None:
        self.pad.level = 250
        self.pass_ms(100, closed)
        self.pad.level = 600

    def test_slowly(self) -> None:
        """60 degrees a second in even steps, then held for half a second and let go."""
        self.touch()
        self.pass_ms(2500)
        (began, first), *moves = self.pwm.told
        self.assertEqual((first, moves[-1][1]), (500_000, 0))
        widths = [width for _, width in moves[:-1]]
        self.assertEqual(widths, sorted(widths))
        self.assertEqual(widths[-1], 1_500_000)
        took = moves[-2][0] - moves[0][0]
        self.assertTrue(1400 <= took <= 1600, took)
        self.assertTrue(500 <= moves[-1][0] - moves[-2][0] <= 520)

    def test_timeout(self) -> None:
        """Touched and not opened: locked again after 10 s."""
        self.touch()
        self.pass_ms(9800)
        self.assertFalse(self.door.locked)
        self.pass_ms(400)
        self.assertTrue(self.door.locked)

    def test_open_leaf(self) -> None:
        """However long it stands open the bolt stays back; closed, it locks after a second."""
        self.touch()
        self.pass_ms(60_000, closed=False)
        self.assertFalse(self.door.locked)
        self.pass_ms(900)
        self.assertFalse(self.door.locked)
        self.pass_ms(200)
        self.assertTrue(self.door.locked)

    def test_handle(self) -> None:
        """Once a touch, either way the value moves; weather and a spike are no hand."""
        for level in (250, 950):
            self.pad.level = level
            found = [self.look() for _ in range(200)]
            self.assertEqual(found.count(True), 1)
            self.pad.level = 600
            self.assertNotIn(True, [self.look() for _ in range(100)])
        for self.pad.level in [*range(600, 400, -1), 100, 402, 401]:
            self.assertFalse(self.look() or self.look())

    def test_leaning(self) -> None:
        """Something that leans on it for half a minute becomes the new normal."""
        self.pad.level = 300
        self.assertEqual([self.look() for _ in range(4000)].count(True), 1)
        self.pad.level = 120
        self.assertIn(True, [self.look() for _ in range(10)])

    def look(self) -> bool:
        self.clock.sleep_ms(10)
        return bool(self.handle.poll())


class FakePixels(list[Any]):
    """A strip that counts how often it was sent."""

    written = 0

    def write(self) -> None:
        self.written += 1


class LightsTests(SynchronousTestCase):
    """On, off, and off by themselves."""

    def test_limits(self) -> None:
        """Out after their limit, not before; without a limit never."""
        clock, pixels = rig.FakeClock(), FakePixels([None] * 3)
        lights = Lights(pixels, 3, (9, 8, 7), clock)
        self.assertEqual(list(pixels), [(0, 0, 0)] * 3)
        lights.on(1000)
        self.assertEqual(list(pixels), [(9, 8, 7)] * 3)
        clock.sleep_ms(999)
        lights.poll()
        self.assertTrue(lights.lit)
        clock.sleep_ms(1)
        lights.poll()
        self.assertEqual(list(pixels), [(0, 0, 0)] * 3)
        lights.on(0)
        clock.sleep_ms(10**8)
        lights.poll()
        self.assertTrue(lights.lit)

    def test_colour(self) -> None:
        """Six hex digits at so much of full brightness."""
        self.assertEqual(colour_of("ff8000", 100), (255, 128, 0))
        self.assertEqual(colour_of("FF8000", 50), (127, 64, 0))


class ButtonTests(SynchronousTestCase):
    """Contacts that bounce."""

    def test_debounced(self) -> None:
        """A change counts once it has stood for 30 ms; a spike never."""
        clock = rig.FakeClock()
        pin = type("Pin", (), {"level": 1, "value": lambda self: self.level})()
        button = Button(pin, 0, clock)
        changes = []
        for at in range(400):
            clock.sleep_ms(1)
            bouncing = 100 <= at < 110 and at % 3 == 0
            pin.level = 0 if 110 <= at < 300 or bouncing or at == 350 else 1
            if button.poll():
                changes.append((at, button.down))
        self.assertEqual(changes, [(140, True), (330, False)])
