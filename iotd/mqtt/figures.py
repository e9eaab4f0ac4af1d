"""What the client of the broker counts for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

if TYPE_CHECKING:
    from iotd.mqtt.client import Bridge


class BridgeCollector:
    """Read from the bridge when somebody asks."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def describe(self) -> list[Metric]:
        """Names are told when collected."""
        return []

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        bridge, over = self._bridge, self._bridge.handover
        yield _gauge("connected", "Whether the broker is connected", float(bridge.connected))
        yield _gauge("waiting", "Messages handed over and not acknowledged yet", over.waiting)
        yield _counter("messages", "Messages that came from the broker", over.heard)
        yield _counter("acknowledged", "Messages acknowledged to the broker", over.acknowledged)
        yield _counter("connections", "Connections made to the broker", bridge.connections)
        yield _counter(
            "sessions_lost", "Times the broker had forgotten what it was to keep",
            bridge.sessions_lost,
        )
        dropped = CounterMetricFamily(
            "iotd_mqtt_dropped", "Messages that were not passed on, by why", labels=("why",)
        )
        dropped.add_metric(("unreadable",), over.refused)
        dropped.add_metric(("overload",), over.dropped)
        dropped.add_metric(("unpublished",), bridge.unpublished)
        yield dropped


def _gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"iotd_mqtt_{name}", said, value)


def _counter(name: str, said: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(f"iotd_mqtt_{name}", said, value)
