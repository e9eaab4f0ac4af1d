"""Rules of vitals: limits, units, jumps, stuck sensors."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.health.model import (
    GOOD, JUMP_WINDOW, KINDS, QUALITIES, REJECTED, SUSPECT, Trail, check_sayable, convert,
    find_kind, judge_value, worst,
)
from iotd.wire.words import UNITS

PULSE, TEMPERATURE = KINDS["heart_rate"], KINDS["body_temperature"]


def judged(kind: str, *values: float, every: float = 30.0) -> list[str]:
    """Qualities of what a watch says, as they are once the last has come."""
    trail, found = Trail(KINDS[kind]), list[str]()
    jump = -1
    for number, value in enumerate(values):
        verdict, confirms = trail.judge(value, 1e9 + number * every)
        if confirms:
            found[jump] = GOOD
        if verdict.jump:
            jump = number
        found.append(verdict.quality)
    return found


class KindTests(SynchronousTestCase):
    def test_agree_with_the_wire(self) -> None:
        """Each unit of the wire is one kind's, with the same UCUM unit."""
        self.assertEqual({kind.wire: kind.unit for kind in KINDS.values()}, dict(UNITS))

    def test_ranges(self) -> None:
        """Plausible lies within possible, and what is usual within plausible; each has a source."""
        for kind in KINDS.values():
            self.assertTrue(kind.possible[0] <= kind.plausible[0] < kind.plausible[1]
                            <= kind.possible[1], kind.name)
            for side in (kind.reference.low, kind.reference.high):
                if side is not None:
                    self.assertTrue(kind.plausible[0] < side < kind.plausible[1])
            self.assertTrue(kind.reference.source and kind.reference.text)

    def test_unknown(self) -> None:
        """A kind that is none is refused with the list."""
        self.assertIn("spo2", str(self.assertRaises(Invalid, find_kind, "mood")))


class UnitTests(SynchronousTestCase):
    def test_own(self) -> None:
        """Its own unit, or none, changes nothing."""
        self.assertEqual(convert(PULSE, 72.0, None), 72.0)
        self.assertEqual(convert(PULSE, 72.0, "/min"), 72.0)

    def test_fahrenheit(self) -> None:
        """Degrees Fahrenheit are converted, for temperatures alone."""
        self.assertEqual(convert(TEMPERATURE, 98.6, "[degF]"), 37.0)
        self.assertRaises(Invalid, convert, PULSE, 98.6, "[degF]")

    def test_others(self) -> None:
        """Any other unit is refused, and the sentence names those that are taken."""
        error = self.assertRaises(Invalid, convert, TEMPERATURE, 37.0, "K")
        self.assertEqual(error.field, "unit")
        self.assertIn("Cel or [degF]", str(error))
        for unit in ("bpm", "", "mmHg", "°C"):
            self.assertRaises(Invalid, convert, PULSE, 1.0, unit)

    def test_no_number(self) -> None:
        """Infinity and not-a-number are no values."""
        for value in (math.nan, math.inf, -math.inf):
            error = self.assertRaises(Invalid, convert, PULSE, value, None)
            self.assertEqual(error.field, "value")

    def test_mistyped(self) -> None:
        """What nobody can mean is refused with the limits; what nobody alive has is taken."""
        for kind, value in (("heart_rate", 720), ("heart_rate", -1), ("spo2", 101),
                            ("body_temperature", 98.6), ("bp_systolic", 1200)):
            error = self.assertRaises(Invalid, check_sayable, KINDS[kind], value)
            self.assertIn(f"{KINDS[kind].sayable[1]:g}", str(error))
        self.assertEqual(check_sayable(TEMPERATURE, 28.0), 28.0)
        self.assertEqual(judge_value(PULSE, check_sayable(PULSE, 8), False).quality, REJECTED)


