"""All connections of the embedded broker: how many, whose, and how much is on its way."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any, Callable, Hashable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.devices.links import plain_address
from iotd.mqtt.door import Door, Visitor
from iotd.mqtt.guard import Guard
from iotd.mqtt.routing import Channel, Routing
from iotd.site.figures import guarded
from iotd.wire.mqtt import MAX_PACKET_BYTES

CHECK_SECONDS = 1.0
DRAIN_SECONDS = 5.0  # that a stop waits for the daemon's acknowledgements
ON_THE_WAY = 2000  # messages passed on and not acknowledged by the daemon: then gates wait
#: Why a TLS handshake failed, as it is counted here.
HANDSHAKES = {"late": "silent", "left": "silent", "crowd": "limit", "distrust": "trust"}
#: What is counted here, as the list of refusals knows it.
SHOWN = {"wire": "wire", "publish": "topic", "silent": "late", "limit": "limit", "trust": "trust"}

Refuse = Callable[[str, "str | None", str, str], Any]


class Guards(Factory):
    """Makes a guard for each connection within the limits.

    ``max_per_address`` counts connections that have not proved a key. ``ready`` is True
    while the daemon's own client listens: before that nobody is let in.
    """

    noisy = False
    _log = Logger()

    def __init__(
        self, *, reactor: Any, door: Door, routing: Routing, refuse: Refuse,
        metrics: CollectorRegistry, max_connections: int, max_per_address: int,
        max_packet_bytes: int = MAX_PACKET_BYTES,
    ) -> None:
        self.door, self.seconds, self.max_packet_bytes = door, reactor.seconds, max_packet_bytes
        self.ready = False
        self.on_the_way = 0
        self.refused: Counter[str] = Counter(dict.fromkeys((*SHOWN, "keepalive", "subscribe"), 0))
        self._reactor, self._routing, self._told = reactor, routing, refuse
        self._max_connections, self._max_per_address = max_connections, max_per_address
        self._guards: set[Guard] = set()
        self._unproved: Counter[str] = Counter()
        self._names: dict[Hashable, Guard] = {}
        self._numbers = itertools.count(1)
        self._own_channel: Channel | None = None
        self._closing: Deferred[None] | None = None
        self._drained: Deferred[None] | None = None
        self._watch = LoopingCall(guarded(self._check, self._log, "watching over MQTT clients"))
        self._watch.clock = reactor
        metrics.register(self)

    # -- connections --------------------------------------------------------------------------

    def startFactory(self) -> None:
        """The watch begins with the first listener."""
        if not self._watch.running:
            self._watch.start(CHECK_SECONDS, now=False)

    def buildProtocol(self, addr: Any) -> Guard | None:
        """A guard, or None: the connection is closed at once."""
        address = plain_address(addr)
        if limit := self._over_limit(address):
            self.refuse(address, None, "limit", limit)
            return None
        return Guard(self, address, own_only=False)

    def handshake_failed(self, addr: Any, why: str, reason: str) -> None:
        """A gate that came by TLS and got no further is told of as any other."""
        cause = HANDSHAKES.get(why, "wire")
        self.refuse(plain_address(addr), None, cause, reason)

    def _over_limit(self, address: str) -> str:
        if self._closing is not None:
            return "the daemon is stopping"
        if len(self._guards) >= self._max_connections:
            return f"{self._max_connections} MQTT clients are connected"
        if self._unproved[address] >= self._max_per_address:
            return f"{self._max_per_address} unkeyed MQTT connections of its address are open"
        return ""

    def joined(self, guard: Guard) -> None:
        """A connection was made."""
        self._guards.add(guard)
        self._unproved[guard.address] += 1

    def let_in(self, guard: Guard, visitor: Visitor, client_id: str) -> str:
        """Its name inside, which nobody else can have; an older one of the same client goes."""
        if visitor.own:
            self.on_the_way = 0
            return "iotd"
        name: Hashable = visitor.gate if visitor.proved else (guard.address, client_id)
        if visitor.proved:
            self._forget_address(guard.address)
        older = self._names.get(name) if client_id or visitor.proved else None
        if older is not None:
            older.replaced()
        self._names[name] = guard
        return f"{visitor.gate or 'gate'}.{next(self._numbers)}"

    def open(self, guard: Guard) -> Channel:
        """A channel to the broker for it."""
        call = self._reactor.callFromThread
        channel = self._routing.open(
            lambda data: call(guard.from_broker, data), lambda size: call(guard.consumed, size),
            lambda: call(self._channel_ended, guard),
        )
        if guard.visitor is not None and guard.visitor.own:
            self._own_channel = channel
        return channel

    def is_inside(self) -> bool:
        """Whether amqtt is not done yet with the last connection of the daemon's own client.

        It would give the new connection the old one's session, and then end that.
        """
        if self._own_channel is not None:
            self._own_channel.end()
        return self._own_channel is not None

    def _channel_ended(self, guard: Guard) -> None:
        if guard.visitor is not None and guard.visitor.own:
            self._own_channel = None
        guard.close()

    def left(self, guard: Guard) -> None:
        """A connection is gone."""
        self._guards.discard(guard)
        visitor = guard.visitor
        if visitor is None or not visitor.proved:
            self._forget_address(guard.address)
        if visitor is not None and visitor.own:
            self.ready = False
            self._look()
        for name in [name for name, each in self._names.items() if each is guard]:
            del self._names[name]
        if self._closing is not None and not self._guards and not self._closing.called:
            self._closing.callback(None)

    def shut(self, gate: str, reason: str) -> None:
        """End the connections of a gate that may not go on as it is."""
        for guard in [each for each in self._guards if each.visitor is not None]:
            if guard.visitor is not None and guard.visitor.gate == gate:
                self._log.info("{gate} is cut off: {reason}", gate=gate, reason=reason)
                guard.close(abort=True)

    def end_session(self, session: str) -> None:
        """A token was taken away: Home Assistant goes with it."""
        for guard in tuple(self._guards):
            if guard.visitor is not None and guard.visitor.session == session:
                guard.close(abort=True)

    def drain(self) -> Deferred[None]:
        """Send the gates away; fires when the daemon has all that was acknowledged to them.

        Not later than after DRAIN_SECONDS: what is left then is a gap in their numbers.
        """
        self._drained = Deferred()
        for guard in tuple(self._guards):
            if guard.visitor is None or not guard.visitor.own:
                guard.close(abort=True)
        self._look()
        return self._drained.addTimeout(DRAIN_SECONDS, self._reactor, self._left_over)

    def _look(self) -> None:
        waiting = self._drained
        if waiting is not None and not waiting.called and not (self.on_the_way and self.ready):
            waiting.callback(None)

    def _left_over(self, result: Any, seconds: float) -> None:
        self._log.warn("{count} messages of gates were not saved before the end; gates are asked"
                       " for them again", count=self.on_the_way)

    def close_all(self) -> Deferred[None]:
        """Close every connection; fires when the last is gone."""
        if self._watch.running:
            self._watch.stop()
        self._closing = Deferred()
        for guard in tuple(self._guards):
            guard.close(abort=True)
        if not self._guards and not self._closing.called:
            self._closing.callback(None)
        return self._closing

    def refuse(self, address: str, gate: str | None, cause: str, reason: str) -> None:
        """Count and show what was turned away."""
        self.refused[cause] += 1
        self._told(address, gate, SHOWN[cause], reason)

    # -- messages -------------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        """Whether gates have to wait: the daemon is slower than they are."""
        return self.on_the_way >= ON_THE_WAY

    def publish(self, topic: str, payload: bytes, retain: bool, visitor: Visitor) -> None:
        """Pass a message on; those for the daemon are counted until it acknowledges them."""
        self.on_the_way += not visitor.own
        self._routing.publish(topic, payload, retain)

    def delivered(self) -> None:
        """The daemon has acknowledged one."""
        was_full, self.on_the_way = self.full, max(0, self.on_the_way - 1)
        if was_full and not self.full:
            self._reactor.callLater(0, self._check)
        self._look()

    def _check(self) -> None:
        now = self.seconds()
        for guard in tuple(self._guards):
            guard.check(now)

    def _forget_address(self, address: str) -> None:
        self._unproved[address] -= 1
        if self._unproved[address] <= 0:
            del self._unproved[address]

    # -- figures --------------------------------------------------------------------------------

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        said = "Open connections of the embedded broker"
        yield GaugeMetricFamily("iotd_broker_connections", said, len(self._guards))
        said = "Messages inside the embedded broker that the daemon has not acknowledged"
        yield GaugeMetricFamily("iotd_broker_on_the_way", said, self.on_the_way)
        said = "What the embedded broker turned away, by why"
        family = CounterMetricFamily("iotd_broker_refused", said, labels=("why",))
        for why, count in self.refused.items():
            family.add_metric((why,), count)
        yield family


class OwnGuards(Factory):
    """For the port on which the daemon's own client comes in, and nobody else."""

    noisy = False

    def __init__(self, guards: Guards) -> None:
        self._guards = guards

    def buildProtocol(self, addr: Any) -> Guard:
        """A guard that lets in one client only."""
        return Guard(self._guards, plain_address(addr), own_only=True)
