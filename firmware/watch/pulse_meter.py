"""Heart rate and oxygen, from whichever sensor the watch has."""

from beats import TRUSTED, BeatDetector
from oximeter import Oximeter

#: Maxim's own curve for these LEDs (application note 6845); each housing needs its own.
CURVE = (1.5958422, -34.6596622, 112.6898759)


class PulseMeter:
    """poll() it every 10 ms; ``sensor`` is a PulseSensor or a Max30102.

    rate() and oxygen() are None whenever they can't be trusted.
    """

    def __init__(self, sensor, curve: tuple = CURVE):
        self._sensor = sensor
        self._detector = BeatDetector(sensor.hz, sensor.floor)
        self._oximeter = Oximeter(sensor.hz, curve)
        self._finger = sensor.finger
        self.beats = 0

    def poll(self) -> None:
        """Take in what the sensor has."""
        samples = self._sensor.poll()
        if self._finger != self._sensor.finger:
            self._finger = self._sensor.finger
            self._detector.reset()
            self._oximeter.reset()
        if not self._finger:
            return
        for sample in samples:
            if sample is None:
                self._detector.gap()
                self._oximeter.reset()
            else:
                self._take(sample)

    def _take(self, sample: tuple) -> None:
        pulse, red, ir = sample
        self.beats += self._detector.add(pulse)
        if red is not None:
            self._oximeter.add(red, ir)

    @property
    def finger(self) -> bool:
        """Whether something lies on the sensor, as far as it can tell."""
        return self._finger

    def rate(self):
        """Beats per minute, or None."""
        rate = self._detector.rate()
        return None if rate is None else rate * self._sensor.pace

    def quality(self) -> float:
        """Of the rate, 0 to 1."""
        return self._detector.quality()

    def oxygen(self):
        """Per cent, or None; never without a rate that can be trusted."""
        percent, quality = self._oximeter.measure()
        return percent if quality >= TRUSTED and self.rate() is not None else None

    def why(self) -> str:
        """Why there is no rate, in a few words for the person who wears it."""
        if not self._finger:
            return "no finger"
        return "hold still" if self.quality() > 0 else "no pulse yet"


def open_meter(pulse: dict, bus, clock) -> PulseMeter:
    """The meter with the sensor that settings.json names."""
    if pulse["sensor"] == "max30102":
        from max30102 import open_sensor
    else:
        from pulse_sensor import open_sensor
    return PulseMeter(open_sensor(pulse, bus, clock), tuple(pulse.get("oxygen_curve", CURVE)))
