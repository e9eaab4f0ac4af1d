"""Roll-outs as rules: waves, what boards' words mean, when a wave goes on or not."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.updates import model
from iotd.updates.model import (
    BARRED, DONE, FAILED, LEFT, LOADING, OFFERED, PATIENCE, TRIES, TRYING, WAITING, Board,
    Candidate, Next,
)
from iotd.wire.board_lines import Report

KINDS = ("cabinet", "camera", "gate", "watch")
OLD = Report(fw="1.0", build=7, kind="camera", boot="b1", slot="a", last="ok-7")
NEW = replace(OLD, build=8, boot="b2", slot="b")

candidates = st.lists(
    st.tuples(st.sampled_from(KINDS), st.booleans()), min_size=1, max_size=300
).map(lambda told: [Candidate(f"b{n:03}", *each) for n, each in enumerate(told)])


def told(board: Board, report: Report, now: float = 100.0, older: bool = False) -> Board:
    """What build 8's roll-out makes of a report."""
    return model.told(board, report, 8, older, now)


class WaveTests(SynchronousTestCase):
    """Who comes when."""

    @given(candidates)
    def test_sizes(self, boards: list[Candidate]) -> None:
        """One board, then a tenth of all and one at least, then all others; nobody is lost."""
        waves = model.waves(boards)
        self.assertEqual(set(waves), {each.device for each in boards})
        counted = [list(waves.values()).count(wave) for wave in (1, 2, 3)]
        second = min(max(1, len(boards) // 10), len(boards) - 1)
        self.assertEqual(counted, [1, second, len(boards) - 1 - second])

    @given(candidates)
    def test_order(self, boards: list[Candidate]) -> None:
        """Boards that are away never come before ones that are there."""
        online = {each.device: each.online for each in boards}
        ordered = [online[device] for device in model.waves(boards)]
        self.assertEqual(ordered, sorted(ordered, reverse=True))

    @given(candidates)
    def test_kinds_take_turns(self, boards: list[Candidate]) -> None:
        """No kind comes a second time before each that is there came once."""
        there = [each.kind for each in model.in_turn(boards) if each.online]
        kinds = set(there)
        self.assertEqual(set(there[:len(kinds)]), kinds)

    def test_ten(self) -> None:
        """Of ten boards one is first, one second, and eight come last."""
        waves = model.waves([Candidate(f"b{n}", "watch", True) for n in range(10)])
        self.assertEqual(sorted(waves.values()), [1, 2] + [3] * 8)


class NextTests(SynchronousTestCase):
    """What comes after a wave."""

    def next(self, *states: str, wave: int = 1, late: bool = False, away: str = "") -> Next:
        """Boards 1, 2, … are in the states and, the first two, in waves 1 and 2."""
        boards = [Board(str(n), min(n, 3), state) for n, state in enumerate(states, 1)]
        online = {each.device for each in boards} - set(away)
        return model.next_of(boards, wave, 0.0, PATIENCE if late else 5.0, online)

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
        self.assertEqual(model.next_of(boards, 2, 0.0, 1.0, {"3"}), Next.GO_ON)
        boards = [Board("2", 2), Board("3", 3)]
        self.assertEqual(model.next_of(boards, 1, 0.0, 1.0, {"3"}), Next.REPLACE)
        self.assertEqual(model.replacement(boards, 1, {"3"}), "3")
        self.assertEqual(model.replacement(boards, 1, {}), "2")
        self.assertIsNone(model.replacement([Board("2", 2, LEFT)], 1, {}))

    @given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(model.STATES), st.booleans()),
                    max_size=12), st.integers(1, 3), st.booleans())
    def test_never_on_without_success(
        self, told: list[tuple[int, str, bool]], wave: int, late: bool
    ) -> None:
        """No wave begins, and nothing is over, while nobody has it and somebody could."""
        boards = [Board(str(n), of, state) for n, (of, state, _) in enumerate(told)]
        online = {str(n) for n, each in enumerate(told) if each[2]}
        step = model.next_of(boards, wave, 0.0, PATIENCE if late else 0.0, online)
        if not any(each.state == DONE for each in boards):
            self.assertNotEqual(step, Next.GO_ON)
            if any(each.state != LEFT for each in boards):
                self.assertNotEqual(step, Next.OVER)
        if any(each.state == FAILED and each.wave <= wave for each in boards):
            self.assertEqual(step, Next.STAY)