class ValueTests(SynchronousTestCase):
    def test_from_logs(self) -> None:
        """Multiples of 4 are what a watch says; 8 is no pulse, 24 is doubtful, 152 may be true."""
        for value, quality in ((8, REJECTED), (24, SUSPECT), (28, GOOD), (72, GOOD),
                               (152, GOOD), (252, SUSPECT), (304, REJECTED)):
            self.assertEqual(judge_value(PULSE, value, True).quality, quality, value)

    def test_room(self) -> None:
        """A device that says 23.11 Cel measures the room; told by a person it is only unlikely."""
        self.assertEqual(judge_value(TEMPERATURE, 23.11, True).quality, REJECTED)
        self.assertIn("room", str(judge_value(TEMPERATURE, 23.11, True).reason))
        self.assertEqual(judge_value(TEMPERATURE, 23.11, False).quality, SUSPECT)
        self.assertEqual(judge_value(TEMPERATURE, 33.0, True).quality, SUSPECT)
        self.assertEqual(judge_value(TEMPERATURE, 36.5, True).quality, GOOD)

    @given(st.sampled_from(list(KINDS)), st.floats(), st.booleans())
    def test_always_a_verdict(self, name: str, value: float, sensed: bool) -> None:
        """Every number has a quality, and a reason unless it is good."""
        verdict = judge_value(KINDS[name], value, sensed)
        self.assertIn(verdict.quality, QUALITIES)
        self.assertEqual(verdict.reason is None, verdict.quality == GOOD)
        self.assertLessEqual(len(verdict.reason or ""), 200)

    def test_worst(self) -> None:
        """The worst of some; good of none."""
        self.assertEqual(worst([GOOD, REJECTED, SUSPECT]), REJECTED)
        self.assertEqual(worst([]), GOOD)


class JumpTests(SynchronousTestCase):
    def test_confirmed(self) -> None:
        """A jump is suspect until the next reading is near it; then both are good."""
        self.assertEqual(judged("heart_rate", 72, 152), [GOOD, SUSPECT])
        self.assertEqual(judged("heart_rate", 72, 152, 148), [GOOD, GOOD, GOOD])
        self.assertEqual(judged("heart_rate", 72, 152, 148, 72), [GOOD, GOOD, GOOD, SUSPECT])

    def test_alone(self) -> None:
        """One that falls back was none."""
        self.assertEqual(judged("heart_rate", 72, 152, 76, 80), [GOOD, SUSPECT, GOOD, GOOD])

    def test_wild(self) -> None:
        """Jumps that agree with nothing are all suspect."""
        self.assertEqual(
            judged("heart_rate", 72, 152, 30, 200, 72), [GOOD, SUSPECT, SUSPECT, SUSPECT, GOOD]
        )

    def test_forty(self) -> None:
        """Forty is no jump yet."""
        self.assertEqual(judged("heart_rate", 72, 112, 72), [GOOD] * 3)
        self.assertEqual(judged("heart_rate", 72, 113), [GOOD, SUSPECT])

    def test_gap(self) -> None:
        """After minutes without a reading any rate may be true."""
        self.assertEqual(judged("heart_rate", 72, 152, every=JUMP_WINDOW + 1), [GOOD, GOOD])

    def test_rejected_between(self) -> None:
        """What is no pulse neither makes nor confirms a jump."""
        self.assertEqual(
            judged("heart_rate", 72, 8, 76, 152, 8, 148),
            [GOOD, REJECTED, GOOD, GOOD, REJECTED, GOOD],
        )

    def test_doubtful_between(self) -> None:
        """Nor does what is unlikely: the jump that is confirmed is the jump."""
        self.assertEqual(judged("heart_rate", 72, 152, 24, 148), [GOOD, GOOD, SUSPECT, GOOD])

    def test_only_rates_jump(self) -> None:
        """Blood pressure may."""
        self.assertEqual(judged("bp_systolic", 100, 180), [GOOD, GOOD])


class StuckTests(SynchronousTestCase):
    def test_ten(self) -> None:
        """The tenth equal temperature in a row is suspect, and all that follow."""
        self.assertEqual(judged("body_temperature", *[36.5] * 12), [GOOD] * 9 + [SUSPECT] * 3)

    def test_moves_again(self) -> None:
        """A hundredth of a degree ends the row."""
        values = [36.5] * 9 + [36.51] + [36.5] * 9
        self.assertEqual(set(judged("body_temperature", *values)), {GOOD})

    def test_room(self) -> None:
        """Twelve times 23.11 is the room each time."""
        self.assertEqual(judged("body_temperature", *[23.11] * 12), [REJECTED] * 12)

    def test_rates_may_repeat(self) -> None:
        """A rate that is counted in fours is equal often."""
        self.assertEqual(judged("heart_rate", *[72] * 30), [GOOD] * 30)
