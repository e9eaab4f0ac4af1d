"""The door cycle's table: each event in each phase, and any order of them."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.cabinet.model import (
    COUNT_SECONDS, PICTURE_SECONDS, TABLE, Closed, Counted, LinkedUp, Opened, Phase, Pictured,
    Said, State, Step, TimeUp, Visit, Want, step,
)

OFF, ASK = frozenset({Want.LIGHTS_OFF}), frozenset({Want.PICTURE})
REST = State()
OPEN = step(REST, Opened(1000.0), 10.0).state
WAITING = step(OPEN, Closed(900.0, True), 20.0).state
COUNTING = step(WAITING, Pictured(7, True), 22.0).state
CHECKING = step(COUNTING, Counted(7, True), 23.0).state
DONE = step(step(WAITING, Pictured(7), 22.0).state, Said(False), 23.0).state
PHASES = {
    Phase.REST: REST, Phase.OPEN: OPEN, Phase.WAITING: WAITING, Phase.COUNTING: COUNTING,
    Phase.CHECKING: CHECKING,
}


class TableTests(SynchronousTestCase):
    """One by one."""

    def test_all_pairs(self) -> None:
        """Every event has a rule in every phase, and the states here are in their phases."""
        self.assertEqual({kind: set(rules) for kind, rules in TABLE.items()},
                         {kind: set(Phase) for kind in TABLE})
        for phase, state in PHASES.items():
            self.assertEqual(state.phase, phase)

    def check(self, done: Step, wants: frozenset[Want], **expected: Any) -> State:
        """The wants and these attributes of the state, or of its visit."""
        self.assertEqual(done.wants, wants)
        for name, value in expected.items():
            holder: Any = done.state.visit if hasattr(Visit, name) else done.state
            self.assertEqual(getattr(holder, name), value, name)
        return done.state

    def test_cycle(self) -> None:
        """Open, close, picture: grams taken, and lights off are wanted with the picture."""
        self.check(step(REST, Opened(1000.0), 10.0), frozenset(), door="open", before_g=1000.0,
                   opened_at=10.0, weight_g=1000.0)
        self.check(step(OPEN, Closed(900.0, True), 20.0), ASK, door="closed", lights="on",
                   owes=True, due=20.0 + PICTURE_SECONDS, taken_g=100.0, closed_at=20.0)
        state = self.check(step(WAITING, Pictured(7), 22.0), OFF, phase=Phase.REST, owes=True,
                           picture=7, outcome="A picture was taken.")
        self.check(step(state, Said(False), 23.0), frozenset(), lights="off", owes=False,
                   lights_off_at=23.0)

    def test_no_picture(self) -> None:
        """20 s without a picture end the wait; the time of an earlier wait does not."""
        self.check(step(WAITING, TimeUp(WAITING.since), 40.0), OFF, phase=Phase.REST,
                   outcome="No picture came within 20 s.")
        self.check(step(WAITING, TimeUp(3.0), 40.0), frozenset(), phase=Phase.WAITING)

    def test_no_camera(self) -> None:
        """Without a camera nothing is waited for."""
        self.check(step(OPEN, Closed(900.0, False), 20.0), OFF, phase=Phase.REST, lights="on",
                   outcome="There was no camera to ask.")

    def test_count_holds_lights(self) -> None:
        """A count that is to come holds the lights, a change for a second picture; not for long."""
        self.check(step(WAITING, Pictured(7, True), 22.0), frozenset(), phase=Phase.COUNTING,
                   due=22.0 + COUNT_SECONDS, picture=7)
        self.check(step(WAITING, Pictured(7, True), 39.0), frozenset(), due=40.0)
        self.check(step(COUNTING, Counted(7), 23.0), OFF, phase=Phase.REST)
        self.check(step(COUNTING, Counted(6), 23.0), frozenset(), phase=Phase.COUNTING)
        self.check(step(COUNTING, Counted(7, True), 23.0), ASK, phase=Phase.CHECKING,
                   due=COUNTING.due)
        self.check(step(CHECKING, Pictured(8, True), 24.0), OFF, phase=Phase.REST, picture=8)
        for state in (COUNTING, CHECKING):
            self.check(step(state, TimeUp(state.since), 30.0), OFF, phase=Phase.REST, picture=7)

    def test_closing_without_opening(self) -> None:
        """It is a visit without a weight before, and its lights go off like any other's."""
        self.check(step(REST, Closed(900.0, True), 20.0), ASK, phase=Phase.WAITING,
                   taken_g=None, after_g=900.0, outcome="The opening was not heard.")

    def test_opening_twice(self) -> None:
        """The same weight twice is one opening; another one is another, and the first ends."""
        self.assertEqual(step(OPEN, Opened(1000.0), 12.0), Step(OPEN))
        done = step(OPEN, Opened(990.0), 12.0)
        self.check(done, frozenset(), before_g=990.0, opened_at=12.0, id=None)
        self.assertEqual([visit.outcome for visit in done.ended], ["The closing was not heard."])

    def test_closing_told_twice(self) -> None:
        """The same weight soon after is the same visit; it gets its picture and lights again."""
        done = step(DONE, Closed(900.0, True), 50.0)
        state = self.check(done, ASK, phase=Phase.WAITING, closed_at=20.0)
        assert state.visit is not None and DONE.visit is not None
        self.assertEqual(state.visit.before_g, DONE.visit.before_g)
        self.check(step(DONE, Closed(900.0, True), 500.0), ASK, closed_at=500.0, before_g=None)

    def test_opened_during_wait(self) -> None:
        """The wait ends, its visit says why, lights go off, and the new visit begins."""
        done = step(WAITING, Opened(900.0), 25.0)
        self.check(done, OFF, phase=Phase.OPEN, owes=True, before_g=900.0)
        self.assertIn("before a picture came", done.ended[0].outcome)
        self.assertEqual(step(COUNTING, Opened(900.0), 25.0).ended, ())

    def test_pictures_unasked_and_late(self) -> None:
        """An unasked picture moves nothing; a late one belongs to the closing before it."""
        for state in (REST, OPEN, DONE, COUNTING):
            self.assertEqual(step(state, Pictured(9), 30.0), Step(state))
        ended = step(WAITING, TimeUp(WAITING.since), 40.0).state
        late = self.check(step(ended, Pictured(9), 60.0), frozenset(), picture=9)
        assert late.visit is not None
        self.assertIn("It came late.", late.visit.outcome)
        self.assertEqual(step(ended, Pictured(9), 1000.0), Step(ended))

    def test_return(self) -> None:
        """A fresh cabinet hears no word; one that was ever used hears lights off, and its
        last visit keeps the time at which they went off."""
        self.assertEqual(step(REST, LinkedUp(True), 50.0), Step(REST))
        told = step(DONE, LinkedUp(True), 50.0)
        state = self.check(told, OFF, phase=Phase.REST, lights="off", owes=True)
        self.check(step(state, Said(False), 51.0), frozenset(), owes=False, lights_off_at=23.0)
        owing = step(WAITING, Pictured(7), 22.0).state
        by_hand = step(DONE, Said(True), 30.0).state
        for state in (owing, by_hand, OPEN):
            self.check(step(state, LinkedUp(True), 50.0), OFF, phase=state.phase, owes=True)
        self.assertEqual(step(owing, LinkedUp(True), 50.0).state.lights, "unknown")

    def test_return_during_wait(self) -> None:
        """The wait for a picture begins anew with the link; one for a count ends."""
        self.check(step(WAITING, LinkedUp(True), 50.0), ASK, due=50.0 + PICTURE_SECONDS)
        self.check(step(WAITING, LinkedUp(False), 50.0), OFF, phase=Phase.REST)
        for state in (COUNTING, CHECKING):
            self.check(step(state, LinkedUp(True), 50.0), OFF, phase=Phase.REST)

    def test_switch_by_hand(self) -> None:
        """A person's switch is shown at once, and never replaces the end of a cycle."""
        self.check(step(DONE, Said(True), 30.0), frozenset(), lights="on", owes=False)
        owing = step(WAITING, Pictured(7), 22.0).state
        self.check(step(owing, Said(True), 22.5), frozenset(), lights="on", owes=False)
        dark = self.check(step(WAITING, Said(False), 25.0), frozenset(), lights="off", owes=True)
        self.check(step(dark, Pictured(7), 26.0), OFF)

    def test_second_look_at_rest(self) -> None:
        """A look that shows a change asks again; a closing's picture does not, in the dark."""
        self.assertEqual(step(DONE, Counted(9, True), 30.0).wants, ASK)
        self.assertEqual(step(DONE, Counted(9, False), 30.0).wants, frozenset())
        self.assertEqual(step(DONE, Counted(7, True), 30.0).wants, frozenset())


