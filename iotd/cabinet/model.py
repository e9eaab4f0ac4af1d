"""The door cycle as a table: what a cabinet's event does to its state, and what is wanted then.

::

    rest ──bfr──▶ open ──aft──▶ waiting ──picture──▶ counting ──change──▶ checking
      ▲                            │ 20 s              │ no change          │ picture, or 8 s
      └──────── lights off ◀───────┴───────────────────┴────────────────────┘

The lights are the acknowledgement: ``lof`` is wanted only by the step that ends
the wait, so it is said after that step is on disk. ``owes`` outlives everything:
as long as it is set the cabinet is told again. One that was ever used is told, too,
whenever it comes back: it may have been closed while nobody heard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Callable, Mapping, Union

PICTURE_SECONDS = 20.0  # how long lights wait for a picture
COUNT_SECONDS = 8.0  # and after it for its count and a second look, within the 20 s
LATE_SECONDS = 120.0  # so long a picture still belongs to the closing before it
REPEAT_SECONDS = 60.0  # so long the same weight is the same closing, told twice


class Phase(str, Enum):
    """Where in its cycle a cabinet is."""

    REST = "rest"  # nothing is awaited
    OPEN = "open"  # the door is open
    WAITING = "waiting"  # closed, lights on, a picture is awaited
    COUNTING = "counting"  # the picture is here, its count is not
    CHECKING = "checking"  # the count changed: a second picture is awaited


class Want(Enum):
    """What is to be done once the step is on disk."""

    PICTURE = "img"
    LIGHTS_OFF = "lof"


@dataclass(frozen=True)
class Visit:
    """One opening and closing of the door; weights in grams, times in Unix seconds."""

    id: int | None = None
    opened_at: float | None = None
    before_g: float | None = None
    closed_at: float | None = None
    after_g: float | None = None
    picture: int | None = None
    lights_off_at: float | None = None
    outcome: str = ""

    @property
    def taken_g(self) -> float | None:
        """Grams taken out; negative when something was put in, None while unknown."""
        if self.before_g is None or self.after_g is None:
            return None
        return round(self.before_g - self.after_g, 6)

    def noted(self, words: str) -> Visit:
        """With one sentence more about how it went, unless it is told already."""
        if words in self.outcome:
            return self
        return replace(self, outcome=f"{self.outcome} {words}".strip())


@dataclass(frozen=True)
class State:
    """A cabinet between two events; ``due`` is when the present wait ends."""

    phase: Phase = Phase.REST
    since: float = 0.0
    due: float | None = None
    door: str = "unknown"
    lights: str = "unknown"
    owes: bool = False  # lights off is still to be said, or nobody knows that it was heard
    weight_g: float | None = None
    visit: Visit | None = None


@dataclass(frozen=True)
class Opened:
    """``bfr``: the door opens."""

    grams: float


@dataclass(frozen=True)
class Closed:
    """``aft``: the door was closed; ``camera``: somebody can be asked for a picture."""

    grams: float
    camera: bool


@dataclass(frozen=True)
class Pictured:
    """A picture of its camera is in the store; ``counting``: its count will follow."""

    picture: int
    counting: bool = False


@dataclass(frozen=True)
class Counted:
    """The picture is counted, or can't be; ``again``: a second one should agree."""

    picture: int
    again: bool = False


@dataclass(frozen=True)
class TimeUp:
    """The wait that began at ``since`` has lasted long enough."""

    since: float


@dataclass(frozen=True)
class LinkedUp:
    """The cabinet is there, perhaps after it or the daemon was gone."""

    camera: bool


@dataclass(frozen=True)
class Said:
    """It was told to switch its lights."""

    on: bool


Event = Union[Opened, Closed, Pictured, Counted, TimeUp, LinkedUp, Said]


@dataclass(frozen=True)
class Step:
    """What came of an event; ``ended`` are visits that another one took the place of."""

    state: State
    ended: tuple[Visit, ...] = ()
    wants: frozenset[Want] = frozenset()


