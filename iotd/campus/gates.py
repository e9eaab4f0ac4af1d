"""Gates on the reactor: who may speak, who is there, what is missing, who fell silent.

What a broker passed on goes through :meth:`Gates.sort` before it is taken into the spool, and
through :meth:`Gates.heard` after that. Gates are devices of kind "gate"; those of the field
topic are two, one of each direction.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Protocol

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.bus import AlertWanted, Bus, DeviceChanged
from iotd.campus import gate_records as records
from iotd.campus.batches import Batch
from iotd.campus.gate import Gate
from iotd.campus.gate_figures import GateCollector
from iotd.campus.gate_routes import GateRoutes
from iotd.campus.gate_silence import Silence
from iotd.campus.kept_gates import KeptGates
from iotd.campus.notes import Notes
from iotd.campus.ranges import Ranges
from iotd.campus.routes import Route
from iotd.devices.service import Registry
from iotd.site.figures import guarded
from iotd.store.engine import Store
from iotd.wire.gate_messages import replay_payload
from iotd.wire.macs import masked_sample

TICK = 0.5  # seconds between two looks at all gates
BOOTS_OF = 7 * 86400.0  # seconds: what was missed longer ago is not asked for after a restart

#: What was heard, by gate and boot.
Numbers = dict[tuple[str, str], Ranges]


class Message(Protocol):
    """What a broker passed on; ``retained``: it was kept, and may be old."""

    topic: str
    payload: bytes
    retained: bool


def numbers_of(batches: Iterable[Batch]) -> Numbers:
    """The numbers in what waits in the spool, for :meth:`Gates.remember`; in any thread."""
    found: Numbers = {}
    for batch in batches:
        for one in batch.heard:
            if one.boot is not None and one.seq is not None:
                found.setdefault((one.gate, one.boot), Ranges()).add(one.seq)
    return found


class Gates:
    """Every gate that was heard, or may be.

    ``publish(topic, payload)`` tells gates something. ``save(text)`` keeps what
    :meth:`adopt` takes at a start without the store. ``broker_open``: whoever looked at the
    broker sets it when anybody may publish there in any gate's name.
    """

    _log = Logger()

    def __init__(
        self, *, registry: Registry, bus: Bus, store: Store, clock: Any,
        now: Callable[[], float], publish: Callable[[str, bytes], Any],
        save: Callable[[str], Deferred[Any]], legacy_topic: str, silent_seconds: float,
        min_rssi: int, metrics: CollectorRegistry,
    ) -> None:
        self.broker_open = False
        self.default_min_rssi = min_rssi
        self._registry, self._door = registry, registry.gate_door
        self._bus, self._store, self._seconds, self._now = bus, store, clock.seconds, now
        self._publish = publish
        self._gates: dict[str, Gate] = {}
        self.floors: dict[str, int] = {}
        self._routes = GateRoutes(
            self._door, legacy_topic, clock.seconds, self._gate_of, self.floors
        )
        self._silence = Silence(silent_seconds, self._alert)
        self._kept = KeptGates(self._door, self.floors, save)
        self._loaded: tuple[dict[str, int], list[tuple[str, str, Ranges]]] | None = None
        self._ticks = LoopingCall(guarded(self._tick, self._log, "looking after gates"))
        self._ticks.clock = clock
        bus.subscribe(DeviceChanged, self._device_changed)
        GateCollector(self._approved, self._routes.dropped, clock.seconds, metrics)

    # -- life ---------------------------------------------------------------------------

    def load(self, connection: Any) -> None:
        """Read floors and what was heard lately; after the registry, from any thread."""
        boots = []
        for row in records.boots_since(connection, self._now() - BOOTS_OF):
            try:
                boots.append((row.device_id, row.boot, Ranges.from_json(row.heard)))
            except (ValueError, TypeError):
                self._log.error("what was heard of {gate} can't be read", gate=row.device_id)
        self._loaded = records.all_floors(connection), boots

    def remember(self, numbers: Numbers) -> None:
        """These were heard before the start and wait in the spool: they are not missing."""
        for (gate, boot), heard in numbers.items():
            self._gate_of(gate).gaps.load(boot, heard, self._seconds())

    def adopt(self, text: str | None) -> None:
        """Go by what ``save`` kept last until the store is there."""
        self._kept.adopt(text)

    def start_service(self) -> None:
        """Look after them from now on; the broker is not connected yet."""
        self._ticks.start(TICK, now=False)

    def stop_service(self) -> Deferred[Any] | None:
        """Look no more; fires when what changed is kept."""
        if self._ticks.running:
            self._ticks.stop()
        self._settle()
        return self._kept.keep()

    def broker_connected(self, connected: bool) -> None:
        """Messages can come from now on, or can't: then nobody is silent."""
        self._silence.broker_connected(connected, self._seconds())

    # -- what comes ---------------------------------------------------------------------

    def sort(self, messages: Iterable[Message]) -> list[tuple[Route, bytes]]:
        """What is to be taken into the spool; the rest may be acknowledged at once."""
        self._settle()
        now, work, find = self._seconds(), [], self._routes.find
        for message in messages:
            found = find(message)
            if found is None:
                continue
            route, gate = found
            if route.what == "status":
                self._status(gate, message.payload, now)
                continue
            if not message.retained and gate.heard_at != now:
                self._is_there(gate, now)
            if not route.approved:
                gate.dropped += 1
                self._routes.dropped["pending"] += 1
            elif message.retained and route.what == "text":
                self._routes.dropped["retained"] += 1  # it has no number: it would count again
            else:
                work.append((route, message.payload))
        return work

    def route(self, topic: str, payload: bytes = b"") -> Route | None:
        """Who speaks on a topic; None when nobody may."""
        self._settle()
        found = self._routes.of(topic, payload)
        return found[0] if found else None

    def heard(self, batch: Batch, notes: Notes) -> None:
        """A batch is safe in the spool."""
        now, name, gate = self._seconds(), "", None
        for one in batch.heard:
            if one.gate != name:
                name, gate = one.gate, self._gates.get(one.gate)
            if gate is not None and one.boot is not None and one.seq is not None:
                gate.gaps.heard(one.boot, one.seq, now, not gate.mid_boot)
                gate.mid_boot = False
        for name, figures in notes.gates.items():
            if (gate := self._gates.get(name)) is not None:
                gate.count(figures, now)
        for fault in notes.faults:
            self._fault(fault.gate, fault.reason, fault.sample)

    def _fault(self, name: str, reason: str, sample: str) -> None:
        gate = self._gates.get(name)
        if gate is not None and gate.fault(self._now(), reason, sample):
            self._log.warn(
                "{gate}: fault number {count}: {reason}: {sample}",
                gate=name, count=gate.told, reason=reason, sample=sample,
            )

    def _status(self, gate: Gate, payload: bytes, now: float) -> None:
        word = payload.strip().lower()
        if word == b"online":
            gate.offline_at = None
            self._is_there(gate, now)
        elif word == b"offline":
            self._leaves(gate)
            gate.offline_at = now if gate.offline_at is None else gate.offline_at
        elif word:  # an empty one only takes the kept one away
            figures = Notes()
            figures.fault(gate.id, "status is neither online nor offline", masked_sample(payload))
            gate.count(figures.of(gate.id), now)
            self._fault(gate.id, *figures.faults[0][1:])

    # -- who is there ---------------------------------------------------------------------

    def _is_there(self, gate: Gate, now: float) -> None:
        gate.heard_at, gate.known, gate.online = now, True, True
        gate.waited = gate.waited or not gate.approved
        link = gate.link
        if link is not None and not link.closed:
            link.heard, link.heard_at = self._now(), now
        elif self._door.loaded:
            gate.link = self._door.connect(gate.id)
        self._silence.speaks(gate)

    def _leaves(self, gate: Gate) -> None:
        gate.online = False
        link, gate.link = gate.link, None
        if link is not None and not link.closed:
            self._door.leave(gate.id, link)

    def _tick(self) -> None:
        self._settle()
        now = self._seconds()
        for gate in tuple(self._gates.values()):
            if self._silence.look(gate, now):
                self._leaves(gate)
            if gate.approved and gate.online and self._silence.connected and not gate.gaps.idle:
                self._ask(gate, now)
        self._kept.keep()

    def _ask(self, gate: Gate, now: float) -> None:
        ask = gate.gaps.ask(now)
        if ask is not None:
            self._publish(f"iotd/gate/{gate.id}/replay", replay_payload(*ask))
            self._log.info(
                "{gate} is asked for {first} to {last} of boot {boot} again",
                gate=gate.id, first=ask.first, last=ask.last, boot=ask.boot,
            )

    def _alert(self, gate: Gate, active: bool, text: str) -> None:
        name = self._name(gate.id)
        self._bus.publish(AlertWanted(
            key=f"gate_silent:{gate.id}", patient=None, device=gate.id, cause="gate_silent",
            severity="warning", active=active, text=text.replace("{name}", name),
        ))

    def _name(self, id: str) -> str:
        known = self._registry.find(id)
        return id if known is None else known.name

    # -- what people decide ---------------------------------------------------------------

    def _settle(self) -> None:
        """Take over what load() read, on the reactor: it ran in a thread perhaps."""
        if self._loaded is None:
            return
        (floors, boots), self._loaded = self._loaded, None
        self.floors.clear()
        self.floors.update(floors)
        self._routes.clear()
        for gate in self._gates.values():
            gate.approved = False
        for device in self._registry.approved("gate"):
            gate = self._gate_of(device.id)
            gate.approved, gate.known = True, gate.known or device.last_seen is not None
        for id, boot, heard in reversed(boots):  # those heard last come last
            if id in self._gates:
                self._gates[id].gaps.load(boot, heard, self._seconds())
        self._kept.changed = True

    def _gate_of(self, id: str) -> Gate:
        if id not in self._gates:
            self._gates[id] = Gate(id)
        return self._gates[id]

    def _device_changed(self, event: DeviceChanged) -> None:
        self._routes.forget(event.id)
        is_gate, gate = event.data.get("kind") == "gate", self._gates.get(event.id)
        if not is_gate:
            if gate is not None:
                self._gone(gate)
            return
        gate = self._gate_of(event.id)
        state, self._kept.changed = event.data["state"], True
        approved = state in ("online", "offline")
        if approved and not gate.approved and gate.waited:
            gate.mid_boot = True  # what it said before was dropped on purpose
        gate.approved, gate.waited = approved, gate.waited and not approved
        if state == "revoked":
            gate.online, gate.link = False, None
            if gate.alarmed:
                self._silence.ends(gate)

    def _gone(self, gate: Gate) -> None:
        self._kept.changed = True
        if gate.alarmed:
            self._silence.ends(gate)
        del self._gates[gate.id]
        if self.floors.pop(gate.id, None) is not None:
            cleared = self._store.run(records.set_floor, gate.id, None)
            cleared.addErrback(lambda f: self._log.failure("a floor was not cleared", f))

    def set_floor(self, id: str, min_rssi: int | None) -> None:
        """A gate's own floor is on disk; None: it has none any more."""
        self.floors.pop(id, None)
        if min_rssi is not None:
            self.floors[id] = min_rssi
        self._routes.forget(id)
        self._kept.changed = True

    def gate(self, id: str) -> Gate:
        """What is known of a gate; nothing yet of one that was not heard."""
        self._settle()
        return self._gates.get(id) or Gate(id)

    def _approved(self) -> list[Gate]:
        return [gate for gate in self._gates.values() if gate.approved]
