"""The watch's pulse sensors and its oximeter on models of their hardware."""

from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from tests.firmware.bench import Bus
from tests.firmware.ppg import Person, wave
from common.errors import SensorError
from evener import Evener
from max30102 import Max30102
from oximeter import Oximeter
from pulse_meter import CURVE, PulseMeter
from pulse_sensor import PulseSensor

models = rig.fake("part_models")


class Max30102Tests(SynchronousTestCase):
    """The optical sensor, its FIFO and its light."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.rate = 72.0
        self.heart = models.Heart(lambda: self.clock.now, lambda: self.rate)
        self.model = models.Max30102Model(lambda: self.clock.now, self.heart)
        self.bus = Bus(self.model)
        self.sensor = Max30102(self.bus, self.clock)

    def collect(self, seconds: float, every_ms: int = 100) -> list[Any]:
        samples: list[Any] = []
        for _ in range(int(seconds * 1000 / every_ms)):
            self.clock.sleep_ms(every_ms)
            samples += self.sensor.poll()
        return samples

    def test_registers(self) -> None:
        """Red and infrared, 100/s averaged by two, 18 bits, 7.2 mA."""
        found = [self.model.registers[register] for register in (0x08, 0x09, 0x0A, 0x0C, 0x0D)]
        self.assertEqual(found, [0x30, 0x03, 0x27, 36, 36])

    def test_fifo(self) -> None:
        """Every sample comes out once, in order, over many turns of the FIFO."""
        samples = self.collect(10)
        self.assertEqual(len(samples), 500)
        self.assertNotIn(None, samples)
        pulse, red, ir = samples[-1]
        self.assertEqual(pulse + ir, 0x3FFFF)
        self.assertTrue(100000 < red < 130000 < ir < 170000, samples[-1])

    def test_overflow(self) -> None:
        """Who comes too late is told so, and goes on with fresh samples."""
        self.collect(1)
        self.clock.sleep_ms(5000)
        self.assertEqual(self.sensor.poll(), [None])
        self.clock.sleep_ms(10)
        self.assertEqual(self.sensor.poll(), [])
        self.assertEqual(len(self.collect(1)), 50)

    def test_light(self) -> None:
        """Too bright a finger gets less light, too dark a one more, each change marked as a gap."""
        for start, wanted in ((100, range(20, 60)), (10, range(14, 60))):
            sensor = Max30102(self.bus, self.clock, start)
            self.sensor = sensor
            self.assertIn(None, self.collect(8))
            self.assertIn(self.model.registers[0x0D], wanted)
            self.assertEqual(self.model.registers[0x0C], self.model.registers[0x0D])

    def test_finger(self) -> None:
        """Without a finger it says so."""
        self.collect(1)
        self.assertTrue(self.sensor.finger)
        self.rate = 0.0
        self.collect(1)
        self.assertFalse(self.sensor.finger)

    def test_pace(self) -> None:
        """A chip whose clock runs 3 % fast is found out by ours."""
        self.model._now = lambda: int(self.clock.now * 1.03)
        self.model._at = None
        self.collect(45)
        self.assertTrue(abs(self.sensor.pace - 1.03) < 0.005, self.sensor.pace)

    def test_absent(self) -> None:
        """Nothing there, or something else, is named with what to look at."""
        for spoil in (lambda: self.bus.broken.add(0x57),
                      lambda: self.model.registers.__setitem__(0xFF, 0x11)):
            spoil()
            error = self.assertRaises(SensorError, Max30102, self.bus, self.clock)
            self.assertIn("scl and sda", str(error))
            self.bus.broken.clear()

    def test_meter(self) -> None:
        """Rate and oxygen out of the FIFO; gone with the finger."""
        meter = PulseMeter(self.sensor)
        self.assertEqual(meter.why(), "no finger")
        for _ in range(200):
            self.clock.sleep_ms(100)
            meter.poll()
        rate, percent = meter.rate(), meter.oxygen()
        assert rate is not None and percent is not None
        self.assertTrue(abs(rate - 72) < 1, rate)
        self.assertTrue(abs(percent - 92.5) < 1, percent)
        self.rate = 0.0
        self.clock.sleep_ms(100)
        meter.poll()
        self.clock.sleep_ms(100)
        meter.poll()
        self.assertEqual((meter.rate(), meter.oxygen(), meter.why()), (None, None, "no finger"))


class OximeterTests(SynchronousTestCase):
    """Oxygen from two waves."""

    def measure(self, ratio: float, red_noise: float = 0.0, depth: float = 0.01) -> Any:
        meter = Oximeter(50, CURVE)
        clean = wave(Person(72), seconds=20).samples
        rough = wave(Person(72), seconds=20, seed=9, height=red_noise).samples[::-1]
        for pulse, other in zip(clean, rough):
            meter.add(int(120000 * (1 - depth * (ratio * pulse + other))),
                      int(150000 * (1 - depth * pulse)))
        return meter.measure()

    def test_curve(self) -> None:
        """The ratio of ratios goes through the curve, whatever the two brightnesses are."""
        for ratio in (0.4, 0.5, 0.6, 0.8, 1.0):
            percent, quality = self.measure(ratio)
            wanted = min(100, CURVE[0] * ratio ** 2 + CURVE[1] * ratio + CURVE[2])
            self.assertTrue(abs(percent - wanted) < 0.5, (ratio, percent))
            self.assertGreater(quality, 0.95)

    def test_honest(self) -> None:
        """Red that doesn't follow infrared has no quality; a ratio off the curve has no value."""
        self.assertLess(self.measure(0.5, red_noise=2.0)[1], 0.5)
        self.assertIsNone(self.measure(2.5)[0])

    def test_faint(self) -> None:
        """A pulse lost in the light, and too short a look, give nothing."""
        self.assertEqual(self.measure(0.5, depth=0.00001), (None, 0.0))
        self.assertEqual(Oximeter(50, CURVE).measure(), (None, 0.0))


