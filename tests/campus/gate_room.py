"""Gates over real parts on a fake clock, and what a broker would pass on."""

from __future__ import annotations

import json
from typing import Any, Callable, NamedTuple

from twisted.internet import defer

from iotd.bus import AlertWanted
from iotd.campus.batches import Batch
from iotd.campus.gate_desk import GateDesk
from iotd.campus.gates import Gates
from iotd.campus.model import Heard
from iotd.campus.notes import Notes
from iotd.campus.routes import Route
from tests.parts import PartsTest

SILENT = 300.0


class Passed(NamedTuple):
    """A message that a broker passed on."""

    topic: str
    payload: bytes = b"{}"
    retained: bool = False
    qos: int = 1


def seen(gate: str, payload: bytes = b"{}") -> Passed:
    """What a gate with an id publishes."""
    return Passed(f"iotd/gate/{gate}/seen", payload)


def status(gate: str, word: bytes, retained: bool = False) -> Passed:
    """Its status."""
    return Passed(f"iotd/gate/{gate}/status", word, retained)


def said(gate: str, boot: str | None = None, *seqs: int | None) -> tuple[Batch, Notes]:
    """What is told of messages after they are in the spool."""
    notes, batch = Notes(), Batch()
    for seq in seqs:
        batch.heard.append(Heard(gate, boot, seq, 1, 1, 0, 4, (), 0))
        notes.of(gate).messages += 1
        notes.of(gate).direction = 0
    return batch, notes


class GatesTest(PartsTest):
    """Gates beside registry and store; ``asked`` and ``alerts`` are what they said."""

    enrolment = "approve"
    legacy_topic = "sample"

    def build(self) -> None:
        """All parts anew, on the same folder."""
        PartsTest.build(self)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.alerts: list[AlertWanted] = []
        self.saved: list[str] = []
        self.save: Callable[[str], defer.Deferred[Any]] = self.take
        self.bus.subscribe(AlertWanted, self.alerts.append)
        self.gates = Gates(
            registry=self.registry, bus=self.bus, store=self.store, clock=self.clock,
            now=self.now, publish=self.publish, save=lambda text: self.save(text),
            legacy_topic=self.legacy_topic, silent_seconds=SILENT, min_rssi=-100,
            metrics=self.metrics,
        )
        self.desk = GateDesk(
            gates=self.gates, registry=self.registry, store=self.store,
            seconds=self.clock.seconds, now=self.now,
        )
        self.store.call(self.gates.load)
        self.gates.start_service()
        self.gates.broker_connected(True)

    def take(self, text: str) -> defer.Deferred[Any]:
        """It is kept."""
        self.saved.append(text)
        return defer.succeed(None)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Something was told to a gate."""
        self.asked.append((topic, json.loads(payload)))
        return True

    def hear(self, *messages: Passed) -> list[tuple[Route, bytes]]:
        """The broker passed these on; gives what counts."""
        return self.gates.sort(messages)

    def numbered(self, gate: str, boot: str, *seqs: int) -> None:
        """A gate said these numbers, and they are in the spool."""
        self.hear(*[seen(gate)] * len(seqs))
        self.gates.heard(*said(gate, boot, *seqs))

    async def approved(self, gate: str = "north") -> None:
        """A gate that was heard, and approved."""
        self.hear(seen(gate))
        await self.registry.approve(gate, by="ann")

    def states(self) -> dict[str, str]:
        """Devices with their states."""
        return {device["id"]: device["state"] for device in self.registry.list()}

    def refusals(self) -> list[tuple[str | None, str]]:
        """Who was turned away, and the next step, newest first."""
        items = self.registry.admissions.refusals.items()
        return [(each["id"], each["next_step"]) for each in items]

    async def restart(self) -> None:
        """The daemon ends and begins anew, on the same folder."""
        await self.settled()
        await self.tear_down()
        self.build()

    def tear_down(self) -> defer.Deferred[None]:
        """Close everything; no timer may remain."""
        self.gates.stop_service()
        return PartsTest.tear_down(self)
