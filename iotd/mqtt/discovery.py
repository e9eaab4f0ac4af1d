"""Announces things to Home Assistant, keeps their states there new, and takes them back."""

from __future__ import annotations

from typing import Any, Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.mqtt import discovery_messages as messages
from iotd.mqtt.discovery_memory import Announced, Memory
from iotd.mqtt.discovery_messages import Thing
from iotd.site.figures import guarded

TICK = 1.0  # seconds: no topic is said more often
AT_ONCE = 100  # messages of a tick; the rest follows, as gates are to be answered meanwhile
BIRTHS = 10.0  # seconds between two announcements of everything: anybody may ask for them
#: Announced things, at most: each is remembered in a file and retained by the broker.
MOST_THINGS = 5000

Publish = Callable[[str, bytes, int, bool], bool]
Message = tuple[str, bytes, int]


class Discovery:
    """``show`` and ``forget`` say how things are; everything else follows within seconds.

    ``publish(topic, payload, qos, retain)`` is False when it can't be now. A thing is on disk
    before the broker hears of it, until after it was taken back: so nothing stays there that
    nobody takes back. ``prefix`` "" only takes back. ``page`` is for people, or "".
    """

    _log = Logger()

    def __init__(
        self, *, prefix: str, page: str, publish: Publish, memory: Memory, clock: Any,
        metrics: CollectorRegistry,
    ) -> None:
        self.prefix, self._page, self._publish = prefix, page, publish
        self._memory, self._clock = memory, clock
        self._things: dict[str, Thing] = {}
        self._look: dict[str, None] = {}  # things of which the broker may not know the newest
        self._back: dict[str, None] = {}  # config topics to take back
        self._sent: dict[str, bytes] = {}
        self._connected = False
        self._born = -BIRTHS
        self._ticks = LoopingCall(guarded(self._tick, self._log, "telling Home Assistant"))
        self._ticks.clock = clock
        self._messages = Counter(
            "iotd_discovery_messages", "Messages published for Home Assistant", registry=metrics,
        )
        things = Gauge(
            "iotd_discovery_things", "Things that Home Assistant is told of", registry=metrics,
        )
        things.set_function(lambda: len(self._things))

    # -- life -----------------------------------------------------------------------------

    def start_service(self, kept: Announced) -> None:
        """Begin; ``kept`` is what the file has. What of it was not shown before is taken back."""
        self._memory.load(kept)
        shown = {self._topic(id) for id in self._things}
        self._back.update(dict.fromkeys(topic for topic in kept if topic not in shown))
        self._ticks.start(TICK, now=False)

    async def stop_service(self) -> None:
        """Say that nobody is here any more; what is announced stays."""
        if self._ticks.running:
            self._ticks.stop()
            if self._connected and self.prefix:
                # QoS 0: it goes out before the goodbye, whatever waits for acknowledgement
                self._publish(messages.STATUS, messages.OFFLINE, 0, True)
        await self._memory.idle()

    def connected(self, connected: bool) -> None:
        """The broker is there, perhaps another or an empty one, or it is away."""
        self._connected = connected
        self._all_anew()

    def birth(self, payload: bytes) -> None:
        """Home Assistant said that it is there: it may have forgotten everything."""
        now = self._clock.seconds()
        if payload == messages.ONLINE and now - self._born >= BIRTHS:
            self._born = now
            self._all_anew()

    def _all_anew(self) -> None:
        self._sent.clear()
        self._look.update(dict.fromkeys(self._things))

    # -- things ---------------------------------------------------------------------------

    def show(self, thing: Thing) -> None:
        """A thing is so now."""
        id, before = thing.object_id, self._things.get(thing.object_id)
        if not self.prefix or before == thing:
            return
        if before is None and len(self._things) >= MOST_THINGS:
            return
        self._things[id], self._look[id] = thing, None
        self._back.pop(self._topic(id), None)
        self._memory.keep(self._topic(id), thing.components)

    def forget(self, object_id: str) -> None:
        """A thing is gone, or is nobody's business any more."""
        if self._things.pop(object_id, None) is not None:
            self._look.pop(object_id, None)
            self._back[self._topic(object_id)] = None

    def _topic(self, object_id: str) -> str:
        return messages.config_topic(self.prefix, object_id)

    # -- the broker -----------------------------------------------------------------------

    def _tick(self) -> None:
        if self._connected:
            self._say()
            self._memory.save()

    def _say(self) -> None:
        left = AT_ONCE
        for topic, payload, qos in self._due():
            if self._sent.get(topic) == payload:
                continue
            if not left or not self._publish(topic, payload, qos, True):
                return
            left -= 1
            self._sent[topic] = payload
            self._messages.inc()

    def _due(self) -> Iterator[Message]:
        """All that the broker may not know. What is asked for on has been said: left half way,
        a thing is due again."""
        yield messages.STATUS, messages.ONLINE if self.prefix else b"", 1
        for topic in tuple(self._back):
            yield from self._take_back(topic)
        for id in tuple(self._look):
            if self._topic(id) in self._memory.kept:
                yield from self._announce(self._things[id])
                del self._look[id]

    def _take_back(self, topic: str) -> Iterator[Message]:
        yield topic, b"", 1
        id = topic.split("/")[-2]
        said = [messages.state_topic(id), messages.availability_topic(id)]
        if id not in self._things:  # else its prefix is another one now
            for each in said:
                yield each, b"", 1
        for each in (topic, *said):
            self._sent.pop(each, None)
        del self._back[topic]
        self._memory.taken_back(topic)

    def _announce(self, thing: Thing) -> Iterator[Message]:
        id = thing.object_id
        ever = self._memory.ever.get(self._topic(id), {})
        yield self._topic(id), messages.config_of(thing, ever, self._page), 1
        there = messages.ONLINE if thing.online else messages.OFFLINE
        yield messages.availability_topic(id), there, 1
        yield messages.state_topic(id), thing.state, 0
