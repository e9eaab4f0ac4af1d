"""Cabinets on a real store and registry, with a fake wire and a fake counter."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Awaitable

from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from iotd.bus import (
    AlertWanted, Bus, CabinetChanged, DeviceChanged, DeviceLinked, PictureHeard, WeightHeard,
)
from iotd.cabinet.service import Cabinets
from iotd.devices import records as device_records
from iotd.devices.model import Approval, Device
from iotd.devices.service import Registry
from iotd.site.routes import Identity
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from tests.cabinet.fakes import FakeCounter, FakeWire
from tests.databases import furnish
from tests.parts import NOW, picture

ADMIN = Identity("ada", "admin", "s1", 1)
SOMEBODY = Identity("eve", "patient", "s2", 2)
LIT = picture(1, (96, 64))


class Unseen:
    """Nobody notes who looks."""

    async def note_thing(self, *look: Any, **more: Any) -> None:
        """One thing."""

    async def note_all(self, *look: Any, **more: Any) -> None:
        """A list."""


async def settled(store: Store, cabinets: Cabinets, counter: FakeCounter) -> None:
    """All that follows from what was told is on disk, or waits for a test to go on."""
    rounds = 6  # a picture, its count, the step after it, a word, its answer …
    while rounds:
        await store.run(lambda connection: None)
        await store.read(lambda connection: None)
        # a count takes its own ways; one that is held back is waited for by nobody
        rounds -= bool(cabinets.counting.idle or counter.held)


class CabinetsTest(TestCase):
    """A cabinet ``cab`` with its camera ``img``, both approved; nothing is linked yet."""

    kinds = {"cab": "cabinet", "img": "cabinet_camera"}

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.wire, self.counter, self.clock = FakeWire(), FakeCounter(), Clock()
        self.told: list[dict[str, Any]] = []
        self.alerts: list[tuple[str, bool]] = []
        self.build(new=True)
        self.addCleanup(self.tear_down)

    def build(self, new: bool = False) -> None:
        """All parts anew on the same folder: also what a restart does."""
        self.bus = Bus()
        furnish(self.folder)
        self.store = Store("sqlite:///iotd.sqlite3", self.folder, reactor)
        self.store.open()
        if new:
            for id, kind in self.kinds.items():
                device = Device(id, id, kind, Approval.APPROVED, "dev", NOW, "10.0.0.7")
                self.store.call(device_records.save_device, device)
        self.registry = Registry(
            store=self.store, bus=self.bus, sealer=Sealer(self.folder / "secret.key"),
            enrolment="approve", seconds=self.clock.seconds, now=self.now,
            metrics=CollectorRegistry(),
        )
        self.store.call(self.registry.load)
        self.cabinets = Cabinets(
            store=self.store, bus=self.bus, registry=self.registry, clock=self.clock,
            now=self.now, say=self.wire.say, counter=self.counter, may_see=self.may_see,
            looks=Unseen(), in_thread=maybeDeferred,
        )
        self.store.call(self.cabinets.load)
        self.bus.subscribe(CabinetChanged, lambda event: self.told.append(event.data))
        self.bus.subscribe(AlertWanted, lambda e: self.alerts.append((e.text, e.active)))
        self.cabinets.start_service()

    def now(self) -> float:
        """Wall clock, moving with the fake one."""
        return NOW + self.clock.seconds()

    def may_see(self, identity: Identity, patient: str | None) -> bool:
        """Admins all; others what carries their name."""
        return identity.role == "admin" or patient == identity.name

    async def restart(self) -> None:
        """The process dies and comes again; nothing is linked to the new one."""
        await self.die()
        self.build()

    async def die(self) -> None:
        """Nothing more is done; what was queued for the store is still written, so that
        a test knows where it stands."""
        self.cabinets.stop_service()
        await self.store.close()
        self.wire = FakeWire()

    async def link(self, *ids: str) -> None:
        """Devices connect and are started."""
        for id in ids:
            self.wire.there.add(id)
            self.bus.publish(DeviceLinked(id, self.kinds[id], True))
        await self.settled()

    async def unlink(self, *ids: str) -> None:
        """Their connections are gone."""
        for id in ids:
            self.wire.lost(id)
            self.bus.publish(DeviceLinked(id, self.kinds[id], False))
        await self.settled()

    async def weigh(self, moment: str, grams: float, id: str = "cab") -> None:
        """A weight is heard and what comes of it is done."""
        self.bus.publish(WeightHeard(id, moment, grams, self.now()))
        await self.settled()

    async def send(self, jpeg: bytes = LIT, id: str = "img") -> None:
        """A picture is heard and what comes of it is done."""
        self.bus.publish(PictureHeard(id, jpeg, self.now()))
        await self.settled()

    async def pass_by(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)
        await self.settled()

    async def settled(self) -> None:
        """All that follows from what was told is on disk."""
        await settled(self.store, self.cabinets, self.counter)

    def json(self, id: str = "cab") -> dict[str, Any]:
        """The cabinet as an admin sees it."""
        return self.cabinets.get(ADMIN, id)

    async def history(self, id: str = "cab") -> list[dict[str, Any]]:
        """Visits as the API shows them, the newest first."""
        from iotd.cabinet import records, show

        rows: Any = await self.store.read(records.list_visits, id, 100, None)
        return [show.visit(id, row) for row in rows]

    def tear_down(self) -> Any:
        """Close everything; no timer may remain."""
        self.cabinets.stop_service()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        return self.store.close()

    def refused(self, kind: type, doing: Awaitable[Any]) -> Deferred[Any]:
        """The error that this must end in."""
        return self.assertFailure(Deferred.fromCoroutine(doing), kind)  # type: ignore

    def deleted(self, id: str) -> None:
        """A device is gone from the registry."""
        self.bus.publish(DeviceChanged(id, {"id": id, "state": "deleted"}))
