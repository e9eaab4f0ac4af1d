"""Computing days in the background, in bad times."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from iotd.calendar import Calendar
from iotd.health.rollups import EVERY, Rollups
from iotd.store.errors import StoreUnavailable


class AwayStore:
    """A store that fails as it is told, or does not answer."""

    def __init__(self, error: Exception | None) -> None:
        self.error, self.asked = error, 0

    def read(self, *args: Any) -> Deferred[Any]:
        """No answer."""
        self.asked += 1
        return Deferred() if self.error is None else fail(self.error)


class TroubleTests(SynchronousTestCase):
    """The store is away, or worse."""

    def run_for(self, error: Exception | None, turns: int) -> AwayStore:
        """So many turns of the timer on such a store."""
        store, clock = AwayStore(error), Clock()
        rollups = Rollups(
            store=store, clock=clock, now=lambda: 1.8e9,  # type: ignore[arg-type]
            calendar=Calendar("UTC"), poll_seconds=30, forget_stale=lambda keys: None,
        )
        rollups.start_service()
        clock.pump([EVERY] * turns)
        rollups.stop_service()
        self.assertEqual(clock.getDelayedCalls(), [])
        return store

    def test_away(self) -> None:
        """While the store is away nothing is logged here, and it is asked again each time."""
        self.assertEqual(self.run_for(StoreUnavailable("it is away"), 3).asked, 3)

    def test_fault(self) -> None:
        """A fault of our own is logged, and does not end the timer."""
        self.assertEqual(self.run_for(ZeroDivisionError(), 3).asked, 3)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)

    def test_no_answer(self) -> None:
        """One question at a time is asked of a store that hangs."""
        self.assertEqual(self.run_for(None, 3).asked, 1)
