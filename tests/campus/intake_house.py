"""What tests of the way from the broker to the disk share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from iotd.calendar import Calendar
from iotd.campus.batches import Batch
from iotd.campus.intake import Intake
from iotd.campus.macs import Hasher
from iotd.campus.notes import Notes
from iotd.campus.routes import Route
from iotd.campus.spool import NAME, Known, Spool
from iotd.errors import Unavailable
from iotd.wire.gate_messages import seen_payload

NOW = 1_800_000_000.0
HASHER = Hasher(b"site key of the tests, 32 bytes.")
ANNA, BERT, CARL = 11, 12, 13
MACS = {ANNA: "aabbccddee01", BERT: "aabbccddee02", CARL: "aabbccddee03"}
STRANGER = "02000000beef"
SEEN = Route("gate-1", "seen", True)
BADGE = Route("gate-1", "badge", True)
TEXT = Route("sample-entry", "text", True)


def known() -> Known:
    """Anna, Bert and Carl have a phone each."""
    return {HASHER.mac(mac): (student, None) for student, mac in MACS.items()}


def seen(seq: int, *macs: str, ts: float | None = NOW, direction: int = 0) -> bytes:
    """A message of a gate."""
    return seen_payload("b1", seq, ts, direction, [(mac, -50) for mac in macs])


class IntakeTest(TestCase):
    """An intake on a spool of its own; timers by a fake clock, the thread is real."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / NAME
        self.clock = Clock()
        self.spool, self.intake = self.build()
        self.addCleanup(self.end)

    def build(self, spool: Spool | None = None) -> tuple[Spool, Intake]:
        """Both anew, not started; ``self.heard`` is what on_spooled() was told."""
        self.heard: list[tuple[int | None, Batch, Notes]] = []
        self.metrics = CollectorRegistry()
        spool = spool or Spool(self.path)
        return spool, Intake(
            reactor=reactor, clock=self.clock, now=self.now, spool=spool, hasher=HASHER,
            calendar=Calendar("Europe/Berlin"), min_rssi=-100, anonymous_counts=True,
            metrics=self.metrics, on_spooled=lambda *told: self.heard.append(told),
        )

    def now(self) -> float:
        """Wall clock, moving with the fake one."""
        return NOW + self.clock.seconds()

    async def start(self) -> None:
        """Started, and told of the register."""
        await self.intake.start_service()
        await self.intake.identify_all(known())

    def until(self, holds: Callable[[], Any]) -> Deferred[None]:
        """Fires when something that the thread brings about is so."""
        told: Deferred[None] = Deferred()

        def look() -> None:
            if holds():
                told.callback(None)
            else:
                reactor.callLater(0.005, look)  # type: ignore[attr-defined]

        look()
        return told

    def fault(self) -> str:
        """Why messages can't be saved; "" when they can."""
        try:
            self.intake.check()
        except Unavailable as error:
            return str(error)
        return ""

    async def end(self) -> None:
        """No timer and no thread may remain."""
        await self.intake.stop_service()
        self.spool.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])
