"""The campus without its gates: register, movements and statistics around the store.

A daemon has them, and so have commands of the command line without one.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred, DeferredLock

from iotd.bus import Bus
from iotd.calendar import Calendar
from iotd.campus.corrections import Corrections
from iotd.campus.dashboard import Dashboard
from iotd.campus.history import History
from iotd.campus.macs import Hasher, site_key
from iotd.campus.memory import Applied
from iotd.campus.movements import Movements
from iotd.campus.occupancy import Occupancy
from iotd.campus.office import CODES, Office
from iotd.campus.rebuild import Rebuild
from iotd.campus.register import Register
from iotd.campus.selection import Selection, selection_of
from iotd.campus.spool import NAME
from iotd.campus.statistics import Statistics
from iotd.campus.students import Change
from iotd.config_sections import Config
from iotd.store.engine import Store
from iotd.store.seal import Sealer

InThread = Callable[..., Deferred[Any]]


class CampusCore:
    """``office`` for the register, ``movements``, ``dashboard`` and ``rebuild`` for the rest."""

    def __init__(
        self, *, config: Config, store: Store, bus: Bus, sealer: Sealer, clock: Any,
        now: Callable[[], float], metrics: CollectorRegistry, in_thread: InThread,
    ) -> None:
        self.loaded, self.in_thread = False, in_thread
        self.calendar = Calendar(config.site.timezone)
        self.hasher = Hasher(site_key(sealer))
        self.register = Register(
            store=store, now=now, hasher=self.hasher, turn=DeferredLock(),
        )
        self.office = Office(
            register=self.register, in_thread=in_thread, code_key=sealer.derive(CODES),
            registration_days=config.campus.registration_days,
            backups=config.data_dir / "backups",
        )
        common: dict[str, Any] = {
            "store": store, "clock": clock, "now": now, "calendar": self.calendar,
        }
        self.statistics = Statistics(**common, groups=lambda: self.register.groups.values())
        self.rebuild = Rebuild(**common, adopt=self.statistics.adopt)
        self.movements = Movements(
            **common, register=self.register, statistics=self.statistics,
            repeat_seconds=config.campus.repeat_seconds, metrics=metrics,
        )
        self.corrections = Corrections(self.movements)
        self.occupancy = Occupancy(
            students=lambda: self.register.students, state_of=self.movements.state_of,
            groups=self.statistics.groups,
        )
        self.dashboard = Dashboard(
            statistics=self.statistics, occupancy=self.occupancy, now=now,
            curfew=config.campus.curfew,
        )
        #: The register changed: the headcount may be another one.
        self.on_register: Callable[[], None] = lambda: None
        self.register.state_of = self.movements.state_of
        self.register.on_students = self._students_changed
        self.history = History(self.movements, config.data_dir / NAME, in_thread)
        self.register.history = self.history
        self.movements.listeners.append(self._moved)

    def load(self, connection: Any) -> None:
        """Read what is kept in memory; blocks."""
        for part in (self.register, self.statistics, self.movements, self.rebuild):
            part.load(connection)
        self.occupancy.recount()
        self.loaded = True

    def _students_changed(self, changes: Sequence[Change]) -> None:
        self.occupancy.touch([change.student_id for change in changes])
        self.on_register()

    def _moved(self, applied: Applied) -> None:
        self.occupancy.touch(applied.moved)

    def selection(self, asked: Mapping[str, str]) -> Selection:
        """Which students are meant by texts of categories; Invalid when a year is no number."""
        return selection_of(asked, self.occupancy.has)

    def start_service(self) -> None:
        """Timers, and what waits; the reactor runs."""
        for part in (self.statistics, self.movements, self.rebuild):
            part.start_service()

    def steps(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """How it is stopped, before the store is."""
        yield "movements", self.movements.stop_service
        yield "rebuilding", self.rebuild.stop_service
        yield "statistics", self.statistics.stop_service
