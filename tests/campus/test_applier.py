"""The rule, sentence by sentence, on both databases; the days are in test_days."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from iotd.campus import statistics_records
from iotd.campus.model import (
    KEPT, LATE, NO_CLOCK, NOBODY, SECOND, SKEWED, TOO_LATE, Method, moves, names_of, pack_source,
)
from tests.campus.work_room import (
    BEN, ENTRY, EXIT, NOBODY_KNOWN, WorkTest, corrected, seen, us,
)
from tests.databases import both

DAY = 86400
KEPT_SECONDS = KEPT // SECOND


class RuleTests(SynchronousTestCase):
    """One sighting and the movement before it."""

    def judge(self, seconds: float, direction: int, method: int = Method.WIFI) -> bool:
        """So long after somebody came in."""
        source = pack_source(method, direction, 5)
        return moves(ENTRY, 0, round(seconds * SECOND), source, 180 * SECOND)

    def test_the_first_ever_moves(self) -> None:
        """Either way, at any time."""
        for direction in (ENTRY, EXIT):
            self.assertTrue(moves(*NOBODY[:2], 0, pack_source(4, direction, 1), 180 * SECOND))

    def test_the_same_direction_moves_nothing(self) -> None:
        """However long after, and whoever says it."""
        for method in Method:
            self.assertFalse(self.judge(10 * DAY, ENTRY, method))

    def test_what_is_exactly_as_long_after_is_a_repetition(self) -> None:
        """180 s are within 180 s; a microsecond more is not."""
        self.assertFalse(self.judge(180, EXIT))
        self.assertTrue(self.judge(180.000001, EXIT))

    def test_a_person_is_never_a_repetition(self) -> None:
        """A correction moves at once when it says something else."""
        self.assertTrue(self.judge(0, EXIT, Method.CORRECTION))

    def test_flags_have_names(self) -> None:
        """As they stand in the CSV."""
        self.assertEqual(names_of(LATE | NO_CLOCK), ["late", "no_clock"])
        self.assertEqual(names_of(SKEWED | TOO_LATE), ["skewed", "too_late"])


@both
class OrderTests(WorkTest, SynchronousTestCase):
    """Sightings in order, late, and both in one transaction."""

    def test_in_order(self) -> None:
        """In, seen again, too soon out, out, back."""
        self.apply(seen(0, ENTRY), seen(60, ENTRY), seen(100, EXIT), seen(180, EXIT))
        self.apply(seen(181, EXIT), seen(7000, ENTRY))
        self.assertEqual(self.moved(), [(0, "entry"), (181, "exit"), (7000, "entry")])
        self.assertEqual([row.flags for row in self.rows()], [0, 0, 0])
        self.assertEqual(self.counted(), {("2027-01-15", 11): (2, 1, 1, 6819)})

    def test_a_late_one_is_judged_at_its_own_time(self) -> None:
        """What followed is judged anew: the exit that moved becomes a repetition's victim."""
        self.apply(seen(0, ENTRY))
        self.apply(seen(1000, EXIT), seen(1100, EXIT), seen(1300, EXIT))
        # somebody left at 900 already: 1000 and the others are the same direction
        self.apply(seen(900, EXIT, gate="south", received=2000))
        self.assertEqual(self.moved(), [(0, "entry"), (900, "exit")])
        (_, late) = self.rows()
        self.assertEqual((late.flags, late.received_at), (LATE, us(2000)))

    def test_what_moved_nothing_moves_when_late_data_says_so(self) -> None:
        """An entry between makes an old exit count; that one is known late, too."""
        self.apply(seen(0, ENTRY), seen(1000, EXIT), seen(2000, EXIT, flags=NO_CLOCK))
        self.assertEqual(self.moved(), [(0, "entry"), (1000, "exit")])
        self.apply(seen(1500, ENTRY, received=3000))
        self.assertEqual(
            self.moved(), [(0, "entry"), (1000, "exit"), (1500, "entry"), (2000, "exit")]
        )
        self.assertEqual([row.flags for row in self.rows()], [0, 0, LATE, LATE | NO_CLOCK])
        self.assertEqual([row.received_at for row in self.rows()][2:], [us(3000)] * 2)
        self.assertEqual(self.counted(), {("2027-01-15", 11): (2, 2, 1, 500)})

    def test_an_older_first_one(self) -> None:
        """The first sighting ever is the oldest, not the first to come."""
        self.apply(seen(1000, ENTRY))
        self.apply(seen(900, ENTRY))
        self.assertEqual(self.moved(), [(900, "entry")])
        self.apply(seen(500, EXIT))
        self.assertEqual(self.moved(), [(500, "exit"), (900, "entry")])

    def test_late_ones_across_midnight(self) -> None:
        """Statistics of both days follow."""
        midnight = 16 * 3600  # 2027-01-16 00:00 UTC
        self.apply(seen(midnight - 3600, EXIT), seen(midnight + 3600, ENTRY))
        self.assertEqual(self.counted(), {
            ("2027-01-15", 11): (0, 1, 0, 0), ("2027-01-16", 11): (1, 0, 1, 7200),
        })
        self.apply(seen(midnight - 1800, ENTRY), seen(midnight + 1800, EXIT))
        self.assertEqual(self.counted(), {
            ("2027-01-15", 11): (1, 1, 1, 1800), ("2027-01-16", 11): (1, 1, 1, 1800),
        })

    def test_late_and_in_order_in_one_transaction(self) -> None:
        """What is decided in memory gives way to what the late one makes of it."""
        self.apply(seen(0, ENTRY))
        applied = self.apply(seen(1000, EXIT), seen(900, EXIT), seen(1150, ENTRY), BEN_IN)
        # 900 is the exit, and 1150 is 250 s after it
        self.assertEqual(self.moved(), [(0, "entry"), (900, "exit"), (1150, "entry")])
        self.assertEqual({*applied.added}, {*self.rows()[1:], *self.rows(BEN)})
        self.assertEqual(applied.removed, 0)  # 1000 was never on disk

    def test_at_the_same_moment(self) -> None:
        """A person, a finger, a face, a card, a phone; then in before out, then by gate."""
        self.apply(seen(0, EXIT, gate="a"), seen(0, EXIT, gate="b"))
        self.restart()
        self.apply(seen(500, ENTRY, method=Method.WIFI), seen(500, ENTRY, method=Method.RFID))
        self.assertEqual(self.told(), [("WIFI", "a"), ("RFID", "north")])
        self.apply(seen(500, ENTRY, method=Method.FINGERPRINT))
        self.assertEqual(self.told()[1], ("FINGERPRINT", "north"))
        self.apply(corrected(500, EXIT), corrected(500, ENTRY))
        self.assertEqual(self.told()[1:], [("CORRECTION", None)] * 2)
        self.assertEqual(self.moved(), [(0, "exit"), (500, "entry"), (500, "exit")])

    def test_a_correction_counts_as_the_last_movement(self) -> None:
        """What a gate says within 180 s after it is a repetition."""
        self.apply(seen(0, ENTRY), corrected(10, EXIT), seen(100, ENTRY), seen(191, ENTRY))
        self.assertEqual(self.moved(), [(0, "entry"), (10, "exit"), (191, "entry")])

    def test_a_correction_of_the_past(self) -> None:
        """What came after it is judged anew."""
        self.apply(seen(0, ENTRY), seen(5000, ENTRY))
        self.apply(corrected(2500, EXIT))
        self.assertEqual(self.moved(), [(0, "entry"), (2500, "exit"), (5000, "entry")])

    def test_students_do_not_touch_each_other(self) -> None:
        """Each has a state of its own; whom the register does not know leaves no trace."""
        self.apply(seen(0, ENTRY), seen(1, EXIT, BEN), seen(2, ENTRY, NOBODY_KNOWN))
        self.assertEqual(self.moved(BEN), [(1, "exit")])
        self.assertEqual(self.rows(NOBODY_KNOWN), [])
        self.assertEqual(self.sightings(), 2)


