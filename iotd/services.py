"""Builds the parts, connects them, starts and stops them in order.

Start: folder locked, store opened and upgraded, everything loaded, ports bound;
all of that before the reactor runs, so that a fault ends the start with one
line and a status, and nobody connects to half a daemon. Only a database server
that is away is waited for: what gates say is kept meanwhile, all else follows
when it is back. Stop: ports, live connections, timers, what is in flight, and
the store last.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any, Awaitable, Callable, Iterator

from prometheus_client import Gauge, disable_created_metrics
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import ILogObserver, Logger
from twisted.python.components import Componentized
from twisted.python.threadpool import ThreadPool

from iotd.accounts.admin_api import AdminApi
from iotd.accounts.api import SessionApi
from iotd.accounts.pages import AccountPages
from iotd.accounts.rights import RIGHTS
from iotd.cameras.api import CamerasApi
from iotd.cameras.server import CameraFactory
from iotd.cameras.service import Cameras
from iotd.clock_watch import ClockWatch
from iotd.config import Config
from iotd.control_socket import ControlSocket
from iotd.data_dir import DataLock
from iotd.devices.api import DevicesApi
from iotd.devices.service import Registry
from iotd.errors import IotdError
from iotd.exit_codes import exit_code
from iotd.jobs.campus import Campus
from iotd.jobs.health_plus import HealthPlus
from iotd.jobs.home_assistant import HomeAssistant
from iotd.limits import files_warning, raise_files_allowed
from iotd.listeners import Listeners
from iotd.opening import Opening
from iotd.parts import Parts
from iotd.site.app import build_site
from iotd.site.front import Front
from iotd.site.streams import OpenStreams
from iotd.store.errors import StoreError
from iotd.tls.hangup import on_hangup

WRITE_HEARD_EVERY = 60.0  # seconds between two notes of when devices were heard
PICTURE_THREADS = 2


class Daemon(Service):
    """All of iotd, as twistd's one service."""

    _log = Logger()

    def __init__(
        self, config: Config, reactor: Any, observer: Any = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.config, self._reactor, self._observer = config, reactor, observer
        self._now, self._begun = now, False
        self._forget_hangup: Callable[[], None] = lambda: None
        self._lock = DataLock(config.data_dir)

    def setServiceParent(self, parent: Any) -> None:
        """Bring our way of logging along."""
        if self._observer is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        Service.setServiceParent(self, parent)

    def privilegedStartService(self) -> None:
        """Everything that can fail; ends the process with one line when it does."""
        try:
            raise_files_allowed()
            self._lock.acquire(wait=5.0)
            self._build()
            self.opening = Opening(
                self.parts.store, self._load, self._reactor, self.parts.in_thread
            )
            self.opening.try_now()
            self._listen()
        except (IotdError, StoreError) as fault:
            self._log.critical("iotd can't start: {fault}", fault=str(fault))
            raise SystemExit(exit_code(fault)) from None

    def _load(self) -> None:
        """Everything that is kept in memory; blocks, so before the reactor or on a thread."""
        self.parts.open()
        for part in (self.cameras, self.health, self.campus):
            self.parts.store.call(part.load)

    def _build(self) -> None:
        config, reactor = self.config, self._reactor
        disable_created_metrics()
        self.parts = parts = Parts(config, reactor, self._now)
        self._pictures = ThreadPool(0, PICTURE_THREADS, "pictures")
        self.cameras = Cameras(
            store=parts.store, bus=parts.bus, registry=parts.registry, clock=reactor,
            now=parts.now, in_thread=self._in_thread, on_demand=config.cameras.on_demand,
            metrics=parts.metrics,
        )
        self.factory = CameraFactory(
            clock=reactor, registry=parts.registry, camera=self.cameras.camera,
            max_frame_bytes=config.cameras.max_frame_bytes,
            max_connections=config.cameras.max_connections,
            max_per_address=config.cameras.max_connections_per_address, metrics=parts.metrics,
        )
        self.health = HealthPlus(
            config=config, store=parts.store, bus=parts.bus, registry=parts.registry,
            accounts=parts.accounts, reactor=reactor, now=parts.now, metrics=parts.metrics,
            in_thread=self._in_thread, fonts=web_folder() / "fonts",
        )
        self.campus = Campus(
            config=config, core=parts.campus, store=parts.store, bus=parts.bus,
            registry=parts.registry, sealer=parts.sealer, reactor=reactor, now=parts.now,
            metrics=parts.metrics,
        )
        self.home = HomeAssistant(
            config=config, registry=parts.registry, bus=parts.bus, clock=reactor,
            broker=self.campus.line.broker, in_thread=parts.in_thread, metrics=parts.metrics,
            accounts=parts.accounts, now=parts.now,
            headcount=self.campus.core.dashboard.summary, rooms={
                "camera": self.cameras.get, "gate": self.campus.desk.get,
                "cabinet": lambda id: self.health.cabinets.json(parts.registry.device(id)),
                "board": parts.boards.fleet.get,
            },
        )
        self.streams = OpenStreams(parts.bus, parts.accounts)
        self.listeners = Listeners(reactor, parts.certificates)
        parts.boards.https_url = self.listeners.https_url
        self.campus.line.broker.listeners = Listeners(reactor, parts.certificates)
        self.web = self._build_web(parts)
        self._control = ControlSocket(reactor, config.data_dir, parts)
        self._sweep = LoopingCall(self._guarded, self._sweep_streams)
        self._heard = LoopingCall(self._guarded, parts.registry.tick)
        self._clock_watch = ClockWatch(
            clock=reactor, now=parts.now, bus=parts.bus, metrics=parts.metrics
        )
        self._count(parts)

    def _build_web(self, parts: Parts) -> Front:
        config, folder = self.config, web_folder()
        owners = (
            SessionApi(parts.accounts), AdminApi(parts.accounts), AccountPages(parts.accounts),
            DevicesApi(parts.registry), CamerasApi(self.cameras, self.streams),
            *parts.boards.owners(),
            *self.health.owners(self.streams), *self.campus.owners(self.streams),
        )
        return build_site(
            owners=owners, authenticator=parts.accounts, rights=RIGHTS,
            templates=folder / "templates", static_dir=folder / "static",
            clock=self._reactor, now=parts.now, registry=parts.metrics, bus=parts.bus,
            streams=self.streams, site_name=config.site.name, timezone=config.site.timezone,
            public_url=config.site.public_url, trusted_proxies=config.web.trusted_proxies,
            max_connections=config.web.max_connections,
            max_per_address=config.web.max_connections_per_address,
            checks=(
                ("store", self._ping_store), ("listeners", self.listeners.check),
                *self.campus.checks(),
            ),
            events=(*self.health.events(), *self.campus.events(), *parts.boards.events()),
            closed=lambda: self.opening.why, warnings=self.campus.warnings,
            gate=self.health.gate.admit, hidden=self.health.looks.refused,
        )

    def _ping_store(self) -> Deferred[None]:
        return self.parts.store.ping(2.0)

    def _count(self, parts: Parts) -> None:
        states = Gauge("iotd_devices", "devices by state", ["state"], registry=parts.metrics)
        for state in parts.registry.counts():
            states.labels(state).set_function(partial(_count_of, parts.registry, state))
        streams = Gauge("iotd_streams", "open streams to browsers", registry=parts.metrics)
        streams.set_function(lambda: len(self.streams))

    def _listen(self) -> None:
        self.listeners.open("web", self.config.web.listen, self.web)
        if self.opening.why is None:
            self._listen_to_devices()

    def _listen_to_devices(self) -> None:
        self.listeners.open("cameras", self.config.cameras.listen, self.factory)
        self.listeners.open("devices", self.config.devices.listen, self.health.devices)

    def startService(self) -> None:
        """Timers and threads; the reactor runs."""
        Service.startService(self)
        self._pictures.start()
        self._forget_hangup = on_hangup(self._reactor, self.parts.certificates.reload)
        self._clock_watch.start()
        self._tell_listening()
        self.campus.start_early()
        if self.opening.why is None:
            self._begin()
        else:
            self.opening.wait(self._opened)

    def _opened(self) -> None:
        """The store came after the start; a port that is taken now ends the daemon."""
        try:
            self._listen_to_devices()
        except IotdError as fault:
            self._log.critical("iotd can't go on: {fault}", fault=str(fault))
            self._reactor.stop()
            return
        self._tell_listening()
        self._begin()

    def _tell_listening(self) -> None:
        self._log.info("listening: {listeners}", listeners=self.listeners.describe())

    def _begin(self) -> None:
        self._begun = True
        self.parts.accounts.startService()
        self.cameras.start_service()
        self.parts.boards.start_service()
        self.health.start_service()
        self.parts.certificates.start_service()
        self.campus.start_service()
        self.home.start_service()
        self._sweep.start(1.0, now=False)
        self._heard.start(WRITE_HEARD_EVERY, now=False)
        self._control.start()
        if warning := files_warning(self.config):
            self._log.warn("{warning}", warning=warning)
        self._log.info("data in {folder}", folder=str(self.config.data_dir))
        self._reactor.callWhenRunning(self._welcome)

    def _welcome(self) -> None:
        address = self.listeners.browser_address("web") or self.config.site.public_url
        if self.config.source("site.public_url") != "default":
            address = self.config.site.public_url
        self.parts.accounts.public_url = address
        if self.parts.accounts.set_up():
            self._log.info("open {address}", address=address)
        else:
            self.parts.accounts.announce_setup()

    def stopService(self) -> Deferred[None]:
        """Stop in order; fires when the store is closed."""
        Service.stopService(self)
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        for name, step in self._steps():
            try:
                result = step()
                if isinstance(result, (Deferred, Awaitable)):
                    await result
            except Exception:
                self._log.failure("stopping {name} failed", name=name)
        self._log.info("stopped")

    def _steps(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        yield "opening", self.opening.stop
        begun = self._begun
        if begun:
            yield "commands", self._control.stop
        yield "hang-ups", self._forget_hangup
        yield "listeners", self.listeners.close
        yield "certificates", self.parts.certificates.stop_service
        yield "Home Assistant", self.home.stop_service
        yield from self.campus.early_steps()
        yield "cameras", self.factory.close_all
        yield "streams", self.streams.end_all
        yield "web", self.web.close_all
        if begun:
            yield from self.health.steps()
            yield from self.campus.steps()
            yield from self.parts.boards.steps()
            yield "timers", self._stop_timers
            yield "devices", self.parts.registry.tick
        yield "the spool", self.campus.line.close
        yield "the clock's watch", self._clock_watch.stop
        yield "pictures", self._pictures.stop
        yield "store", self.parts.close if begun else self.parts.store.close
        yield "folder", self._lock.release

    def _stop_timers(self) -> None:
        self.cameras.stop_service()
        for timer in (self._sweep, self._heard):
            if timer.running:
                timer.stop()

    def _sweep_streams(self) -> None:
        self.streams.sweep(self.parts.now(), self._reactor.seconds())

    def _guarded(self, work: Callable[[], Any]) -> None:
        # a LoopingCall ends for good at the first exception
        try:
            work()
        except Exception:
            self._log.failure("a timer's work failed")

    def _in_thread(self, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        return deferToThreadPool(self._reactor, self._pictures, function, *args)


def _count_of(registry: Registry, state: str) -> int:
    return registry.counts()[state]


def web_folder() -> Path:
    """Where templates and assets lie: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "web"
    return installed if installed.is_dir() else package.parent / "web"
