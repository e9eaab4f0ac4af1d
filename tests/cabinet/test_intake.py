"""What was taken, from weights and counts: cases written by hand, and any at all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.cabinet.intake import NOISE_G, Change, Taken, Visit, shared, taken

JAR, CAN, TUBE, STRANGE = 1, 2, 3, 4
WEIGHS = {JAR: 400.0, CAN: 343.0, TUBE: 165.0, STRANGE: None}


def visit(number: int, grams: float | None, picture: int | None = None) -> Visit:
    """The visit of an hour."""
    return Visit(number, 3600.0 * number, grams, picture)


def counted(
    id: int, item: int, before: int | None, after: int | None, hour: float,
    picture: int | None = None, undoes: int | None = None,
) -> Change:
    """A line of the journal, some seconds after a visit."""
    return Change(id, item, 3600.0 * hour + 5, before, after, picture, undoes)


def parts(found: list[Taken]) -> list[tuple[int, int | None, int | None, float | None, str]]:
    """Hour, item, pieces, grams, basis."""
    return [
        (round(each.at / 3600), each.item, each.pieces,
         None if each.grams is None else round(each.grams, 3), each.basis)
        for each in found
    ]


class CaseTests(SynchronousTestCase):
    """One cabinet, a visit or two."""

    def of(
        self, visits: list[Visit], changes: list[Change]
    ) -> list[tuple[int, int | None, int | None, float | None, str]]:
        """What was taken."""
        return parts(taken(visits, changes, WEIGHS))

    def test_one_item(self) -> None:
        """What the scale misses is what was taken of the one item that is fewer."""
        self.assertEqual(
            self.of([visit(1, 350.0, 7)], [counted(1, CAN, 5, 4, 1, 7)]),
            [(1, CAN, 1, 350.0, "weight")],
        )
        self.assertEqual(  # half a jar came back in a glass of its own
            self.of([visit(1, 120.0, 7)], [counted(1, JAR, 2, 1, 1, 7)]),
            [(1, JAR, 1, 120.0, "weight")],
        )

    def test_far_too_heavy(self) -> None:
        """What is far more than the pieces weigh is theirs, and something else."""
        self.assertEqual(
            self.of([visit(1, 1000.0, 7)], [counted(1, CAN, 5, 4, 1, 7)]),
            [(1, CAN, 1, 343.0, "weight"), (1, None, None, 657.0, "weight")],
        )

    def test_several_items(self) -> None:
        """A weight is shared by what the pieces weigh."""
        changes = [counted(1, JAR, 2, 1, 1, 7), counted(2, TUBE, 4, 2, 1, 7)]
        self.assertEqual(
            self.of([visit(1, 803.0, 7)], changes),
            [(1, JAR, 1, 440.0, "weight"), (1, TUBE, 2, 363.0, "weight")],
        )

    def test_strangers(self) -> None:
        """What nobody knows the weight of gets what the others leave, or an even part."""
        changes = [counted(1, JAR, 2, 1, 1, 7), counted(2, STRANGE, 4, 2, 1, 7)]
        self.assertEqual(
            self.of([visit(1, 600.0, 7)], changes),
            [(1, JAR, 1, 400.0, "weight"), (1, STRANGE, 2, 200.0, "weight")],
        )
        self.assertEqual(
            self.of([visit(1, 300.0, 7)], changes),
            [(1, JAR, 1, 100.0, "weight"), (1, STRANGE, 2, 200.0, "weight")],
        )
        self.assertEqual(
            self.of([visit(1, 90.0, 7)], changes[1:]), [(1, STRANGE, 2, 90.0, "weight")]
        )

    def test_without_weight(self) -> None:
        """A visit that was weighed once goes by pieces."""
        changes = [counted(1, CAN, 5, 3, 1, 7), counted(2, STRANGE, 2, 1, 1, 7)]
        self.assertEqual(
            self.of([visit(1, None, 7)], changes),
            [(1, CAN, 2, 686.0, "pieces"), (1, STRANGE, 1, None, "pieces")],
        )

    def test_nothing_counted(self) -> None:
        """A weight that left alone is something, not known what; a drift is nothing."""
        self.assertEqual(self.of([visit(1, 30.0)], []), [(1, None, None, 30.0, "weight")])
        self.assertEqual(self.of([visit(1, 1.9)], []), [])
        self.assertEqual(self.of([visit(1, None)], []), [])

    def test_restocking(self) -> None:
        """What is put in is not eaten, and of a heavier shelf nothing was."""
        self.assertEqual(
            self.of([visit(1, -800.0, 7)], [counted(1, JAR, 0, 2, 1, 7)]), [])
        self.assertEqual(
            self.of([visit(1, -100.0, 7)], [counted(1, JAR, 3, 2, 1, 7)]), [])

    def test_put_in_and_taken(self) -> None:
        """Where one went in and another came out, the one goes by its pieces."""
        changes = [counted(1, JAR, 0, 2, 1, 7), counted(2, CAN, 5, 4, 1, 7)]
        self.assertEqual(
            self.of([visit(1, -457.0, 7)], changes), [(1, CAN, 1, 343.0, "pieces")])

    def test_first_count(self) -> None:
        """A first count takes nothing out, nor does one that puts it right at once."""
        self.assertEqual(self.of([visit(1, None)], [counted(1, CAN, None, 5, 1)]), [])
        changes = [counted(1, CAN, None, 50, 1), counted(2, CAN, 50, 5, 1)]
        self.assertEqual(self.of([visit(1, None)], changes), [])

    def test_corrected(self) -> None:
        """A count by hand changes what the last visit before it took."""
        picture = counted(1, CAN, 5, 4, 1, 7)
        more = counted(2, CAN, 4, 3, 1.5)
        back = counted(3, CAN, 4, 5, 1.5)
        visits = [visit(1, 686.0, 7)]
        self.assertEqual(self.of(visits, [picture, more]), [(1, CAN, 2, 686.0, "weight")])
        self.assertEqual(self.of(visits, [picture, back]), [(1, None, None, 686.0, "weight")])

    def test_undone(self) -> None:
        """What is taken back later is taken back where it was, not where it is done."""
        visits = [visit(1, None, 7), visit(5, None, 8)]
        changes = [counted(1, CAN, 5, 4, 1, 7), counted(2, CAN, 4, 5, 6, undoes=1)]
        self.assertEqual(self.of(visits, changes), [])

    def test_without_visit(self) -> None:
        """Where no door was opened nothing was taken."""
        self.assertEqual(self.of([], [counted(1, CAN, 5, 4, 1)]), [])

    def test_late_picture(self) -> None:
        """A picture belongs to its visit though the next one was there when it was counted."""
        visits = [visit(1, 343.0, 7), visit(2, 0.0, 8)]
        self.assertEqual(
            self.of(visits, [counted(1, CAN, 5, 4, 2.5, 7)]), [(1, CAN, 1, 343.0, "weight")])

    def test_late_count(self) -> None:
        """A count that the next visit's picture confirms explains the weight before it."""
        visits = [visit(1, 343.0), visit(2, 0.0, 8)]
        changes = [counted(1, CAN, 5, 4, 2, 8)]
        self.assertEqual(self.of(visits, changes), [(1, CAN, 1, 343.0, "weight")])
        self.assertEqual(  # not one that left days ago
            self.of([visit(1, 343.0), visit(30, 0.0, 8)], [counted(1, CAN, 5, 4, 30, 8)]),
            [(1, None, None, 343.0, "weight")],
        )


