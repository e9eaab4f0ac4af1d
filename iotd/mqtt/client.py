"""The client of the broker; the only file that knows paho.

paho signs in, subscribes, keeps the connection alive and publishes, on a thread and a
pipe of ours. What others publish it does not see, but for QoS 2 (see ``stream``).
"""

from __future__ import annotations

import ssl
from typing import Any, Callable, Sequence

import paho.mqtt.client as paho
from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from iotd.errors import Unavailable
from iotd.mqtt.address import Address
from iotd.mqtt.figures import BridgeCollector
from iotd.mqtt.handover import Handover, Inbox
from iotd.mqtt.line import TO_PUBLISH, Line, ToPublish
from iotd.mqtt.pipe import Pipe

KEEPALIVE = 30  # seconds: a broker that hangs is noticed within two of them
CONNECT_SECONDS = 5.0
LONGEST = 4 << 20  # bytes of a packet
FINISH_SECONDS = 10.0  # for what was handed over, at a stop
END_SECONDS = 15.0  # for the thread: an address looked up or a handshake may hold it


class _Paho(paho.Client):
    """paho on a pipe."""

    pipe: Pipe

    def _create_socket(self) -> Any:
        self.pipe = Pipe(super()._create_socket(), LONGEST)
        return self.pipe


class PahoSession:
    """paho as a line's session; callbacks are paho's, and never raise.

    ``came_up(fresh)`` is called when all is subscribed; fresh: the broker had kept nothing.
    ``extra`` are topics that a broker may refuse; ``will`` is said by it when we are gone.
    """

    _log = Logger()

    def __init__(
        self, address: Address, client_id: str, topics: Sequence[str],
        tls: ssl.SSLContext | None, keepalive: int, came_up: Callable[[bool], None],
        extra: Sequence[str] = (), will: ToPublish | None = None,
    ) -> None:
        self.up, self.why = False, ""
        self._keepalive = keepalive
        self._topics, self._came_up, self._fresh = (*topics, *extra), came_up, False
        self._extra = frozenset(extra)
        self._paho = client = _Paho(
            paho.CallbackAPIVersion.VERSION2, client_id, clean_session=False,
            protocol=paho.MQTTv311, manual_ack=True, reconnect_on_failure=False,
        )
        client.suppress_exceptions = True
        client.connect_timeout = CONNECT_SECONDS
        client.max_queued_messages_set(TO_PUBLISH)
        client.on_connect, client.on_subscribe = self._connected, self._subscribed
        client.on_disconnect = self._disconnected
        # with it, paho never writes but when it is told to
        client.on_socket_register_write = lambda *_: None
        if will is not None:
            client.will_set(*will)
        if address.username is not None:
            client.username_pw_set(address.username, address.password)
        if address.tls:
            client.tls_set_context(tls or ssl.create_default_context())
        client.connect_async(address.host, address.port, keepalive)

    def open(self) -> Pipe:
        """Connect anew."""
        self._paho.reconnect()
        return self._paho.pipe

    @property
    def is_open(self) -> bool:
        """Whether the connection stands."""
        return self._paho.socket() is not None

    def write(self) -> None:
        """Pass what is to be sent to the pipe."""
        if self._paho.want_write():
            self._paho.loop_write()

    def read(self) -> None:
        """Take what came for the library, and look after the keepalive."""
        while self._paho.socket() is not None and self._paho.pipe.has_rest:
            self._paho.loop_read()
        if self._paho.socket() is not None:
            self._paho.loop_misc()

    def publish(self, message: ToPublish) -> None:
        """Send a message; with QoS 1 again after a lost connection."""
        self._paho.publish(*message)

    def goodbye(self) -> None:
        """DISCONNECT: the broker keeps the session."""
        self._paho.disconnect()
        self._paho.loop_write()

    # -- paho's callbacks ---------------------------------------------------------------

    def _connected(self, _: Any, __: Any, flags: Any, code: Any, ___: Any) -> None:
        if code.is_failure:
            self.why = f"it refused to let us in: {code}"
            return
        self._fresh = not flags.session_present
        self._paho.subscribe([(topic, 1) for topic in self._topics])

    def _subscribed(self, _: Any, __: Any, ___: Any, codes: Any, ____: Any) -> None:
        refused = [topic for topic, code in zip(self._topics, codes) if code.is_failure]
        for topic in self._extra.intersection(refused):
            self._log.warn("the broker refused the subscription to {topic}", topic=topic)
        if refused := [topic for topic in refused if topic not in self._extra]:
            self.why = f"it refused the subscription to {', '.join(refused)}"
            self._paho.disconnect()
            return
        self.up = True
        self._came_up(self._fresh)

    def _disconnected(self, _: Any, __: Any, ___: Any, code: Any, ____: Any) -> None:
        if not self.why and "eep alive" in str(code):
            self.why = f"it did not answer for {self._keepalive} s"


