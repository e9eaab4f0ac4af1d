"""Rules of vitals as data and plain functions: kinds, units, limits, quality.

Four kinds of range are kept apart. *Sayable*: outside it a person or script has
mistyped, and is told. *Possible*: nothing outside it is a vital of a living
person. *Plausible*: outside it the sensor is more likely wrong than the person
ill. *Reference*: what is usual for a healthy adult; says nothing about quality.
Not a medical device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Iterable

from iotd.errors import Invalid

GOOD, SUSPECT, REJECTED = "good", "suspect", "rejected"
QUALITIES = (GOOD, SUSPECT, REJECTED)  # best first

SAME_TEMPERATURES = 10  # in a row: a stuck sensor, or one that measures the room
AMBIENT = 30.0  # Cel; a room, or a sensor that looks past the skin
JUMP = 40.0  # /min from one poll to the next; a watch that counts 15 s is off by 4
JUMP_WINDOW = 300.0  # seconds; after a longer gap any rate may be true
PAIR_SECONDS = 60.0  # systolic and diastolic this close, of one source, are one measurement
ROW_SECONDS = 30.0  # values this close, of one source, are one row of the data sheet


@dataclass(frozen=True)
class Reference:
    """What is usual for adults; an open side is None. ``source`` says who says so."""

    low: float | None
    high: float | None
    text: str
    source: str

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"low": self.low, "high": self.high, "text": self.text, "source": self.source}


@dataclass(frozen=True)
class Kind:
    """One vital: ``unit`` is UCUM, ``wire`` the word of the device wire, ``label`` for people."""

    name: str
    label: str
    unit: str
    wire: str
    digits: int
    sayable: tuple[float, float]
    possible: tuple[float, float]
    plausible: tuple[float, float]
    reference: Reference


_NEWS2 = "zero band of NEWS2, Royal College of Physicians 2017; not a population range"
_AHA = "American Heart Association: resting adults"
_ACC = "ACC/AHA 2017: normal blood pressure of adults"

#: The order is that of tiles, tables and data sheets.
KINDS: dict[str, Kind] = {kind.name: kind for kind in (
    # a watch that counts 15 s says multiples of 4: 20 and 24 are the lowest
    # that a slow heart gives there; 8 occurs in logs and is a lost contact
    Kind("heart_rate", "Heart rate", "/min", "bpm", 0, (0, 400), (20, 300), (25, 250),
         Reference(60, 100, "60 to 100", _AHA)),
    Kind("body_temperature", "Temperature", "Cel", "temp", 1, (0, 60), (10, 47), (34, 42),
         Reference(36.1, 38.0, "36.1 to 38.0", _NEWS2)),
    # below 70 % oximeters are not calibrated (ISO 80601-2-61)
    Kind("spo2", "Blood oxygen", "%", "spo2", 0, (0, 100), (1, 100), (70, 100),
         Reference(96, None, "96 and above", _NEWS2)),
    Kind("bp_systolic", "Systolic blood pressure",
         "mm[Hg]", "sys", 0, (0, 400), (30, 370), (60, 260),
         Reference(None, 120, "below 120", _ACC)),
    Kind("bp_diastolic", "Diastolic blood pressure",
         "mm[Hg]", "dia", 0, (0, 400), (10, 360), (30, 160),
         Reference(None, 80, "below 80", _ACC)),
)}
BY_WIRE: dict[str, Kind] = {kind.wire: kind for kind in KINDS.values()}
_LEGACY_UNITS = {"[degF]": "body_temperature"}


@dataclass(frozen=True)
class Verdict:
    """Quality, and why in words when it is not good; a ``jump`` may be confirmed by the next."""

    quality: str = GOOD
    reason: str | None = None
    jump: bool = False


def find_kind(name: str) -> Kind:
    """The kind of this name; Invalid lists those there are."""
    if name not in KINDS:
        raise Invalid(f"A kind of reading is one of {', '.join(KINDS)}.", "kind")
    return KINDS[name]


def convert(kind: Kind, value: float, unit: str | None) -> float:
    """``value`` in the kind's own unit; Invalid names the units that are taken."""
    if not math.isfinite(value):
        raise Invalid("The value must be a finite number.", "value")
    if unit is None or unit == kind.unit:
        return value
    if _LEGACY_UNITS.get(unit) == kind.name:
        return round((value - 32) / 1.8, 2)
    others = [other for other, name in _LEGACY_UNITS.items() if name == kind.name]
    taken = " or ".join((kind.unit, *others))
    raise Invalid(f"The unit of {kind.name} is {taken} (UCUM).", "unit")


