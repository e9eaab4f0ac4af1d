"""What open pages are told of the campus."""

from __future__ import annotations

from typing import Any, Callable

from iotd.bus import Bus, MovementSeen, OccupancyChanged
from iotd.campus.memory import Applied
from iotd.campus.movement_records import Movement

MOST = 5  # movements of one commit: as many as the page shows
PAUSE = 0.25  # seconds between two headcounts


class News:
    """``summary()`` and ``show(movement)`` are what the API answers."""

    def __init__(
        self, *, bus: Bus, clock: Any, summary: Callable[[], dict[str, Any]],
        show: Callable[[Movement], dict[str, Any]],
    ) -> None:
        self._bus, self._clock, self._summary, self._show = bus, clock, summary, show
        self._timer: Any = None
        self._again = False

    def moved(self, applied: Applied) -> None:
        """Something was committed."""
        newest = sorted(applied.added, key=lambda each: (each.at, each.student))[-MOST:]
        for movement in newest:
            self._bus.publish(MovementSeen("recent", self._show(movement)))
        if newest or applied.removed or applied.strangers:
            self.recount()

    def recount(self) -> None:
        """The headcount may be another one now."""
        if self._timer is not None:
            self._again = True
            return
        self._bus.publish(OccupancyChanged("campus", self._summary()))
        self._timer = self._clock.callLater(PAUSE, self._rested)

    def stop_service(self) -> None:
        """Tell nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rested(self) -> None:
        self._timer = None
        if self._again:
            self._again = False
            self.recount()
