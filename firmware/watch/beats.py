"""Heart beats in a pulse wave: when each came, how fast, and how far to believe it.

The wave is band-limited; what is looked at is how much it rose within the last
0.12 s, for the systolic rise is steep and neither the dicrotic wave nor the
baseline is. A rise over half of what is usual here is a beat. A rise or fall far
beyond the usual is motion, and beats in it don't count.

The rate is measured over beats: the mean of the intervals near their median. It
is given only with a quality: how much of the last seconds such intervals cover,
how regular they are, and how much the pulses look like each other. Without that,
no rate: nobody is helped by a wrong one.
"""

from array import array
from math import exp, pi

from rhythm import ALIKE, ENOUGH_INTERVALS, correlation, middle_of, regular, settled, trimmed_mean

#: Intervals are looked for in this much of the past.
WINDOW_SECONDS = 15
#: A wrist has to hold still for so long; at 40/min that is five beats.
ENOUGH_SECONDS = 6.5
#: Below this quality there is no rate.
TRUSTED = 0.55
#: The shortest interval: 230/min.
REFRACTORY_SECONDS = 0.26
SLOWEST, FASTEST = 30, 220

#: After a beat comes none for this part of the usual interval.
REST = 0.45

RISE_SECONDS = 0.12
LOW_PASS_HZ = 4.5
HIGH_PASS_HZ = 0.5
LEARN_SECONDS = 2.0
#: A rate is of now: without a beat for so long there is none.
RECENT_SECONDS = 5
#: Of the usual rise; a dicrotic wave reaches 0.3.
BEAT = 0.45
MOTION = 2.5
#: What moves for longer has become the usual: a sensor that was pressed on harder.
RELEARN_SECONDS = 4.0
#: Without a beat for so long the usual rise is taken to have become smaller.
STALE_SECONDS = 1.7

#: Pulses are compared over one second, at so many samples, and so many pulses at most.
LOOK_HZ = 25
LOOKS = 12
#: Times are whole 64ths of a sample: a board's floats have 24 bits, too few for a day.
FINE = 64
#: Where those would outgrow small integers, 46 h at 100/s, everything is learned anew.
MAX_COUNT = 2**30 // FINE - 1


