"""Boards of a roll-out as rules: what their words mean, and when it is too late."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.updates import model
from iotd.updates.model import (
    BARRED, DONE, FAILED, LEFT, LOADING, OFFERED, PATIENCE, TRIES, TRYING, WAITING, Board,
)
from iotd.wire.board_lines import Report

OLD = Report(fw="1.0", build=7, kind="camera", boot="b1", slot="a", last="ok-7")
NEW = replace(OLD, build=8, boot="b2", slot="b")


def told(board: Board, report: Report, now: float = 100.0, older: bool = False) -> Board:
    """What build 8's roll-out makes of a report."""
    return model.told(board, report, 8, older, now)


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
            after = told(board, replace(stale, boot="b4"))
            self.assertEqual((after.state, after.tries), {
                "back-8-crash": (FAILED, 1), "refused-8-mac": (OFFERED, 2)}[last])

    def test_old_refusal_after_a_new_start(self) -> None:
        """A board that loses power while it loads tells again what it refused before: that is
        no news; another word is."""
        stale = replace(OLD, last="refused-8-space")
        board = model.fetched(told(self.waiting, stale), 10, 100, 101.0)
        self.assertEqual(told(board, replace(stale, boot="b2")).state, LOADING)
        self.assertEqual(told(board, replace(stale, boot="b2", last="refused-8-mac")).state,
                         FAILED)

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