class EvenerTests(SynchronousTestCase):
    """Samples that come when they can."""

    @given(st.lists(st.integers(5, 45), min_size=50, max_size=120))
    def test_even(self, pauses: list[int]) -> None:
        """A straight line stays one, at 50 samples a second, however uneven it came."""
        clock = rig.FakeClock()
        evener, even, began = Evener(50, clock), [], clock.now
        for pause in pauses:
            clock.sleep_ms(pause)
            even += evener.add(clock.ticks_ms(), clock.now - began)
        self.assertNotIn(None, even)
        self.assertTrue(abs(len(even) - sum(pauses[1:]) / 20) <= 1.001)
        for at, value in enumerate(even):
            self.assertTrue(abs(value - pauses[0] - at * 20) <= 31, (at, value))

    def test_hole(self) -> None:
        """A hole of over 0.12 s is no line but a gap."""
        clock = rig.FakeClock()
        evener = Evener(50, clock)
        evener.add(clock.ticks_ms(), 1)
        clock.sleep_ms(400)
        self.assertEqual(evener.add(clock.ticks_ms(), 2), [1, None])

    def test_analogue(self) -> None:
        """An ADC that is read every 9 to 13 ms gives the right rate; at its end stops, gaps."""
        clock = rig.FakeClock()
        heart = models.Heart(lambda: clock.now, lambda: 88)
        adc = type("Adc", (), {"read_u16": lambda self: int(30000 + 3000 * heart.pulse())})()
        meter = PulseMeter(PulseSensor(adc, clock))
        for at in range(1800):
            clock.sleep_ms(9 + at * 7 % 5)
            meter.poll()
        rate = meter.rate()
        assert rate is not None
        self.assertTrue(abs(rate - 88) < 1, rate)
        self.assertIsNone(meter.oxygen())
        full = PulseSensor(type("Adc", (), {"read_u16": lambda self: 65535})(), clock)
        self.assertEqual(full.poll(), [None])
