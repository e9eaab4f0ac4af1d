"""Pulse waves as a finger gives them, with the truth beside them.

A beat is a steep systolic rise and a dicrotic wave after it; both widen with the
square root of the interval, as they do in people. Breathing moves the baseline,
the height and the interval; what disturbs is added on top, in units of one pulse's
height.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import Sequence


@dataclass(frozen=True)
class Person:
    """What is measured; ``rate`` per minute, the rest 0 for an ideal one."""

    rate: float
    variability: float = 0.03  # of the interval at 60/min; less at higher rates, as in people
    dicrotic: float = 0.35  # height of the second wave
    breathing: float = 0.25  # Hz


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the signal, in heights of a pulse."""

    noise: float = 0.0  # standard deviation of white noise
    wander: float = 0.0  # slow movement of the baseline
    modulation: float = 0.0  # how far breathing changes the height
    missing: float = 0.0  # part of the beats that leave no pulse
    bursts: Sequence[tuple[float, float]] = field(default_factory=tuple)  # motion, from and to, s
    violence: float = 5.0  # height of motion
    hum: float = 0.0  # 50 Hz from the mains


@dataclass(frozen=True)
class Wave:
    """Samples at ``hz`` from time 0, and when the heart really beat, in s."""

    hz: int
    samples: list[float]
    beats: list[float]

    def truth(self, since: float, until: float) -> float:
        """The real rate per minute over a stretch of time."""
        inside = [beat for beat in self.beats if since <= beat < until]
        return 60 * (len(inside) - 1) / (inside[-1] - inside[0])


CLEAN = Trouble()


def wave(person: Person, trouble: Trouble = CLEAN, seconds: float = 30.0, hz: int = 50,
         seed: int = 1, height: float = 1.0, level: float = 0.0) -> Wave:
    """One recording; the same seed gives the same one."""
    draw = random.Random(seed)
    beats = _beats(person, seconds, draw)
    samples = _pulses(person, trouble, beats, seconds, hz, draw)
    _disturb(samples, trouble, hz, draw)
    return Wave(hz, [level + height * value for value in samples], beats)


def noise(seconds: float = 30.0, hz: int = 50, seed: int = 1, height: float = 1.0) -> list[float]:
    """Nobody there: white noise, and nothing else."""
    draw = random.Random(seed)
    return [draw.gauss(0, height) for _ in range(int(seconds * hz))]


def _beats(person: Person, seconds: float, draw: random.Random) -> list[float]:
    at, beats = -1.0, []
    spread = person.variability * min(1.5, 60 / person.rate)
    while at < seconds:
        beats.append(at)
        sinus = 1.4 * spread * math.sin(2 * math.pi * person.breathing * at)
        at += 60 / person.rate * (1 + sinus + draw.gauss(0, spread / 3))
    return beats


def _pulses(person: Person, trouble: Trouble, beats: list[float], seconds: float, hz: int,
            draw: random.Random) -> list[float]:
    samples = [0.0] * int(seconds * hz)
    for number, beat in enumerate(beats[:-1]):
        height = 1 + trouble.modulation * math.sin(2 * math.pi * person.breathing * beat)
        if draw.random() < trouble.missing:
            height *= 0.1
        _add_pulse(samples, hz, beat, beats[number + 1] - beat, height, person.dicrotic)
    return samples


def _add_pulse(samples: list[float], hz: int, beat: float, interval: float, height: float,
               dicrotic: float) -> None:
    scale = math.sqrt(min(interval, 1.3) / 0.8)
    waves = ((0.16 * scale, 0.060 * scale, 0.085 * scale, 1.0),
             (0.42 * scale, 0.075 * scale, 0.13 * scale, dicrotic))
    for at in range(max(0, int(beat * hz)), min(len(samples), int((beat + 1.2) * hz))):
        since = at / hz - beat
        for peak, rising, falling, share in waves:
            width = rising if since < peak else falling
            samples[at] += height * share * math.exp(-(((since - peak) / width) ** 2) / 2)


def _disturb(samples: list[float], trouble: Trouble, hz: int, draw: random.Random) -> None:
    tones = [(draw.uniform(0.8, 4.0), draw.uniform(0, 6.28)) for _ in range(4)]
    offset = 0.0
    for at in range(len(samples)):
        now = at / hz
        samples[at] += draw.gauss(0, trouble.noise) if trouble.noise else 0.0
        samples[at] += trouble.hum * math.sin(2 * math.pi * 50 * now + 0.7)
        samples[at] += trouble.wander * (0.7 * math.sin(2 * math.pi * 0.08 * now + 1)
                                         + 0.3 * math.sin(2 * math.pi * 0.25 * now))
        if any(since <= now < until for since, until in trouble.bursts):
            swing = sum(math.sin(2 * math.pi * tone * now + phase) for tone, phase in tones) / 2
            samples[at] += trouble.violence * swing + offset
            offset += draw.gauss(0, 0.05 * trouble.violence)
        else:
            offset = 0.0
