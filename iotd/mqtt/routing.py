"""amqtt, in a thread with a loop of its own: who has subscribed to what, and what is retained.

It is kept behind guards, as by itself it would let a stranger take over anybody's session
before asking for a password, remember each refused client for ever, read a packet of 256 MB,
never close a silent connection, drop what a client has not acknowledged within 5 s, and
what a gate published, acknowledged or not, when the gate leaves right after.
"""

from __future__ import annotations

import asyncio
import logging
from threading import Thread
from typing import Any, Callable, Coroutine, Iterator

from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker, BrokerContext
from amqtt.contexts import BaseContext, BrokerConfig, ListenerConfig, ListenerType
from amqtt.mqtt.disconnect import DisconnectPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.mqtt.protocol.handler import ProtocolHandler
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import OUTGOING, Session
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from iotd.errors import Unavailable

STOP_SECONDS = 5.0
LISTENER = "default"


class LetIn(BaseAuthPlugin):
    """Whoever comes this far was let in by the door."""

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)

    async def authenticate(self, *, session: Session) -> bool:
        """Always."""
        return True


class PatientHandler(BrokerProtocolHandler):
    """Waits for an acknowledgement as long as it takes: it stands for a commit to disk.

    And it remembers how a client left: amqtt's forgets that, or tells the will of one that
    left in order, when it was gone before amqtt was done with its coming.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._left: asyncio.Future[DisconnectPacket | None] = self._loop.create_future()

    async def start(self) -> None:
        """Hear the client."""
        await ProtocolHandler.start(self)

    async def stop(self) -> None:
        """Hear it no more."""
        await ProtocolHandler.stop(self)
        await self.handle_disconnect(None)

    async def wait_disconnect(self) -> DisconnectPacket | None:
        """How it left; None when the connection was lost."""
        return await asyncio.shield(self._left)

    async def handle_disconnect(self, disconnect: DisconnectPacket | None) -> None:
        """It leaves; what is told first counts."""
        if not self._left.done():
            self._left.set_result(disconnect)

    async def _handle_qos1_message_flow(self, app_message: Any) -> None:
        if app_message.direction != OUTGOING or self.session is None:
            await super()._handle_qos1_message_flow(app_message)
            return
        number, inflight = app_message.packet_id, self.session.inflight_out
        inflight[number] = app_message
        packet = app_message.build_publish_packet(dup=app_message.publish_packet is not None)
        acknowledged = self._puback_waiters[number] = asyncio.get_running_loop().create_future()
        app_message.publish_packet = packet
        await self._send_packet(packet)
        try:
            app_message.puback_packet = await acknowledged
        finally:
            self._puback_waiters.pop(number, None)
        inflight.pop(number, None)  # not when the connection was lost: it is sent again


class _Subscriptions(dict[str, list[tuple[Session, int]]]):
    """By filter; others may come and go while somebody, who waits in between, looks at each."""

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self.keys()))


class _Broker(Broker):
    """amqtt's, with handlers that are patient.

    And it offers what is retained to those who have asked for it. amqtt's offers to everybody
    who connects what anybody has asked for, and ends that connection when another client
    subscribes meanwhile.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._subscriptions = _Subscriptions()

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        asked = self._subscriptions.get(subscription[0], ())
        if any(each.client_id == session.client_id for each, _ in asked):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    async def _initialize_client_session(self, *args: Any) -> Any:
        _, session = await super()._initialize_client_session(*args)
        return PatientHandler(self.plugins_manager, loop=self._loop), session


