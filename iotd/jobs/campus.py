"""The campus put together: what gates say becomes movements, a headcount, pages."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry

from iotd.bus import Bus, MovementSeen, OccupancyChanged
from iotd.campus.batches import Batch
from iotd.campus.forwarder import Forwarder
from iotd.campus.gate_desk import GateDesk
from iotd.campus.gates_api import GatesApi
from iotd.campus.movement_texts import Texts
from iotd.campus.movements_api import MovementsApi
from iotd.campus.news import News
from iotd.campus.pages import CampusData, CampusPages, CampusSettings
from iotd.campus.register_api import RegisterApi
from iotd.campus.statistics_api import StatisticsApi
from iotd.config_sections import Config
from iotd.devices.service import Registry
from iotd.jobs.campus_core import CampusCore
from iotd.jobs.gate_line import GateLine
from iotd.site.events import Audience
from iotd.site.routes import Identity
from iotd.site.streams import OpenStreams
from iotd.store.engine import Store
from iotd.store.seal import Sealer


class Campus:
    """Everything between the broker and the pages of the campus."""

    def __init__(
        self, *, config: Config, core: CampusCore, store: Store, bus: Bus, registry: Registry,
        sealer: Sealer, reactor: Any, now: Callable[[], float], metrics: CollectorRegistry,
    ) -> None:
        self._config, self.core, self._registry = config, core, registry
        self.line = GateLine(
            config=config, store=store, bus=bus, registry=registry, hasher=core.hasher,
            calendar=core.calendar, reactor=reactor, now=now, metrics=metrics,
            client_id="iotd-" + sealer.derive(b"mqtt client id").hex()[:16],
            on_spooled=self._spooled, in_thread=core.in_thread,
        )
        self.desk = GateDesk(
            gates=self.line.gates, registry=registry, store=store, seconds=reactor.seconds,
            now=now,
        )
        core.register.on_identifiers = self.line.intake.identify
        self.forwarder = core.history.forwarder = Forwarder(
            movements=core.movements, spool=self.line.spool, intake=self.line.intake,
            clock=reactor, in_thread=core.in_thread,
        )
        self.texts = Texts(
            calendar=core.calendar, rollno=self._rollno, name=self._name,
            gates=lambda: core.movements.memory.gate_names,
        )
        self.news = News(bus=bus, clock=reactor, summary=core.dashboard.summary,
                         show=self.texts.as_json)
        core.movements.listeners.append(self.news.moved)
        core.on_register = self.news.recount

    def load(self, connection: Any) -> None:
        """Read what is kept in memory; after the registry, in any thread."""
        self.core.load(connection)
        self.line.gates.load(connection)

    def owners(self, streams: OpenStreams) -> Iterator[object]:
        """Whatever has routes."""
        core = self.core
        yield StatisticsApi(core.dashboard)
        movements = MovementsApi(core.movements, core.corrections, self.texts, streams)
        yield movements
        yield RegisterApi(core.office)
        yield GatesApi(self.desk, self.show_intake)
        yield CampusPages(self._page_data(movements), self._page_settings())

    def events(self) -> tuple[tuple[type, str, Audience], ...]:
        """What open pages hear."""
        return (MovementSeen, "movement", _all), (OccupancyChanged, "occupancy", _all)

    def checks(self) -> tuple[tuple[str, Callable[[], Any]], ...]:
        """What /readyz asks."""
        return ("broker", self.line.broker.check), ("spool", self.line.check_spool)

    def warnings(self) -> Sequence[str]:
        """What the broker can lose, in sentences."""
        return self.line.broker.warnings

    def start_early(self) -> None:
        """Hear gates; the store may be away."""
        self.line.start_service()

    def start_service(self) -> None:
        """The store is there: apply what was heard."""
        self.line.intake.identify_all(self.core.register.known())
        self.line.broker.write_keys()
        self.line.go_on()
        self.core.start_service()
        self.forwarder.start_service()

    def early_steps(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """How what began early is stopped."""
        yield from self.line.steps()

    def steps(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """How the rest is stopped, after that and before the store."""
        yield "forwarding", self.forwarder.stop_service
        yield "news", self.news.stop_service
        yield from self.core.steps()

    def show_intake(self) -> dict[str, Any]:
        """Spool and broker, as the API shows them."""
        return self.line.show(self.core.movements.applied_per_second())

    def _spooled(self, id: int | None, batch: Batch) -> None:
        self.forwarder.spooled(id, batch)

    def _rollno(self, student: int) -> str | None:
        known = self.core.register.students.get(student)
        return None if known is None else known.rollno

    def _name(self, device: str) -> str:
        known = self._registry.find(device)
        return device if known is None else known.name

    def _page_data(self, movements: MovementsApi) -> CampusData:
        core = self.core

        def summary(filters: Mapping[str, str]) -> Any:
            return core.dashboard.summary(core.selection(filters))

        return CampusData(
            summary=summary, recent=movements.newest,
            categories=core.occupancy.categories,
            gates=lambda: {"items": self.desk.list(), "next": None}, intake=self.show_intake,
        )

    def _page_settings(self) -> CampusSettings:
        config = self._config
        return CampusSettings(
            enrolment=config.devices.enrolment, legacy_topic=config.mqtt.legacy_topic,
            broker="embedded" if config.mqtt.broker == "embedded" else "external",
            min_rssi=config.campus.min_rssi, registration_days=config.campus.registration_days,
        )


def _all(who: Identity, event: Any) -> bool:
    # the table of rights says which roles hear of it
    return True
