"""What the page and Prometheus are told of the intake and the spool."""

from __future__ import annotations

from collections import deque
from typing import Any, Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from iotd.campus.model import SECOND
from iotd.campus.spool import Spool

RATE_SECONDS = 60


class Rate:
    """How many a second, over the last minute."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._began = now()
        self._counts: deque[tuple[int, int]] = deque()

    def add(self, count: int) -> None:
        """So many just now."""
        second = int(self._now())
        if self._counts and self._counts[-1][0] == second:
            count += self._counts.pop()[1]
        self._counts.append((second, count))
        self._forget(second)

    def per_second(self) -> float:
        """0 when nothing came."""
        now = self._now()
        self._forget(int(now))
        span = min(RATE_SECONDS, max(1.0, now - self._began))
        return round(sum(count for _, count in self._counts) / span, 2)

    def _forget(self, second: int) -> None:
        while self._counts and self._counts[0][0] <= second - RATE_SECONDS:
            self._counts.popleft()


class IntakeFigures:
    """``waiting()``: messages that are in memory only."""

    def __init__(
        self, spool: Spool, now: Callable[[], float], metrics: CollectorRegistry,
        waiting: Callable[[], int],
    ) -> None:
        self._spool, self._now = spool, now
        self._rate = Rate(now)
        self._spooled = Counter(
            "iotd_intake_messages", "messages of gates that were read and are safe",
            registry=metrics,
        )
        self.dropped = Counter(
            "iotd_intake_dropped", "messages of field gates lost while the disk took nothing",
            registry=metrics,
        )
        for name, said, value in (
            ("iotd_intake_waiting", "messages of gates that are not safe yet", waiting),
            ("iotd_spool_bytes", "size of the spool on disk", lambda: spool.stats().bytes),
            ("iotd_spool_batches", "batches that wait for the store",
             lambda: spool.stats().batches),
            ("iotd_spool_messages", "messages that wait for the store",
             lambda: spool.stats().messages),
            ("iotd_spool_oldest_seconds", "age of the oldest batch that waits for the store",
             lambda: self._age() or 0.0),
        ):
            Gauge(name, said, registry=metrics).set_function(value)

    def count(self, messages: int) -> None:
        """So many are safe now."""
        self._spooled.inc(messages)
        self._rate.add(messages)

    def show(self) -> dict[str, Any]:
        """For the page; ages in seconds."""
        stats = self._spool.stats()
        return {
            "bytes": stats.bytes, "batches": stats.batches, "messages": stats.messages,
            "oldest_age_seconds": self._age(), "messages_per_second": self._rate.per_second(),
        }

    def _age(self) -> float | None:
        oldest = self._spool.stats().oldest_at
        return None if oldest is None else round(max(0.0, self._now() - oldest / SECOND), 1)
