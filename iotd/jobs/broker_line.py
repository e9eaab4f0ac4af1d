"""The broker, of our own or another's, and the daemon's one client of it."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.bus import Bus, SessionEnded
from iotd.config_sections import Config
from iotd.devices.service import Registry
from iotd.errors import Conflict, Unavailable
from iotd.listeners import Listeners
from iotd.mqtt.address import Address, parse
from iotd.mqtt.broker import EmbeddedBroker
from iotd.mqtt.broker_check import BrokerCheck
from iotd.mqtt.client import Bridge
from iotd.mqtt.discovery_messages import OFFLINE, STATUS, birth_topic
from iotd.mqtt.discovery_reader import Readers
from iotd.mqtt.door import Door
from iotd.mqtt.handover import Inbox
from iotd.mqtt.line import ToPublish
from iotd.mqtt.mosquitto import KeyWriter, PasswordFile
from iotd.mqtt.stream import Message
from iotd.site.figures import guarded
from iotd.times import rfc3339

TOPICS = tuple(f"iotd/gate/+/{what}" for what in ("seen", "badge", "status", "info", "fetch"))
LISTEN_EVERY = 10.0  # seconds between two tries to get a port that another program has


class BrokerLine:
    """``inbox`` hears what gates publish; ``on_connection(connected)`` and
    ``on_open(anybody_may_publish)`` are told how the broker is. For Home Assistant there are
    ``on_discovery(connected)`` and ``on_birth(payload)``, which says that it is there."""

    _log = Logger()

    def __init__(
        self, *, config: Config, registry: Registry, bus: Bus, reactor: Any,
        now: Callable[[], float], metrics: CollectorRegistry, client_id: str, inbox: Inbox,
        on_connection: Callable[[bool], None], on_open: Callable[[bool], None],
        in_thread: Callable[..., Deferred[Any]],
    ) -> None:
        self._in_thread = in_thread
        self._config, self._reactor, self._now = config.mqtt, reactor, now
        self._metrics, self._client_id, self._inbox = metrics, client_id, inbox
        self._on_connection, self._on_open = on_connection, on_open
        self.on_discovery: Callable[[bool], None] = lambda connected: None
        self.on_birth: Callable[[bytes], None] = lambda payload: None
        self._birth = birth_topic(config.mqtt.discovery) if config.mqtt.discovery else ""
        self.listeners = Listeners(reactor)
        self._bridge: Bridge | None = None
        self._embedded: EmbeddedBroker | None = None
        self._why = "it is not asked for messages before the database was read once"
        self._keys: KeyWriter | None = None
        self._check: BrokerCheck | None = None
        self._stopped = False
        if config.mqtt.broker == "embedded":
            self._embed(registry, bus)
        else:
            self._account(config, registry, bus)
        self._retry = LoopingCall(guarded(self._listen, self._log, "listening for gates"))
        self._retry.clock = reactor

    def _embed(self, registry: Registry, bus: Bus) -> None:
        door = Door(registry.gate_door, self._config.legacy_topic)
        refuse = registry.admissions.refuse
        self._embedded = EmbeddedBroker(
            reactor=self._reactor, door=door, metrics=self._metrics,
            refuse=lambda address, gate, cause, why: refuse("mqtt", address, gate, cause, why),
        )
        registry.gate_door.on_shut = self._embedded.shut
        bus.subscribe(SessionEnded, self._session_ended)

    def _session_ended(self, event: SessionEnded) -> None:
        if self._embedded is not None:
            self._embedded.end_session(event.session)

    def let_read(self, session_of: Callable[[str], str | None]) -> None:
        """Whoever has a token with a session may hear what Home Assistant is told."""
        if self._embedded is not None and self._config.discovery:
            self._embedded.let_read(Readers(self._config.discovery, session_of))

    def _account(self, config: Config, registry: Registry, bus: Bus) -> None:
        address = parse(config.mqtt.broker)
        own = None if address.username is None else (address.username, address.password or "")
        self._keys = KeyWriter(
            file=PasswordFile(config.data_dir, own), keys=registry.gate_door.keys, bus=bus,
            clock=self._reactor, in_thread=self._in_thread,
        )

    @property
    def warnings(self) -> Sequence[str]:
        """What the broker can lose, in sentences; empty while nothing is known."""
        return self._check.warnings if self._check is not None else ()

    async def start(self) -> None:
        """Begin; a broker that is away is tried again and again."""
        if self._stopped:
            return
        address = await self._address()
        topics = [*TOPICS, *filter(None, [self._config.legacy_topic])]
        self._bridge = Bridge(
            reactor=self._reactor, address=address, client_id=self._client_id, topics=topics,
            inbox=self._hear, now=self._now, metrics=self._metrics,
            on_connection=self._connected, extra=[self._birth] if self._birth else (),
            will=ToPublish(STATUS, OFFLINE, 1, True) if self._birth else None,
        )
        self._bridge.start_service()
        if self._embedded is not None:
            self._retry.start(LISTEN_EVERY)
            return
        self._why = ""
        self._check = BrokerCheck(
            bridge=self._bridge, clock=self._reactor, in_thread=self._in_thread,
            changed=self._learnt,
        )
        self._check.start_service()

    def write_keys(self) -> None:
        """The gates' keys were read: a Mosquitto of one's own is to know them."""
        if self._keys is not None:
            self._keys.start_service()

    def _hear(self, messages: list[Message]) -> Deferred[Any]:
        if self._birth:
            for message in messages:
                if message.topic == self._birth:
                    self.on_birth(message.payload)
            messages = [each for each in messages if each.topic != self._birth]
        return self._inbox(messages)

    def _connected(self, connected: bool) -> None:
        self._on_connection(connected)
        self.on_discovery(connected)
        if connected and self._check is not None:
            self._check.connected()

    def _learnt(self) -> None:
        assert self._check is not None
        self._on_open(bool(self._check.open_to_all))

    async def _address(self) -> Address:
        if self._embedded is None:
            return parse(self._config.broker)
        await self._embedded.start()
        return self._embedded.address

    def _listen(self) -> None:
        """Cameras and patients need no gates: a port that is taken does not end the daemon."""
        assert self._embedded is not None
        try:
            self.listeners.open("mqtt", [self._config.listen], self._embedded.factory)
        except Conflict as fault:
            if str(fault) != self._why:
                self._log.error(
                    "gates can't connect: {fault} To use a broker that runs there, set"
                    " mqtt.broker.", fault=str(fault),
                )
            self._why = str(fault)
            return
        self._why = ""
        self._retry.stop()
        self._log.info("gates connect at {where}", where=self.listeners.describe())

    async def stop(self) -> None:
        """End listening, the client, and the broker if it is ours."""
        self._stopped = True
        if self._retry.running:
            self._retry.stop()
        await self.listeners.close()
        for part in (self._keys, self._check):
            if part is not None:
                await part.stop_service()
        if self._embedded is not None:
            await self._embedded.drain()
        if self._bridge is not None:
            await self._bridge.stop_service()
        if self._embedded is not None:
            await self._embedded.stop()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Tell a gate something; False when that can't be now."""
        return self._bridge is not None and self._bridge.publish(topic, payload)

    def say(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        """Tell Home Assistant something; False when that can't be now."""
        return self._bridge is not None and self._bridge.publish(topic, payload, qos, retain)

    async def check(self) -> None:
        """Unavailable with the reason while gates can't be heard."""
        if self._bridge is None:
            raise Unavailable(f"the broker: {self._why}")
        if self._embedded is not None and self._why:
            raise Unavailable(f"gates can't connect: {self._why}")
        await self._bridge.check()

    def show(self) -> dict[str, Any]:
        """How it is, for the page of gates."""
        bridge = self._bridge
        connected = bridge is not None and bridge.connected
        why = self._why or ("" if bridge is None else bridge.why)
        return {
            "kind": "embedded" if self._embedded is not None else "external",
            "connected": connected and not self._why, "why": why or None,
            "since": rfc3339(bridge.connected_since) if bridge is not None else None,
            "warnings": list(self.warnings),
        }
