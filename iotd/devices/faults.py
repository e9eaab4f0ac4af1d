"""What devices got wrong: all of it counted, some of it told."""

from __future__ import annotations

from collections import OrderedDict

from prometheus_client import CollectorRegistry, Counter
from twisted.logger import Logger

MAX_REMEMBERED = 4096  # counts by device and cause; the one untouched longest is forgotten


class Faults:
    """Bad readings, messages and requests: the 1st, 2nd, 4th, 8th … of a device are logged."""

    _log = Logger()

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._counts: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._counter = Counter(
            "iotd_device_faults", "what devices got wrong", ["cause"], registry=metrics
        )

    def add(self, id: str, cause: str, reason: str) -> None:
        """One more of this device; ``cause`` is one word, ``reason`` names value and limit."""
        self._counter.labels(cause).inc()
        count = self._counts.pop((id, cause), 0) + 1
        self._counts[id, cause] = count
        if len(self._counts) > MAX_REMEMBERED:
            self._counts.popitem(last=False)
        if count & (count - 1) == 0:
            self._log.warn(
                "{id}: {cause} fault, number {count}: {reason}",
                id=id, cause=cause, count=count, reason=reason,
            )
