"""One camera: its connection, its frames in every size asked for, and its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Awaitable

from iotd.cameras import model
from iotd.cameras.figures import Rates
from iotd.cameras.hub import Feed, Frame
from iotd.cameras.resize import Resized
from iotd.cameras.viewers import Tally
from iotd.errors import Conflict
from iotd.site.streams import Stream

if TYPE_CHECKING:
    from iotd.cameras.protocol import CameraProtocol
    from iotd.cameras.service import Cameras

LINGER_SECONDS = 5.0  # on demand: a reloaded page does not stop the camera
MAX_SIZES = 8  # different widths in work for one camera


class Camera:
    """One approved camera, connected or not."""

    def __init__(self, id: str, owner: Cameras) -> None:
        self.id = id
        self.rates, self.tally = Rates(), Tally()
        self.feed = Feed()
        self.feed.on_watched = self._watched
        self._owner = owner
        self._link: CameraProtocol | None = None
        self.streams: set[Stream] = set()  # those that show this camera alone
        self._sizes: dict[int, Resized] = {}
        self.error: str | None = None
        self._frame_at: float | None = None
        self._unwatched_at: float | None = None

    def connected(self, link: CameraProtocol) -> None:
        """Its connection: what is wanted of the camera is told to it."""
        self._link, self.error = link, None
        link.drive.wanted = self._owner.wanted(self)
        link.move()
        self._owner.publish(self.id)

    def disconnected(self, link: CameraProtocol) -> None:
        """The connection ended, unless another took its place."""
        if self._link is link:
            self._link = None
            self._owner.publish(self.id)

    def frame(self, jpeg: bytes, width: int, height: int) -> None:
        """A picture came; one that nobody wanted any more is still a picture."""
        self.rates.frames += 1
        self.rates.bytes += len(jpeg)
        self._frame_at = self._owner.seconds()
        self._owner.live.add(self)
        self.feed.put(Frame(self.id, jpeg, width, height, self._owner.now()))

    def bad_frame(self, reason: str) -> None:
        """A payload without a picture; logged now and then."""
        self.rates.bad_frames += 1
        if self.rates.bad_frames & (self.rates.bad_frames - 1) == 0:  # 1, 2, 4, 8 …
            self._owner.log.warn(
                "{camera}: bad frame {count}: {reason}",
                camera=self.id, count=self.rates.bad_frames, reason=reason,
            )

    def complained(self, text: str) -> None:
        """The board says what it can't do; shown until it says something else."""
        if text != self.error:
            self._owner.log.warn("{camera} says: {error}", camera=self.id, error=text)
        self.error = text

    def want(self, streaming: bool) -> None:
        """Start or stop it, now or when it connects."""
        if self._link is not None:
            self._link.drive.want(streaming)
            self._link.move()
        self._owner.publish(self.id)

    def press(self, start: bool, by: str) -> Awaitable[Any]:
        """What a person's Start or Stop does."""
        return self._owner.set_started(self.id, start, by)

    def sized(self, width: int | None) -> Feed:
        """Its frames at a width, or as they are; Conflict beyond 8 sizes at once."""
        if width is None:
            return self.feed
        idle = [w for w, feed in self._sizes.items() if not feed.sinks]
        for unused in idle:
            del self._sizes[unused]
        if width not in self._sizes:
            if len(self._sizes) >= MAX_SIZES:
                sizes = ", ".join(map(str, sorted(self._sizes)))
                raise Conflict(f"This camera is watched in {MAX_SIZES} widths: {sizes}.", "width")
            self._sizes[width] = Resized(self.feed, width, self._owner.in_thread)
        return self._sizes[width]

    @property
    def streaming(self) -> bool:
        """Whether frames are coming."""
        return self.state == "streaming"

    @property
    def state(self) -> str:
        """idle, streaming or offline."""
        since = None if self._frame_at is None else self._owner.seconds() - self._frame_at
        return model.camera_state(self._link is not None, self._owner.wanted(self), since)

    def tick(self, now: float) -> None:
        """Once a second: rates, and on demand the end of watching."""
        self.rates.tick(now)
        if self._unwatched_at is not None and now - self._unwatched_at > LINGER_SECONDS:
            self._unwatched_at = None
            self.want(False)

    def end_streams(self) -> None:
        """It is no camera any more: nobody shall wait for its next frame."""
        for stream in tuple(self.streams):
            stream.end(at_once=True)

    @property
    def at_rest(self) -> bool:
        """Whether nothing of it changes by itself any more."""
        still = not any(self.rates.per_second()) and self._unwatched_at is None
        return still and not self.streaming

    def _watched(self) -> None:
        if not self._owner.on_demand:
            return
        if self.feed.sinks:
            self._unwatched_at = None
            self.want(self._owner.wanted(self))
        elif self._unwatched_at is None:
            self._unwatched_at = self._owner.seconds()
            self._owner.live.add(self)

    @property
    def watched(self) -> bool:
        """Whether somebody watches, or did just now."""
        return bool(self.feed.sinks) or self._unwatched_at is not None