grams = st.sampled_from([900.0, 950.0, 1000.0])
EVENTS = st.one_of(
    st.builds(Opened, grams), st.builds(Closed, grams, st.booleans()),
    st.builds(Pictured, st.integers(1, 5), st.booleans()),
    st.builds(Counted, st.integers(1, 5), st.booleans()),
    st.just("time"), st.builds(LinkedUp, st.booleans()), st.builds(Said, st.booleans()),
)


def after(events: list[Any]) -> tuple[State, float]:
    """The state that these events, 3 s apart, end in; and that nothing was forgotten on the way."""
    state, now = State(), 0.0
    for event in events:
        now += 3.0
        event = TimeUp(state.since) if event == "time" else event
        before = state
        done = step(state, event, now)
        state = done.state
        check(before, event, done, now)
    return state, now


def check(before: State, event: Any, done: Step, now: float) -> None:
    """What holds of every step."""
    state = done.state
    waits = state.phase in (Phase.WAITING, Phase.COUNTING, Phase.CHECKING)
    assert (state.due is not None) == waits
    assert not waits or (state.owes and state.due <= now + PICTURE_SECONDS)
    if Want.LIGHTS_OFF in done.wants:
        assert state.owes and not waits  # never before the picture's step
    if before.owes and not state.owes:
        assert isinstance(event, Said)  # heard, or a person wants light
    if state.owes and not waits and not before.owes:
        assert Want.LIGHTS_OFF in done.wants