class Channel:
    """A connection to amqtt without a socket. ``write`` and ``ended`` are called on its thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, write: Callable[[bytes], None],
        consumed: Callable[[int], None], ended: Callable[[], None],
    ) -> None:
        self._loop, self.ended = loop, ended
        self._stream = asyncio.StreamReader(loop=loop)
        self.reader, self.writer = _Reader(self._stream, consumed), _Writer(write)

    def feed(self, data: bytes) -> None:
        """Something came; from any thread."""
        _call(self._loop, self._stream.feed_data, data)

    def end(self) -> None:
        """Nothing more will; from any thread."""
        _call(self._loop, self._stream.feed_eof)


class _Reader(ReaderAdapter):
    def __init__(self, stream: asyncio.StreamReader, consumed: Callable[[int], None]) -> None:
        self._stream, self._consumed = stream, consumed

    async def read(self, n: int = -1) -> bytes:
        data = await (self._stream.read(n) if n < 0 else self._stream.readexactly(n))
        self._consumed(len(data))
        return data

    def feed_eof(self) -> None:
        self._stream.feed_eof()


class _Writer(WriterAdapter):
    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write, self._closed = write, False

    def write(self, data: bytes) -> None:
        if not self._closed:
            self._write(bytes(data))

    async def drain(self) -> None:
        pass

    def get_peer_info(self) -> tuple[str, int]:
        return "guard", 0

    def get_ssl_info(self) -> None:
        return None

    async def close(self) -> None:
        self._closed = True


class Routing:
    """``start``, ``open`` and ``stop`` on the reactor."""

    _log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="broker", daemon=True)
        self._ended: Deferred[None] = Deferred()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._broker: _Broker
        _quiet(self._log)

    def start(self) -> Deferred[None]:
        """Fires when channels can be opened."""
        self._thread.start()
        return self._ask(self._begin())

    def open(
        self, write: Callable[[bytes], None], consumed: Callable[[int], None],
        ended: Callable[[], None],
    ) -> Channel:
        """A new connection to amqtt; its first bytes are a CONNECT."""
        channel = Channel(self._loop, write, consumed, ended)
        _call(self._loop, self._begin_task, self._serve, channel)
        return channel

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        """Pass a message on to whoever has subscribed, in order; its sender may be gone by then."""
        _call(self._loop, self._begin_task, self._publish, topic, payload, retain)

    async def stop(self) -> None:
        """Send everybody away and end the thread."""
        if not self._thread.is_alive():
            return
        try:
            await self._ask(asyncio.wait_for(self._broker.shutdown(), STOP_SECONDS))
        except Exception:
            self._log.failure("the embedded broker did not end in order")
        self._loop.call_soon_threadsafe(self._loop.stop)
        await self._ended
        self._thread.join(1.0)  # it has nothing left to do

    # -- the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()
        finally:
            self._reactor.callFromThread(self._ended.callback, None)

    async def _begin(self) -> None:
        config = BrokerConfig(
            listeners={LISTENER: ListenerConfig(type=ListenerType.EXTERNAL)},
            plugins={f"{__name__}.{LetIn.__name__}": {}},
        )
        self._broker = _Broker(config, loop=self._loop)
        self._context = BrokerContext(self._broker)
        await self._broker.start()

    async def _publish(self, topic: str, payload: bytes, retain: bool) -> None:
        if retain:
            await self._context.retain_message(topic, payload, 1)
        await self._context.broadcast_message(topic, payload)

    async def _serve(self, channel: Channel) -> None:
        try:
            await self._broker.external_connected(channel.reader, channel.writer, LISTENER)
        except Exception as fault:
            logging.getLogger("amqtt").error("a connection failed: %r", fault)
        finally:
            channel.ended()

    def _ask(self, work: Coroutine[Any, Any, Any]) -> Deferred[Any]:
        """Run ``work`` on the loop; its outcome on the reactor."""
        outcome: Deferred[Any] = Deferred()

        async def run() -> None:
            try:
                result = await work
            except Exception as fault:
                problem = Unavailable(f"the embedded broker: {fault or type(fault).__name__}")
                self._reactor.callFromThread(outcome.errback, problem)
            else:
                self._reactor.callFromThread(outcome.callback, result)

        self._loop.call_soon_threadsafe(self._begin_task, run)
        return outcome

    def _begin_task(self, work: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> None:
        task = self._loop.create_task(work(*args))
        self._tasks.add(task)  # the loop itself does not keep them
        task.add_done_callback(self._tasks.discard)


def _call(loop: asyncio.AbstractEventLoop, work: Callable[..., Any], *args: Any) -> None:
    try:
        loop.call_soon_threadsafe(work, *args)
    except RuntimeError:
        pass  # the loop is closed: everybody was sent away


class _Told(logging.Handler):
    """amqtt's errors as lines of our log; of everything else clients are the cause."""

    def __init__(self, log: Logger) -> None:
        super().__init__(logging.ERROR)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.warn("embedded broker: {said}", said=record.getMessage()[:300])


def _quiet(log: Logger) -> None:
    for name in ("amqtt", "transitions"):
        library = logging.getLogger(name)
        library.handlers = [_Told(log)]
        library.setLevel(logging.ERROR)
        library.propagate = False
