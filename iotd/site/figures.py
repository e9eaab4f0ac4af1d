"""What the web part counts for Prometheus."""

from __future__ import annotations

from collections import deque
from typing import Any, Callable

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.site.places import Places

LAG_EVERY = 0.5  # seconds between two looks
LAG_KEPT = 60  # looks: the largest lag of half a minute is shown


class Figures:
    """Requests, connections and refusals."""

    def __init__(self, registry: CollectorRegistry, places: Places) -> None:
        self._requests = Counter(
            "iotd_http_requests", "Requests answered, by route and class of status",
            ("route", "status"), registry=registry,
        )
        Gauge(
            "iotd_http_connections", "Open connections of browsers and scripts",
            registry=registry,
        ).set_function(lambda: len(places))
        self._places = places
        registry.register(self)

    def count(self, route: str, status: int) -> None:
        """One request of ``route`` was answered with ``status``."""
        self._requests.labels(route, f"{status // 100}xx").inc()

    def collect(self) -> list[CounterMetricFamily]:
        """For the registry: what the places count."""
        said = "Connections closed for want of a place, by which one had to go"
        family = CounterMetricFamily("iotd_http_connections_refused", said, labels=("which",))
        family.add_metric(("new",), self._places.refused)
        family.add_metric(("idle",), self._places.yielded)
        return [family]


class ReactorLag:
    """How late the reactor calls: the largest lateness of the last half minute."""

    _log = Logger()

    def __init__(self, clock: Any, registry: CollectorRegistry) -> None:
        self._clock = clock
        self._lags: deque[float] = deque([0.0], LAG_KEPT)
        self._expected = 0.0
        self._looping = LoopingCall(self._look)
        self._looping.clock = clock
        Gauge(
            "iotd_reactor_lag_seconds", "Largest lateness of a timed call in half a minute",
            registry=registry,
        ).set_function(lambda: max(self._lags))

    def start(self) -> None:
        """Look from now on."""
        self._expected = self._clock.seconds() + LAG_EVERY
        ended = self._looping.start(LAG_EVERY, now=False)
        ended.addErrback(lambda failure: self._log.failure("watching the lag ended", failure))

    def stop(self) -> None:
        """Look no more."""
        if self._looping.running:
            self._looping.stop()

    def _look(self) -> None:
        now = self._clock.seconds()
        self._lags.append(max(0.0, now - self._expected))
        self._expected = now + LAG_EVERY


def guarded(work: Callable[[], None], log: Logger, what: str) -> Callable[[], None]:
    """``work`` for a LoopingCall, which one exception would end for good."""

    def run() -> None:
        try:
            work()
        except Exception:
            log.failure("{what} failed", what=what)

    return run
