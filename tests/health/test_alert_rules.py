"""When a vital is worth an alert."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.health.alert_rules import (
    DEFAULTS, HIGH, LOW, URGENT, WARNING, Rule, Seen, StaleRule, changed, crossing, is_over,
    limit_of, severity_of, stale_changed, stale_severity,
)
from iotd.health.model import KINDS
from iotd.health.news2 import points

PULSE = DEFAULTS["heart_rate"]


def run(*values: float, suspect: tuple[int, ...] = ()) -> list[Seen]:
    """Readings half a minute apart; those at the places ``suspect`` are doubtful."""
    return [Seen(value, 30.0 * n, n not in suspect) for n, value in enumerate(values)]


class DefaultTests(SynchronousTestCase):
    """The limits that hold when nobody chose others."""

    def test_every_vital_has_some(self) -> None:
        """Each kind of reading has a rule that makes sense."""
        self.assertEqual(set(DEFAULTS), set(KINDS))
        for vital, rule in DEFAULTS.items():
            self.assertEqual(changed(vital, rule, {}), rule)

    def test_nobody_is_woken_for_what_is_usual(self) -> None:
        """No value of a reference range, nor a little beyond it, is outside."""
        usual = {
            "heart_rate": (45, 60, 100, 101, 110, 120), "body_temperature": (35.5, 36.6, 38.4),
            "spo2": (94, 96, 100), "bp_systolic": (101, 125, 150, 180), "bp_diastolic": (50, 95),
        }
        for vital, values in usual.items():
            for value in values:
                for side in (HIGH, LOW):
                    self.assertIsNone(severity_of(DEFAULTS[vital], side, value), (vital, value))

    def test_a_three_of_news2_is_urgent(self) -> None:
        """What NEWS2 gives three points is urgent, and is beyond the warning, too."""
        for vital, values in {
            "heart_rate": (20, 40, 131, 200), "spo2": (70, 91), "bp_systolic": (60, 90, 220),
        }.items():
            for value in values:
                self.assertEqual(points(vital, value), 3)
                found = {severity_of(DEFAULTS[vital], side, value) for side in (HIGH, LOW)}
                self.assertEqual(found, {URGENT, None}, (vital, value))

    def test_warnings(self) -> None:
        """What is between is a warning."""
        for vital, side, value in (
            ("heart_rate", HIGH, 124), ("body_temperature", HIGH, 39.5), ("spo2", LOW, 93),
            ("bp_systolic", LOW, 95), ("bp_systolic", HIGH, 190), ("bp_diastolic", HIGH, 125),
        ):
            self.assertEqual(severity_of(DEFAULTS[vital], side, value), WARNING, (vital, value))


class CrossingTests(SynchronousTestCase):
    """N of M, and the way back."""

    def test_two_of_three(self) -> None:
        """One high reading is none; the second of three is."""
        self.assertIsNone(crossing(PULSE, HIGH, run(80, 140)))
        self.assertEqual(crossing(PULSE, HIGH, run(80, 140, 140)), URGENT)
        self.assertEqual(crossing(PULSE, HIGH, run(140, 80, 140)), URGENT)
        self.assertIsNone(crossing(PULSE, HIGH, run(140, 80, 80, 140)))
        self.assertIsNone(crossing(PULSE, HIGH, run(140, 140, 80)))

    def test_severity_needs_two_as_well(self) -> None:
        """One urgent value and one mild one are a warning."""
        self.assertEqual(crossing(PULSE, HIGH, run(125, 140)), WARNING)
        self.assertEqual(crossing(PULSE, HIGH, run(140, 125, 140)), URGENT)

    def test_one_of_one(self) -> None:
        """A cuff measures once."""
        self.assertEqual(crossing(DEFAULTS["bp_systolic"], HIGH, run(230)), URGENT)

    def test_suspect_ones(self) -> None:
        """A suspect reading raises nothing; it may confirm a good one."""
        self.assertIsNone(crossing(PULSE, HIGH, run(80, 140, 140, suspect=(1, 2))))
        self.assertIsNone(crossing(PULSE, HIGH, run(80, 140, 140, suspect=(2,))))
        self.assertEqual(crossing(PULSE, HIGH, run(80, 140, 140, suspect=(1,))), URGENT)

    def test_typed_in(self) -> None:
        """What a person typed in needs no second reading, to begin and to end."""
        self.assertEqual(crossing(PULSE, HIGH, [Seen(140, 0, True, True)]), URGENT)
        self.assertTrue(is_over(PULSE, HIGH, [*run(140, 140), Seen(80, 99, True, True)]))

    def test_the_way_back(self) -> None:
        """It is over after two good readings inside by the margin, not before."""
        self.assertFalse(is_over(PULSE, HIGH, run(140, 119, 119)))
        self.assertFalse(is_over(PULSE, HIGH, run(140, 115)))
        self.assertFalse(is_over(PULSE, HIGH, run(140, 115, 115, suspect=(2,))))
        self.assertTrue(is_over(PULSE, HIGH, run(140, 115, 130, 115, suspect=(2,))))
        self.assertFalse(is_over(PULSE, LOW, run(38, 45, 46)))
        self.assertTrue(is_over(PULSE, LOW, run(38, 46, 46)))

    def test_off(self) -> None:
        """A rule that is off raises nothing and holds nothing."""
        off = changed("heart_rate", PULSE, {"enabled": False})
        self.assertIsNone(crossing(off, HIGH, run(200, 200, 200)))
        self.assertTrue(is_over(off, HIGH, run(200)))

    @settings(max_examples=200)
    @given(st.lists(st.tuples(st.floats(20, 300), st.booleans()), max_size=12),
           st.sampled_from((HIGH, LOW)))
    def test_never_both(self, values: list[tuple[float, bool]], side: str) -> None:
        """Whatever is measured, no run begins an alert and ends it at once."""
        seen = [Seen(value, n, good) for n, (value, good) in enumerate(values)]
        if crossing(PULSE, side, seen) is not None:
            self.assertFalse(is_over(PULSE, side, seen))


class ChangeTests(SynchronousTestCase):
    """What people may choose."""

    def test_one_field(self) -> None:
        """What is not named stays."""
        new = changed("heart_rate", PULSE, {"high": 110})
        self.assertEqual((new.high, new.urgent_high, new.low), (110, 130, 41))

    def test_nonsense(self) -> None:
        """Each rule without sense is refused with the field that is wrong."""
        for vital, fields, field in (
            ("heart_rate", {"high": 1000}, "heart_rate.high"),
            ("heart_rate", {"low": 125}, "heart_rate.low"),
            ("heart_rate", {"high": 135}, "heart_rate.high"),
            ("heart_rate", {"urgent_low": 50}, "heart_rate.urgent_low"),
            ("heart_rate", {"margin": -1}, "heart_rate.margin"),
            ("heart_rate", {"low": 100, "urgent_low": 90, "margin": 20}, "heart_rate.margin"),
            ("spo2", {"need": 4}, "spo2.need"), ("spo2", {"need": 0}, "spo2.need"),
            ("spo2", {"of": 21}, "spo2.need"),
        ):
            found = self.assertRaises(Invalid, changed, vital, DEFAULTS[vital], fields)
            self.assertEqual(found.field, field, str(found))

    def test_no_limits(self) -> None:
        """A side without a limit never crosses and is always over."""
        rule = changed("heart_rate", PULSE, {"high": None, "urgent_high": None})
        self.assertIsNone(crossing(rule, HIGH, run(240, 240, 240)))
        self.assertTrue(is_over(rule, HIGH, run(240, 240)))

    def test_urgent_alone(self) -> None:
        """With an urgent limit alone, that is the limit to come back from."""
        rule = Rule(None, None, None, 130, margin=5)
        self.assertEqual(crossing(rule, HIGH, run(140, 140)), URGENT)
        self.assertEqual(limit_of(rule, HIGH, WARNING), 130)
        self.assertFalse(is_over(rule, HIGH, run(128, 128)))
        self.assertTrue(is_over(rule, HIGH, run(125, 125)))


class SilenceTests(SynchronousTestCase):
    """How long nothing may be heard."""

    def test_fifteen_and_thirty_minutes(self) -> None:
        """A warning at 15 minutes, urgent at 30, nothing before."""
        rule = StaleRule()
        for seconds, expected in ((0, None), (899, None), (900, WARNING), (1799, WARNING),
                                  (1800, URGENT), (1e6, URGENT)):
            self.assertEqual(stale_severity(rule, seconds), expected)
        self.assertIsNone(stale_severity(stale_changed(rule, {"enabled": False}), 1e6))

    def test_seldom_polled(self) -> None:
        """A watch that is asked once an hour may fail three times."""
        self.assertIsNone(stale_severity(StaleRule(), 3 * 3600 - 1, 3600))
        self.assertEqual(stale_severity(StaleRule(), 3 * 3600, 3600), WARNING)
        self.assertEqual(stale_severity(StaleRule(), 900, 30), WARNING)

    def test_nonsense(self) -> None:
        """Urgent before the warning is refused."""
        self.assertRaises(Invalid, stale_changed, StaleRule(), {"urgent_minutes": 10})
        self.assertRaises(Invalid, stale_changed, StaleRule(), {"warning_minutes": 0})
