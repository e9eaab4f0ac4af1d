"""Sets of message numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.campus.ranges import Ranges

numbers = st.lists(st.integers(0, 60), max_size=80)


def members(ranges: Ranges) -> set[int]:
    """All numbers up to 130 that are in it."""
    return {number for number in range(-1, 130) if number in ranges}


class RangesTests(SynchronousTestCase):
    """Against a plain set."""

    @given(numbers)
    def test_it_holds_what_was_added(self, added: list[int]) -> None:
        """Each number is new once, is in it afterwards, and nothing else is."""
        ranges, known = Ranges(), set[int]()
        for number in added:
            self.assertEqual(ranges.add(number), number not in known)
            known.add(number)
            self.assertEqual(members(ranges), known)

    @given(numbers, st.integers(0, 60), st.integers(0, 60))
    def test_a_stretch_fills_all_between(self, added: list[int], low: int, more: int) -> None:
        """fill() puts in both ends and everything between them."""
        ranges = Ranges()
        for number in added:
            ranges.add(number)
        ranges.fill(low, low + more)
        self.assertEqual(members(ranges), {*added, *range(low, low + more + 1)})
        self.assertEqual(len([*ranges.gaps()]) + 1, len(ranges))

    @given(numbers)
    def test_gaps_are_what_is_missing(self, added: list[int]) -> None:
        """Members and gaps together are all numbers from the lowest to the highest."""
        ranges = Ranges()
        for number in added:
            ranges.add(number)
        missing = {n for low, high in ranges.gaps() for n in range(low, high + 1)}
        self.assertFalse(missing & set(added))
        if added:
            self.assertEqual(missing | set(added), {*range(min(added), max(added) + 1)})
            self.assertEqual((ranges.lowest, ranges.highest), (min(added), max(added)))

    @given(numbers)
    def test_a_row_gives_it_back(self, added: list[int]) -> None:
        """What was written is what is read."""
        ranges = Ranges()
        for number in added:
            ranges.add(number)
        self.assertEqual(Ranges.from_json(ranges.to_json()), ranges)
        self.assertEqual(ranges.copy(), ranges)

    def test_it_never_grows_beyond_its_limit(self) -> None:
        """A gate that counts wildly costs so many ranges; the oldest gaps count as heard."""
        ranges = Ranges(most=3)
        for number in range(0, 20, 2):
            ranges.add(number)
        self.assertEqual(len(ranges), 3)
        self.assertIn(3, ranges)
        self.assertNotIn(17, ranges)
