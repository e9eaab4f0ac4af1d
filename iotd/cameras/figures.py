"""Figures of cameras: what the page shows live, and what Prometheus collects."""

from __future__ import annotations

from collections import deque
from typing import Any, Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

WINDOW = 4  # ticks of a second over which rates are taken


class Rates:
    """Frames and bytes a second, from counters read once a second.

    Nothing is done per frame but counting: at 2,500 frames/s that matters.
    """

    def __init__(self) -> None:
        self.frames = self.bytes = self.bad_frames = self.empty_frames = 0
        self._seen: deque[tuple[float, int, int]] = deque(maxlen=WINDOW)

    def tick(self, now: float) -> None:
        """Take a reading; ``now`` is monotonic."""
        self._seen.append((now, self.frames, self.bytes))

    def rest(self) -> None:
        """Nothing comes any more: rates begin anew with the next reading."""
        self._seen.clear()

    def per_second(self) -> tuple[float, float]:
        """Frames and bytes a second over the last ticks."""
        if len(self._seen) < 2:
            return 0.0, 0.0
        (began, frames, size), (ended, more_frames, more_size) = self._seen[0], self._seen[-1]
        span = max(ended - began, 1e-9)
        return (more_frames - frames) / span, (more_size - size) / span


class CameraCollector(Collector):
    """Per-camera series, labelled with the device id, never with a name.

    ``cameras`` yields (id, rates, tally, streaming).
    """

    def __init__(self, cameras: Callable[[], Iterable[Any]]) -> None:
        self._cameras = cameras

    def describe(self) -> Iterable[Any]:
        """Nothing in advance: the series exist only while their cameras do."""
        return ()

    def collect(self) -> Iterator[Any]:
        """One sample of each series for each camera."""
        counters = {
            name: CounterMetricFamily(f"iotd_camera_{name}", text, labels=["camera"])
            for name, text in (
                ("frames", "whole pictures received"),
                ("bad_frames", "payloads without a whole picture"),
                ("bytes", "bytes of pictures received"),
                ("sent", "pictures sent to viewers"),
                ("skipped", "pictures that busy viewers skipped"),
            )
        }
        viewers = GaugeMetricFamily("iotd_camera_viewers", "streams open now", labels=["camera"])
        streaming = GaugeMetricFamily("iotd_camera_streaming", "1: frames come", labels=["camera"])
        for id, rates, tally, is_streaming in self._cameras():
            values = (rates.frames, rates.bad_frames, rates.bytes, tally.sent, tally.skipped)
            for counter, value in zip(counters.values(), values):
                counter.add_metric([id], value)
            viewers.add_metric([id], tally.viewers)
            streaming.add_metric([id], is_streaming)
        yield from (*counters.values(), viewers, streaming)
