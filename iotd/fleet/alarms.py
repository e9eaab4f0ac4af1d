"""Boards that fell silent, and boards that connect again and again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Optional

from iotd.fleet.model import QUIET, Connections, is_silent

SILENT, FLAPPING = "silent", "flapping"

#: ``tell(id, cause, now)``: True: an alarm begins; False: it is over; None: there is none, so
#: that one of before the start is over.
Tell = Callable[[str, str, Optional[bool]], None]


@dataclass
class Watch:
    """One board; ``away_since`` in monotonic seconds, None while it is connected.

    An alarm is None until it is known whether there is one: it may be of before the start.
    """

    away_since: float | None
    expected: bool = False  # it is approved, and was there once
    quiet_kind: bool = False  # somebody else tells when it is silent
    alarms: dict[str, bool | None] = field(default_factory=lambda: {SILENT: None, FLAPPING: None})
    connections: Connections = field(default_factory=Connections)


class Alarms:
    """Watches all boards; ``seconds`` is a monotonic clock, ``limit`` s of silence, 0 for none.

    Whoever is away at the start is away since then: a daemon that comes back blames nobody
    for its own absence.
    """

    def __init__(self, seconds: Callable[[], float], limit: float, tell: Tell) -> None:
        self._seconds, self._limit, self._tell = seconds, limit, tell
        self._watches: dict[str, Watch] = {}
        self._began = seconds()

    def start(self) -> None:
        """From now on boards can connect."""
        self._began = self._seconds()
        for watch in self._watches.values():
            watch.away_since = None if watch.away_since is None else self._began

    def see(self, id: str, connected: bool, expected: bool, quiet_kind: bool) -> None:
        """This is how a device is now."""
        watch = self._watch(id)
        watch.expected, watch.quiet_kind = expected, quiet_kind
        if connected:
            watch.away_since = None
        elif watch.away_since is None:
            watch.away_since = self._seconds()
        if not expected:
            self._end(id, watch, SILENT, FLAPPING)
        elif connected or quiet_kind or not self._limit:
            self._end(id, watch, SILENT)

    def connected(self, id: str) -> None:
        """One more connection of it."""
        watch = self._watch(id)
        watch.connections.add(self._seconds())
        # it may have begun while it waited for approval, when nobody is told of it
        if watch.connections.flapping and watch.expected and not watch.alarms[FLAPPING]:
            watch.alarms[FLAPPING] = True
            self._tell(id, FLAPPING, True)

    def forget(self, id: str) -> None:
        """It was removed."""
        watch = self._watches.pop(id, None)
        if watch is not None:
            self._end(id, watch, SILENT, FLAPPING)

    def look(self) -> None:
        """Begin and end what time alone begins and ends; called every few seconds."""
        now = self._seconds()
        for id, watch in tuple(self._watches.items()):
            steady = watch.connections.look(now)
            if steady or (now - self._began >= QUIET and not watch.connections.flapping):
                self._end(id, watch, FLAPPING)
            if self._may_be_silent(watch) and is_silent(watch.away_since, now, self._limit):
                watch.alarms[SILENT] = True
                self._tell(id, SILENT, True)

    def is_on(self, id: str, cause: str) -> bool:
        """Whether there is such an alarm about it."""
        watch = self._watches.get(id)
        return watch is not None and watch.alarms[cause] is True

    def count(self, cause: str) -> int:
        """How many boards there is such an alarm about."""
        return sum(watch.alarms[cause] is True for watch in self._watches.values())

    def _watch(self, id: str) -> Watch:
        if id not in self._watches:
            self._watches[id] = Watch(self._seconds())
        return self._watches[id]

    @staticmethod
    def _may_be_silent(watch: Watch) -> bool:
        return watch.expected and not watch.quiet_kind and not watch.alarms[SILENT]

    def _end(self, id: str, watch: Watch, *causes: str) -> None:
        for cause in causes:
            was, watch.alarms[cause] = watch.alarms[cause], False
            if was is not False:
                self._tell(id, cause, False if was else None)
