"""One cabinet's life on the reactor: its events in order, its words after their commit.

An event is one transaction; the next begins when it is on disk. While the store
is away the events wait in their order, and so do the lights.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Callable, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from iotd.cabinet import records
from iotd.cabinet.model import (
    PICTURE_SECONDS, Event, LinkedUp, Phase, Said, State, TimeUp, Want,
)
from iotd.errors import NotFound, Unavailable

MAX_WAITING = 64  # events of one cabinet while the store is away ...
MAX_HEAVY = 4  # ... of which so many may wait when a picture comes
RETRY_STORE = 5.0
RETRY_LIGHTS = 5.0  # lights off was given up on, though the cabinet is there
RETRY_PICTURE = 2.0
# A board that comes back first tells what it could not. If that is a closing, lights off
# meant for before would reach it as the answer, and darken its picture.
LINK_PAUSE = 1.0

Work = Callable[..., Any]
Entry = tuple[Work, tuple[Any, ...], Callable[[Any], None]]


class Surroundings(Protocol):
    """What a cycle needs of the service around it."""

    clock: Any

    def now(self) -> float:
        """Unix seconds."""

    def state(self, id: str) -> State:
        """The cabinet as the newest commit left it."""

    def commit(self, id: str, work: Work, *args: Any) -> Deferred[Any]:
        """Run ``work(connection, id, *args)``; fires after its commit is known to memory."""

    def say(self, device: str, word: str) -> Deferred[bool]:
        """Say a word; never fails."""

    def camera_of(self, id: str) -> str | None:
        """The camera that sees into this cabinet."""

    def linked(self, device: str) -> bool:
        """Whether it can be told words now."""


class Cycle:
    """Events of one cabinet, one at a time."""

    _log = Logger()

    def __init__(self, id: str, around: Surroundings) -> None:
        self.id = id
        self._around = around
        self._waiting: deque[Entry] = deque()
        self._current: Entry | None = None  # in work, or to be tried again
        self._busy = False
        self._ended = False
        # one of each at a time; a closing makes those on their way void, a new link the telling
        self._telling: object | None = None
        self._asking: object | None = None
        self._timers: dict[str, Any] = {}
        self._wait: tuple[float, float | None] | None = None

    @property
    def ended(self) -> bool:
        """Whether it takes no more events: it was stopped, or its cabinet deleted."""
        return self._ended

    def event(self, event: Event) -> None:
        """Something happened; taken in its turn."""
        then = self.do
        if isinstance(event, LinkedUp):
            self._telling, then = None, self._do_after_link
        self.run(records.apply, then, event, self._around.now())

    def closing(self) -> None:
        """The door was closed: words that are still on their way belong to before."""
        self._telling = self._asking = None

    def pictured(self) -> None:
        """A picture came: whatever was asked is answered, also where that is told later."""
        self._asking = None

    def run(
        self, work: Work, then: Callable[[Any], None], *args: Any, heavy: bool = False
    ) -> None:
        """``then(result)`` once ``work(connection, id, *args)`` is on disk, in its turn.

        What is ``heavy`` is not taken while others wait already.
        """
        if self._ended:
            return
        if len(self._waiting) >= (MAX_HEAVY if heavy else MAX_WAITING):
            self._log.error("{cabinet}: too much waits for the store, an event is lost",
                            cabinet=self.id)
            return
        self._waiting.append((work, args, then))
        self._next()

    def end(self, keep: bool = True) -> None:
        """No more events, words and timers; ``keep``: what was heard still goes to the store."""
        left = [] if self._busy or self._current is None else [self._current]
        left += self._waiting if not self._ended else ()
        self._ended = True
        self._waiting.clear()
        for work, args, _ in left if keep else ():
            written = self._around.commit(self.id, work, *args)
            written.addErrback(lambda f: self._log.failure("an event is lost", failure=f))
        for name in tuple(self._timers):
            self._stop(name)

    def settle(self) -> None:
        """Look after the timer of the wait that the cabinet is in, if any."""
        state = self._around.state(self.id)
        waits = state.phase not in (Phase.REST, Phase.OPEN)
        wait = (state.since, state.due) if waits else None
        if wait == self._wait or self._ended:
            return
        self._wait = wait
        self._stop("wait")
        if waits:
            # by the clock that nobody sets; the store's time only says how much is left
            left = (state.due or 0.0) - self._around.now()
            self._later("wait", min(max(left, 0.0), PICTURE_SECONDS),
                        lambda: self.event(TimeUp(state.since)))

    def lights_off(self) -> None:
        """Say it, and again until it was heard or the cabinet is gone."""
        if self._telling is not None or self._ended:
            return
        mark = self._telling = object()

        def told(written: bool) -> None:
            if self._telling is mark:
                self._telling = None
                self._lights_told(written)

        self._around.say(self.id, "lof").addCallback(told)

    def _lights_told(self, written: bool) -> None:
        if written:
            self.event(Said(on=False))
        elif self._around.linked(self.id):
            self._later("lights", RETRY_LIGHTS, self._lights_again)

    def _lights_again(self) -> None:
        state = self._around.state(self.id)
        if state.owes and state.phase in (Phase.REST, Phase.OPEN):
            self.lights_off()

    def ask(self) -> None:
        """Ask its camera for a picture; again while one is awaited and the camera is there."""
        camera = self._around.camera_of(self.id)
        if camera is None or self._asking is not None or self._ended:
            return
        mark = self._asking = object()

        def told(answered: bool) -> None:
            if self._asking is mark:
                self._asking = None
                if not answered and self._around.linked(camera):
                    self._later("ask", RETRY_PICTURE, self.ask_if_awaited)

        self._around.say(camera, "img").addCallback(told)

    def ask_if_awaited(self) -> None:
        """Its camera is there: it may have missed the question."""
        if self._around.state(self.id).phase in (Phase.WAITING, Phase.CHECKING):
            self.ask()

    def do(self, wants: frozenset[Want]) -> None:
        """Do what a step wants, after its commit."""
        if Want.PICTURE in wants:
            self.ask()
        if Want.LIGHTS_OFF in wants:
            self.lights_off()

    def _do_after_link(self, wants: frozenset[Want]) -> None:
        if Want.PICTURE in wants:
            self.ask()
        if Want.LIGHTS_OFF in wants:
            self._later("lights", LINK_PAUSE, self._lights_again)

    def _next(self) -> None:
        if self._busy or self._ended:
            return
        if self._current is None and self._waiting:
            self._current = self._waiting.popleft()
        if self._current is None:
            return
        self._busy = True
        work, args, then = self._current
        done = self._around.commit(self.id, work, *args)
        done.addCallbacks(self._committed, self._failed, callbackArgs=(then,))
        done.addErrback(lambda f: self._log.failure("a cabinet's event failed", failure=f))

    def _committed(self, result: Any, then: Callable[[Any], None]) -> None:
        self._busy, self._current = False, None
        if self._ended:
            return
        self.settle()
        try:
            then(result)
        finally:
            self._next()

    def _failed(self, failure: Any) -> None:
        self._busy = False
        if self._ended:
            return
        if failure.check(NotFound):
            self.end(keep=False)  # it was deleted
            return
        if failure.check(Unavailable):
            # nothing is said before it is on disk: it is tried again, in its order
            self._later("store", RETRY_STORE, self._next)
            return
        self._current = None
        self._log.failure("{cabinet}: an event was lost", failure, cabinet=self.id)
        self._next()

    def _later(self, name: str, seconds: float, work: Callable[[], None]) -> None:
        self._stop(name)
        if self._ended:
            return

        def run() -> None:
            self._timers.pop(name, None)
            try:
                work()
            except Exception:
                self._log.failure("{cabinet}: a timer's work failed", cabinet=self.id)

        self._timers[name] = self._around.clock.callLater(seconds, run)

    def _stop(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None and timer.active():
            timer.cancel()
