"""Waves as rules: who is in which, and when the next may begin."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.updates import model, waves
from iotd.updates.model import (
    DONE, FAILED, LEFT, LOADING, OFFERED, PATIENCE, TRYING, WAITING, Board,
)
from iotd.updates.waves import Candidate, Next

KINDS = ("cabinet", "camera", "gate", "watch")

candidates = st.lists(
    st.tuples(st.sampled_from(KINDS), st.booleans()), min_size=1, max_size=300
).map(lambda told: [Candidate(f"b{n:03}", *each) for n, each in enumerate(told)])


class WaveTests(SynchronousTestCase):
    """Who comes when."""

    @given(candidates)
    def test_sizes(self, boards: list[Candidate]) -> None:
        """One board, then a tenth of all and one at least, then all others; nobody is lost."""
        found = waves.waves(boards)
        self.assertEqual(set(found), {each.device for each in boards})
        counted = [list(found.values()).count(wave) for wave in (1, 2, 3)]
        second = min(max(1, len(boards) // 10), len(boards) - 1)
        self.assertEqual(counted, [1, second, len(boards) - 1 - second])

    @given(candidates)
    def test_order(self, boards: list[Candidate]) -> None:
        """Boards that are away never come before ones that are there."""
        online = {each.device: each.online for each in boards}
        ordered = [online[device] for device in waves.waves(boards)]
        self.assertEqual(ordered, sorted(ordered, reverse=True))

    @given(candidates)
    def test_kinds_take_turns(self, boards: list[Candidate]) -> None:
        """No kind comes a second time before each that is there came once."""
        there = [each.kind for each in waves.in_turn(boards) if each.online]
        kinds = set(there)
        self.assertEqual(set(there[:len(kinds)]), kinds)

    def test_ten(self) -> None:
        """Of ten boards one is first, one second, and eight come last."""
        found = waves.waves([Candidate(f"b{n}", "watch", True) for n in range(10)])
        self.assertEqual(sorted(found.values()), [1, 2] + [3] * 8)


class NextTests(SynchronousTestCase):
    """What comes after a wave."""

    def next(self, *states: str, wave: int = 1, late: bool = False, away: str = "") -> Next:
        """Boards 1, 2, … are in the states and, the first two, in waves 1 and 2."""
        boards = [Board(str(n), min(n, 3), state) for n, state in enumerate(states, 1)]
        online = {each.device for each in boards} - set(away)
        return waves.next_of(boards, wave, 0.0, PATIENCE if late else 5.0, online)

    def test_goes_on_after_success(self) -> None:
        """A wave whose boards are done makes room for the next."""
        self.assertEqual(self.next(DONE, WAITING), Next.GO_ON)

    def test_waits_for_boards_under_way(self) -> None:
        """One that loads or tries holds the wave up, however long it is."""
        for state in (WAITING, OFFERED, LOADING, TRYING, FAILED):
            self.assertEqual(self.next(state, WAITING, late=True), Next.STAY)

    def test_away(self) -> None:
        """Who is away holds the second wave up for ten minutes, and then no more."""
        self.assertEqual(self.next(DONE, DONE, WAITING, wave=3, away="3"), Next.STAY)
        self.assertEqual(self.next(DONE, DONE, WAITING, wave=3, away="3", late=True), Next.OVER)

    def test_no_success(self) -> None:
        """A wave of which nobody came goes not on, for ever."""
        self.assertEqual(self.next(WAITING, WAITING, late=True, away="1"), Next.STAY)
        self.assertEqual(
            self.next(DONE, WAITING, WAITING, wave=2, late=True, away="2"), Next.STAY)

    def test_nobody_can(self) -> None:
        """A first board that can't take it is replaced; were all so, it is over."""
        self.assertEqual(self.next(LEFT, WAITING), Next.REPLACE)
        self.assertEqual(self.next(LEFT), Next.OVER)
        self.assertEqual(self.next(DONE, LEFT, WAITING, wave=2), Next.GO_ON)

    def test_over(self) -> None:
        """The last wave ends it, when one board at least has it."""
        self.assertEqual(self.next(DONE, DONE, DONE, wave=3), Next.OVER)
        self.assertEqual(self.next(WAITING, late=True, away="1"), Next.STAY)

    def test_removed(self) -> None:
        """A wave whose boards were removed is not in the way of the others."""
        boards = [Board("1", 1, DONE), Board("3", 3)]
        self.assertEqual(waves.next_of(boards, 2, 0.0, 1.0, {"3"}), Next.GO_ON)
        boards = [Board("2", 2), Board("3", 3)]
        self.assertEqual(waves.next_of(boards, 1, 0.0, 1.0, {"3"}), Next.REPLACE)
        self.assertEqual(waves.replacement(boards, 1, {"3"}), "3")
        self.assertEqual(waves.replacement(boards, 1, {}), "2")
        self.assertIsNone(waves.replacement([Board("2", 2, LEFT)], 1, {}))

    @given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(model.STATES), st.booleans()),
                    max_size=12), st.integers(1, 3), st.booleans())
    def test_never_on_without_success(
        self, told: list[tuple[int, str, bool]], wave: int, late: bool
    ) -> None:
        """No wave begins, and nothing is over, while nobody has it and somebody could."""
        boards = [Board(str(n), of, state) for n, (of, state, _) in enumerate(told)]
        online = {str(n) for n, each in enumerate(told) if each[2]}
        step = waves.next_of(boards, wave, 0.0, PATIENCE if late else 0.0, online)
        if not any(each.state == DONE for each in boards):
            self.assertNotEqual(step, Next.GO_ON)
            if any(each.state != LEFT for each in boards):
                self.assertNotEqual(step, Next.OVER)
        if any(each.state == FAILED and each.wave <= wave for each in boards):
            self.assertEqual(step, Next.STAY)
