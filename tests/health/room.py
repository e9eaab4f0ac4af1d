"""Patients, readings and rollups on a real store and a clock that tests turn."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from iotd.accounts.model import User
from iotd.bus import Bus, ReadingHeard, ReadingStored
from iotd.devices.service import Registry
from iotd.errors import NotFound
from iotd.health import records
from iotd.calendar import Calendar
from iotd.health.patients import Patients
from iotd.health.readings import Readings
from iotd.health.records import Reading
from iotd.health.rollups import Rollups
from iotd.site.routes import Identity
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from tests.databases import DatabaseTest, furnish

START = 1_800_000_000.0
ADMIN = Identity("root", "admin", "s-root", 1, "csrf")
ANNA = Identity("anna", "patient", "s-anna", 2, "csrf")


class FewPeople:
    """Accounts of the role patient: anna, number 2."""

    def get(self, number: int) -> User:
        """By number."""
        if number != 2:
            raise NotFound("There is no such account.")
        return User(2, "anna", "patient", None, None, None, None, False, START, None)

    def named(self, name: str) -> User:
        """By name."""
        return self.get(2 if name == "anna" else 0)

    def is_leaving(self, number: int) -> bool:
        """Nobody is."""
        return False


class StubbornStore:
    """A store that fails while it has a ``fault``, before or after it really wrote."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.fault: Exception | None = None
        self.after_commit = False
        self.runs = 0

    def run(self, function: Any, *args: Any, **more: Any) -> Deferred[Any]:
        """As the store's."""
        self.runs += 1
        if self.fault is None:
            return self._store.run(function, *args, **more)
        fault = self.fault
        done: Deferred[Any] = succeed(None)
        if self.after_commit:
            done = self._store.run(function, *args, **more)

        def fail(_: Any) -> None:
            raise fault

        return done.addCallback(fail)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class HealthRoom(DatabaseTest, TestCase):
    """``self.readings`` and what it stands on; ``self.told`` is what was published."""

    zone = "Europe/Berlin"

    def setUp(self) -> None:
        self.now, self.clock = START, Clock()
        furnish(self.data_dir(), self.url())
        self.real_store = Store(self.url(), self.data_dir(), reactor)
        self.real_store.open()
        self.begin()
        self.addCleanup(lambda: self.real_store.close())
        self.addCleanup(self.end)

    def begin(self) -> None:
        """The parts as a new process finds them."""
        self.bus, self.metrics = Bus(), CollectorRegistry()
        self.store: Any = StubbornStore(self.real_store)
        common: dict[str, Any] = {"store": self.store, "bus": self.bus, "now": lambda: self.now}
        self.registry = Registry(
            **common, sealer=Sealer(self.data_dir() / "secret.key"), enrolment="open",
            seconds=self.clock.seconds, metrics=self.metrics,
        )
        people: Any = FewPeople()
        self.patients = Patients(**common, registry=self.registry, people=people)
        self.calendar = Calendar(self.zone)
        self.readings = Readings(
            **common, registry=self.registry, patients=self.patients, clock=self.clock,
            calendar=self.calendar, metrics=self.metrics,
        )
        self.rollups = Rollups(
            store=self.store, clock=self.clock, now=lambda: self.now, calendar=self.calendar,
            poll_seconds=30, forget_stale=self.readings.forget_stale,
        )
        self.told: list[dict[str, Any]] = []
        self.bus.subscribe(ReadingStored, lambda event: self.told.append(event.data))
        for part in (self.registry, self.patients, self.readings, self.rollups):
            self.real_store.call(part.load)
        self.readings.start_service()
        self.rollups.start_service()

    async def end(self) -> None:
        """Stop as the daemon does."""
        self.store.fault = None
        self.rollups.stop_service()
        await self.readings.stop_service()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def restart(self) -> None:
        """End the process and begin another on the same store."""
        await self.end()
        self.begin()

    async def device(self, id: str = "wch", patient: str | None = None) -> None:
        """An approved watch, perhaps of a patient."""
        await self.registry.make_key(id, "watch")
        if patient is not None:
            await self.registry.change(id, {"patient": patient})

    async def patient(self, who: Identity = ANNA) -> str:
        """A new patient's id."""
        made = await self.patients.add(who, "Anna Berg", "female", "1948-07-21")
        return str(made["id"])

    def hear(
        self, value: float, unit: str = "bpm", device: str = "wch", at: float | None = None
    ) -> None:
        """A device says a value."""
        self.bus.publish(ReadingHeard(
            device, value, unit, f"{value:.2f},{unit}", self.now if at is None else at
        ))

    async def settle(self) -> None:
        """Until all that was heard is on disk."""
        for _ in range(1000):
            self.clock.advance(0.05)
            await self.real_store.run(lambda connection: None)
            if not self.readings.waiting:
                return
        raise AssertionError(f"{self.readings.waiting} readings still wait")

    async def stored(self, patient: str | None = None) -> list[Reading]:
        """All readings of a patient, or those that are nobody's, by id."""
        def read(connection: Any) -> list[Reading]:
            c = records.readings.c
            mine = c.patient.is_(None) if patient is None else c.patient == patient
            rows = connection.execute(
                records.readings.select().where(mine).order_by(c.id)
            ).mappings()
            return [Reading(**row) for row in rows]

        found: list[Reading] = await self.real_store.read(read)
        return found


async def refused(waiting: Any) -> Exception:
    """The error that something ends with."""
    try:
        result = await waiting
    except Exception as error:
        return error
    raise AssertionError(f"not refused, but {result!r}")
