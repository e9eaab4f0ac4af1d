"""When a count is taken, what a correction does, what counts are worth."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.cabinet.stock import (
    STALE_SECONDS, Item, PhotoInfo, corrected, counts_state, is_seen, item_state, seen, undone,
)

FRESH = Item(1, "Pepsi", photos=(PhotoInfo(1, 64, 64),))
TWO = replace(FRESH, count=2, count_from="pictures", count_at=5.0, checked_at=5.0)


def shows(item: Item, *numbers: int) -> Item:
    """The item after pictures showed these numbers of it."""
    for picture, number in enumerate(numbers, 100):
        item = seen(item, number, picture, float(picture))
    return item


class SeenTests(SynchronousTestCase):
    """Pictures."""

    def test_two_that_agree(self) -> None:
        """One picture is provisional, and shown while there is no other; a second one takes it."""
        once = shows(FRESH, 3)
        self.assertEqual((once.count, once.provisional, once.shown), (None, 3, 3))
        twice = shows(FRESH, 3, 3)
        self.assertEqual((twice.count, twice.provisional, twice.count_from), (3, None, "pictures"))

    def test_one_glitch(self) -> None:
        """A single other number changes nothing that was taken, nor does the same picture twice."""
        self.assertEqual(shows(TWO, 1).shown, 2)
        self.assertEqual((shows(TWO, 1, 2).count, shows(TWO, 1, 2).provisional), (2, None))
        self.assertEqual(shows(TWO, 1, 0, 1).count, 2)
        self.assertEqual(seen(seen(TWO, 1, 7, 1.0), 1, 7, 1.0).count, 2)

    def test_correction_holds(self) -> None:
        """A person's number holds while pictures show what they showed; not when they change."""
        item = corrected(TWO, 3, 50.0)
        self.assertEqual((item.count, item.count_from), (3, "hand"))
        self.assertEqual(shows(item, 2, 2, 2).count, 3)
        self.assertEqual(shows(item, 1, 1).count, 1)
        self.assertEqual(shows(item, 3, 2, 2).count, 2)

    def test_correction_of_a_glance(self) -> None:
        """It also holds against what one picture said, and agrees with one that is right."""
        self.assertEqual(shows(corrected(shows(TWO, 0), 1, 50.0), 0, 0).count, 1)
        self.assertIsNone(corrected(shows(TWO, 0), 0, 50.0).ignored)

    def test_undo(self) -> None:
        """What was before comes back, and the pictures' number that was undone is ignored."""
        item = undone(TWO, None, 2, "counted", 60.0)
        self.assertEqual((item.count, item.count_from, item.ignored), (None, None, 2))
        self.assertIsNone(shows(item, 2, 2).count)

    @given(st.lists(st.integers(0, 4), min_size=2, max_size=20))
    def test_never_without_two(self, numbers: list[int]) -> None:
        """What is taken was shown by two pictures that follow each other, or is as before."""
        result = shows(TWO, *numbers).count
        pairs = {a for a, b in zip(numbers, numbers[1:]) if a == b}
        self.assertIn(result, pairs | {2})


class LowTests(SynchronousTestCase):
    """Low stock."""

    def test_low(self) -> None:
        """Low is at the limit and below it; never without a limit or a count."""
        self.assertEqual([replace(TWO, low_at=n).is_low for n in (1, 2, 3, None)],
                         [False, True, True, False])
        self.assertFalse(replace(FRESH, low_at=3).is_low)


class StateTests(SynchronousTestCase):
    """What counts are worth."""

    def worth(self, *items: Item, closed: float | None = None, there: bool = True,
              now: float = 100.0) -> str:
        """The state of a cabinet with these items and a picture at 5 s."""
        return counts_state(items, (), closed, 5.0, there, now)

    def test_states(self) -> None:
        """Known until the door is closed without a picture; provisional after one picture."""
        self.assertEqual(self.worth(TWO, closed=4.0), "known")
        self.assertEqual(self.worth(TWO, closed=6.0), "unknown")
        self.assertEqual(self.worth(shows(TWO, 1), closed=6.0), "provisional")
        self.assertEqual(self.worth(TWO, FRESH), "unknown")
        self.assertEqual(self.worth(), "unknown")

    def test_stale_camera(self) -> None:
        """A camera that is away for a day vouches for nothing; one that is there does."""
        old = 5.0 + STALE_SECONDS + 1
        self.assertEqual(self.worth(TWO, there=False, now=old), "unknown")
        self.assertEqual(self.worth(TWO, there=False, now=old - 2), "known")
        self.assertEqual(self.worth(TWO, now=old), "known")

    def test_by_hand(self) -> None:
        """What no picture can count is known since a person counted it."""
        item = replace(TWO, photos=(), count_from="hand")
        self.assertEqual(self.worth(item, closed=90.0), "known")
        self.assertEqual(item_state(replace(item, count=None), None, False), "unknown")
        self.assertEqual(self.worth(TWO, replace(FRESH, photos=())), "known")
        self.assertEqual(self.worth(item, replace(FRESH, photos=())), "unknown")

    def test_detector(self) -> None:
        """What a detector knows needs no photos."""
        self.assertTrue(is_seen(replace(TWO, photos=()), ("Pepsi",)))
        self.assertFalse(is_seen(replace(TWO, photos=()), ("Cola",)))