class Bridge:
    """Connected to the broker from ``start_service`` to ``stop_service``.

    ``inbox(messages)`` is called on the reactor with batches of what is published on
    ``topics``, and gives a Deferred: fired, they are acknowledged; failed, they come again.
    The broker keeps what comes while nobody is here, under ``client_id``. ``extra`` are topics
    without which it goes on too; ``will`` is what the broker says when this one is gone.
    """

    _log = Logger()

    def __init__(
        self, *, reactor: Any, address: Address, client_id: str, topics: Sequence[str],
        inbox: Inbox, now: Callable[[], float], metrics: CollectorRegistry,
        tls: ssl.SSLContext | None = None, keepalive: int = KEEPALIVE,
        on_connection: Callable[[bool], None] = lambda connected: None,
        extra: Sequence[str] = (), will: ToPublish | None = None,
    ) -> None:
        self.address = address
        self._reactor, self._now, self._on_connection = reactor, now, on_connection
        #: Unix time; None while there is no connection.
        self.connected_since: float | None = None
        self.why = "not connected yet"  # for people, while there is none
        self.connections = 0
        #: How often the broker had forgotten, after a lost connection, what it was to keep.
        self.sessions_lost = 0
        self.unpublished = 0
        session = PahoSession(
            address, client_id, topics, tls, keepalive, self._thread_came_up, extra, will,
        )
        self._line = Line(session, self._thread_lost, self._thread_ended)
        self.handover = self._line.handover = Handover(reactor, inbox, self._line.wake)
        self._ended: Deferred[None] = Deferred()
        self._running = False
        metrics.register(BridgeCollector(self))

    @property
    def connected(self) -> bool:
        """Whether messages come in."""
        return self.connected_since is not None

    async def check(self) -> None:
        """Unavailable with the reason when there is no connection."""
        if not self.connected:
            raise Unavailable(f"no connection to the broker at {self.address}: {self.why}")

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> bool:
        """Send a message as soon as possible; False, and counted, when too many wait."""
        taken = self._line.publish(ToPublish(topic, payload, qos, retain))
        self.unpublished += not taken
        return taken

    def start_service(self) -> None:
        """Connect, and stay connected."""
        self._running = True
        self._line.start()

    async def stop_service(self) -> None:
        """Let what was handed over be finished and acknowledged, then disconnect."""
        if not self._running:
            return
        self._running = False
        self._line.quiet()
        await self._at_most(self.handover.idle(), FINISH_SECONDS, "messages were not finished")
        self._line.leave()
        await self._at_most(self._ended, END_SECONDS, "the client of the broker did not end")
        self._line.join()
        self.connected_since, self.why = None, "stopped"

    async def _at_most(self, done: Deferred[None], seconds: float, what: str) -> None:
        done.addTimeout(seconds, self._reactor)
        try:
            await done
        except Exception:
            self._log.warn("{what} within {seconds:g} s", what=what, seconds=seconds)

    # -- on the line's thread -------------------------------------------------------------

    def _thread_came_up(self, fresh: bool) -> None:
        self._reactor.callFromThread(self._came_up, fresh)

    def _thread_lost(self, why: str) -> None:
        self._reactor.callFromThread(self._lost, why)

    def _thread_ended(self) -> None:
        self._reactor.callFromThread(self._end)

    # -- on the reactor -------------------------------------------------------------------

    def _end(self) -> None:
        if not self._ended.called:
            self._ended.callback(None)

    def _came_up(self, fresh: bool) -> None:
        if fresh and self.connections:
            self.sessions_lost += 1
            self._log.warn(
                "the broker at {broker} has forgotten what it was to keep for iotd: what was "
                "published meanwhile is lost there", broker=str(self.address),
            )
        self.connections += 1
        self.connected_since, self.why = self._now(), ""
        self._log.info("connected to the broker at {broker}", broker=str(self.address))
        self._on_connection(True)

    def _lost(self, why: str) -> None:
        if self.connected or why != self.why:
            self._log.warn(
                "no connection to the broker at {broker}: {why}; it is tried again",
                broker=str(self.address), why=why,
            )
        was_up, self.connected_since, self.why = self.connected, None, why
        if was_up:
            self._on_connection(False)
