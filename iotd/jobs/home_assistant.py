"""What Home Assistant is told: things of nobody, read out of the rooms as they change."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.accounts.rights import OPERATORS
from iotd.accounts.service import Accounts
from iotd.bus import (
    BoardChanged, Bus, CabinetChanged, CameraChanged, DeviceChanged, OccupancyChanged,
)
from iotd.config_sections import Config
from iotd.devices.service import Registry
from iotd.errors import IotdError
from iotd.jobs.broker_line import BrokerLine
from iotd.mqtt.discovery import TICK, Discovery
from iotd.mqtt.discovery_memory import Announced, AnnouncedFile, Memory
from iotd.mqtt.discovery_messages import thing_of
from iotd.mqtt.discovery_things import CAMPUS, KINDS, may_tell, object_id
from iotd.site.figures import guarded

GATES_EVERY = 10  # ticks: what gates say changes without an event
AT_ONCE = 200  # things of a tick

#: What a room knows of a device, as its API shows it; raises NotFound for what it knows not.
Room = Callable[[str], Mapping[str, Any]]


class HomeAssistant:
    """Off, it only takes back what an earlier start announced.

    ``rooms`` are "camera", "cabinet", "gate" and "board"; ``headcount()`` is the campus's
    summary. Nothing else is asked: no patient, reading, alert or record comes this way.
    """

    _log = Logger()

    def __init__(
        self, *, config: Config, registry: Registry, bus: Bus, broker: BrokerLine,
        rooms: Mapping[str, Room], headcount: Callable[[], Mapping[str, Any]], clock: Any,
        in_thread: Callable[..., Deferred[Any]], metrics: CollectorRegistry, accounts: Accounts,
        now: Callable[[], float],
    ) -> None:
        self._accounts, self._now = accounts, now
        self._registry, self._rooms, self._headcount = registry, rooms, headcount
        self._site, self._on = config.site.name, bool(config.mqtt.discovery)
        self._in_thread, self._file = in_thread, AnnouncedFile(config.data_dir)
        given = config.source("site.public_url") != "default"
        self.discovery = Discovery(
            prefix=config.mqtt.discovery, publish=broker.say, clock=clock, metrics=metrics,
            memory=Memory(self._file, clock.seconds, in_thread),
            page=config.site.public_url.rstrip("/") + "/devices" if given else "",
        )
        broker.on_birth, broker.on_discovery = self.discovery.birth, self.discovery.connected
        broker.let_read(self._session_of)
        self._dirty: dict[str, None] = {}
        self._first: list[str] = []  # not looked at since the start
        self._kept: Announced | None = None  # until all were
        self._turn, self._running = 0, False
        self._ticks = LoopingCall(guarded(self._tick, self._log, "looking at things"))
        self._ticks.clock = clock
        if self._on:
            self._listen(bus)

    def _listen(self, bus: Bus) -> None:
        bus.subscribe(DeviceChanged, self._device_changed)
        bus.subscribe(CameraChanged, lambda event: self._changed(event.id))
        bus.subscribe(CabinetChanged, lambda event: self._changed(event.id))
        bus.subscribe(BoardChanged, lambda event: self._changed(event.id))
        bus.subscribe(OccupancyChanged, lambda event: self._changed(CAMPUS))

    def _session_of(self, secret: str) -> str | None:
        """At the embedded broker it signs in with a token of those who may see devices."""
        found = self._accounts.sessions.identify_token(secret, self._now())
        return found.session if found is not None and found.role in OPERATORS else None

    # -- life -----------------------------------------------------------------------------

    def start_service(self) -> None:
        """The store was read: everything is known from now on."""
        self._running = True
        read = self._in_thread(self._file.read)
        read.addCallback(self._begin)
        read.addErrback(lambda f: self._log.failure("Home Assistant is told nothing", f))

    def _begin(self, kept: Announced) -> None:
        if not self._running or not (self._on or kept):
            return
        self._kept = kept
        if self._on:
            self._first = [CAMPUS, *(device["id"] for device in self._registry.list())]
        self._ticks.start(TICK)

    async def stop_service(self) -> None:
        """Before the broker is left."""
        self._running = False
        if self._ticks.running:
            self._ticks.stop()
        await self.discovery.stop_service()

    # -- news -----------------------------------------------------------------------------

    def _device_changed(self, event: DeviceChanged) -> None:
        self._changed(event.id)
        if event.data["state"] == "deleted":
            self.discovery.forget(object_id(event.id))
        if event.data.get("kind") in ("cabinet", None):  # into whose cabinet cameras look
            self._dirty.update(dict.fromkeys(self._ids("cabinet_camera")))

    def _changed(self, id: str) -> None:
        self._dirty[id] = None

    def _tick(self) -> None:
        self._turn += 1
        if self._turn % GATES_EVERY == 0:
            self._dirty.update(dict.fromkeys(self._ids("gate")))
        due, self._first = self._first[:AT_ONCE], self._first[AT_ONCE:]
        for id in due or tuple(self._dirty)[:AT_ONCE]:
            self._dirty.pop(id, None)
            self._look(id)
        if self._kept is not None and not self._first:
            kept, self._kept = self._kept, None
            self.discovery.start_service(kept)

    def _ids(self, kind: str) -> Sequence[str]:
        return [device.id for device in self._registry.approved(kind)]

    # -- facts ----------------------------------------------------------------------------

    def _look(self, id: str) -> None:
        """Show a thing as it is now, or forget it."""
        if id == CAMPUS:
            self._show(f"iotd_{CAMPUS}", {"campus": self._campus()})
        device = self._device(id)
        if device is None or not may_tell(device, self._cabinets(device)):
            self.discovery.forget(object_id(id))
        else:
            self._show(object_id(id), {"device": device, **dict(self._facts(device))})

    def _show(self, name: str, facts: Mapping[str, Mapping[str, Any]]) -> None:
        self.discovery.show(thing_of(name, facts))

    def _campus(self) -> dict[str, Any]:
        return {"name": f"{self._site} campus", **self._headcount()}

    def _device(self, id: str) -> dict[str, Any] | None:
        try:
            return self._registry.get(id)
        except IotdError:
            return None

    def _cabinets(self, device: Mapping[str, Any]) -> list[dict[str, Any]]:
        if device["kind"] != "cabinet_camera":
            return []
        return [
            {"patient": device.patient, "camera": device.camera}
            for device in self._registry.approved("cabinet")
        ]

    def _facts(self, device: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for room in (device["kind"], "board"):
            if room not in self._rooms or room not in (*KINDS, "board"):
                continue
            try:
                yield room, self._rooms[room](device["id"])
            except IotdError:
                continue  # that room knows nothing of it yet
