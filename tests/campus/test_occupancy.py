"""Headcounts by group, kept by who has changed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.campus.kept_days import Groups
from iotd.campus.occupancy import Counts, Occupancy, in_order
from iotd.campus.register_records import CATEGORIES
from iotd.campus.selection import selection_of, values_of
from tests.campus.people import GROUPS, People, Student

changes = st.tuples(
    st.integers(1, 6), st.sampled_from([None, True, False]), st.integers(1, 1000),
    st.sampled_from([None, *GROUPS.values()]),
)


def build() -> tuple[People, Occupancy]:
    """Six students, never seen."""
    people = People()
    occupancy = Occupancy(
        students=lambda: people.students, state_of=people.state_of, groups=Groups(people.groups)
    )
    occupancy.recount()
    return people, occupancy


class OccupancyTests(SynchronousTestCase):
    """Whoever changed is told; all else follows."""

    def test_begin(self) -> None:
        """Nobody was seen yet: all are outside, and unknown."""
        _, occupancy = build()
        self.assertEqual(occupancy.counts(), Counts(6, 0, 6))
        self.assertEqual(occupancy.counts().outside, 6)
        self.assertIsNone(occupancy.last_movement())

    def test_move(self) -> None:
        """Somebody comes, somebody goes; told twice is once."""
        people, occupancy = build()
        people.state |= {1: (True, 50), 2: (False, 60)}
        for _ in range(2):
            occupancy.touch([1, 2, 3])
        self.assertEqual(occupancy.counts(), Counts(6, 1, 4))
        self.assertEqual(occupancy.last_movement(), 60)
        self.assertEqual(occupancy.last_movement(selection_of({"gender": "F"})), 50)
        self.assertEqual(occupancy.outside(), [(2, 60)])
        self.assertEqual(occupancy.outside(selection_of({"gender": "F"})), [])

    def test_erased(self) -> None:
        """Whoever is erased counts no more, and is nowhere in what is told."""
        people, occupancy = build()
        people.state |= {1: (True, 70), 2: (False, 60)}
        occupancy.touch([1, 2])
        del people.students[1]
        occupancy.touch([1])
        self.assertEqual(occupancy.counts(), Counts(5, 0, 4))
        self.assertEqual(occupancy.last_movement(), 60)
        self.assertFalse(occupancy.has(CATEGORIES.index("hostel"), "nowhere"))

    def test_categories(self) -> None:
        """Every value that a student has, years by number; those of nobody are not there."""
        people, occupancy = build()
        del people.students[5]
        occupancy.touch([5])
        self.assertEqual(occupancy.categories(), {
            "year": [1, 2, 10], "gender": ["F", "M"], "hostel": ["Asha", "Birch"],
            "branch": ["Arts, fine", "CSE", "ECE"], "stream": ["BA", "BTech", "MTech"],
        })
        self.assertEqual(in_order({"b", "A", ""}), ["", "A", "b"])

    @given(st.lists(changes, max_size=30))
    @settings(max_examples=200)
    def test_any_order(self, said: list[tuple]) -> None:
        """Whatever happens, the counts are those of counting everybody."""
        people, occupancy = build()
        for id, inside, since, group in said:
            people.state[id] = inside, None if inside is None else since
            if group is None:
                people.students.pop(id, None)
            else:
                people.students[id] = Student(id, f"R{id}", group)
            occupancy.touch([id])
        for asked in ({}, {"year": "2"}, {"hostel": "Asha", "gender": "F,M"}):
            selection = selection_of(asked)
            meant = [each for each in people.students.values()
                     if selection.has(values_of(each.group))]
            states = [people.state_of(each.id) for each in meant]
            self.assertEqual(occupancy.counts(selection), Counts(
                len(meant), sum(inside is True for inside, _ in states),
                sum(inside is None for inside, _ in states),
            ))
            moved = [since for _, since in states if since is not None]
            self.assertEqual(occupancy.last_movement(selection), max(moved, default=None))