class BeatDetector:
    """add() samples at an even ``hz`` (50 to 100), upwards with the pulse; then ask.

    ``floor`` is the smallest rise that can be a pulse, in units of the samples.
    """

    def __init__(self, hz: int, floor: float = 0.0):
        self._hz = hz
        self._floor = floor
        self._low = 1 - exp(-2 * pi * LOW_PASS_HZ / hz)
        self._high = exp(-2 * pi * HIGH_PASS_HZ / hz)
        self._every = hz // LOOK_HZ
        self.reset()

    def reset(self) -> None:
        """Forget everything: another finger, or none."""
        self._count = 0
        self._first = None
        self._a = self._b = self._level = self._y = 0.0
        self._steps = array("f", [0.0] * max(2, int(RISE_SECONDS * self._hz)))
        self._rise = self._stir = self._before = 0.0
        self._usual = 0.0
        self._learned = int(LEARN_SECONDS * self._hz)
        self._peaks = []
        self._up = False
        self._at = 0
        self._peak = 0.0
        self._beats = []
        self._last = -self._hz * FINE
        self._refractory = int(REFRACTORY_SECONDS * self._hz * FINE)
        self._intervals = []
        self._calm = 0
        self._moved = -self._hz
        self._decay = 0
        self._wave = array("f", [0.0] * (WINDOW_SECONDS * LOOK_HZ))
        self._looked = -1
        self._figures = (0.0, 0.0)

    def gap(self) -> None:
        """Samples are missing here: no interval leads across."""
        self._moved = self._count

    def add(self, sample: float) -> bool:
        """Take one sample; whether a beat has just been found (about 0.1 s after it came)."""
        count = self._count = self._count + 1
        if self._first is None:
            self._first = sample
            return False
        # Two one-pole low-passes, then one high-pass
        a = self._a = self._a + self._low * (sample - self._first - self._a)
        b = self._b
        step = self._low * (a - b)
        self._b = b + step
        y = self._high * (self._y + step)
        step = y - self._y
        self._y = y
        if count % self._every == 0:
            wave = self._wave
            wave[count // self._every % len(wave)] = y
        # How much it rose, and how much it moved at all, within the last 0.12 s
        steps = self._steps
        place = count % len(steps)
        old = steps[place]
        steps[place] = step
        rise = self._rise
        stir = self._stir
        if step > 0:
            rise += step
            stir += step
        else:
            stir -= step
        if old > 0:
            rise -= old
            stir -= old
        else:
            stir += old
        self._before, self._rise, self._stir = self._rise, rise, stir
        return self._watch(count, rise, stir)

    def _watch(self, count: int, rise: float, stir: float) -> bool:
        usual = self._usual
        if usual == 0.0:
            self._learn(count, rise)
            return False
        if stir > MOTION * usual:
            self._motion(count)
        if self._up:
            if rise > self._peak:
                self._peak = rise
            elif rise < BEAT * 0.6 * self._peak:
                self._up = False
                return self._beat()
        elif rise > BEAT * usual and self._before <= BEAT * usual:
            over = (rise - BEAT * usual) / (rise - self._before)
            at = count * FINE - int(over * FINE)
            if at - self._last >= self._refractory:
                self._up = True
                self._at = at
                self._peak = rise
        elif count >= self._decay:
            self._usual = max(0.8 * usual, self._floor, 1e-6)
            self._peaks = []
            self._decay = count + self._hz // 4
        return False

    def _learn(self, count: int, rise: float) -> None:
        """The usual rise, before any beat is known: the highest of 2 s."""
        self._peak = max(self._peak, rise)
        if count >= self._learned:
            self._usual = max(self._peak, self._floor, 1e-6)
            self._calm = count
            self._decay = count + self._hz

    def _motion(self, count: int) -> None:
        if count - self._moved > self._hz:
            self._calm = count  # a fresh disturbance
        self._moved = count
        self._decay = count + int(STALE_SECONDS * self._hz)
        if count - self._calm > RELEARN_SECONDS * self._hz:
            self._usual = self._peak = 0.0
            self._up = False
            self._peaks = []
            self._learned = count + int(LEARN_SECONDS * self._hz)

    def _beat(self) -> bool:
        """A rise has come and gone: a beat, unless the wrist moved."""
        at, last = self._at, self._last
        self._last = at
        if self._count - self._moved < 0.5 * self._hz:
            return False
        if self._count > MAX_COUNT:
            self.reset()
            return False
        self._decay = self._count + int(STALE_SECONDS * self._hz)
        self._usual = max(middle_of(self._peaks, self._peak), self._floor)
        # What rounding added to the running sums goes here
        self._rise = sum(step for step in self._steps if step > 0)
        self._stir = sum(abs(step) for step in self._steps)
        whole = len(self._beats) > 0 and self._moved * FINE < self._beats[-1][0]
        self._beats.append((at, whole))
        while self._beats[0][0] < at - WINDOW_SECONDS * self._hz * FINE:
            self._beats.pop(0)
        if whole:
            # Less than half of the usual interval, so that no doubling hides behind it
            usual = int(REST * middle_of(self._intervals, at - last))
            self._refractory = max(int(REFRACTORY_SECONDS * self._hz * FINE), usual)
        return True

    # ---- what it comes to

    def rate(self):
        """Beats per minute over the last 6.5 to 15 s; None while that can't be trusted."""
        rate, quality = self._look()
        return rate if quality >= TRUSTED else None

    def quality(self) -> float:
        """0 (nobody there, or nothing but motion) to 1 (a clean pulse)."""
        return self._look()[1]

    def _look(self) -> tuple:
        """Rate and quality, worked out once a second at most."""
        second = self._count * 2 // self._hz
        if second != self._looked:
            self._looked = second
            self._figures = self._measure()
        return self._figures

    def _measure(self) -> tuple:
        since = (self._count - WINDOW_SECONDS * self._hz) * FINE
        beats = [beat for beat in self._beats if beat[0] >= since]
        pairs = [(beats[at][0], beats[at + 1][0] - beats[at][0])
                 for at in range(len(beats) - 1) if beats[at + 1][1]]
        if len(pairs) < ENOUGH_INTERVALS or beats[-1][0] < self._recent():
            return 0.0, 0.0
        middle = sorted(pair[1] for pair in pairs)[len(pairs) // 2]
        alike = [pair for pair in pairs if abs(pair[1] - middle) <= ALIKE * middle]
        if len(alike) < ENOUGH_INTERVALS:
            return 0.0, 0.0
        rate = 60 * FINE * self._hz / trimmed_mean(settled(pairs, alike))
        if not SLOWEST <= rate <= FASTEST:
            return rate, 0.0
        good = sum(pair[1] for pair in alike)
        quality = (self._covered(good) * regular(pairs, alike, middle)
                   * self._similar([pair[0] for pair in alike]))
        return rate, quality

    def _recent(self) -> int:
        return (self._count - RECENT_SECONDS * self._hz) * FINE

    def _covered(self, good: int) -> float:
        return min(1.0, good / FINE / self._hz / ENOUGH_SECONDS) ** 2

    def _similar(self, starts: list) -> float:
        """How much the seconds after the newest beats look like their mean."""
        parts = [part for part in map(self._second, starts) if part is not None][-LOOKS:]
        if len(parts) < ENOUGH_INTERVALS - 1:
            return 0.0
        mean = array("f", [sum(part[at] for part in parts) for at in range(LOOK_HZ)])
        likeness = sum(correlation(part, mean) for part in parts) / len(parts)
        return max(0.0, min(1.0, (likeness - 0.5) / 0.3))

    def _second(self, start: int):
        """The wave of one second, from just before a beat; None when it has not passed yet."""
        first = start // FINE // self._every - 2
        newest = self._count // self._every
        if first + LOOK_HZ > newest or first <= newest - len(self._wave):
            return None
        size = len(self._wave)
        return array("f", [self._wave[(first + at) % size] for at in range(LOOK_HZ)])
