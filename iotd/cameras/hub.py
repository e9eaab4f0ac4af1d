"""The frame hub: each camera's newest frame, and who is shown it.

The multipart part is built once per frame, and that same bytes object is
offered to every viewer. Nothing on this path waits: a viewer that is still busy
skips, and gets the newest frame as soon as it is ready again.
"""

from __future__ import annotations

from functools import cached_property
from typing import Callable, Protocol

from iotd.wire.multipart import part


class Frame:
    """One picture; ``at`` is when it came, Unix seconds."""

    def __init__(self, camera: str, jpeg: bytes, width: int, height: int, at: float) -> None:
        self.camera, self.jpeg, self.at = camera, jpeg, at
        self.width, self.height = width, height

    @cached_property
    def part(self) -> bytes:
        """As one part of the camera's own stream."""
        return part(self.jpeg, self.at)

    @cached_property
    def named_part(self) -> bytes:
        """As one part of a stream of several cameras."""
        return part(self.jpeg, self.at, self.camera)


class Sink(Protocol):
    """Somebody who is shown frames."""

    def offer(self, frame: Frame) -> None:
        """Take it or skip it; must not block and must not raise."""


class Feed:
    """The frames of one camera in one size."""

    def __init__(self) -> None:
        self.latest: Frame | None = None
        self.sinks: tuple[Sink, ...] = ()
        self.on_watched: Callable[[], None] = lambda: None

    def put(self, frame: Frame) -> None:
        """Show a new frame to everyone."""
        self.latest = frame
        for sink in self.sinks:
            sink.offer(frame)

    def watch(self, sink: Sink) -> Callable[[], None]:
        """Show all coming frames to ``sink``; returns what ends it."""
        self.sinks = (*self.sinks, sink)
        self.on_watched()

        def unwatch() -> None:
            if sink in self.sinks:
                self.sinks = tuple(other for other in self.sinks if other is not sink)
                self.on_watched()

        return unwatch