def check_sayable(kind: Kind, value: float) -> float:
    """``value`` itself, or Invalid: it was typed wrongly, in the wrong unit or field."""
    low, high = kind.sayable
    if not low <= value <= high:
        raise Invalid(f"{kind.name} is taken from {low:g} to {high:g} {kind.unit}.", "value")
    return value


def judge_value(kind: Kind, value: float, sensed: bool) -> Verdict:
    """What a value is worth by itself; ``sensed``: by a device, not told by a person."""
    low, high = kind.possible
    if not (math.isfinite(value) and low <= value <= high):
        return Verdict(REJECTED, f"not possible: {kind.label.lower()} is {low:g} to {high:g}")
    if sensed and kind.name == "body_temperature" and value < AMBIENT:
        return Verdict(REJECTED, f"below {AMBIENT:g} Cel: the room, not the body")
    least, most = kind.plausible
    if not least <= value <= most:
        return Verdict(SUSPECT, f"outside {least:g} to {most:g}: unlikely to be true")
    return Verdict()


class Trail:
    """What one device said of one kind lately: tells jumps and stuck sensors apart.

    Feed every reading in the order of its time; ``at`` is in Unix seconds.
    """

    __slots__ = ("_kind", "_good", "_good_at", "_jump", "_jump_at", "_same", "_times")

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._good = self._good_at = math.nan
        self._jump = self._jump_at = math.nan
        self._same, self._times = math.nan, 0

    def judge(self, value: float, at: float) -> tuple[Verdict, bool]:
        """Its verdict, and whether it confirms the jump before it, which then was true."""
        verdict = judge_value(self._kind, value, sensed=True)
        self._times = self._times + 1 if value == self._same else 1
        self._same = value
        if verdict.quality != GOOD:
            return verdict, False
        if self._kind.name == "heart_rate":
            return self._judge_step(value, at)
        if self._kind.name == "body_temperature" and self._times >= SAME_TEMPERATURES:
            return Verdict(SUSPECT, f"{SAME_TEMPERATURES} or more equal values in a row:"
                                    " a stuck sensor, or the room"), False
        return verdict, False

    def _judge_step(self, value: float, at: float) -> tuple[Verdict, bool]:
        if not _is_jump(self._good, self._good_at, value, at):
            self._take(value, at)
            return Verdict(), False
        confirms = _is_near(self._jump, self._jump_at, value, at)
        if confirms:
            self._take(value, at)
            return Verdict(), True
        self._jump, self._jump_at = value, at
        step = abs(value - self._good)
        reason = f"a jump of {step:g}/min, not confirmed by the next"
        return Verdict(SUSPECT, reason, jump=True), False

    def _take(self, value: float, at: float) -> None:
        self._good, self._good_at = value, at
        self._jump = self._jump_at = math.nan


def _is_jump(good: float, good_at: float, value: float, at: float) -> bool:
    # comparisons with nan, which stands for "nothing yet", are false
    return abs(at - good_at) <= JUMP_WINDOW and abs(value - good) > JUMP


def _is_near(jump: float, jump_at: float, value: float, at: float) -> bool:
    return abs(at - jump_at) <= JUMP_WINDOW and abs(value - jump) <= JUMP


def worst(qualities: Iterable[str]) -> str:
    """The worst of some qualities; good for none."""
    return max(qualities, key=QUALITIES.index, default=GOOD)
