"""Server-sent events: what the bus tells, to every open page that may hear it.

Each event is encoded once. A page that reads slowly holds at most the newest
state of each thing (256 of them), beyond that it is told to fetch all anew.
"""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass
from typing import Any, Callable, Iterable

from pydantic import BaseModel
from pydantic_core import to_json
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.bus import Bus, CameraChanged, DeviceChanged
from iotd.errors import TooMany
from iotd.site.figures import guarded
from iotd.site.guard import Authenticator
from iotd.site.routes import Call, Identity, route
from iotd.site.streams import OpenStreams, Stream, until_ended

RING = 1000  # events that a page may have missed and still get
WAITING = 256  # things whose newest state waits for a slow page
HEARTBEAT = 15.0
RETRY = b"retry: 2000\n"  # milliseconds until a browser comes back
MAX_PER_SESSION = 16


#: Who of those whose role hears a kind of event hears this very one.
Audience = Callable[[Identity, Any], bool]


class EventQuery(BaseModel):
    """Where to go on, for clients that can't set a header."""

    last_event_id: str | None = None


@dataclass(frozen=True)
class Event:
    """One event as it goes out; ``thing`` is what it replaces the state of."""

    number: int
    name: str
    thing: tuple[str, Any]
    encoded: bytes
    audience: Callable[[Identity], bool] | None = None

    def is_for(self, identity: Identity) -> bool:
        """Whether this one, whose role hears such events, hears this very one now."""
        return self.audience is None or self.audience(identity)


class Listener:
    """One open page."""

    def __init__(self, identity: Identity, stream: Stream) -> None:
        self.identity = identity
        self.stream = stream
        self._waiting: dict[tuple[str, Any], Event] = {}
        self._stale: bytes | None = None
        stream.on_ready = self._catch_up

    def send(self, event: Event, resync: bytes) -> None:
        """``event`` now, or its newest successor when the page has read what it has."""
        if not self._behind and self.stream.offer(event.encoded):
            return
        if self._stale is not None or len(self._waiting) >= WAITING:
            self._waiting.clear()
            self._stale = resync
            return
        self._waiting.pop(event.thing, None)
        self._waiting[event.thing] = event

    @property
    def _behind(self) -> bool:
        return self._stale is not None or bool(self._waiting)

    def beat(self) -> None:
        """A sign of life, for proxies and for finding dead links."""
        if not self.stream.busy:
            self.stream.offer(b":\n\n")

    def _catch_up(self) -> None:
        # what this one may hear may have become less while it waited
        heard = (each for each in self._waiting.values() if each.is_for(self.identity))
        text = self._stale or b"".join(event.encoded for event in heard)
        if not text or self.stream.offer(text):
            self._stale = None
            self._waiting.clear()


class EventFeed:
    """GET /api/v1/events, and what feeds it."""

    _log = Logger()

    def __init__(
        self, bus: Bus, authenticator: Authenticator, streams: OpenStreams, clock: Any
    ) -> None:
        self._bus = bus
        self._authenticator = authenticator
        self._streams = streams
        # numbers start again with each process: the prefix tells its life
        self._life = secrets.token_hex(4)
        self._number = 0
        self._ring: deque[Event] = deque(maxlen=RING)
        self._listeners: dict[Listener, None] = {}
        self._beating = LoopingCall(guarded(self._beat, self._log, "the heartbeat"))
        self._beating.clock = clock
        self.register(CameraChanged, "camera")
        self.register(DeviceChanged, "device")

    def register(self, kind: type, name: str, audience: Audience | None = None) -> None:
        """Tell pages of every ``kind`` on the bus as ``name``; it has ``id`` and ``data``.

        ``audience(identity, event)`` narrows down what the role allows.
        """
        def heard(event: Any) -> None:
            who = None if audience is None else lambda identity: audience(identity, event)
            self._tell(name, event.id, event.data, who)

        self._bus.subscribe(kind, heard)

    def start(self) -> None:
        """Beat from now on."""
        ended = self._beating.start(HEARTBEAT, now=False)
        ended.addErrback(lambda failure: self._log.failure("the heartbeat ended", failure))

    def stop(self) -> None:
        """Beat no more."""
        if self._beating.running:
            self._beating.stop()

    def __len__(self) -> int:
        return len(self._listeners)

    def mark(self) -> str:
        """The id of the newest event: who resumes from it misses none after it."""
        return f"{self._life}-{self._number}"

    @route(
        "GET", "/api/v1/events", name="site.events", kind="stream", query=EventQuery
    )
    async def events(self, call: Call) -> None:
        """Live changes as server-sent events; Last-Event-ID resumes."""
        held = [each for each in self._listeners if each.identity.session == call.who.session]
        if len(held) >= MAX_PER_SESSION:
            raise TooMany(f"At most {MAX_PER_SESSION} event streams for each sign-in.", 10)
        stream = Stream(call.request, b"text/event-stream")
        self._streams.add(call.who, stream)
        listener = Listener(call.who, stream)
        last = (call.request.getHeader(b"last-event-id") or b"").decode("latin-1")
        stream.write(self._first(call.who, last or call.query.last_event_id))
        self._listeners[listener] = None
        try:
            await until_ended(stream)
        finally:
            self._listeners.pop(listener, None)

    def _first(self, identity: Identity, last: str | None) -> bytes:
        """What a new listener gets: what it missed since ``last``, or a resync."""
        if not last:
            return RETRY + self._mark() + b"\n"
        missed = self._since(last)
        if missed is None:
            return RETRY + self._resync()
        heard = [event.encoded for event in missed if self._hears(identity, event)]
        # each carries its own id: the newest one first would lose them to a cut in between
        return RETRY + (b"".join(heard) or self._mark() + b"\n")

    def _since(self, last: str) -> Iterable[Event] | None:
        life, _, number = last.partition("-")
        if life != self._life or not number.isascii() or not number.isdigit():
            return None
        seen = int(number[:15])
        oldest = self._ring[0].number if self._ring else self._number + 1
        if not oldest - 1 <= seen <= self._number:
            return None
        return [event for event in self._ring if event.number > seen]

    def _tell(
        self, name: str, thing: Any, data: Any,
        audience: Callable[[Identity], bool] | None = None,
    ) -> None:
        self._number += 1
        encoded = b"".join((
            self._mark(), b"event: ", name.encode(), b"\ndata: ",
            to_json(data, inf_nan_mode="null"), b"\n\n",
        ))
        event = Event(self._number, name, (name, thing), encoded, audience)
        self._ring.append(event)
        resync = self._resync()
        for listener in tuple(self._listeners):
            if self._hears(listener.identity, event):
                listener.send(event, resync)

    def _hears(self, identity: Identity, event: Event) -> bool:
        if not self._authenticator.hears(identity, event.name):
            return False
        return event.is_for(identity)

    def _mark(self) -> bytes:
        return b"id: %s\n" % self.mark().encode()

    def _resync(self) -> bytes:
        return self._mark() + b"event: resync\ndata: {}\n\n"

    def _beat(self) -> None:
        for listener in tuple(self._listeners):
            listener.beat()
