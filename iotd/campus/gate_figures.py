"""What is counted of gates for Prometheus."""

from __future__ import annotations

from collections import Counter
from typing import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from iotd.campus.gate import Gate

_COUNTED: tuple[tuple[str, str, Callable[[Gate], int]], ...] = (
    ("messages", "messages of a gate that counted or were faulty", lambda g: g.messages.total),
    ("faults", "what in messages of a gate could not be taken", lambda g: g.faults),
    ("duplicates", "messages of a gate that had come before", lambda g: g.gaps.duplicates),
    ("replays", "requests to a gate to send messages again", lambda g: g.gaps.asked),
)


class GateCollector:
    """Figures of approved gates, and of what was dropped."""

    def __init__(
        self, gates: Callable[[], Iterable[Gate]], dropped: Counter[str],
        seconds: Callable[[], float], registry: CollectorRegistry,
    ) -> None:
        self._gates, self._dropped, self._seconds = gates, dropped, seconds
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The names, so that registering reads no gates."""
        yield from _families().values()

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        families, now = _families(), self._seconds()
        for gate in self._gates():
            for name, _, count in _COUNTED:
                families[name].add_metric((gate.id,), count(gate))
            families["lost"].add_metric((gate.id,), gate.gaps.lost(now))
            families["silent"].add_metric((gate.id,), float(bool(gate.alarmed)))
        for why, times in self._dropped.items():
            families["dropped"].add_metric((why,), times)
        yield from families.values()


def _families() -> dict[str, CounterMetricFamily | GaugeMetricFamily]:
    families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {
        name: CounterMetricFamily(f"iotd_gate_{name}", said, labels=("gate",))
        for name, said, _ in _COUNTED
    }
    families["lost"] = GaugeMetricFamily(
        "iotd_gate_lost", "messages of a gate that are missing and were given up", labels=("gate",)
    )
    families["silent"] = GaugeMetricFamily(
        "iotd_gate_silent", "1 while a gate is silent that should not be", labels=("gate",)
    )
    families["dropped"] = CounterMetricFamily(
        "iotd_gate_dropped", "messages over MQTT that nobody may say, by why", labels=("why",)
    )
    return families
