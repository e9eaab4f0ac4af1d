"""The life of an alert."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Conflict
from iotd.health.alert_model import (
    ACKNOWLEDGED, AGAIN, ENDED, OPEN, OVER, RAISED, SNOOZED, WORSE, Alert, Wish, acknowledged,
    cancelled, done_with, released, snoozed, wanted, woken,
)

WARN = Wish("p/heart_rate/high", "p", None, "high", "warning", "Fast.", "heart_rate", 125, "/min")
URGE = replace(WARN, severity="urgent", text="Very fast.", value=140)


def raised(wish: Wish = WARN, now: float = 100) -> Alert:
    """A new alert."""
    return wanted(None, wish, now, "a1", now)[0]


class RaisedTests(SynchronousTestCase):
    def test_once(self) -> None:
        """A reason raises one alert; as long as it stands it raises no other."""
        alert, event = wanted(None, WARN, 100, "a1", 99)
        self.assertEqual((alert.state, alert.raised_at, event), (OPEN, 100, RAISED))
        self.assertEqual(wanted(alert, WARN, 200, "a2", 200), (alert, None))

    def test_worse(self) -> None:
        """A warning that becomes urgent is told again; the way down is not."""
        alert, event = wanted(acknowledged(raised(), "eve", 110), URGE, 120, "a2", 120)
        self.assertEqual((alert.id, alert.state, event), ("a1", OPEN, WORSE))
        self.assertEqual((alert.value, alert.acknowledged_by), (140, None))
        self.assertEqual(wanted(alert, WARN, 130, "a3", 130), (alert, None))

    def test_over(self) -> None:
        """It ends when its reason is gone, and the next crossing is another alert."""
        alert, event = released(raised(), 150, 149)
        self.assertEqual((alert.state, alert.ended_at, event), (ENDED, 150, OVER))
        self.assertTrue(done_with(alert))
        again, event = wanted(alert, WARN, 160, "a2", 160)
        self.assertEqual((again.id, event), ("a2", RAISED))

    def test_acknowledged_ends_too(self) -> None:
        """One that somebody looks after stays until its reason is gone."""
        alert = acknowledged(raised(), "eve", 110)
        self.assertEqual((alert.state, alert.acknowledged_by), (ACKNOWLEDGED, "eve"))
        self.assertEqual(wanted(alert, WARN, 120, "a2", 120), (alert, None))
        self.assertEqual(released(alert, 150, 150)[0].state, ENDED)

    def test_json(self) -> None:
        """It is shown with RFC 3339 times and the words of the API."""
        shown = raised().as_json()
        self.assertEqual(shown["raised_at"], "1970-01-01T00:01:40.000Z")
        self.assertEqual((shown["cause"], shown["vital"], shown["value"]),
                         ("high", "heart_rate", 125))
        self.assertEqual(set(shown), {
            "id", "patient", "device", "kind", "cause", "vital", "value", "unit", "text",
            "severity", "state", "raised_at", "ended_at", "ended_by", "acknowledged_by",
            "acknowledged_at", "snoozed_until", "undelivered",
        })


class SnoozedTests(SynchronousTestCase):
    """A snooze holds."""

    def setUp(self) -> None:
        self.alert = snoozed(raised(), 700)

    def test_the_same_values(self) -> None:
        """Crossing on does not wake it."""
        self.assertEqual(wanted(self.alert, WARN, 200, "a2", 200), (self.alert, None))

    def test_values_change_in_between(self) -> None:
        """Neither going back inside nor crossing again ends the snooze or raises another."""
        alert = self.alert
        for now in (200, 300, 400):
            alert, event = released(alert, now, now)
            self.assertEqual((alert.state, alert.snoozed_until, event), (SNOOZED, 700, None))
            alert, event = wanted(alert, WARN, now + 50, "a2", now + 50)
            self.assertEqual((alert.id, alert.state, event), ("a1", SNOOZED, None))

    def test_worse_comes_through(self) -> None:
        """Only what is graver than before wakes it; an urgent one stays quiet."""
        alert, event = wanted(self.alert, URGE, 200, "a2", 200)
        self.assertEqual((alert.state, alert.snoozed_until, event), (OPEN, None, WORSE))
        quiet = snoozed(raised(URGE), 700)
        self.assertEqual(wanted(quiet, URGE, 200, "a2", 200), (quiet, None))
        inside = released(quiet, 210, 210)[0]
        self.assertEqual(wanted(inside, URGE, 220, "a2", 220)[1], None)

    def test_its_end(self) -> None:
        """When the time is over it opens again if its reason stands, and ends if not."""
        self.assertEqual(woken(self.alert, 699), (self.alert, None))
        alert, event = woken(self.alert, 700)
        self.assertEqual((alert.state, alert.snoozed_until, event), (OPEN, None, AGAIN))
        alert, event = woken(released(self.alert, 300, 300)[0], 700)
        self.assertEqual((alert.state, alert.ended_at, event), (ENDED, 700, OVER))

    @settings(max_examples=300)
    @given(st.lists(st.tuples(st.floats(0, 599), st.booleans()), max_size=20))
    def test_whatever_comes(self, story: list[tuple[float, bool]]) -> None:
        """No order of crossings of the same severity is told of before the snooze is over."""
        alert = self.alert
        for after, outside in sorted(story):
            now = 100 + after
            step = wanted(alert, WARN, now, "a2", now) if outside else released(alert, now, now)
            alert, event = woken(step[0], now) if step[1] is None else step
            self.assertEqual((alert.id, alert.state, event), ("a1", SNOOZED, None))


class CancelledTests(SynchronousTestCase):
    """What a person ended."""

    def test_quiet_until_it_was_gone(self) -> None:
        """The crossing that was cancelled raises no other; the next one does."""
        alert = cancelled(raised(), "eve", 110)
        self.assertEqual((alert.state, alert.ended_by, done_with(alert)), (ENDED, "eve", False))
        self.assertEqual(wanted(alert, WARN, 120, "a2", 120), (alert, None))
        gone, event = released(alert, 130, 130)
        self.assertEqual((gone.ended_at, event, done_with(gone)), (110, None, True))
        self.assertEqual(wanted(gone, WARN, 140, "a2", 140)[0].id, "a2")

    def test_worse_is_another(self) -> None:
        """What gets graver is a new alert."""
        alert, event = wanted(cancelled(raised(), "eve", 110), URGE, 120, "a2", 120)
        self.assertEqual((alert.id, alert.state, event), ("a2", OPEN, RAISED))

    def test_over_is_over(self) -> None:
        """What ended can't be acknowledged, snoozed or cancelled."""
        alert = released(raised(), 150, 150)[0]
        self.assertRaises(Conflict, acknowledged, alert, "eve", 160)
        self.assertRaises(Conflict, snoozed, alert, 200)
        self.assertRaises(Conflict, cancelled, alert, "eve", 160)

    def test_acknowledging_ends_a_snooze(self) -> None:
        """Who acknowledges a snoozed alert has it acknowledged, not snoozed."""
        alert = acknowledged(snoozed(raised(), 700), "eve", 110)
        self.assertEqual((alert.state, alert.snoozed_until), (ACKNOWLEDGED, None))
