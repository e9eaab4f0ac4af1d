"""Reminders: once for a habit and a day, when its time came and nothing was said yet.

They are told to open pages alone. What somebody takes and when is nothing for e-mail
that others read, and what was forgotten while the daemon was off is not made up for.
"""

from __future__ import annotations

from typing import Any, Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.bus import Bus, RecordChanged
from iotd.health.habits import records, show
from iotd.health.habits.model import week_of
from iotd.health.habits.records import Habit
from iotd.site.figures import guarded
from iotd.store.engine import Store
from iotd.times import rfc3339

EVERY = 30.0  # seconds between two looks at the clock
LATE = 3600.0  # seconds after which it is too late to remind


class Reminders:
    """What is due is looked up in the store, so a restart forgets and repeats nothing."""

    _log = Logger()

    def __init__(
        self, *, store: Store, bus: Bus, now: Callable[[], float],
        knows: Callable[[str], bool], clock: Any, site_timezone: str,
    ) -> None:
        self._store, self._bus, self._now, self._knows = store, bus, now, knows
        self._zone = site_timezone
        self._working: Deferred[Any] | None = None
        self._ticks = LoopingCall(guarded(self.tick, self._log, "reminding"))
        self._ticks.clock = clock

    def start(self) -> None:
        """Look at the clock from now on."""
        self._ticks.start(EVERY, now=True)

    def stop(self) -> Deferred[Any]:
        """No more; fires when what is being noted is noted."""
        if self._ticks.running:
            self._ticks.stop()
        waiting: Deferred[Any] = Deferred()
        if self._working is None:
            return succeed(None)
        self._working.addBoth(lambda _: waiting.callback(None))
        return waiting

    @property
    def idle(self) -> bool:
        """Whether nothing is being looked up or noted."""
        return self._working is None

    def tick(self) -> None:
        """Remind of what is due, unless the last look is not over yet."""
        if self._working is None:
            working = Deferred.fromCoroutine(self._remind())
            working.addErrback(self._failed)
            self._working = working
            working.addBoth(self._ended)

    def _failed(self, failure: Any) -> None:
        self._log.warn("nobody is reminded at this moment: {why}", why=str(failure.value))

    def _ended(self, _: Any) -> None:
        self._working = None

    async def _remind(self) -> None:
        now = self._now()
        due = await self._store.read(due_now, now, self._zone)
        due = [(habit, day) for habit, day in due if self._knows(habit.patient)]
        if not due:
            return
        new = await self._store.run(
            records.mark_reminded, [(habit.id, day) for habit, day in due]
        )
        for habit, day in due:
            if habit.id in new:
                self._tell(habit, day, now)

    def _tell(self, habit: Habit, day: str, now: float) -> None:
        self._bus.publish(RecordChanged(
            id=f"{habit.patient}/habits/{habit.id}", patient=habit.patient, section="habits",
            data={"patient": habit.patient, "section": "habits", "what": "reminder", "by": "",
                  "at": rfc3339(now), "habit": habit.id, "day": day},
        ))


def due_now(connection: Any, now: float, site_zone: str) -> list[tuple[Habit, str]]:
    """Habits whose time came within the last hour, with the day they are due on."""
    timely = []
    for habit, settings in records.to_remind(connection):
        look = show.look_of(settings, site_zone, now)
        passed = now - show.remind_moment(habit, look)
        if 0 <= passed < LATE and habit.reminded_on != look.today.isoformat():
            timely.append((habit, look))
    if not timely:
        return []
    first = min(week_of(look.today) for _, look in timely)
    marks = records.marks_of(connection, [habit.id for habit, _ in timely], first)
    return [
        (habit, look.today.isoformat()) for habit, look in timely
        if show.is_due(habit, marks[habit.id], look)
    ]
