"""Boards put together: the fleet, their firmware and updates, and how a new one is made."""

from __future__ import annotations

from typing import Any, Callable, Iterator

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred

from iotd.bus import BoardChanged, Bus, RolloutChanged
from iotd.config_sections import Config
from iotd.devices.service import Registry
from iotd.flashing.api import FlashApi
from iotd.flashing.desk import FlashDesk
from iotd.flashing.wires import doors
from iotd.fleet.api import FleetApi
from iotd.fleet.service import Fleet
from iotd.site.events import Audience
from iotd.site.routes import Identity
from iotd.store.engine import Store
from iotd.updates.api import UpdatesApi
from iotd.updates.releases import Releases
from iotd.updates.service import Updates

#: Beside the database: releases with the key that signs them, and images of MicroPython.
FIRMWARE, IMAGES = "firmware", "images"


class Boards:
    """Everything that new firmware is told, tells and is made of.

    ``https_url()`` is where a browser reaches this daemon encrypted, if anywhere; whoever
    listens sets it.
    """

    def __init__(
        self, *, config: Config, store: Store, bus: Bus, registry: Registry, clock: Any,
        now: Callable[[], float], metrics: CollectorRegistry,
        in_thread: Callable[..., Deferred[Any]],
    ) -> None:
        self._config = config
        self.https_url: Callable[[], str | None] = lambda: None
        releases = Releases(config.data_dir / FIRMWARE)
        self.updates = Updates(
            store=store, bus=bus, registry=registry, releases=releases, clock=clock, now=now,
            in_thread=in_thread, metrics=metrics,
        )
        self.fleet = Fleet(
            store=store, bus=bus, registry=registry, clock=clock, now=now,
            silent_seconds=config.devices.silent_seconds, metrics=metrics,
        )
        self.fleet.doors = self._doors
        self.fleet.updater = self.updates.update
        self.desk = FlashDesk(
            registry, releases, config.data_dir / IMAGES, config, lambda: self.https_url(),
            in_thread, now,
        )
        registry.on_board_line = self.updates.hear

    def load(self, connection: Any) -> None:
        """Read what is kept in memory; after the registry, in any thread."""
        self.fleet.load(connection)
        self.updates.load(connection)

    def owners(self) -> Iterator[object]:
        """Whatever has routes."""
        yield FleetApi(self.fleet)
        yield UpdatesApi(self.updates)
        yield FlashApi(self.desk)

    def events(self) -> tuple[tuple[type, str, Audience], ...]:
        """What open pages hear."""
        return (BoardChanged, "board", _all), (RolloutChanged, "rollout", _all)

    def start_service(self) -> None:
        """Look after boards; the reactor runs."""
        self.fleet.start_service()
        self.updates.start_service()

    def steps(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """How it is stopped: after the wires, before the store."""
        yield "updates", self.updates.stop_service
        yield "the fleet", self.fleet.stop_service

    def _doors(self) -> list[dict[str, Any]]:
        config = self._config
        found = doors("cameras", config.cameras.listen) + doors("devices", config.devices.listen)
        if config.mqtt.broker == "embedded":
            found += doors("gates", [config.mqtt.listen])
        return found


def _all(who: Identity, event: Any) -> bool:
    # the table of rights says which roles hear of it
    return True
