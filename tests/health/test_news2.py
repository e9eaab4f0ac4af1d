"""NEWS2 in part: each edge of each band, and what never counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.health.news2 import KINDS, MAX_AGE, NEVER_MEASURED, partial_news2, points

NOW = 1_800_000_000.0  # 2027-01-15
ADULT = "1950-06-01"


@dataclass(frozen=True)
class Reading:
    """One reading."""

    value: float
    measured_at: float = NOW - 60
    quality: str = "good"
    source: str = "cuff"


def scored(values: dict[str, Any], born: date | str | None = ADULT, **options: Any) -> Any:
    """The answer for these readings."""
    return partial_news2(values, born, NOW, **options)


class TableTests(SynchronousTestCase):
    """The Royal College's table, row by row."""

    def check(self, kind: str, expected: dict[float, int]) -> None:
        """Each value has these points."""
        for value, score in expected.items():
            self.assertEqual(points(kind, value), score, (kind, value))

    def test_pulse(self) -> None:
        """3 to 40, 1 to 50, 0 to 90, 1 to 110, 2 to 130, 3 above."""
        self.check("heart_rate", {
            25: 3, 40: 3, 40.4: 3, 40.5: 1, 41: 1, 50: 1, 51: 0, 72: 0, 90: 0, 90.5: 1, 91: 1,
            110: 1, 111: 2, 130: 2, 131: 3, 240: 3,
        })

    def test_oxygen_saturation(self) -> None:
        """Scale 1: 3 to 91, 2 to 93, 1 to 95, 0 from 96."""
        self.check("spo2", {
            70: 3, 91: 3, 91.5: 2, 92: 2, 93: 2, 94: 1, 95: 1, 95.4: 1, 95.5: 0, 96: 0, 100: 0,
        })

    def test_systolic(self) -> None:
        """3 to 90, 2 to 100, 1 to 110, 0 to 219, 3 from 220."""
        self.check("bp_systolic", {
            60: 3, 90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 219.5: 3, 220: 3,
        })

    def test_temperature(self) -> None:
        """3 to 35.0, 1 to 36.0, 0 to 38.0, 1 to 39.0, 2 from 39.1; halves of a tenth go up."""
        self.check("body_temperature", {
            34.0: 3, 35.0: 3, 35.04: 3, 35.05: 1, 35.1: 1, 36.0: 1, 36.04: 1, 36.05: 0, 36.1: 0,
            38.0: 0, 38.04: 0, 38.05: 1, 38.1: 1, 39.0: 1, 39.05: 2, 39.1: 2, 41.0: 2,
        })

    @settings(max_examples=300)
    @given(st.sampled_from(KINDS), st.floats(-1000, 10_000))
    def test_no_gap(self, kind: str, value: float) -> None:
        """Whatever is measured has its points, 0 to 3."""
        self.assertIn(points(kind, value), range(4))

    @settings(max_examples=300)
    @given(st.integers(200, 450))
    def test_tenths_and_hundredths(self, tenths: int) -> None:
        """A hundredth or four above a tenth of a degree changes nothing."""
        value = tenths / 10
        for more in (0.01, 0.04):
            self.assertEqual(
                points("body_temperature", round(value + more, 2)),
                points("body_temperature", value),
            )


class SumTests(SynchronousTestCase):
    """What is shown."""

    def test_whole(self) -> None:
        """All four vitals add up, and it is still incomplete."""
        found = scored({
            "heart_rate": Reading(112), "spo2": Reading(95), "bp_systolic": Reading(105),
            "bp_diastolic": Reading(60), "body_temperature": Reading(38.5),
        })
        self.assertEqual(found["at_least"], 2 + 1 + 1 + 1)
        self.assertIs(found["complete"], False)
        self.assertEqual(found["missing"], list(NEVER_MEASURED))
        self.assertIs(found["single_three"], False)
        self.assertEqual([part["score"] for part in found["parts"]], [2, 1, 1, 1])
        self.assertIn("Royal College of Physicians", found["note"])

    def test_a_single_three(self) -> None:
        """One vital with three points is told apart from a sum of three."""
        self.assertTrue(scored({"heart_rate": Reading(140)})["single_three"])
        three = scored({"heart_rate": Reading(112), "spo2": Reading(95)})
        self.assertEqual((three["at_least"], three["single_three"]), (3, False))

    def test_what_is_missing_is_named(self) -> None:
        """A vital without a reading that counts is missing, never taken as normal."""
        found = scored({"heart_rate": Reading(72)})
        self.assertEqual(found["at_least"], 0)
        self.assertEqual(
            found["missing"], [*NEVER_MEASURED, "spo2", "bp_systolic", "body_temperature"]
        )

    def test_never_low_nor_complete(self) -> None:
        """The best of readings gives no word of comfort."""
        found = scored({
            "heart_rate": Reading(72), "spo2": Reading(98), "bp_systolic": Reading(120),
            "body_temperature": Reading(36.6),
        })
        self.assertEqual((found["at_least"], found["complete"]), (0, False))
        self.assertNotIn("low", str(found).lower().split())
        self.assertIn("incomplete", found["note"])

    def test_what_never_counts(self) -> None:
        """Suspect, rejected, old, future and impossible readings are left out."""
        for bad in (
            Reading(140, quality="suspect"), Reading(140, quality="rejected"),
            Reading(140, NOW - MAX_AGE - 1), Reading(140, NOW + 301),
            Reading(math.nan), Reading(math.inf),
        ):
            self.assertIsNone(scored({"heart_rate": bad}))
        self.assertIsNone(scored({}))
        self.assertEqual(scored({"heart_rate": Reading(140, NOW - MAX_AGE)})["at_least"], 3)

    def test_skin_temperature(self) -> None:
        """A temperature of a source that touches the skin is missing; its pulse counts."""
        found = scored(
            {
                "heart_rate": Reading(72, source="wch"),
                "body_temperature": Reading(34, source="wch"),
            },
            skin={"wch"},
        )
        self.assertEqual(found["at_least"], 0)
        self.assertIn("body_temperature", found["missing"])

    def test_children(self) -> None:
        """Under 16, to the day, there is a reason instead of a number."""
        values = {"heart_rate": Reading(140)}
        young = scored(values, "2011-01-16")
        self.assertEqual((young["at_least"], young["parts"]), (None, []))
        self.assertIn("under 16", young["note"])
        self.assertEqual(scored(values, "2011-01-15")["at_least"], 3)
        self.assertEqual(scored(values, date(2011, 1, 15))["at_least"], 3)

    def test_unknown_age(self) -> None:
        """Without a date of birth nobody knows whether it may be used."""
        self.assertIn("date of birth", scored({"heart_rate": Reading(140)}, None)["note"])
