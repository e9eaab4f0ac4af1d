"""Cameras as the daemon knows them: what is wanted of each, its frames and figures."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.accounts.records import write_audit
from iotd.bus import Bus, CameraChanged, DeviceChanged
from iotd.cameras import records
from iotd.cameras.camera import Camera
from iotd.cameras.figures import CameraCollector, Rates
from iotd.cameras.resize import InThread
from iotd.cameras.viewers import Tally
from iotd.devices.service import Registry
from iotd.errors import Conflict, NotFound
from iotd.store.engine import Store
from iotd.times import rfc3339


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