BEN_IN = seen(0, ENTRY, BEN)


@both
class OnceTests(WorkTest, SynchronousTestCase):
    """The same message twice, restarts, and what is kept how long."""

    def test_the_same_number_counts_once(self) -> None:
        """Of one boot of one gate, whatever it says the second time; after a restart, too."""
        first = seen(0, ENTRY, boot="b1", seq=7)
        self.apply(first, first)
        self.restart()
        applied = self.apply(seen(900, EXIT, boot="b1", seq=7), seen(950, EXIT, boot="b1", seq=8))
        self.assertEqual(applied.duplicates, {"north": 1})
        self.assertEqual(self.moved(), [(0, "entry"), (950, "exit")])
        self.apply(seen(2000, ENTRY, boot="b2", seq=7),
                   seen(2500, EXIT, gate="south", boot="b1", seq=7))
        self.assertEqual(len(self.rows()), 4)

    def test_memory_is_what_the_store_says(self) -> None:
        """After a restart everything is as it was before."""
        self.apply(seen(0, ENTRY, boot="b", seq=1), seen(1000, EXIT, BEN, gate="south"))
        self.apply(seen(500, EXIT), corrected(700, ENTRY))
        before = self.memory
        self.restart()
        for name in ("states", "newest", "gates", "gate_names", "parts", "place"):
            self.assertEqual(getattr(self.memory, name), getattr(before, name), name)

    def test_seven_days(self) -> None:
        """A sighting up to seven days older than the newest counts among all of those days."""
        self.apply(seen(0, ENTRY), seen(50, EXIT), seen(100, EXIT))
        self.apply(seen(KEPT_SECONDS, ENTRY))
        self.prune()
        self.assertEqual(self.sightings(), 4)
        self.apply(corrected(0, EXIT))  # and then the entry at the same moment is a repetition
        self.assertEqual(self.moved(), [(0, "exit"), (KEPT_SECONDS, "entry")])
        self.assertEqual(self.rows()[0].flags, LATE)

    def test_more_than_seven_days(self) -> None:
        """It is judged by what is kept, movements for good, and flagged."""
        self.apply(seen(0, ENTRY), seen(1000, EXIT), seen(5000, ENTRY), seen(6000, ENTRY))
        self.apply(seen(KEPT_SECONDS + 9000, EXIT))
        self.prune()
        self.assertEqual(self.sightings(), 1)
        self.apply(seen(3000, ENTRY))
        self.assertEqual(
            self.moved(),
            [(0, "entry"), (1000, "exit"), (3000, "entry"), (KEPT_SECONDS + 9000, "exit")],
        )
        self.assertEqual(self.rows()[2].flags, LATE | TOO_LATE)
        # the movement of 5000 was undone; its sighting is one again, though it had been deleted
        self.apply(corrected(4000, EXIT))
        self.assertEqual(self.moved()[2:5], [(3000, "entry"), (4000, "exit"), (5000, "entry")])
        self.assertEqual(self.rows()[4].flags, LATE | TOO_LATE)

    def test_pruning_changes_nothing_that_late_data_can_reach(self) -> None:
        """The newest of each student counts, not the newest of all."""
        self.apply(seen(0, ENTRY), seen(1000, EXIT), seen(1100, ENTRY), seen(0, ENTRY, BEN))
        self.apply(seen(3 * KEPT_SECONDS, EXIT, BEN))
        self.prune()
        self.assertEqual(self.sightings(), 4)
        self.apply(seen(600, EXIT))
        self.assertEqual(self.moved(), [(0, "entry"), (600, "exit"), (1100, "entry")])

    def test_strangers_are_counted_by_gate_number(self) -> None:
        """"" stands for all gates; what is told twice is added."""
        told = {("2027-01-15", 8, "north"): 2, ("2027-01-15", 24, ""): 3}
        self.apply(strangers=told)
        self.apply(strangers=told)

        def read(connection: Any) -> Any:
            return sorted(statistics_records.list_strangers(connection, "2027-01-15"))

        self.assertEqual(
            [tuple(row) for row in self.store.call(read)],
            [(8, self.memory.gates["north"], 4), (24, 0, 6)],
        )
