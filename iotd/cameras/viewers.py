"""Those who watch: one camera in one stream, or a wall of many in one stream."""

from __future__ import annotations

from typing import Callable

from iotd.cameras.hub import Feed, Frame
from iotd.site.streams import Stream


class Tally:
    """What was sent to viewers and what they skipped, of one camera."""

    __slots__ = ("sent", "skipped", "viewers")

    def __init__(self) -> None:
        self.sent = self.skipped = self.viewers = 0


class Pace:
    """At most ``fps`` frames a second; None: each one."""

    __slots__ = ("_interval", "_due")

    def __init__(self, fps: float | None) -> None:
        self._interval = 1 / fps if fps else 0.0
        self._due = 0.0

    def allows(self, at: float) -> bool:
        """Whether a frame of this time is to be shown; then the next is due an interval on."""
        if not self._interval:
            return True
        early = self._due - at
        # a little early is on time: cameras do not tick in step with viewers;
        # more than an interval early means that the clock was set back
        if 0.02 < early <= self._interval:
            return False
        on_time = abs(early) < self._interval
        self._due = (self._due if on_time else at) + self._interval
        return True


class Viewer:
    """One stream that shows one feed; ``None`` as ``pace`` shows every frame."""

    __slots__ = ("_stream", "_pace", "_tally", "_missed", "_feed")

    def __init__(self, stream: Stream, feed: Feed, tally: Tally, fps: float | None) -> None:
        self._stream, self._feed, self._tally = stream, feed, tally
        self._pace = Pace(fps) if fps else None
        self._missed = False
        stream.on_ready = self._catch_up

    def offer(self, frame: Frame) -> None:
        """Send it, or remember that one was missed."""
        if self._pace is not None and not self._pace.allows(frame.at):
            return
        if self._stream.offer(frame.part):
            self._tally.sent += 1
        else:
            self._tally.skipped += self._missed
            self._missed = True

    def _catch_up(self) -> None:
        if self._missed and self._feed.latest is not None:
            self._missed = False
            if self._stream.offer(self._feed.latest.part):
                self._tally.sent += 1


class WallViewer:
    """One stream that shows several feeds, each camera's newest frame in its turn."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._waiting: dict[str, tuple[Frame, Tally]] = {}
        stream.on_ready = self._catch_up

    def tile(self, tally: Tally, fps: float | None) -> Tile:
        """What shows one camera's frames in this stream."""
        return Tile(self._take, tally, fps)

    def _take(self, frame: Frame, tally: Tally) -> None:
        if not self._waiting and self._stream.offer(frame.named_part):
            tally.sent += 1
            return
        tally.skipped += frame.camera in self._waiting
        self._waiting[frame.camera] = (frame, tally)

    def _catch_up(self) -> None:
        # oldest waiting first, so that no tile starves on a slow line
        while self._waiting and not self._stream.busy:
            camera = next(iter(self._waiting))
            frame, tally = self._waiting.pop(camera)
            tally.sent += self._stream.offer(frame.named_part)


class Tile:
    """One camera's place on a wall."""

    __slots__ = ("_take", "_tally", "_pace")

    def __init__(
        self, take: Callable[[Frame, Tally], None], tally: Tally, fps: float | None
    ) -> None:
        self._take, self._tally, self._pace = take, tally, Pace(fps)

    def offer(self, frame: Frame) -> None:
        """Hand it to the wall when it is time."""
        if self._pace.allows(frame.at):
            self._take(frame, self._tally)
