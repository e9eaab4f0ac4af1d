"""Which values of blood pressure are one measurement, by the plain rule: all with all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.health.model import PAIR_SECONDS
from iotd.health.records import Reading
from iotd.health.vitals import pairs

NOW = 1_800_000_000.0
ROWS = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["hand", "cuff"])), max_size=12)


def readings(kind: str, rows: list[tuple[int, str]]) -> list[Reading]:
    """Values at these seconds, of these sources."""
    return [Reading(kind, 100.0, "", NOW + at, NOW, source, id=n)
            for n, (at, source) in enumerate(rows)]


class PairTests(SynchronousTestCase):
    """Pairs are found as if each were held against each, in the time of a walk."""

    @given(ROWS, ROWS)
    def test_all_with_all(self, highs: list[tuple[int, str]], lows: list[tuple[int, str]]) -> None:
        """Both are of one source within 60 s, each in one pair, and none that fits is left over."""
        systolic, diastolic = readings("bp_systolic", highs), readings("bp_diastolic", lows)
        found = pairs(systolic, diastolic)
        for high, low in found:
            self.assertEqual(high.source, low.source)
            self.assertLessEqual(abs(high.at - low.at), PAIR_SECONDS)
        used = ({id(high) for high, _ in found}, {id(low) for _, low in found})
        self.assertEqual((len(used[0]), len(used[1])), (len(found), len(found)))
        for high in systolic:
            for low in diastolic:
                fits = high.source == low.source and abs(high.at - low.at) <= PAIR_SECONDS
                self.assertTrue(not fits or id(high) in used[0] or id(low) in used[1])

    def test_many(self) -> None:
        """Thousands of values a few seconds apart are paired one to one."""
        rows = [(3 * n, "cuff") for n in range(5000)]
        found = pairs(readings("bp_systolic", rows), readings("bp_diastolic", rows))
        self.assertEqual(len(found), 5000)
        self.assertTrue(all(high.at == low.at for high, low in found))
