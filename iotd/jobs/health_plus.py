"""Health Plus put together: device wire, vitals, alerts, cabinets, and what crosses between them.

A watch is polled, its readings become a patient's; a cabinet's door closes, its
camera is asked, what stands there is counted, the lights go off. The rooms hear
each other on the bus; what one asks of another is handed to it here.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterator

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from iotd.accounts.service import Accounts
from iotd.bus import AlertChanged, Bus, CabinetChanged, ReadingStored
from iotd.cabinet.api import CabinetsApi
from iotd.cabinet.counter import Counter
from iotd.cabinet.diet import Diet
from iotd.cabinet.items_api import ItemsApi
from iotd.cabinet.nutrition_api import NutritionApi
from iotd.cabinet.pages import CabinetPages
from iotd.cabinet.parting import forget_past
from iotd.cabinet.service import Cabinets
from iotd.config_sections import Config
from iotd.devices.server import DeviceFactory
from iotd.devices.service import Registry
from iotd.errors import Invalid
from iotd.health.access import Looks
from iotd.health.accesses_api import AccessesApi
from iotd.health.alert_api import AlertsApi
from iotd.health.alert_desk import AlertDesk, section_of
from iotd.health.alerts import Alerts
from iotd.health.api import HealthApi
from iotd.calendar import Calendar
from iotd.health.deliver import outbox_of
from iotd.health.pages import HealthPages
from iotd.health.patients import Patients
from iotd.health.polling import Poller
from iotd.health.readings import Readings
from iotd.health.rollups import Rollups
from iotd.health.section_rights import Gate
from iotd.health.sheet_api import SheetApi
from iotd.jobs.record import Record
from iotd.site.events import Audience
from iotd.site.routes import Identity
from iotd.site.streams import OpenStreams
from iotd.store.engine import Store

InThread = Callable[..., Deferred[Any]]


class HealthPlus:
    """Everything behind the device wire; ``devices`` is what listens there."""

    _log = Logger()

    def __init__(
        self, *, config: Config, store: Store, bus: Bus, registry: Registry, accounts: Accounts,
        reactor: Any, now: Callable[[], float], metrics: CollectorRegistry, in_thread: InThread,
        fonts: Path,
    ) -> None:
        self._config, self._registry, self._reactor, self._now = config, registry, reactor, now
        self._accounts, self._metrics = accounts, metrics
        self._common: dict[str, Any] = {"store": store, "bus": bus, "now": now}
        self._in_thread, self._fonts = in_thread, fonts
        self.devices = self._build_wire(bus)
        self._build_vitals(store, bus)
        self._build_alerts()
        self._build_record()
        self.looks, self.gate = Looks(store, self.patients.access), Gate(self.patients.access)
        self.counter = Counter(reactor, config.cabinet.detector, config.cabinet.detector_items)
        self.cabinets = Cabinets(
            **self._common, registry=registry, clock=reactor, say=self.devices.say,
            counter=self.counter, may_see=self._may_see_habits, looks=self.looks,
            in_thread=in_thread,
            detects=config.cabinet.detector_items if config.cabinet.detector else (),
        )
        self.diet = Diet(
            cabinets=self.cabinets, days_of=self.record.habits.days, knows=self.patients.knows
        )
        registry.check_patient = self._check_patient
        self.patients.before_parting.append(partial(forget_past, self.cabinets))

    def _build_wire(self, bus: Bus) -> DeviceFactory:
        config = self._config.devices
        return DeviceFactory(
            clock=self._reactor, registry=self._registry, bus=bus, answers=self._answer,
            poll_seconds=config.poll_seconds, max_message_bytes=config.max_message_bytes,
            max_connections=config.max_connections,
            max_per_address=config.max_connections_per_address, metrics=self._metrics,
            now=self._now,
        )

    def _build_vitals(self, store: Store, bus: Bus) -> None:
        self._calendar = calendar = Calendar(self._config.site.timezone)
        poll = self._config.devices.poll_seconds
        self.patients = Patients(
            **self._common, registry=self._registry, people=self._accounts.people
        )
        self.readings = Readings(
            **self._common, registry=self._registry, patients=self.patients, clock=self._reactor,
            calendar=calendar, metrics=self._metrics,
        )
        self.rollups = Rollups(
            store=store, now=self._now, clock=self._reactor, calendar=calendar, poll_seconds=poll,
            forget_stale=self.readings.forget_stale,
        )
        self.poller = Poller(
            clock=self._reactor, bus=bus, poll_seconds=poll, say=self.devices.say,
            linked=self.devices.linked, metrics=self._metrics,
        )

    def _build_alerts(self) -> None:
        site = self._config.site
        outbox = outbox_of(
            self._config.alerts, reactor=self._reactor, store=self._common["store"],
            now=self._now, patients=self.patients, address=lambda: self._accounts.public_url,
            site_name=site.name, timezone=site.timezone, metrics=self._metrics,
        )
        self.alerts = Alerts(
            **self._common, patients=self.patients, outbox=outbox, clock=self._reactor,
            poll_seconds=self._config.devices.poll_seconds, metrics=self._metrics,
        )
        self.desk = AlertDesk(self.alerts)

    def _build_record(self) -> None:
        self.record = Record(
            **self._common, clock=self._reactor, accounts=self._accounts,
            registry=self._registry, patients=self.patients, calendar=self._calendar,
            slot=self.rollups.slot, poll_seconds=self._config.devices.poll_seconds,
            in_thread=self._in_thread, reactor=self._reactor, fonts=self._fonts,
            site_name=self._config.site.name,
        )

    def load(self, connection: Any) -> None:
        """Read what is kept in memory; after the registry was loaded."""
        for part in (self.patients, self.record, self.readings, self.rollups, self.alerts,
                     self.cabinets, self.diet):
            part.load(connection)

    def owners(self, streams: OpenStreams) -> Iterator[object]:
        """Whatever has routes."""
        store = self._common["store"]
        common: dict[str, Any] = {
            "store": store, "patients": self.patients, "looks": self.looks,
        }
        api = HealthApi(
            **common, readings=self.readings, rollups=self.rollups,
            poll_seconds=self._config.devices.poll_seconds,
        )
        yield api
        yield SheetApi(**common, calendar=self._calendar, streams=streams)
        yield AccessesApi(**common)
        yield HealthPages(api=api, alerts=self.desk)
        yield AlertsApi(self.desk, self.looks)
        yield from (CabinetsApi(self.cabinets), ItemsApi(self.cabinets))
        yield CabinetPages(self.cabinets)
        yield NutritionApi(
            diet=self.diet, cabinets=self.cabinets, looks=self.looks,
            check=self.patients.access.check,
        )
        yield from self.record.owners(self.looks)

    def events(self) -> tuple[tuple[type, str, Audience], ...]:
        """What open pages hear, and who of them."""
        return (
            (ReadingStored, "reading", self._may_hear_readings),
            (AlertChanged, "alert", self._may_hear_alert),
            (CabinetChanged, "cabinet", self._may_hear_habits),
            *self.record.events(),
        )

    def start_service(self) -> None:
        """Timers; the reactor runs."""
        for part in (self.readings, self.rollups, self.counter, self.cabinets, self.alerts,
                     self.poller, self.record):
            part.start_service()
        done = self.patients.finish_removals()
        done.addErrback(lambda f: self._log.failure("removing a patient goes on later", failure=f))

    def steps(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """How it is stopped, in order: after the ports, before the store."""
        yield "polling", self.poller.stop_service
        yield from self.record.steps()
        yield "device links", self.devices.close_all
        yield "cabinets", self.cabinets.stop_service
        yield "counting", self.counter.stop_service
        yield "rollups", self.rollups.stop_service
        yield "readings", self.readings.stop_service
        yield "alerts", self.alerts.stop_service

    async def _answer(self, device: str, what: str) -> str:
        return await self.record.answers(device, what)  # which comes after the wire

    def _may_see_habits(self, who: Identity, patient: str | None) -> bool:
        return self.patients.access.may_see(who, patient, "habits")

    def _may_hear_readings(self, who: Identity, event: Any) -> bool:
        return self.looks.hears(who, event.patient, self._now(), "readings")

    def _may_hear_habits(self, who: Identity, event: Any) -> bool:
        return self.looks.hears(who, event.patient, self._now(), "habits")

    def _may_hear_alert(self, who: Identity, event: AlertChanged) -> bool:
        if event.patient is None:  # of a device
            return self.desk.may_see(who, None, event.data["cause"])
        section = section_of(event.data["cause"])
        return self.looks.hears(who, event.patient, self._now(), section)

    def _check_patient(self, id: str) -> None:
        if not self.patients.knows(id):
            raise Invalid(f"There is no patient {id[:64]!r}.", "patient")