def step(state: State, event: Event, now: float) -> Step:
    """What ``event`` at ``now`` (Unix seconds) does; never fails, whatever the order."""
    return TABLE[type(event)][state.phase](state, event, now)


def _same(state: State, event: Event, now: float) -> Step:
    return Step(state)


_LEFT = {
    Phase.OPEN: "The closing was not heard.",
    Phase.WAITING: "The door moved again before a picture came.",
}


def _left(state: State) -> tuple[Visit, ...]:
    """The visit that a new one takes the place of, if it was not complete."""
    if state.visit is None or state.phase not in _LEFT:
        return ()
    return (state.visit.noted(_LEFT[state.phase]),)


def _open(state: State, event: Opened, now: float) -> Step:
    opened = replace(
        state, phase=Phase.OPEN, since=now, due=None, door="open", weight_g=event.grams,
        visit=Visit(opened_at=now, before_g=event.grams),
    )
    # lights of a closing before: its picture would show an open door by now
    return Step(opened, _left(state), frozenset({Want.LIGHTS_OFF} if state.owes else ()))


def _open_again(state: State, event: Opened, now: float) -> Step:
    if state.visit is not None and state.visit.before_g == event.grams:
        return Step(state)  # told twice, by a board that did not hear its `send`
    return _open(state, event, now)


def _close(state: State, event: Closed, now: float) -> Step:
    visit = state.visit or Visit()
    return _await(state, replace(visit, closed_at=now, after_g=event.grams), event, now)


def _close_unopened(state: State, event: Closed, now: float) -> Step:
    """A closing without an opening: a visit of its own, or the last one told twice."""
    last = state.visit
    if last is not None and last.after_g == event.grams and last.closed_at is not None:
        if abs(now - last.closed_at) <= REPEAT_SECONDS:
            return _await(state, last, event, now)
    visit = Visit(closed_at=now, after_g=event.grams).noted("The opening was not heard.")
    return _await(state, visit, event, now, _left(state))


def _await(
    state: State, visit: Visit, event: Closed, now: float, ended: tuple[Visit, ...] = ()
) -> Step:
    closed = replace(
        state, phase=Phase.WAITING, since=now, due=now + PICTURE_SECONDS, door="closed",
        lights="on", owes=True, weight_g=event.grams, visit=visit,
    )
    if not event.camera:
        return replace(_finish(closed, now, "There was no camera to ask."), ended=ended)
    return Step(closed, ended, frozenset({Want.PICTURE}))


def _finish(state: State, now: float, words: str = "") -> Step:
    visit = state.visit.noted(words) if state.visit and words else state.visit
    rest = replace(state, phase=Phase.REST, since=now, due=None, owes=True, visit=visit)
    return Step(rest, wants=frozenset({Want.LIGHTS_OFF}))


def _take(state: State, event: Pictured, now: float) -> Step:
    visit = replace(state.visit or Visit(closed_at=now), picture=event.picture)
    taken = replace(state, visit=visit)
    if not event.counting:
        return _finish(taken, now, "A picture was taken.")
    due = min(taken.due or now, now + COUNT_SECONDS)
    visit = visit.noted("A picture was taken.")
    return Step(replace(taken, phase=Phase.COUNTING, since=now, due=due, visit=visit))


def _take_second(state: State, event: Pictured, now: float) -> Step:
    visit = state.visit and replace(state.visit, picture=event.picture)
    return _finish(replace(state, visit=visit), now)


def _take_late(state: State, event: Pictured, now: float) -> Step:
    """A picture that nobody waits for: it may still show what the last closing left."""
    visit = state.visit
    if visit is None or visit.picture is not None or visit.closed_at is None:
        return Step(state)
    if now - visit.closed_at > LATE_SECONDS:
        return Step(state)
    late = replace(visit, picture=event.picture).noted("It came late.")
    return Step(replace(state, visit=late))


