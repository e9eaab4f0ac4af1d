"""The rules of the fleet: restarts, how an update ended, silence, flapping, why one is missing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from iotd.wire.board_lines import Report

MAX_ACTS = 500  # boards that one request may act on
KEPT_EVENTS = 1000  # of each board, the newest
KEPT_SECONDS = 90 * 86400.0

CONNECTIONS, WINDOW = 5, 600.0  # so many within so long are flapping ...
QUIET = 900.0  # ... until no further one came for so long

CLOCK_SLACK = 60.0  # s by which a board's own count of seconds may be off before it counts

RESETS = {
    "power": "it was switched on", "watchdog": "its watchdog bit", "crash": "its program crashed",
    "update": "new firmware was started", "hard": "its reset button or pin",
    "soft": "its program was started anew", "sleep": "it woke up",
}
_UPDATES = {"ok": "ok", "back": "failed", "refused": "refused"}


@dataclass(frozen=True)
class Board:
    """What a board told of itself, newest first known; times are Unix seconds."""

    device: str
    told_at: float
    version: str | None = None
    build: int | None = None
    firmware_kind: str | None = None
    chip: str | None = None
    slot: str | None = None
    mpy: int | None = None
    boot: str | None = None
    booted_at: float | None = None
    reset: str | None = None
    restarts: int = 0
    free_memory: int | None = None
    last_update: str | None = None
    tls: int | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened to a board; ``what`` is connected, lost, restarted, update or
    alarm, ``by`` who did it if somebody did, ``result`` how it went, a word."""

    device: str
    at: float
    what: str
    text: str = ""
    by: str = ""
    result: str = ""


#: What a report calls it, and what it is here.
_NAMES = {
    "fw": "version", "build": "build", "kind": "firmware_kind", "chip": "chip", "slot": "slot",
    "mpy": "mpy", "boot": "boot", "reset": "reset", "free": "free_memory", "last": "last_update",
    "tls": "tls",
}


def told(known: Board | None, device: str, report: Report, at: float) -> tuple[Board, list[Event]]:
    """The board after a report, and what happened to it by that.

    What the report leaves out stays as it was. Nothing happened to a board that is new here.
    """
    before = known or Board(device, at)
    anew = report.boot is not None and before.boot is not None and report.boot != before.boot
    new: dict[str, Any] = {
        name: value for key, name in _NAMES.items() if (value := getattr(report, key)) is not None
    }
    if anew:
        new["reset"] = report.reset
    new["booted_at"] = _booted_at(before, report, at, anew)
    now = replace(before, **new, told_at=at, restarts=before.restarts + anew)
    events = []
    if anew:
        events.append(Event(device, at, "restarted", reset_words(report.reset)))
    if known is not None and now.last_update != known.last_update and now.last_update:
        events.append(update_event(device, at, now.last_update))
    return now, events


def _booted_at(before: Board, report: Report, at: float, anew: bool) -> float | None:
    if report.up is None:
        return None if anew else before.booted_at
    begun = at - report.up
    if anew or before.booted_at is None or abs(begun - before.booted_at) > CLOCK_SLACK:
        return begun
    return before.booted_at  # reports are late by a moment each: the time must not dance


def reset_words(reset: str | None) -> str:
    """Why a board started, for people."""
    return RESETS.get(reset or "", f"reason: {reset}" if reset else "it did not say why")


def update_event(device: str, at: float, last: str) -> Event:
    """``ok-8``, ``back-8-crash`` or ``refused-8-mac`` as something that happened."""
    word, _, rest = last.partition("-")
    build, _, reason = rest.partition("-")
    texts = {
        "ok": f"build {build} runs and was kept",
        "back": f"build {build} did not come up ({reason or 'no reason'}): the one before runs",
        "refused": f"build {build} was refused ({reason or 'no reason'})",
    }
    return Event(device, at, "update", texts.get(word, last), result=_UPDATES.get(word, word[:24]))


class Connections:
    """How often one board connected lately; times are monotonic seconds."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=CONNECTIONS)
        self.flapping = False

    def add(self, now: float) -> bool:
        """One more connection; True when it begins to flap by that."""
        self._times.append(now)
        often = len(self._times) == CONNECTIONS and now - self._times[0] <= WINDOW
        began, self.flapping = often and not self.flapping, self.flapping or often
        return began

    def look(self, now: float) -> bool:
        """True when it has been quiet for so long that it flaps no more."""
        ended = self.flapping and now - self._times[-1] >= QUIET
        self.flapping = self.flapping and not ended
        return ended


def is_silent(away_since: float | None, now: float, limit: float) -> bool:
    """Whether a board that is away since then, in monotonic seconds, is silent for too long.

    None: it is there. ``limit`` 0: nobody ever is.
    """
    return limit > 0 and away_since is not None and now - away_since >= limit


@dataclass(frozen=True)
class Why:
    """Why a board does not show up, and what to do; ``at`` Unix seconds, if it is of a moment."""

    reason: str
    next_step: str
    at: float | None = None


NEVER = Why(
    "It has a key and never connected.",
    "Put this id and its key onto the board, and the address and port of this machine; a key that"
    " is lost is made anew with “New key”.",
)
REVOKED = Why("It was revoked.", "Approve it again if it may come back.")
NOTHING_HEARD = (
    "Look whether it has power and a good Wi-Fi signal; then switch it off and on. If it stays"
    " away, its Wi-Fi, or the address of this machine, may have changed: write its settings anew."
)


def why_missing(
    state: str, connected: bool, last_seen: float | None, refused: Why | None,
    waits_because: str | None = None,
) -> Why | None:
    """Why a device can't be seen at work, or None when it is there.

    ``refused`` is its newest refusal; one from before it was last there explains nothing.
    """
    if state == "online":
        return None
    if refused is not None and not connected and (refused.at or 0.0) >= (last_seen or 0.0):
        return refused
    if state == "revoked":
        return REVOKED
    if state == "pending":
        return Why(waits_because or "It waits for approval.", "Approve it here if you know it.")
    if last_seen is None:
        return NEVER
    return Why("Nothing was heard of it since, not even a try to connect.", NOTHING_HEARD,
               last_seen)
