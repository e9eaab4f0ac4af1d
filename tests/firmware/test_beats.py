"""The beat detector on generated pulse waves: right from 40 to 180/min, or silent."""

from __future__ import annotations

import json
import random
from typing import Iterable

import numpy
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from tests.firmware.ppg import CLEAN, Person, Trouble, Wave, noise, wave
from tests.firmware.vm import run_script
from beats import MAX_COUNT, TRUSTED, BeatDetector
from rhythm import correlation

assert rig.FIRMWARE.is_dir()

RATES = range(40, 181, 5)
BURSTS = ((8.0, 10.5), (20.0, 23.0))
ERROR = 3.0  # per minute
IN_THE_VM = """
import json, time
from beats import BeatDetector
samples = json.load(open("/samples.json"))
detector = BeatDetector(100)
began = time.ticks_us()
for sample in samples:
    detector.add(sample)
micros = time.ticks_diff(time.ticks_us(), began)
print(detector.rate(), micros / len(samples))
"""


class Seen:
    """What a detector said each second from the 16th on: rate or None, quality, and the truth."""

    def __init__(self, recorded: Wave) -> None:
        detector = BeatDetector(recorded.hz)
        self.errors: list[float] = []
        self.qualities: list[float] = []
        self.silent = 0
        for at, sample in enumerate(recorded.samples, 1):
            detector.add(sample)
            if at % recorded.hz == 0 and at >= 16 * recorded.hz:
                self.look(detector, recorded, at / recorded.hz)

    def look(self, detector: BeatDetector, recorded: Wave, now: float) -> None:
        rate = detector.rate()
        self.qualities.append(detector.quality())
        if rate is None:
            self.silent += 1
        else:
            self.errors.append(abs(rate - recorded.truth(now - 15, now)))


class BeatTests(SynchronousTestCase):
    """Rate against the truth, at 50 and at 100 samples a second."""

    def sweep(self, trouble: Trouble, seed: int = 1, silence: float = 0.1,
              paces: Iterable[int] = (50, 100)) -> None:
        """At each rate, dicrotic or not: never wrong by more than 3/min, and seldom silent."""
        silent = looks = 0
        for hz in paces:
            for rate in RATES:
                for dicrotic in (0.15, 0.5):
                    person = Person(rate, dicrotic=dicrotic)
                    seen = Seen(wave(person, trouble, seconds=28, hz=hz, seed=seed + rate))
                    self.assertLessEqual(max(seen.errors, default=0.0), ERROR, (hz, person))
                    silent += seen.silent
                    looks += len(seen.qualities)
        self.assertLessEqual(silent, silence * looks)

    def test_clean(self) -> None:
        """A good signal is always believed, and right within 1/min."""
        for rate in RATES:
            seen = Seen(wave(Person(rate), CLEAN, hz=50, seed=rate))
            self.assertLessEqual(max(seen.errors), 1.0)
            self.assertGreater(min(seen.qualities), 0.9)

    def test_baseline_and_breathing(self) -> None:
        """A baseline that wanders twice a pulse's height, and breath that changes the height."""
        self.sweep(Trouble(wander=2, modulation=0.25), silence=0.02)

    def test_noise(self) -> None:
        """Noise of an eighth of the pulse."""
        self.sweep(Trouble(noise=0.12, wander=1, modulation=0.2), silence=0.05)

    def test_hum(self) -> None:
        """Mains hum of a third of the pulse, at 100 samples a second, which can see it."""
        self.sweep(Trouble(hum=0.3, noise=0.05), silence=0.02, paces=(100,))

    def test_missing_beats(self) -> None:
        """One pulse in ten leaves no wave: bridged, not counted as a slow one."""
        self.sweep(Trouble(missing=0.1, noise=0.05, modulation=0.2, wander=1))

    def test_motion(self) -> None:
        """Bursts of motion, strong or as high as the pulse, are left out."""
        for violence, silence in ((1.5, 0.05), (5.0, 0.1), (20.0, 0.3)):
            self.sweep(Trouble(bursts=BURSTS, noise=0.05, modulation=0.2, wander=1,
                               violence=violence), silence=silence, paces=(50,))

    def test_all_together(self) -> None:
        """Noise, wander, breath, missing beats and motion at once: still never wrong."""
        self.sweep(Trouble(noise=0.08, wander=1.5, modulation=0.25, missing=0.07,
                           bursts=BURSTS), silence=0.3)

    def test_change(self) -> None:
        """From 60 to 120/min within seconds: right again 15 s later, and never half of it."""
        slow, fast = wave(Person(60), seconds=20), wave(Person(120), seconds=30, seed=2)
        detector = BeatDetector(50)
        for sample in slow.samples + fast.samples:
            detector.add(sample)
        self.assertLessEqual(abs((detector.rate() or 0) - 120), ERROR)

    def test_pressed_harder(self) -> None:
        """A wave that becomes five times as high is motion at first and the usual after 10 s."""
        low, high = wave(Person(75), seconds=15), wave(Person(75), seconds=20, seed=2, height=5)
        for first, second in ((low, high), (high, low)):
            detector = BeatDetector(50)
            for sample in first.samples + second.samples:
                detector.add(sample)
            self.assertLessEqual(abs((detector.rate() or 0) - 75), ERROR)


