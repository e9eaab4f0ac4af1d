"""What stands below web, wires and jobs: of the daemon, or opened for one command."""

from __future__ import annotations

import os
import time
from typing import Any, Callable

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from iotd.accounts.service import Accounts
from iotd.bus import Bus
from iotd.campus.office import Office
from iotd.campus.rebuild import Rebuild
from iotd.config import Config
from iotd.devices.service import Registry
from iotd.jobs.boards import Boards
from iotd.jobs.campus_core import CampusCore
from iotd.jobs.certificates import certificates_of
from iotd.mail import mailer_of
from iotd.store.engine import Store
from iotd.store.seal import Sealer


class Parts:
    """What stands below web and wires: store, accounts, registry."""

    def __init__(self, config: Config, reactor: Any, now: Callable[[], float] = time.time) -> None:
        self.config, self._reactor, self.now = config, reactor, now
        self.bus, self.metrics = Bus(), CollectorRegistry()
        self.sealer = Sealer.beside(config.data_dir, os.environ)
        self.store = Store(config.store.url, config.data_dir, reactor, sealer=self.sealer)
        self.accounts = Accounts(
            store=self.store, bus=self.bus, sealer=self.sealer, reactor=reactor, now=now,
            public_url=config.site.public_url, site_name=config.site.name,
            sign_up=config.accounts.sign_up,
            mailer=mailer_of(reactor, config.alerts.smtp, config.alerts.mail_from),
        )
        self._find_key()
        self.certificates = certificates_of(
            config=config, store=self.store, bus=self.bus, clock=reactor, now=now,
            in_thread=self.in_thread, metrics=self.metrics,
        )
        self.campus = CampusCore(
            config=config, store=self.store, bus=self.bus, sealer=self.sealer, clock=reactor,
            now=now, metrics=self.metrics, in_thread=self.in_thread,
        )
        self.registry = Registry(
            store=self.store, bus=self.bus, sealer=self.sealer,
            enrolment=config.devices.enrolment, seconds=reactor.seconds, now=now,
            metrics=self.metrics,
        )
        self.boards = Boards(
            config=config, store=self.store, bus=self.bus, registry=self.registry, clock=reactor,
            now=now, metrics=self.metrics, in_thread=self.in_thread,
        )

    def _find_key(self) -> None:
        """A key that is missing is told of before a new one is made that fits nothing."""
        if not self.sealer.exists:
            self.store.open()
            self.store.call(self.sealer.must_fit)

    def in_thread(self, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        """What a function gives that blocks, from the reactor's own pool of threads."""
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), function, *args)

    @property
    def office(self) -> Office:
        """The register, for commands; read at first use where no daemon has done so."""
        self._need_campus()
        return self.campus.office

    @property
    def rebuild(self) -> Rebuild:
        """Statistics, for commands."""
        self._need_campus()
        return self.campus.rebuild

    def _need_campus(self) -> None:
        if not self.campus.loaded:
            self.store.call(self.campus.load)

    def open(self) -> None:
        """Open the store and read everything that is kept in memory."""
        self.store.open()
        self.store.call(self.sealer.must_fit)
        self.store.call(self.accounts.load)
        self.store.call(self.registry.load)
        self.store.call(self.boards.load)

    async def close(self) -> None:
        """Finish what is in flight and close the store."""
        await self.accounts.stopService()
        await self.store.close()


def open_parts(config: Config, reactor: Any) -> Parts:
    """Parts for one command of the command line, without a daemon."""
    parts = Parts(config, reactor)
    parts.open()
    parts.accounts.startService()
    return parts
