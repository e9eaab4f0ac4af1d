"""What updates count for Prometheus."""

from __future__ import annotations

from typing import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric


class Figures:
    """Counters, and how many boards are how far: ``boards()`` by state."""

    def __init__(
        self, registry: CollectorRegistry, boards: Callable[[], Mapping[str, int]]
    ) -> None:
        self._boards = boards
        said = "Lines of boards about themselves and their firmware, by what they are"
        self.lines = Counter("iotd_updates_lines", said, ("what",), registry=registry)
        said = "Bytes of firmware and manifests told to boards"
        self.bytes = Counter("iotd_updates_bytes", said, registry=registry)
        said = "What a board fetched and could not have"
        self.gone = Counter("iotd_updates_gone", said, registry=registry)
        said = "Boards that ended an update, by how"
        self.ended = Counter("iotd_updates_ended", said, ("how",), registry=registry)
        for what in ("info", "manifest", "file", "bad"):
            self.lines.labels(what)
        for how in ("done", "failed"):
            self.ended.labels(how)
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        said = "Boards of roll-outs that go on or may go on, by how far they are"
        family = GaugeMetricFamily("iotd_updates_boards", said, labels=("state",))
        for state, count in self._boards().items():
            family.add_metric((state,), count)
        yield family