class OrderTests(SynchronousTestCase):
    """Any order."""

    @given(st.lists(EVENTS, max_size=30))
    @settings(max_examples=400, deadline=None)
    def test_never_stuck(self, events: list[Any]) -> None:
        """Whatever happened: link, 20 s and one heard word later no lights are on."""
        state, now = after(events)
        done = step(state, LinkedUp(True), now + 1)
        if done.state.phase not in (Phase.REST, Phase.OPEN):
            done = step(done.state, TimeUp(done.state.since), now + 21)
        if Want.LIGHTS_OFF in done.wants:
            state = step(done.state, Said(False), now + 22).state
        else:
            state = done.state
        self.assertFalse(state.owes)
        self.assertNotEqual(state.lights, "on")
        self.assertIn(state.phase, (Phase.REST, Phase.OPEN))

    @given(st.lists(EVENTS, max_size=30))
    @settings(max_examples=200, deadline=None)
    def test_no_weight_is_lost(self, events: list[Any]) -> None:
        """Every weight heard is the newest one known, and stands in a visit."""
        state, now = after(events)
        heard = [event for event in events if isinstance(event, (Opened, Closed))]
        if heard:
            self.assertEqual(state.weight_g, heard[-1].grams)
            assert state.visit is not None
            self.assertIn(heard[-1].grams, (state.visit.before_g, state.visit.after_g))
