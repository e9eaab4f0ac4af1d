"""The fleet on the reactor: hears what boards tell, who comes and goes, who was turned away."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Sequence

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.bus import AlertWanted, BoardChanged, BoardTold, Bus, DeviceChanged
from iotd.devices.model import Approval
from iotd.devices.refusals import Refusal
from iotd.devices.service import Registry
from iotd.fleet import model, records, texts
from iotd.fleet.alarms import FLAPPING, SILENT, Alarms
from iotd.fleet.behind import Behind
from iotd.fleet.crowd import Crowd
from iotd.fleet.figures import Figures
from iotd.fleet.model import Board, Event
from iotd.fleet.show import Turned, board_json
from iotd.site.figures import guarded
from iotd.store.engine import Store

TICK = 1.0  # seconds: open pages are told of a board once in that time at most
FLUSH_EVERY, LOOK_EVERY, PRUNE_EVERY = 3, 5, 3600  # ticks


class Fleet:
    """Every device as a board: what the registry knows, and what it told of itself.

    ``updater(ids, by)`` begins an update of these boards; whoever has firmware sets it. What it
    raises may have ``refused``, the reasons by board, and then it works without those.
    ``doors()`` says what boards must reach here, as {"what","port","tls"}.
    """

    _log = Logger()

    def __init__(
        self, *, store: Store, bus: Bus, registry: Registry, clock: Any,
        now: Callable[[], float], silent_seconds: float, metrics: CollectorRegistry,
    ) -> None:
        self.store, self.registry, self.now = store, registry, now
        self.updater: Callable[[Sequence[str], str], Awaitable[Any]] | None = None
        self.doors: Callable[[], Sequence[dict[str, Any]]] = lambda: ()
        self._bus, self._silent_seconds = bus, silent_seconds
        self._refusals = registry.admissions.refusals
        self._boards: dict[str, Board] = {}
        self._changed: set[str] = set()
        self._turned: Turned | None = None  # until the next refusal
        self._behind = Behind(store, now)
        self._alarms = Alarms(clock.seconds, silent_seconds, self._alarm)
        self._crowds = {SILENT: Crowd(), FLAPPING: Crowd()}
        self._seconds = clock.seconds
        self._figures = Figures(metrics, self._alarms.count)
        self._tick_number = 0
        self._ticks = LoopingCall(guarded(self._tick, self._log, "looking after boards"))
        self._ticks.clock = clock
        bus.subscribe(BoardTold, self._told)
        bus.subscribe(DeviceChanged, self._device_changed)
        registry.on_link(self._linked)
        self._refusals.on_refusal = self._refused
        registry.page_data = self.page_data

    # -- life ---------------------------------------------------------------------------

    def load(self, connection: Any) -> None:
        """Read what boards told last; after the registry, from any thread."""
        self._boards = {board.device: board for board in records.all_boards(connection)}

    def start_service(self) -> None:
        """Look after them from now on; devices can connect."""
        for device in self.registry.list():
            self._see(device)
        self._alarms.start()
        for cause in self._crowds:  # of before the start: who is still away is told of anew
            self._want_alert(f"boards_{cause}", None, cause, texts.crowd(cause), False)
        self._ticks.start(TICK, now=False)

    def stop_service(self) -> Deferred[Any]:
        """Look no more; fires when what was heard is written."""
        if self._ticks.running:
            self._ticks.stop()
        return Deferred.fromCoroutine(self._behind.finish())

    def _tick(self) -> None:
        self._tick_number += 1
        if self._tick_number % LOOK_EVERY == 0:
            self._alarms.look()
        changed, self._changed = self._changed, set()
        for id in changed:
            if self._known(id):
                self._bus.publish(BoardChanged(id, self.get(id)))
        if self._tick_number % FLUSH_EVERY == 0:
            self._behind.flush()
        if self._tick_number % PRUNE_EVERY == 0:
            self._behind.prune()

    # -- what is heard --------------------------------------------------------------------

    def _told(self, told: BoardTold) -> None:
        if not self._known(told.device):
            return  # it was removed while it spoke
        id, report = told.device, told.report
        board, events = model.told(self._boards.get(id), id, report, told.at)
        self._boards[id] = board
        self._behind.board(board)
        firmware = texts.firmware(board.version, board.build)
        if self.registry.note(id, firmware, report.rssi):
            device = self.registry.device(id)
            self._behind.heard(id, device.firmware, device.rssi)
        for event in events:
            self._happened(event)
        self._figures.told(events)
        self._changed.add(id)

    def _linked(self, id: str, address: str, connected: bool) -> None:
        if connected:
            self._alarms.connected(id)
        if not self._approved(id):
            return  # strangers that come and go write nothing
        what, text = ("connected", f"from {address}") if connected else ("lost", "")
        self._happened(Event(id, self.now(), what, text))

    def _device_changed(self, event: DeviceChanged) -> None:
        if event.data.get("state") == "deleted":
            self._forget(event.id)
        else:
            self._see(event.data)
            self._changed.add(event.id)

    def _see(self, device: dict[str, Any]) -> None:
        was_there = device["connected"] or device["last_seen"] is not None
        expected = was_there and device["state"] in ("online", "offline")
        self._alarms.see(device["id"], device["connected"], expected, device["kind"] == "gate")

    def _refused(self, refusal: Refusal) -> None:
        self._turned = None
        if refusal.id is not None and self._known(refusal.id):
            self._changed.add(refusal.id)

    def _forget(self, id: str) -> None:
        self._boards.pop(id, None)
        self._changed.discard(id)
        self._behind.forget(id)
        self._alarms.forget(id)
        self._bus.publish(BoardChanged(id, {"id": id, "gone": True}))

    def _happened(self, event: Event) -> None:
        self._behind.event(event)
        self._changed.add(event.device)

    def _alarm(self, id: str, cause: str, begins: bool | None) -> None:
        device = self._find(id)
        crowd = self._crowds[cause]
        if not begins or crowd.begins(id, self._seconds()):
            text = texts.alarm(device or {"id": id}, cause, self._silent_seconds)
            self._want_alert(f"board_{cause}:{id}", id, cause, text, bool(begins))
        if not begins and crowd.ends(id) or begins and len(crowd) == 1:
            self._want_alert(f"boards_{cause}", None, cause, texts.crowd(cause), bool(begins))
        if device is not None and begins is not None:
            result = "began" if begins else "ended"
            self._happened(Event(id, self.now(), "alarm", cause, result=result))

    def _want_alert(
        self, key: str, device: str | None, cause: str, text: str, active: bool
    ) -> None:
        self._bus.publish(AlertWanted(key, None, device, cause, "warning", text, active))

    # -- what is shown --------------------------------------------------------------------

    def list(self) -> Sequence[dict[str, Any]]:
        """Every board as JSON, by id."""
        return [self._json(device) for device in self.registry.list()]

    def get(self, id: str) -> dict[str, Any]:
        """One board as JSON, or NotFound."""
        return self._json(self.registry.get(id))

    async def settle(self, id: str) -> None:
        """Its history holds all that happened to it so far."""
        await self._behind.settle(id)

    def page_data(self) -> dict[str, Any]:
        """What the page begins with."""
        return {
            "boards": self.list(), "refusals": self._refusals.items(),
            "enrolment": self.registry.admissions.enrolment, "doors": list(self.doors()),
        }

    def _json(self, device: dict[str, Any]) -> dict[str, Any]:
        if self._turned is None:
            self._turned = Turned(self._refusals.newest_first())
        id, connected = device["id"], device["connected"]
        last_seen = self.registry.device(id).last_seen
        why = model.why_missing(
            device["state"], connected, last_seen, self._turned.newest(id, device["address"]),
            device["waits_because"],
        )
        return board_json(
            device, self._boards.get(id), self.now(), why,
            self._alarms.is_on(id, SILENT), self._alarms.is_on(id, FLAPPING),
        )

    def _find(self, id: str) -> dict[str, Any] | None:
        return self.get(id) if self._known(id) else None

    def _approved(self, id: str) -> bool:
        device = self.registry.find(id)
        return device is not None and device.approval is Approval.APPROVED

    def _known(self, id: str) -> bool:
        return self.registry.find(id) is not None