class BoardTests(SynchronousTestCase):
    """What a board's words mean."""

    waiting = Board("cam", 1)

    def trying(self) -> Board:
        """A board that was offered it, fetched all of it, and starts anew."""
        loading = model.fetched(told(self.waiting, OLD), 10, 100, 101.0)
        self.assertEqual(loading.state, LOADING)
        return model.fetched(loading, 100, 100, 102.0)

    def test_the_way(self) -> None:
        """Offered, loading, trying, done; the first report of new firmware is no success yet."""
        board = told(self.waiting, OLD)
        self.assertEqual(board.state, OFFERED)
        board = self.trying()
        self.assertEqual(board.state, TRYING)
        board = told(board, NEW)
        self.assertEqual((board.state, board.text), (TRYING, "runs it, not yet for good"))
        self.assertIs(told(board, NEW), board)
        board = told(board, replace(NEW, last="ok-8"))
        self.assertEqual((board.state, board.text), (DONE, ""))
        self.assertIs(told(board, OLD), board)

    def test_comes_back(self) -> None:
        """It tells that it went back: failed, with the board's word."""
        board = told(self.trying(), replace(OLD, boot="b3", last="back-8-crash"))
        self.assertEqual((board.state, board.text), (FAILED, "went back to what it had: crash"))

    def test_refuses(self) -> None:
        """It tells that it refused: failed, with the board's word."""
        loading = model.fetched(told(self.waiting, OLD), 0, 100, 101.0)
        board = told(loading, replace(OLD, last="refused-8-mac"))
        self.assertEqual((board.state, board.text), (FAILED, "refused it: mac"))

    def test_old_news(self) -> None:
        """What it told before it was offered this again says nothing about this time."""
        for last in ("back-8-crash", "refused-8-mac"):
            stale = replace(OLD, last=last)
            board = told(self.waiting, stale)
            self.assertEqual(board.state, OFFERED)
            board = model.fetched(board, 10, 100, 101.0)
            self.assertEqual(told(board, stale).state, LOADING)
            board = model.fetched(board, 100, 100, 101.0)
            self.assertEqual(told(board, stale).state, TRYING)
            self.assertEqual(told(board, replace(stale, boot="b4")).state, FAILED)

    def test_other_builds(self) -> None:
        """How the update before this one ended does not concern this one."""
        board = told(self.waiting, replace(OLD, last="back-6-crash"))
        self.assertEqual(board.state, OFFERED)
        self.assertEqual(told(self.trying(), replace(OLD, last="refused-6-mac")).state, TRYING)

    def test_taken_back(self) -> None:
        """A roll-out that stopped took the files away: the board waits, and nobody failed."""
        loading = model.fetched(told(self.waiting, OLD), 10, 100, 101.0)
        board = told(loading, replace(OLD, last="refused-8-gone"))
        self.assertEqual(board.state, WAITING)
        board = told(board, replace(OLD, last="refused-8-gone"))
        self.assertEqual(board.state, OFFERED)
        self.assertIs(model.late(board, 0.0, 100.0 + PATIENCE), board)  # the board still sulks
        self.assertEqual(model.late(board, 0.0, 100.0 + PATIENCE + BARRED).state, FAILED)

    def test_comes_back_old_without_a_word(self) -> None:
        """It has what it had, and does not say why: it is offered again, three times in all."""
        board, boot = self.waiting, 0
        for _ in range(TRIES):
            boot += 1
            board = told(board, replace(OLD, boot=str(boot)))
            self.assertEqual(board.state, OFFERED)
            board = model.fetched(board, 100, 100, 101.0)
            self.assertIs(told(board, replace(OLD, boot=str(boot))), board)
        board = told(board, replace(OLD, boot="last"))
        self.assertEqual((board.state, board.text), (FAILED, "came back with what it had 3 times"))

    def test_by_cable(self) -> None:
        """It got the same build by cable while it waited: that is as good."""
        self.assertEqual(told(self.waiting, NEW).state, DONE)
        self.assertEqual(told(replace(self.waiting, state=LEFT), NEW).state, DONE)

    def test_late_success(self) -> None:
        """A board that was given up and has it for good after all is done."""
        lost = replace(self.trying(), state=FAILED)
        self.assertEqual(told(lost, NEW).state, FAILED)
        self.assertEqual(told(lost, replace(NEW, last="ok-8")).state, DONE)

    def test_not_for_it(self) -> None:
        """No second folder, or newer firmware: it is left out, and nothing failed."""
        self.assertEqual(told(self.waiting, replace(OLD, slot=None)).state, LEFT)
        self.assertEqual(told(self.waiting, replace(OLD, build=9)).state, LEFT)
        self.assertEqual(told(self.waiting, replace(OLD, build=9), older=True).state, OFFERED)
        self.assertEqual(told(self.waiting, Report(fw="1")).state, LEFT)

    def test_late(self) -> None:
        """Ten minutes without a step end each state as they should."""
        board, over = told(self.waiting, OLD), 102.0 + PATIENCE
        self.assertIs(model.late(board, 0.0, 99.0 + PATIENCE), board)
        self.assertEqual(model.late(board, 0.0, over).state, FAILED)
        self.assertIs(model.late(board, None, over), board)
        self.assertIs(model.late(board, 500.0, over), board)
        loading = model.fetched(board, 10, 100, 102.0)
        self.assertEqual(model.late(loading, 0.0, over).state, FAILED)
        self.assertEqual(model.late(loading, None, over).state, WAITING)
        trying = self.trying()
        for online in (0.0, None):
            self.assertEqual(model.late(trying, online, over).state, FAILED)
        self.assertEqual(model.late(replace(trying, state=DONE), None, 1e9).state, DONE)

    def test_progress(self) -> None:
        """Bytes never go back while it loads, and all of them mean that it starts."""
        board = told(self.waiting, OLD)
        for done in (10, 60, 30):
            board = model.fetched(board, done, 100, 101.0)
        self.assertEqual((board.done_bytes, board.total_bytes, board.state), (60, 100, LOADING))
        self.assertEqual(model.fetched(board, 100, 100, 101.0).state, TRYING)
        ended = replace(board, state=FAILED)
        self.assertIs(model.fetched(ended, 100, 100, 101.0), ended)

    def test_restart_of_iotd(self) -> None:
        """A board that iotd forgot while it tried is taken up where it was."""
        board = replace(self.trying(), boot=None, last=None)
        taken = told(board, OLD)
        self.assertEqual((taken.state, taken.boot), (TRYING, "b1"))
        self.assertEqual(told(taken, replace(OLD, boot="b9")).state, OFFERED)
        self.assertEqual(told(board, replace(OLD, last="back-8-hang")).state, FAILED)

    def test_again(self) -> None:
        """Who failed may try once more; who is done stays done."""
        self.assertEqual(model.again(replace(self.trying(), state=FAILED), 5.0),
                         Board("cam", 1, at=5.0))
        done = replace(self.trying(), state=DONE)
        self.assertIs(model.again(done, 5.0), done)
        self.assertEqual(model.given_up(self.trying(), "x", 5.0).state, TRYING)
        self.assertEqual(model.given_up(self.waiting, "x", 5.0).state, LEFT)

    reports = st.builds(
        Report, build=st.sampled_from([7, 8, 9, None]), kind=st.sampled_from(["camera", None]),
        boot=st.sampled_from(["b1", "b2", None]), slot=st.sampled_from(["a", "b", None]),
        last=st.sampled_from(["ok-7", "ok-8", "back-8-crash", "refused-8-mac", "refused-8-gone",
                              "back-8", "rubbish", None]),
    )

    @given(st.lists(st.one_of(reports, st.integers(0, 100), st.none()), max_size=20))
    def test_any_words(self, words: list[Report | int | None]) -> None:
        """Whatever a board says and fetches, only ok with the build, or the build itself before
        it fetched, makes it done; and done it stays."""
        board, now = self.waiting, 100.0
        for word in words:
            before, now = board, now + 400.0
            if isinstance(word, Report):
                board = told(board, word, now)
                if board.state == DONE and before.state != DONE:
                    self.assertEqual(word.build, 8)
                    untouched = before.state in (WAITING, OFFERED, LEFT)
                    self.assertTrue(word.last == "ok-8" or untouched)
            elif word is None:
                board = model.late(board, 0.0, now)
            else:
                board = model.fetched(board, word, 100, now)
            self.assertIn(board.state, model.STATES)
            if before.state == DONE:
                self.assertEqual(board.state, DONE)