def _counted(state: State, event: Counted, now: float) -> Step:
    if state.visit is None or state.visit.picture != event.picture:
        return Step(state)
    if not event.again:
        return _finish(state, now)
    return Step(replace(state, phase=Phase.CHECKING), wants=frozenset({Want.PICTURE}))


def _counted_at_rest(state: State, event: Counted, now: float) -> Step:
    # of a closing's picture the lights are off by now; others were taken as it is
    of_visit = state.visit is not None and state.visit.picture == event.picture
    again = event.again and not of_visit
    return Step(state, wants=frozenset({Want.PICTURE} if again else ()))


def _no_picture(state: State, event: TimeUp, now: float) -> Step:
    if event.since != state.since:
        return Step(state)  # the time of an earlier wait
    return _finish(state, now, f"No picture came within {PICTURE_SECONDS:.0f} s.")


def _no_more(state: State, event: TimeUp, now: float) -> Step:
    return _finish(state, now) if event.since == state.since else Step(state)


def _resume(state: State, event: LinkedUp, now: float) -> Step:
    if not event.camera:
        return _finish(state, now, "There was no camera to ask.")
    waiting = replace(state, since=now, due=now + PICTURE_SECONDS)
    return Step(waiting, wants=frozenset({Want.PICTURE}))


def _resume_dark(state: State, event: LinkedUp, now: float) -> Step:
    return _finish(state, now)


def _return_open(state: State, event: LinkedUp, now: float) -> Step:
    return Step(_unsure(state), wants=frozenset({Want.LIGHTS_OFF}))


def _return(state: State, event: LinkedUp, now: float) -> Step:
    """Of a cabinet that was ever used nobody knows that it stayed dark.

    Somebody may have closed it while nobody heard, or what was heard never came to disk.
    """
    if state.visit is None and not state.owes and state.lights != "on":
        return Step(state)
    return Step(_unsure(state), wants=frozenset({Want.LIGHTS_OFF}))


def _unsure(state: State) -> State:
    lights = "unknown" if state.lights == "on" else state.lights
    return replace(state, owes=True, lights=lights)


def _said(state: State, event: Said, now: float) -> Step:
    if event.on:
        # a person wants light after the closing's lights off, heard or not: none is owed
        return Step(replace(state, lights="on", owes=False))
    visit = state.visit
    if visit is not None and visit.closed_at is not None and visit.lights_off_at is None:
        visit = replace(visit, lights_off_at=now)
    return Step(replace(state, lights="off", owes=False, visit=visit))


def _said_early(state: State, event: Said, now: float) -> Step:
    # a person's switch: the end of the wait says it once more
    return Step(replace(state, lights="on" if event.on else "off"))


Rule = Callable[..., Step]
_R, _O, _W, _C, _K = Phase.REST, Phase.OPEN, Phase.WAITING, Phase.COUNTING, Phase.CHECKING

#: By event, then by phase.
TABLE: Mapping[type, Mapping[Phase, Rule]] = {
    Opened: {_R: _open, _O: _open_again, _W: _open, _C: _open, _K: _open},
    Closed: {
        _R: _close_unopened, _O: _close, _W: _close_unopened, _C: _close_unopened,
        _K: _close_unopened,
    },
    Pictured: {_R: _take_late, _O: _same, _W: _take, _C: _same, _K: _take_second},
    Counted: {_R: _counted_at_rest, _O: _same, _W: _same, _C: _counted, _K: _same},
    TimeUp: {_R: _same, _O: _same, _W: _no_picture, _C: _no_more, _K: _no_more},
    LinkedUp: {
        _R: _return, _O: _return_open, _W: _resume, _C: _resume_dark, _K: _resume_dark,
    },
    Said: {_R: _said, _O: _said, _W: _said_early, _C: _said_early, _K: _said_early},
}
