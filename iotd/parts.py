"""What stands below web, wires and jobs: of the daemon, or opened for one command."""

from __future__ import annotations

import os
import time
from typing import Any, Callable

from prometheus_client import CollectorRegistry

from iotd.accounts.service import Accounts
from iotd.bus import Bus
from iotd.config import Config
from iotd.devices.service import Registry
from iotd.store.engine import Store
from iotd.store.seal import Sealer


class Parts:
    """What stands below web and wires: store, accounts, registry."""

    def __init__(self, config: Config, reactor: Any, now: Callable[[], float] = time.time) -> None:
        self.config, self.reactor, self.now = config, reactor, now
        self.bus, self.metrics = Bus(), CollectorRegistry()
        self.store = Store(config.store.url, config.data_dir, reactor)
        self.sealer = Sealer.beside(config.data_dir, os.environ)
        self.accounts = Accounts(
            store=self.store, bus=self.bus, sealer=self.sealer, reactor=reactor, now=now,
            public_url=config.site.public_url, site_name=config.site.name,
        )
        self.registry = Registry(
            store=self.store, bus=self.bus, sealer=self.sealer,
            enrolment=config.devices.enrolment, seconds=reactor.seconds, now=now,
            metrics=self.metrics,
        )

    def open(self) -> None:
        """Open the store and read everything that is kept in memory."""
        self.store.open()
        self.store.call(self.sealer.must_fit)
        self.store.call(self.accounts.load)
        self.store.call(self.registry.load)

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
