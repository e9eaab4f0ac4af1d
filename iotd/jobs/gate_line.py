"""From the broker to the spool: what goes on also while the store is away."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from iotd.bus import Bus
from iotd.calendar import Calendar
from iotd.campus.batches import Batch
from iotd.campus.gates import Gates, numbers_of
from iotd.campus.intake import Intake
from iotd.campus.macs import Hasher
from iotd.campus.notes import Notes
from iotd.campus.spool import NAME, Spool
from iotd.config_sections import Config
from iotd.devices.service import Registry
from iotd.jobs.broker_line import BrokerLine
from iotd.jobs.gate_boards import GateBoards
from iotd.store.engine import Store

OnSpooled = Callable[["int | None", Batch], Any]


class GateLine:
    """Gates, intake and spool behind the broker; ``on_spooled(id, batch)`` hears of batches."""

    _log = Logger()

    def __init__(
        self, *, config: Config, store: Store, bus: Bus, registry: Registry, hasher: Hasher,
        calendar: Calendar, reactor: Any, now: Callable[[], float], metrics: CollectorRegistry,
        client_id: str, on_spooled: OnSpooled, in_thread: Callable[..., Deferred[Any]],
    ) -> None:
        self._on_spooled, self._in_thread = on_spooled, in_thread
        self._store_is_there: Deferred[None] = Deferred()
        self.spool = Spool(config.data_dir / NAME)
        campus, legacy = config.campus, config.mqtt.legacy_topic
        self.broker = BrokerLine(
            config=config, registry=registry, bus=bus, reactor=reactor, now=now,
            metrics=metrics, client_id=client_id, inbox=self._inbox, on_connection=self._connected,
            on_open=self._open_to_all, in_thread=in_thread,
        )
        self.gates = Gates(
            registry=registry, bus=bus, store=store, clock=reactor, now=now,
            publish=self.broker.publish, save=self._save_gates,
            legacy_topic=legacy, silent_seconds=campus.silent_seconds,
            min_rssi=campus.min_rssi, metrics=metrics,
        )
        self._boards = GateBoards(registry, self.broker.publish)
        self.intake = Intake(
            reactor=reactor, clock=reactor, now=now, spool=self.spool, hasher=hasher,
            calendar=calendar, min_rssi=campus.min_rssi, metrics=metrics,
            anonymous_counts=campus.anonymous_counts, on_spooled=self._spooled,
        )

    def start_service(self) -> None:
        """Begin; nothing is heard before the spool is open."""
        self.gates.start_service()
        opened = self.intake.start_service()
        opened.addCallback(lambda _: Deferred.fromCoroutine(self._begin()))
        opened.addErrback(lambda f: self._log.failure("gates are not heard", f))

    async def _begin(self) -> None:
        if not self.spool.uuid:
            return  # iotd stops before it could be opened
        kept = await self._in_thread(self.spool.gates)
        self.gates.adopt(kept)
        self.gates.remember(await self._in_thread(self._waiting_numbers))
        if kept is None:  # nobody knows who may speak: all wait with the broker
            await self._store_is_there
        await self.broker.start()

    def go_on(self) -> None:
        """The store is there and was read, or will never be."""
        if not self._store_is_there.called:
            self._store_is_there.callback(None)

    def _waiting_numbers(self) -> dict[tuple[str, str], Any]:
        return numbers_of(batch for _, batch in self._waiting())

    def _waiting(self) -> Iterator[tuple[int, Batch]]:
        after = 0
        while found := self.spool.read(after, 100):
            yield from found
            after = found[-1][0]

    def steps(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """How it is stopped: after the ports were closed, before the store is."""
        yield "the broker", self.broker.stop
        yield "waiting for the store", self.go_on  # behind the broker, which starts no more
        yield "gates", self.gates.stop_service
        yield "intake", self.intake.stop_service

    def close(self) -> Deferred[None]:
        """The last of all, when nothing is forwarded any more."""
        return self._in_thread(self.spool.close)

    def show(self, applied_per_second: float) -> dict[str, Any]:
        """Spool and broker, for the page of gates."""
        figures = {**self.intake.figures.show(), "applied_per_second": applied_per_second}
        return {"spool": figures, "broker": self.broker.show()}

    async def check_spool(self) -> None:
        """Unavailable while messages can't be saved."""
        self.intake.check()

    def _inbox(self, messages: Sequence[Any]) -> Deferred[None]:
        work = self.gates.sort(self._boards.sift(messages))
        return self.intake.submit(work) if work else succeed(None)

    def _spooled(self, id: int | None, batch: Batch, notes: Notes) -> None:
        self.gates.heard(batch, notes)
        self._on_spooled(id, batch)

    def _save_gates(self, text: str) -> Deferred[Any]:
        return self._in_thread(self.spool.save_gates, text)

    def _connected(self, connected: bool) -> None:
        self.gates.broker_connected(connected)

    def _open_to_all(self, is_open: bool) -> None:
        self.gates.broker_open = is_open
