"""A believable person for a virtual watch: rest, sleep, walks, and now and then a fever.

Pure functions of the time: the same moment always gives the same values, so that a
history drawn up afterwards and what the watch says live are of one piece.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from iotd.simulate.chance import chance

DAY = 86_400.0
FEVER_EVERY, FEVER_DAYS = 37, 3  # a cold now and then


@dataclass(frozen=True)
class Person:
    """Resting pulse (/min) and usual temperature (Cel) of one person."""

    name: str
    resting: float = 68.0
    warmth: float = 36.5

    def heart_rate(self, now: float) -> float:
        """Beats a minute at ``now`` (Unix seconds, UTC)."""
        hour = now % DAY / 3600
        asleep = _awake(hour)
        walk = 28 * _bump(hour, 10.5, 0.6) + 22 * _bump(hour, 17.5, 0.8)
        some_days = 0.4 + 0.6 * self._chance("walk", now // DAY)
        rate = self.resting - 9 * (1 - asleep) + walk * some_days + 10 * self._fever(now)
        return rate + 5 * (self._chance("beat", now // 30) - 0.5) + 4 * math.sin(now / 700)

    def temperature(self, now: float) -> float:
        """Body temperature in degrees Celsius at ``now``."""
        hour = now % DAY / 3600
        swing = 0.25 * math.sin((hour - 10) / 24 * 2 * math.pi)
        noise = 0.12 * (self._chance("heat", now // 30) - 0.5)
        return self.warmth + swing + noise + 1.6 * self._fever(now)

    def pressure(self, now: float) -> tuple[int, int]:
        """Systolic and diastolic in mm[Hg], as a cuff would show them."""
        wave = 9 * (self._chance("cuff", now // 3600) - 0.5) + 4 * math.sin(now / DAY / 9)
        return round(118 + wave + 4 * self._fever(now)), round(76 + wave * 0.6)

    def saturation(self, now: float) -> int:
        """Blood oxygen in percent."""
        return round(97.6 - 1.8 * self._fever(now) - 1.2 * self._chance("air", now // 3600))

    def wears(self, now: float) -> bool:
        """Whether the watch is on: off while it is charged, and on some evenings earlier."""
        hour = now % DAY / 3600
        off = 19.5 + 1.5 * self._chance("charge", now // DAY)
        return not off <= hour < off + 1.2

    def measure(self, now: float, field: bool = True) -> tuple[str, str]:
        """What the watch says; the field's counts 15 s, so its rates are multiples of 4."""
        rate = self.heart_rate(now)
        rate = round(rate / 4) * 4 if field else rate
        return f"{rate:.2f}", f"{self.temperature(now):.2f}"

    def _fever(self, now: float) -> float:
        into = (now / DAY + self._chance("cold", 0) * FEVER_EVERY) % FEVER_EVERY
        return math.sin(into / FEVER_DAYS * math.pi) if into < FEVER_DAYS else 0.0

    def _chance(self, what: str, moment: float) -> float:
        """0 to 1, always the same for the same moment."""
        return chance(self.name, what, int(moment))


def _awake(hour: float) -> float:
    """1 by day, 0 by night, with an hour between."""
    return min(1.0, max(0.0, hour - 6)) if hour < 15 else min(1.0, max(0.0, 23 - hour))


def _bump(hour: float, middle: float, width: float) -> float:
    return math.exp(-(((hour - middle) / width) ** 2))
