"""The rules of the fleet: what a report changes, restarts, flapping, why one is missing."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.fleet import model, texts
from iotd.fleet.model import Board, Connections, Why, told, update_event, why_missing
from iotd.wire.board_lines import Report

BOOTS = st.sampled_from([None, "aa", "bb", "cc"])
REPORTS = st.builds(
    Report, fw=st.sampled_from([None, "1.0.0", "1.1.0"]), build=st.none() | st.integers(1, 9),
    boot=BOOTS, reset=st.sampled_from([None, "power", "crash"]),
    free=st.none() | st.integers(0, 2**32 - 1), up=st.none() | st.integers(0, 10**6),
    last=st.sampled_from([None, "ok-8", "back-9-crash"]),
)
GAPS = st.lists(st.floats(0.1, 1000), min_size=1, max_size=40)


class TellingTests(SynchronousTestCase):
    """What a report changes."""

    @given(st.lists(REPORTS, max_size=12))
    def test_any_reports(self, reports: list[Report]) -> None:
        """Restarts are the changes of the boot's id; what is left out stays as it was told last."""
        board, boots, happened = None, [], []
        for number, report in enumerate(reports):
            board, events = told(board, "wch-9", report, 1000.0 + 30 * number)
            boots += [report.boot] if report.boot else []
            happened += [event.what for event in events]
        if board is None:
            return
        changes = sum(one != other for one, other in zip(boots, boots[1:]))
        self.assertEqual((board.restarts, happened.count("restarted")), (changes, changes))
        for theirs, ours in (("fw", "version"), ("build", "build"), ("free", "free_memory")):
            said = [value for one in reports if (value := getattr(one, theirs)) is not None]
            self.assertEqual(getattr(board, ours), said[-1] if said else None)

    @given(st.lists(st.floats(-50, 50), max_size=30))
    def test_started_at(self, lateness: list[float]) -> None:
        """When it started does not dance with how late each report comes."""
        board = None
        for number, late in enumerate(lateness):
            report = Report(boot="aa", up=30 * number)
            board, _ = told(board, "wch-9", report, 1000.0 + 30 * number + late / 2)
            self.assertEqual(board.booted_at, 1000.0 + lateness[0] / 2)

    def test_restart(self) -> None:
        """The reason is that of the newest start, and none when it says none."""
        board, events = told(None, "cab-9", Report(boot="aa", reset="power", up=5), 100.0)
        self.assertEqual((board.restarts, board.reset, board.booted_at, events),
                         (0, "power", 95.0, []))
        board, (event,) = told(board, "cab-9", Report(boot="bb", reset="crash", up=2), 200.0)
        self.assertEqual((board.restarts, board.reset, board.booted_at), (1, "crash", 198.0))
        self.assertEqual((event.what, event.text), ("restarted", "its program crashed"))
        board, _ = told(board, "cab-9", Report(boot="cc"), 300.0)
        self.assertEqual((board.restarts, board.reset, board.booted_at), (2, None, None))

    def test_update(self) -> None:
        """How an update ended is told once, and not of one from before it was known here."""
        board, events = told(None, "cab-9", Report(last="ok-7"), 100.0)
        self.assertEqual(events, [])
        for number in range(3):
            board, events = told(board, "cab-9", Report(last="back-8-crash"), 130.0 + number)
            self.assertEqual(len(events), 1 if number == 0 else 0)
        lasts = ("ok-8", "back-8-crash", "refused-8-mac", "rubbish")
        texts = {last: update_event("cab-9", 1.0, last) for last in lasts}
        self.assertEqual([one.result for one in texts.values()],
                         ["ok", "failed", "refused", "rubbish"])
        self.assertIn("did not come up (crash)", texts["back-8-crash"].text)

    def test_every_field_is_kept(self) -> None:
        """Each field of a report has its place, or is the registry's (signal) or a length (up)."""
        known = set(model._NAMES) | {"up", "rssi"}
        self.assertEqual({each.name for each in fields(Report)}, known)
        self.assertLessEqual(set(model._NAMES.values()), {each.name for each in fields(Board)})


class FlappingTests(SynchronousTestCase):
    """Five connections within ten minutes; over after fifteen quiet ones."""

    @given(GAPS)
    def test_any_gaps(self, gaps: list[float]) -> None:
        """It flaps from the fifth within 600 s on, until 900 s passed without another."""
        watch, times, now, flaps = Connections(), [], 1000.0, False
        for gap in gaps:
            now += gap
            if flaps and gap >= model.QUIET:
                flaps = False
                self.assertTrue(watch.look(now))
            else:
                self.assertFalse(watch.look(now))
            times.append(now)
            often = len(times) >= 5 and now - times[-5] <= model.WINDOW
            self.assertEqual(watch.add(now), often and not flaps)
            flaps = flaps or often
            self.assertEqual(watch.flapping, flaps)

    def test_silence(self) -> None:
        """One that is there is never silent, nor any when the limit is 0."""
        self.assertTrue(model.is_silent(100.0, 1000.0, 900.0))
        self.assertFalse(model.is_silent(100.1, 1000.0, 900.0))
        self.assertFalse(model.is_silent(None, 1000.0, 900.0))
        self.assertFalse(model.is_silent(0.0, 1000.0, 0.0))


class WhyTests(SynchronousTestCase):
    """Why a board does not show up."""

    @given(st.sampled_from(["pending", "online", "offline", "revoked"]), st.booleans(),
           st.none() | st.floats(0, 10), st.none() | st.floats(0, 10))
    def test_always_a_next_step(
        self, state: str, connected: bool, last_seen: float | None, refused_at: float | None
    ) -> None:
        """Whatever is not online has a reason and a next step; a refusal from before it was
        last there is none."""
        refused = None if refused_at is None else Why("no.", "do.", refused_at)
        why = why_missing(state, connected, last_seen, refused)
        if state == "online":
            self.assertIsNone(why)
            return
        assert why is not None
        self.assertTrue(why.reason.endswith(".") and why.next_step.endswith("."))
        counts = not connected and refused_at is not None and refused_at >= (last_seen or 0)
        self.assertEqual(why is refused, counts)


class WordTests(SynchronousTestCase):
    """Texts for people."""

    def test_firmware(self) -> None:
        """Version and build as the registry keeps them."""
        told = [texts.firmware(*each) for each in (("1.1.0", 8), ("1.1.0", None), (None, 8))]
        self.assertEqual(told, ["1.1.0+8", "1.1.0", None])

    def test_alarms_fit(self) -> None:
        """An alarm's sentence fits its place however long the name is."""
        board = {"id": "x", "name": "n" * 100, "rssi": -85, "last_seen": None,
                 "why": {"reason": "its proof does not fit the key stored here", "at": "now"}}
        for cause in ("silent", "flapping"):
            text = texts.alarm(board, cause, 900)
            self.assertLess(len(text), 255)
            self.assertTrue(text.endswith("."))
