"""Samples that come when they can, made into samples at an even pace."""

#: A longer hole is no place to draw a line across.
MAX_HOLE_MS = 120


class Evener:
    """add() a value with its time in ticks; gives the even samples that are due by then.

    Each is the mean of what came in its 20 ms (at 50/s), or lies on the line over
    a short hole. A longer hole is given as None, once.
    """

    def __init__(self, hz: int, clock):
        self._step = 1000 // hz
        self._clock = clock
        self._from = None  # ticks at which the present step began
        self._sum = 0
        self._count = 0

    def add(self, ticks: int, value) -> list:
        """The even samples before the step in which this value lies."""
        if self._from is None:
            self._from = ticks
        behind = self._clock.ticks_diff(ticks, self._from) // self._step
        even = self._step_on(behind, value) if behind > 0 else []
        self._sum += value
        self._count += 1
        return even

    def _step_on(self, behind: int, value) -> list:
        mean = self._sum / self._count
        even = [mean]
        holes = behind - 1
        if holes * self._step > MAX_HOLE_MS:
            even.append(None)
        else:
            even.extend(mean + (value - mean) * (at + 1) / behind for at in range(holes))
        self._from = self._clock.ticks_add(self._from, behind * self._step)
        self._sum = 0
        self._count = 0
        return even
