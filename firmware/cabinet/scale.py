"""Grams: the converter's values, their median, and the calibration of this very cabinet."""

import json
import os

from common.errors import SensorError

PATH = "calibration.json"
#: At 10/s half a second: a hand that lets go is forgotten by then.
MEDIAN_OF = 5
#: Values that are older say nothing of now.
FRESH_MS = 2000
#: A known mass must move the cell clearly: the noise is some 50 counts.
LEAST_COUNTS = 1000


class Calibration:
    """grams = (value - empty) / per_gram."""

    def __init__(self, empty: float, per_gram: float):
        self.empty = empty
        self.per_gram = per_gram

    def grams(self, value: float) -> float:
        """What lies on the scale."""
        return (value - self.empty) / self.per_gram


def calibrated(empty: float, loaded: float, grams: float) -> Calibration:
    """From the empty scale and a known mass; ValueError says what can't be right."""
    if not 1 <= grams <= 1000000:
        raise ValueError("{} g: allowed are 1 to 1000000".format(grams))
    if abs(loaded - empty) < LEAST_COUNTS:
        raise ValueError("the mass moved the scale by {:.0f} counts only: is it on it?".format(
            loaded - empty))
    return Calibration(empty, (loaded - empty) / grams)


def load(path: str = PATH):
    """The stored calibration, or None; a file that a power failure cut short is passed over."""
    for name in (path, path + ".new"):
        try:
            with open(name) as file:
                given = json.load(file)
            found = Calibration(float(given["empty"]), float(given["per_gram"]))
            if found.per_gram != 0 and given["end"]:
                return found
        except (OSError, ValueError, KeyError, TypeError):
            pass  # not there, or not whole: the other one may be
    return None


def store(found: Calibration, path: str = PATH) -> None:
    """Write it so that a power failure leaves the old one or the new one, never half of either."""
    with open(path + ".new", "w") as file:
        file.write('{{"empty": {!r}, "per_gram": {!r}, "end": true}}'.format(
            found.empty, found.per_gram))
    try:
        os.rename(path + ".new", path)
    except OSError:
        # FAT renames onto nothing that exists; until it is done load() finds the new one
        os.remove(path)
        os.rename(path + ".new", path)


class Scale:
    """poll() it every 10 ms; ``converter`` is a Part with an Hx711."""

    def __init__(self, converter, calibration, clock):
        self._converter = converter
        self._calibration = calibration
        self._clock = clock
        self._values = []
        self._fault = "no fresh value from the scale"
        self._taken = clock.ticks_ms()

    def poll(self) -> None:
        """Take the next value when there is one."""
        converter = self._converter.get()
        if converter is None:
            return
        try:
            value = converter.poll()
        except SensorError as problem:
            self._values = []
            self._fault = str(problem)
            self._converter.failed(problem)
            return
        if value is not None:
            self._values.append(value)
            self._values = self._values[-MEDIAN_OF:]
            self._taken = self._clock.ticks_ms()

    def value(self):
        """The median of the newest values, or None without fresh ones."""
        age = self._clock.ticks_diff(self._clock.ticks_ms(), self._taken)
        if len(self._values) < MEDIAN_OF or age > FRESH_MS:
            return None
        return sorted(self._values)[MEDIAN_OF // 2]

    def grams(self) -> float:
        """What is on it now; SensorError says why that can't be told."""
        if self._calibration is None:
            raise SensorError("the scale is not calibrated")
        value = self.value()
        if value is None:
            raise SensorError(self._fault)
        return self._calibration.grams(value)

    def restart(self) -> None:
        """What lies on it has just been changed: forget the values before."""
        self._values = []