class NobodyTests(SynchronousTestCase):
    """No rate where there is no heart."""

    def test_noise(self) -> None:
        """White noise, of any height, has next to no quality."""
        for seed in range(8):
            detector = BeatDetector(50 * (1 + seed % 2), floor=0.0)
            for sample in noise(40, 50, seed, height=10.0 ** (seed - 2)):
                detector.add(sample)
                self.assertLess(detector.quality(), 0.3)
                self.assertIsNone(detector.rate())

    def test_flat(self) -> None:
        """A wire that hangs in the air, or one that is stuck, gives no rate."""
        draw = random.Random(1)
        for samples in ([2000] * 2000, [2000 + draw.randint(-1, 1) for _ in range(2000)],
                        [at % 1000 * 60 for at in range(2000)]):
            detector = BeatDetector(50, floor=200)
            for sample in samples:
                detector.add(sample)
            self.assertIsNone(detector.rate())

    def test_taken_off(self) -> None:
        """5 s after the finger is gone there is no rate any more."""
        detector = BeatDetector(50)
        for sample in wave(Person(70), seconds=20).samples:
            detector.add(sample)
        self.assertIsNotNone(detector.rate())
        for sample in noise(6.5, 50, height=0.02):
            detector.add(sample)
        self.assertIsNone(detector.rate())

    def test_gap(self) -> None:
        """No interval leads across missing samples."""
        samples = wave(Person(60, variability=0), seconds=40).samples
        detector = BeatDetector(50)
        for sample in samples[:1000]:
            detector.add(sample)
        detector.gap()
        for sample in samples[1020:]:
            detector.add(sample)
        self.assertLessEqual(abs((detector.rate() or 0) - 60), 1)


class CostTests(SynchronousTestCase):
    """What a board has that CPython has not, and the other way round."""

    def test_single_floats(self) -> None:
        """With floats of 32 bits, as on an ESP32, the rate is the same."""
        recorded = wave(Person(72), Trouble(noise=0.05, wander=1), height=500, level=120000)
        exact, single = BeatDetector(50), BeatDetector(50)
        for sample in recorded.samples:
            exact.add(sample)
            single.add(numpy.float32(sample))
        self.assertLessEqual(abs((exact.rate() or 0) - (single.rate() or 0)), 0.5)

    def test_days(self) -> None:
        """When the counter is full it begins anew, and soon there is a rate again."""
        detector = BeatDetector(50)
        samples = wave(Person(72), seconds=30).samples
        for sample in samples:
            detector.add(sample)
        detector._count = MAX_COUNT - 100
        for _ in range(2):
            for sample in samples:
                detector.add(sample)
        self.assertLess(detector._count, 3100)
        self.assertLessEqual(abs((detector.rate() or 0) - 72), ERROR)

    def test_in_the_vm(self) -> None:
        """MicroPython comes to the same rate, and a sample costs it next to nothing.

        On a quiet machine 11 us a sample and 1.2 ms a rate, where adding up a loop of
        small integers takes 0.5 us a turn; 100 samples a second leave 10,000 us each.
        """
        samples = wave(Person(72), Trouble(noise=0.05, wander=1), hz=100).samples
        detector = BeatDetector(100)
        for sample in samples:
            detector.add(sample)
        files = {f"/{name}": (rig.FIRMWARE / "watch" / name).read_text()
                 for name in ("beats.py", "rhythm.py")}
        files["/samples.json"] = json.dumps(samples)
        rate, micros = run_script(IN_THE_VM, files).split()
        self.assertAlmostEqual(float(rate), detector.rate() or 0, places=3)
        self.assertLess(float(micros), 500)

    def test_correlation(self) -> None:
        """1 for the same shape, -1 for its opposite, 0 for what stands still."""
        self.assertAlmostEqual(correlation([1, 2, 4], [2, 4, 8]), 1)
        self.assertAlmostEqual(correlation([1, 2, 4], [-1, -2, -4]), -1)
        self.assertEqual(correlation([1, 1, 1], [1, 2, 4]), 0)
        self.assertGreater(TRUSTED, 0.5)
