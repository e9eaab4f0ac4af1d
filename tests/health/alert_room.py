"""The parts of alerts on a real store and a fake clock; what is sent is remembered."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import fail
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from iotd.bus import AlertChanged, AlertWanted, Bus, ReadingStored
from iotd.devices.service import Registry
from iotd.errors import Unavailable
from iotd.health import records as health_records
from iotd.health.alert_desk import AlertDesk
from iotd.health.alert_messages import Wording, names_in
from iotd.health.alerts import Alerts
from iotd.health.deliver import Outbox
from iotd.health.patients import Patients
from iotd.health.records import Patient, Reading
from iotd.site.routes import Identity
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from tests.databases import DatabaseTest, furnish
from tests.health.fake_post import Post

NOW = 1_800_000_000.0
HOOK = "https://hook.example/secret"
ADMIN = Identity("ada", "admin", "s1", 1)
OPERATOR = Identity("otto", "operator", "s2", 2)
ANNA = Identity("anna", "patient", "s3", 3)
BERT = Identity("bert", "patient", "s4", 4)


def away(*args: Any) -> Any:
    """A store that takes nothing."""
    return fail(Unavailable("away"))


class AlertTest(DatabaseTest, TestCase):
    """Anna and Bert are patients; ``self.told`` are the events published."""

    webhooks: tuple[str, ...] = (HOOK,)
    values = False
    poll_seconds = 30
    _template: ClassVar[bytes] = b""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.wall = NOW
        self.post = Post()
        self._prepare()
        self.build()
        self.addCleanup(lambda: self.end())

    def _prepare(self) -> None:
        """The database with two patients; on SQLite a copy of the first test's."""
        self.folder.mkdir(mode=0o700)
        file = self.folder / "iotd.sqlite3"
        if self.dialect == "sqlite" and self._template:
            file.write_bytes(self._template)
            return
        store = Store(self.url(), self.folder)
        store.open()
        for id, name, owner in (("anna", "Anna Berg", 3), ("bert", "Bert", 4)):
            store.call(health_records.add_patient,
                       Patient(id, name, "unknown", "1950-01-01", f"user:{owner}", NOW))
        store.close()
        if self.dialect == "sqlite":
            AlertTest._template = file.read_bytes()

    def build(self) -> None:
        """All parts anew on the same folder: also what a restart does."""
        self.clock, self.bus = Clock(), Bus()
        self.clock.advance(1000)
        self.metrics = CollectorRegistry()
        furnish(self.folder, self.url())
        self.store = Store(self.url(), self.folder, reactor)
        self.store.open()
        common: dict[str, Any] = {"store": self.store, "bus": self.bus, "now": self.now}
        self.registry = Registry(
            **common, sealer=Sealer(self.folder / "secret.key"), enrolment="open",
            seconds=self.clock.seconds, metrics=self.metrics,
        )
        self.patients = Patients(
            **common, registry=self.registry, people=None,  # type: ignore[arg-type]
        )
        self.outbox = Outbox(
            store=self.store, clock=self.clock, now=self.now, mailer=self.post,  # type: ignore
            hooks=self.post, mail_to=("family@example.org",),  # type: ignore[arg-type]
            webhooks=self.webhooks, metrics=self.metrics,
            wording=Wording(
                names_in(self.patients), lambda: "http://here/", "Home", self.values,
                "Europe/Berlin",
            ),
        )
        self.alerts = Alerts(
            **common, patients=self.patients, outbox=self.outbox, clock=self.clock,
            poll_seconds=self.poll_seconds, metrics=self.metrics,
        )
        self.desk = AlertDesk(self.alerts)
        self.told: list[AlertChanged] = []
        self.bus.subscribe(AlertChanged, self.told.append)
        for part in (self.registry, self.patients, self.alerts):
            self.store.call(part.load)
        self.alerts.start_service()

    def now(self) -> float:
        """Wall clock."""
        return self.wall

    def pass_time(self, seconds: float) -> None:
        """Both clocks go on, in steps of 5 s at most."""
        while seconds > 0:
            step = min(seconds, 5.0)
            self.wall += step
            self.clock.advance(step)
            seconds -= step

    def reading(
        self, value: float, kind: str = "heart_rate", patient: str | None = "anna",
        at: float | None = None, quality: str = "good", source: str = "wch",
    ) -> Reading:
        """One reading, measured now."""
        at = self.wall if at is None else at
        device = None if source in ("hand", "api") else source
        return Reading(kind, value, "", at, self.wall, source, patient, device, quality)

    def publish(self, reading: Reading) -> None:
        """It is stored, as health.readings would say."""
        id = f"{reading.patient}:{reading.kind}"
        self.bus.publish(ReadingStored(id, reading.patient, reading.as_json()))

    def hear(self, *values: float, **more: Any) -> None:
        """Readings half a minute apart, only told of."""
        for value in values:
            self.pass_time(30)
            self.publish(self.reading(value, **more))

    async def measure(self, *values: float, **more: Any) -> None:
        """Readings half a minute apart, in the store too."""
        for value in values:
            self.pass_time(30)
            reading = self.reading(value, **more)
            await self.store.run(health_records.add_readings, [reading.as_row()])
            self.publish(reading)

    def want(self, active: bool = True, **more: Any) -> None:
        """Another room asks for an alert."""
        wish = {"key": "stock/1", "patient": None, "device": "cab", "cause": "low_stock",
                "severity": "warning", "text": "Pepsi is low.", **more}
        self.bus.publish(AlertWanted(**wish, active=active))

    async def settled(self) -> None:
        """Fires when all writes so far, and what they bring, are on disk."""
        for _ in range(3):
            await self.store.run(lambda connection: None)

    async def states(self, who: Identity = ADMIN, state: str | None = None) -> list[str]:
        """Cause and state of all alerts, oldest first."""
        await self.settled()
        found = await self.desk.all(who, state, 1000, None)
        return [f"{each['cause']} {each['state']}" for each in reversed(found)]

    async def only(self, state: str | None = None) -> dict[str, Any]:
        """The one alert."""
        await self.settled()
        found = await self.desk.all(ADMIN, state, 1000, None)
        self.assertEqual(len(found), 1, found)
        return found[0]

    async def end(self) -> None:
        """Stop; no timer may remain."""
        await self.settled()
        await self.alerts.stop_service()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        await self.store.close()

    async def restart(self, away: float = 0.0) -> None:
        """The daemon ends and begins again, ``away`` seconds later."""
        await self.end()
        self.wall += away
        self.build()
