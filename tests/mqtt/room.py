"""A broker, and bridges to it whose inboxes remember; tests wait for what they hold."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable

from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from iotd.mqtt.address import Address, parse
from iotd.mqtt.client import Bridge
from iotd.mqtt.stream import Message
from tests.brokers import Mosquitto

SECONDS = 20.0
SEEN = "iotd/gate/g1/seen"


class Inbox:
    """Keeps what came; ``answer`` decides what becomes of a batch."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.batches = 0
        self.answer: Callable[[list[Message]], Any] = lambda messages: None
        self._wanted: list[tuple[Callable[[], bool], Deferred[None]]] = []

    def __call__(self, messages: list[Message]) -> Deferred[Any]:
        """Take a batch."""
        self.messages += messages
        self.batches += 1
        answer = maybeDeferred(self.answer, messages)
        self.look()
        return answer

    @property
    def payloads(self) -> list[bytes]:
        """What came, in order."""
        return [message.payload for message in self.messages]

    def look(self) -> None:
        """Tell those that wait for what is here now."""
        for wanted in [each for each in self._wanted if each[0]()]:
            self._wanted.remove(wanted)
            wanted[1].callback(None)

    def until(self, holds: Callable[[], bool]) -> Deferred[None]:
        """Fires when ``holds`` after a batch."""
        if holds():
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._wanted.append((holds, waiting))
        return waiting.addTimeout(SECONDS, reactor)  # type: ignore[arg-type, return-value]

    def has(self, *payloads: bytes) -> Deferred[None]:
        """Fires when all of these have come."""
        return self.until(lambda: set(payloads) <= set(self.payloads))


class BridgeTest(TestCase):
    """``bridge()`` makes one that is stopped at the end."""

    timeout = 60

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.bridges: list[Bridge] = []
        self.addCleanup(self.stop_bridges)

    def broker(self, *lines: str, **options: Any) -> Mosquitto:
        """A broker that runs, and is stopped at the end."""
        broker = Mosquitto(self.folder / "broker", *lines, **options)
        self.addCleanup(broker.kill)
        return broker.start()

    def bridge(
        self, address: str | Address, inbox: Inbox | None = None, *,
        topics: tuple[str, ...] = ("iotd/gate/+/seen",), **options: Any,
    ) -> Bridge:
        """A bridge that was started."""
        where = parse(address) if isinstance(address, str) else address
        bridge = Bridge(
            reactor=reactor, address=where, client_id=options.pop("client_id", "iotd"),
            topics=topics, inbox=inbox or Inbox(), now=time.time, metrics=CollectorRegistry(),
            **options,
        )
        self.bridges.append(bridge)
        bridge.start_service()
        return bridge

    async def until(self, holds: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
        """The first true thing that ``holds`` gives, looked at every few milliseconds."""
        end = time.monotonic() + seconds
        while not (found := holds()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds:g} s: {what}")
            await deferLater(reactor, 0.005)  # type: ignore[arg-type]
        return found

    async def up(self, *bridges: Bridge) -> None:
        """All of them are connected."""
        for bridge in bridges:
            await self.until(lambda: bridge.connected, f"connected; {bridge.why}")

    async def stop_bridges(self) -> None:
        """Stop every bridge that still runs."""
        for bridge in self.bridges:
            await bridge.stop_service()