GRAMS = st.none() | st.floats(-3000, 3000) | st.sampled_from([0.0, NOISE_G, 343.0, 400.0])
WEIGHTS = st.dictionaries(
    st.integers(1, 4), st.none() | st.floats(0.001, 2000), min_size=0, max_size=4)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Visit], list[Change]]:
    """Visits, and a journal whose lines follow each other as the cabinet writes them."""
    visits = [
        Visit(n, draw(st.floats(0, 1e5)), draw(GRAMS), draw(st.none() | st.just(n + 100)))
        for n in range(draw(st.integers(0, 6)))
    ]
    counts: dict[int, int | None] = {}
    changes: list[Change] = []
    for id in range(1, draw(st.integers(0, 10)) + 1):
        item = draw(st.integers(1, 4))
        after = draw(st.none() | st.integers(0, 9))
        picture = draw(st.none() | st.integers(100, 106))
        undoes = draw(st.none() | st.integers(1, 10))
        changes.append(Change(id, item, draw(st.floats(0, 1e5)), counts.get(item), after,
                              picture, undoes))
        counts[item] = after
    return visits, changes


class AnyTests(SynchronousTestCase):
    """Whatever is heard and counted."""

    @settings(max_examples=400, deadline=None)
    @given(histories(), WEIGHTS)
    def test_bounds(
        self, history: tuple[list[Visit], list[Change]], weighs: dict[int, float | None]
    ) -> None:
        """Nothing is negative, and by weight never more is taken than left."""
        visits, changes = history
        found = taken(visits, changes, weighs)
        for each in found:
            self.assertGreaterEqual(each.grams or 0.0, 0.0)
            self.assertGreater(1 if each.pieces is None else each.pieces, 0)
        left = sum(max(0.0, each.taken_g or 0.0) for each in visits)
        by_weight = sum(each.grams or 0.0 for each in found if each.basis == "weight")
        self.assertLessEqual(by_weight, left * (1 + 1e-9) + 1e-6)
        for at in {each.at for each in visits}:
            left = sum(max(0.0, each.taken_g or 0.0) for each in visits if each.at == at)
            some = sum(each.grams or 0.0 for each in found
                       if each.at == at and each.basis == "weight")
            self.assertLessEqual(some, left * (1 + 1e-9) + 1e-6)

    @settings(max_examples=200, deadline=None)
    @given(st.floats(NOISE_G, 5000), st.dictionaries(
        st.integers(1, 4), st.integers(1, 5), min_size=1), WEIGHTS)
    def test_all_is_shared(
        self, grams: float, fell: dict[int, int], weighs: dict[int, float | None]
    ) -> None:
        """Shares and the rest are the whole weight, and each item has one."""
        shares, rest = shared(grams, fell, weighs)
        self.assertEqual(set(shares), set(fell))
        self.assertAlmostEqual(sum(shares.values()) + rest, grams, 6)
