"""What the fleet counts for Prometheus."""

from __future__ import annotations

from functools import partial
from typing import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from iotd.fleet.alarms import FLAPPING, SILENT
from iotd.fleet.model import Event


class Figures:
    """Reports, restarts, and boards with an alarm; ``count(cause)`` says of how many."""

    def __init__(self, registry: CollectorRegistry, count: Callable[[str], int]) -> None:
        self._reports = Counter(
            "iotd_boards_reports", "times that boards told of themselves", registry=registry
        )
        self._restarts = Counter(
            "iotd_boards_restarts", "times that boards started anew", registry=registry
        )
        alarms = Gauge(
            "iotd_boards_alarms", "boards that are silent or flapping", ["cause"],
            registry=registry,
        )
        for cause in (SILENT, FLAPPING):
            alarms.labels(cause).set_function(partial(count, cause))

    def told(self, events: Iterable[Event]) -> None:
        """One more report, and what happened by it."""
        self._reports.inc()
        self._restarts.inc(sum(event.what == "restarted" for event in events))
