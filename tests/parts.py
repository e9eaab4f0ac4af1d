"""The real parts below the web, put together for tests of devices and cameras."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from prometheus_client import CollectorRegistry
from twisted.internet import defer, reactor
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from iotd.bus import Bus
from iotd.cameras.server import CameraFactory
from iotd.cameras.service import Cameras
from iotd.devices.service import Registry
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from tests.databases import furnish

NOW = 1_800_000_000.0


def picture(number: int = 0, size: tuple[int, int] = (32, 24), quality: int = 80) -> bytes:
    """A small JPEG that differs by number."""
    image = Image.new("RGB", size, (number * 37 % 256, 90, 140))
    ImageDraw.Draw(image).text((2, 2), str(number), fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


class CameraTransport(StringTransport):
    """Remembers aborting as closing."""

    def abortConnection(self) -> None:
        self.loseConnection()


class PartsTest(TestCase):
    """Store, registry, cameras and the server of their wire, on a fake clock."""

    enrolment = "open"
    on_demand = False
    limits: dict[str, int] = {}

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.clock = Clock()
        self.clock.advance(1000)
        self.build()
        self.addCleanup(self.tear_down)

    def build(self) -> None:
        """All parts anew, on the same folder: also what a restart does."""
        self.bus, self.metrics = Bus(), CollectorRegistry()
        furnish(self.folder)
        self.store = Store("sqlite:///iotd.sqlite3", self.folder, reactor)
        self.store.open()
        self.registry = Registry(
            store=self.store, bus=self.bus, sealer=Sealer(self.folder / "secret.key"),
            enrolment=self.enrolment, seconds=self.clock.seconds, now=self.now,
            metrics=self.metrics,
        )
        self.cameras = Cameras(
            store=self.store, bus=self.bus, registry=self.registry, clock=self.clock,
            now=self.now, in_thread=self.in_thread, on_demand=self.on_demand, metrics=self.metrics,
        )
        limits = {"max_frame_bytes": 100_000, "max_connections": 100, "max_per_address": 64}
        self.factory = CameraFactory(
            clock=self.clock, registry=self.registry, camera=self.cameras.camera,
            metrics=self.metrics, **{**limits, **self.limits},
        )
        self.store.call(self.registry.load)
        self.store.call(self.cameras.load)
        self.cameras.start_service()
        self.factory.startFactory()

    def now(self) -> float:
        """Wall clock, moving with the fake one."""
        return NOW + self.clock.seconds()

    def in_thread(self, function: Any, *args: Any) -> defer.Deferred[Any]:
        """At once: what threads add is tested on the whole daemon."""
        return defer.maybeDeferred(function, *args)

    def connect(self, address: str = "10.0.0.7") -> tuple[Any, CameraTransport]:
        """A new connection on the camera wire; protocol None when it was refused."""
        protocol = self.factory.buildProtocol(IPv4Address("TCP", address, 40000))
        transport = CameraTransport()
        if protocol is not None:
            protocol.makeConnection(transport)
        return protocol, transport

    def disconnect(self, protocol: Any) -> None:
        """The connection of ``protocol`` is gone."""
        from twisted.internet.error import ConnectionDone
        from twisted.python.failure import Failure

        protocol.connectionLost(Failure(ConnectionDone()))

    def advance(self, seconds: float) -> None:
        """Time passes in steps of a tenth of a second."""
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)

    def settled(self) -> defer.Deferred[None]:
        """Fires when all writes so far are on disk."""
        return self.store.run(lambda connection: None)

    def tear_down(self) -> defer.Deferred[None]:
        """Close everything; no timer may remain."""
        for protocol in tuple(self.factory._connections):
            self.disconnect(protocol)
        self.factory.close_all()
        self.cameras.stop_service()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        return self.store.close()
