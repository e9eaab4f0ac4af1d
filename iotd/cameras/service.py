"""Cameras as the daemon knows them: what is wanted of each, its frames and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Awaitable, Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.accounts.records import write_audit
from iotd.bus import Bus, CameraChanged, DeviceChanged
from iotd.cameras import model, records
from iotd.cameras.figures import CameraCollector, Rates
from iotd.cameras.hub import Feed, Frame
from iotd.cameras.resize import InThread, Resized
from iotd.cameras.viewers import Tally
from iotd.devices.service import Registry
from iotd.errors import Conflict, NotFound
from iotd.site.streams import Stream
from iotd.store.engine import Store
from iotd.times import rfc3339

if TYPE_CHECKING:
    from iotd.cameras.protocol import CameraProtocol

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


class Cameras:
    """Every camera by its device id."""

    log = Logger()

    def __init__(
        self, *, store: Store, bus: Bus, registry: Registry, clock: Any,
        now: Callable[[], float], in_thread: InThread, on_demand: bool, metrics: CollectorRegistry,
    ) -> None:
        self.seconds, self.now, self.in_thread = clock.seconds, now, in_thread
        self.on_demand = on_demand
        self._store, self._bus, self._registry = store, bus, registry
        self._cameras: dict[str, Camera] = {}
        self._started: dict[str, bool] = {}
        self._shown: dict[str, dict[str, Any]] = {}
        self.live: set[Camera] = set()  # those that tick; idle ones cost nothing
        self._ticks = LoopingCall(self._tick)
        self._ticks.clock = clock
        bus.subscribe(DeviceChanged, self._device_changed)
        metrics.register(CameraCollector(self._samples))

    def load(self, connection: Any) -> None:
        """Read which cameras were started; at start."""
        self._started = records.all_started(connection)

    def start_service(self) -> None:
        """Figures are taken from now on."""
        self._ticks.start(1.0, now=False)

    def stop_service(self) -> None:
        """No more figures."""
        if self._ticks.running:
            self._ticks.stop()

    def camera(self, id: str) -> Camera:
        """The camera of an approved device; made at its first use."""
        if id not in self._cameras:
            self._cameras[id] = Camera(id, self)
        return self._cameras[id]

    def find(self, id: str) -> Camera:
        """An approved camera by id; NotFound for anything else, also what waits."""
        device = self._registry.device(id)
        if device.kind != "camera" or device.approval != "approved":
            raise NotFound(f"There is no camera {id!r}.", "id")
        return self.camera(id)

    def wanted(self, camera: Camera) -> bool:
        """Whether it is meant to stream now.

        On demand that is while somebody watches, unless a person stopped it.
        """
        if self.on_demand:
            return self._started.get(camera.id, True) and camera.watched
        return self._started.get(camera.id, False)

    def list(self) -> Sequence[dict[str, Any]]:
        """Every approved camera as JSON, by id."""
        return [self._json(device.id, device.name) for device in self._registry.approved("camera")]

    def get(self, id: str) -> dict[str, Any]:
        """One camera as JSON, or NotFound."""
        self.find(id)
        return self._json(id, self._registry.device(id).name)

    async def set_started(self, id: str, started: bool, by: str) -> dict[str, Any]:
        """Start or stop a camera; remembered across reconnects and restarts."""
        device = self._registry.device(id)
        if device.kind == "camera" and device.approval != "approved":
            raise Conflict(f"{id} is {device.approval.value}: approve it first.", "id")
        camera = self.find(id)

        def write(connection: Any, at: float) -> None:
            records.save_started(connection, id, started)
            write_audit(connection, at, by, "start camera" if started else "stop camera", id)

        await self._store.run(write, self.now())
        self._started[id] = started
        camera.want(self.wanted(camera))
        return self.get(id)

    def publish(self, id: str) -> None:
        """Tell the pages when a camera changed."""
        try:
            shown = self.get(id)
        except (NotFound, Conflict):
            self._shown.pop(id, None)
            return
        if shown != self._shown.get(id):
            self._shown[id] = shown
            self._bus.publish(CameraChanged(id, shown))

    def _tick(self) -> None:
        now = self.seconds()
        for camera in tuple(self.live):
            try:
                camera.tick(now)
                self.publish(camera.id)
                if camera.at_rest:
                    camera.rates.rest()
                    self.live.discard(camera)
            except Exception:
                self.log.failure("{camera}: its figures failed", camera=camera.id)

    def _device_changed(self, event: DeviceChanged) -> None:
        if event.id in self._cameras and not self._is_camera(event.data):
            self._cameras[event.id].end_streams()
        if event.data["state"] == "deleted":
            self.live.discard(self.camera(event.id))
            self._cameras.pop(event.id, None)
            self._started.pop(event.id, None)
            self._shown.pop(event.id, None)
        elif event.id in self._cameras:
            self.publish(event.id)

    def _is_camera(self, device: dict[str, Any]) -> bool:
        return device.get("kind") == "camera" and device["state"] in ("online", "offline")

    def _samples(self) -> Iterator[tuple[str, Rates, Tally, bool]]:
        for device in self._registry.approved("camera"):
            camera = self.camera(device.id)
            yield device.id, camera.rates, camera.tally, camera.streaming

    def _json(self, id: str, name: str) -> dict[str, Any]:
        camera = self.camera(id)
        fps, bytes_per_second = camera.rates.per_second()
        latest = camera.feed.latest
        return {
            "id": id, "name": name, "state": camera.state,
            "started": self._started.get(id, self.on_demand),
            "fps": round(fps, 1), "width": latest.width if latest else None,
            "height": latest.height if latest else None,
            "bytes_per_second": round(bytes_per_second), "frames": camera.rates.frames,
            "bad_frames": camera.rates.bad_frames, "dropped": camera.tally.skipped,
            "viewers": camera.tally.viewers,
            "last_frame_at": rfc3339(latest.at) if latest else None, "error": camera.error,
        }
