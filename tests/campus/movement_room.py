"""Movements with everything they live by, on a real store and a real spool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from iotd.calendar import Calendar
from iotd.campus.batches import Batch
from iotd.campus.corrections import Corrections
from iotd.campus.forwarder import GATHER, Forwarder
from iotd.campus.history import History
from iotd.campus.intake import Intake
from iotd.campus.macs import Hasher
from iotd.campus.memory import Memory
from iotd.campus.model import DIRECTIONS, SECOND, Heard, direction_of
from iotd.campus.movement_records import all_of
from iotd.campus.movements import Movements
from iotd.campus.office import Office
from iotd.campus.register import Register
from iotd.campus.spool import NAME, Spool
from iotd.campus.statistics import Statistics
from iotd.errors import Unavailable
from iotd.store.engine import Store
from tests.campus.office_room import FIELDS
from tests.campus.work_room import START, seen
from tests.databases import DatabaseTest, furnish

HASHER = Hasher(b"k" * 32)


class WaywardStore(Store):
    """A store that can be away, or lose its connection when a commit is done already."""

    away = False
    doubts = 0

    def run(self, function: Any, *args: Any, **kwargs: Any) -> Deferred[Any]:
        """As in life; Unavailable when it is away, or afterwards."""
        if self.away:
            return maybeDeferred(self._fail, "the database does not answer")
        done = super().run(function, *args, **kwargs)
        if self.doubts:
            self.doubts -= 1
            done.addCallback(lambda _: self._fail("it may or may not be saved"))
        return done

    def _fail(self, why: str) -> None:
        raise Unavailable(why)


class MovementTest(DatabaseTest, TestCase):
    """Students R1, R2 …; ``self.clock`` drives the forwarder, ``self.now`` is the time."""

    students = 2

    async def setUp(self) -> None:
        """An empty campus with its register."""
        self.now, self.clock = float(START), Clock()
        furnish(self.data_dir(), self.url())
        self.store: Any = WaywardStore(self.url(), self.data_dir(), reactor)
        self.store.open()
        self.addCleanup(self.store.close)
        self.spool = Spool(Path(self.mktemp()) / NAME)
        self.spool.open()
        self.addCleanup(self.spool.close)
        self.build()
        for number in range(1, self.students + 1):
            await self.office.edits.add(f"R{number}", FIELDS, None, "ann")
        self.ids = {each.rollno: id for id, each in self.register.students.items()}

    def build(self) -> None:
        """Everything above store and spool: also what a restart does."""
        common: dict[str, Any] = {"store": self.store, "now": lambda: self.now}
        metrics = CollectorRegistry()
        calendar = Calendar("UTC")
        self.register = Register(**common, hasher=HASHER)
        self.office = Office(
            register=self.register, in_thread=self.in_thread, code_key=b"c" * 32,
            registration_days=365, backups=self.data_dir() / "backups",
        )
        self.statistics = Statistics(
            **common, clock=self.clock, calendar=calendar,
            groups=lambda: self.register.groups.values(),
        )
        self.movements = Movements(
            **common, clock=self.clock, calendar=calendar, register=self.register,
            statistics=self.statistics, repeat_seconds=180, metrics=metrics,
        )
        self.corrections = Corrections(self.movements)
        intake = Intake(
            reactor=reactor, clock=self.clock, now=lambda: self.now, spool=self.spool,
            hasher=HASHER, calendar=calendar, min_rssi=-100, anonymous_counts=True,
            metrics=metrics, on_spooled=lambda *told: None,
        )
        self.patch(intake, "forget", lambda ids: self.in_thread(self.spool.forget, ids))
        self.forwarder = Forwarder(
            movements=self.movements, spool=self.spool, intake=intake, clock=self.clock,
            in_thread=self.in_thread,
        )
        history = History(self.movements, self.data_dir() / NAME, self.in_thread)
        history.forwarder = self.forwarder
        self.register.history, self.register.state_of = history, self.movements.state_of
        for part in (self.register, self.statistics, self.movements):
            self.store.call(part.load)

    def in_thread(self, function: Any, *args: Any) -> Deferred[Any]:
        """At once: what threads add is tested on the whole daemon."""
        return maybeDeferred(function, *args)

    def spooled(self, *heard: Heard, tell: bool = True, strangers: Any = None) -> int:
        """A batch on the disk; its id."""
        batch = Batch([*heard], strangers or {})
        id = self.spool.append(batch, 0)
        if tell:
            self.forwarder.spooled(id, batch)
        return id

    async def forwarded(self, seconds: float = GATHER) -> None:
        """What waits is applied, or tried in vain."""
        self.clock.advance(seconds)
        while (work := self.forwarder._work) is not None:
            await _over(work)

    async def moved(self, rollno: str = "R1") -> list[tuple[float, str]]:
        """A student's movements as stored: seconds after START, and which way."""
        rows = await self.store.read(all_of, self.ids[rollno])
        return [(row.at / SECOND - START, DIRECTIONS[direction_of(row.source)]) for row in rows]

    def seen(self, seconds: float, direction: int, rollno: str = "R1", **more: Any) -> Heard:
        """A gate has seen a student."""
        return seen(seconds, direction, self.ids[rollno], **more)

    def check_memory(self) -> None:
        """What is in memory is what the store says."""
        stored = Memory(self.movements.memory.group_of)
        self.store.call(stored.load)
        for name in ("states", "newest", "gates", "parts", "place"):
            self.assertEqual(getattr(self.movements.memory, name), getattr(stored, name), name)


def _over(work: Deferred[Any]) -> Deferred[None]:
    """Fires with the end of ``work``, which stays its owner's."""
    told: Deferred[None] = Deferred()

    def tell(result: Any) -> Any:
        told.callback(None)
        return result

    work.addBoth(tell)
    return told
