"""Oxygen in the blood, from how much more red than infrared light a pulse takes away.

    R = (AC red / DC red) / (AC ir / DC ir)

The two waves are compared sample by sample (a regression), not by their heights:
noise that is in one of them only does not count then.
"""

from math import exp, pi, sqrt

LOW_PASS_HZ = 4.5
HIGH_PASS_HZ = 0.5
#: Oxygen is measured over so many seconds, and from half of them on.
SECONDS = 8
#: Where the curve is any good; below it nothing is said.
LOWEST, HIGHEST = 70.0, 100.0
#: A pulse of less than this part of the light is lost in the noise.
LEAST_PERFUSION = 0.001
#: How alike the two waves must be, and are when all is well.
POOR, FINE = 0.85, 0.98


class Oximeter:
    """add() red and infrared at an even ``hz``; ``curve`` is a, b, c of aR^2 + bR + c."""

    def __init__(self, hz: int, curve: tuple):
        self._hz = hz
        self._curve = curve
        self._low = 1 - exp(-2 * pi * LOW_PASS_HZ / hz)
        self._high = exp(-2 * pi * HIGH_PASS_HZ / hz)
        self.reset()

    def reset(self) -> None:
        """Forget everything: another finger, another current, or motion."""
        self._red = self._ir = None
        self._seconds = []
        self._fresh()
        self._wait = 2 * self._hz  # until the filters have settled

    def _fresh(self) -> None:
        self._sums = [0.0] * 5  # red^2, ir^2, red*ir, red, ir
        self._count = 0

    def add(self, red: int, ir: int) -> None:
        """Take one sample of either light."""
        if self._red is None:
            self._red, self._ir = [float(red), 0.0], [float(ir), 0.0]
        red_wave = self._filtered(self._red, red)
        ir_wave = self._filtered(self._ir, ir)
        if self._wait:
            self._wait -= 1
            return
        sums = self._sums
        sums[0] += red_wave * red_wave
        sums[1] += ir_wave * ir_wave
        sums[2] += red_wave * ir_wave
        sums[3] += red
        sums[4] += ir
        self._count += 1
        if self._count == self._hz:
            self._seconds.append(sums)
            self._seconds = self._seconds[-SECONDS:]
            self._fresh()

    def _filtered(self, state: list, value: int) -> float:
        step = self._low * (value - state[0])
        state[0] += step
        state[1] = self._high * (state[1] + step)
        return state[1]

    def measure(self) -> tuple:
        """Per cent or None, and a quality of 0 to 1."""
        if len(self._seconds) < SECONDS // 2:
            return None, 0.0
        red2, ir2, both, red, ir = [sum(second[at] for second in self._seconds)
                                    for at in range(5)]
        count = len(self._seconds) * self._hz
        perfusion = sqrt(8 * ir2 / count) / (ir / count) if ir else 0.0
        if perfusion < LEAST_PERFUSION or red2 <= 0 or red <= 0:
            return None, 0.0
        likeness = both / sqrt(red2 * ir2)
        quality = max(0.0, min(1.0, (likeness - POOR) / (FINE - POOR)))
        return self._percent(both / ir2 * ir / red), quality

    def _percent(self, ratio: float):
        a, b, c = self._curve
        percent = a * ratio * ratio + b * ratio + c
        if not LOWEST <= percent <= HIGHEST + 2:
            return None
        return min(percent, HIGHEST)
