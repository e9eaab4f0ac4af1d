"""Streams on a transport without a network, and on real sockets of this machine."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.internet import reactor as any_reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import deferLater
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.test.requesthelper import DummyRequest

from iotd.bus import Bus, SessionEnded
from iotd.errors import TooMany
from iotd.site.routes import Call, Identity, route
from iotd.site.streams import MAX_PER_SESSION, OpenStreams, Stream, until_ended
from tests.site.house import ANN, VIC, House, HouseTestCase, Line, request_bytes

reactor: Any = any_reactor
PART = b"p" * 30_000


class Cinema:
    """Keeps the streams that it opened."""

    def __init__(self) -> None:
        self.open: list[Stream] = []
        self.left = 0

    @route("GET", "/films/<id>", name="cinema.film", kind="stream")
    async def film(self, call: Call, id: str) -> None:
        """A response without an end."""
        stream = Stream(call.request, b"video/x-test", {b"X-Film": id.encode()})
        self.open.append(stream)
        await until_ended(stream)
        self.left += 1


class HeadTests(HouseTestCase):
    """One stream on a StringTransport."""

    def setUp(self) -> None:
        self.cinema = Cinema()
        self.house = self.build(self.cinema)
        self.line: Line = self.house.connect()
        self.line.send(request_bytes("GET", "/films/jaws", who="ann"))
        [self.stream] = self.cinema.open
        self.transport: Any = self.line.transport

    def test_head(self) -> None:
        """The head goes out at once: no length, no chunks, every safety header, and its own."""
        head = self.transport.value().decode().lower()
        self.assertTrue(head.startswith("http/1.0 200"), head)
        self.assertTrue(head.endswith("\r\n\r\n"))
        for wanted in ("content-type: video/x-test", "x-film: jaws", "connection: close",
                       "x-accel-buffering: no", "x-content-type-options: nosniff",
                       "cache-control: no-store"):
            self.assertIn(wanted, head)
        for unwanted in ("transfer-encoding", "content-length"):
            self.assertNotIn(unwanted, head)

    def test_offers(self) -> None:
        """An idle stream takes a part, a busy one does not, and says when it is idle again."""
        ready: list[bool] = []
        self.stream.on_ready = lambda: ready.append(True)
        self.transport.clear()
        self.assertTrue(self.stream.offer(b"one"))
        self.transport.producer.pauseProducing()
        self.assertFalse(self.stream.offer(b"two"))
        self.transport.producer.resumeProducing()
        self.assertTrue(self.stream.offer(b"three"))
        self.assertEqual((self.transport.value(), ready), (b"onethree", [True]))

    def test_small_things_always_go(self) -> None:
        """write() takes small things also while busy, and nothing after the end."""
        self.transport.clear()
        self.transport.producer.pauseProducing()
        self.stream.write(b"small")
        self.stream.end()
        self.stream.write(b"late")
        self.assertFalse(self.stream.offer(b"late"))
        self.assertEqual(self.transport.value(), b"small")

    def test_end_of_an_idle_one(self) -> None:
        """An idle stream ends after what it has sent, a busy one is cut off."""
        self.stream.end()
        self.assertTrue(self.transport.disconnecting)
        self.assertIsNone(self.transport.producer)
        self.stream.end(at_once=True)  # twice does no harm

    def test_browser_leaves(self) -> None:
        """When the browser leaves the stream is over, and its handler goes on to its end."""
        assert self.line.channel is not None
        self.line.channel.connectionLost(Failure(ConnectionDone()))
        self.assertTrue(self.stream.closed)
        self.assertEqual(self.cinema.left, 1)
        self.assertFalse(self.stream.offer(b"late"))

    def test_ended_when_cancelled(self) -> None:
        """Cancelling ``ended`` ends the stream, as twisted does for a lost request."""
        self.stream.ended.cancel()
        self.assertTrue(self.stream.closed)


def a_stream() -> Any:
    """A stream on nothing but a request and a transport."""
    request: Any = DummyRequest([b""])
    transport: Any = StringTransport()
    transport.registerProducer(request, True)  # as the channel does
    transport.abortConnection = transport.loseConnection
    request.channel = SimpleNamespace(transport=transport)
    return Stream(request, b"video/x-test")


class Doors:
    """Says who may still watch."""

    def __init__(self) -> None:
        self.shut: set[str] = set()

    def still_valid(self, identity: Identity, now: float) -> bool:
        """Unless shut out."""
        return identity.session not in self.shut


class OpenStreamsTests(SynchronousTestCase):
    """Who holds what open, and what ends it."""

    def setUp(self) -> None:
        self.bus, self.doors = Bus(), Doors()
        self.streams = OpenStreams(self.bus, self.doors)  # type: ignore[arg-type]

    def opened(self, identity: Identity) -> Stream:
        """One more stream of somebody."""
        stream: Stream = a_stream()
        self.streams.add(identity, stream)
        return stream

    def test_end_of_a_session(self) -> None:
        """A session's end ends its streams at once, and nobody else's."""
        first, second, other = self.opened(ANN), self.opened(ANN), self.opened(VIC)
        self.bus.publish(SessionEnded(ANN.session))
        self.assertEqual([s.closed for s in (first, second, other)], [True, True, False])

    def test_sweep(self) -> None:
        """Who may no longer watch is found by the next sweep."""
        mine, other = self.opened(ANN), self.opened(VIC)
        self.doors.shut.add(VIC.session)
        self.streams.sweep(1000.0, 0.0)
        self.assertEqual((mine.closed, other.closed), (False, True))

    def test_stalled(self) -> None:
        """A viewer that takes nothing for more than 30 s is cut; one that took a bit is not."""
        stalled, slow = self.opened(ANN), self.opened(ANN)
        for stream in (stalled, slow):
            stream.pauseProducing()
        self.streams.sweep(1000.0, 5.0)
        slow.resumeProducing()
        slow.pauseProducing()
        self.streams.sweep(1030.0, 35.0)
        self.assertFalse(stalled.closed)
        self.streams.sweep(1031.0, 36.0)
        self.assertEqual((stalled.closed, slow.closed), (True, False))

    def test_clock_set(self) -> None:
        """A clock that is set an hour ahead, or back, cuts off nobody who reads slowly."""
        slow = self.opened(ANN)
        slow.pauseProducing()
        for seconds, now in enumerate((1000.0, 4600.0, 1000.0)):
            self.streams.sweep(now, float(seconds))
        self.assertFalse(slow.closed)

    def test_forgets(self) -> None:
        """A stream that ended is not held any more."""
        stream = self.opened(ANN)
        self.assertEqual(len(self.streams), 1)
        stream.ended.callback(None)
        self.assertEqual(len(self.streams), 0)

    def test_room(self) -> None:
        """A session has room for 1,024 streams; the next is told to wait, another session not."""
        one = a_stream()
        self.streams._held[ANN.session] = {
            object(): ANN for _ in range(MAX_PER_SESSION - 1)  # type: ignore[misc]
        }
        self.streams.check_room(ANN)
        self.streams.add(ANN, one)
        self.assertRaises(TooMany, self.streams.check_room, ANN)
        self.streams.check_room(VIC)

    def test_end_all(self) -> None:
        """Stopping ends every stream."""
        streams = [self.opened(ANN), self.opened(VIC)]
        self.streams.end_all()
        self.assertTrue(all(stream.closed for stream in streams))


class SocketTests(TestCase):
    """A stream through the kernel."""

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.cinema = Cinema()
        self.house = House(folder, self.cinema, clock=reactor)
        self.port = reactor.listenTCP(0, self.house.site, interface="127.0.0.1")
        self.addCleanup(self.close)

    async def close_all(self) -> None:
        """Nothing may remain."""
        await self.port.stopListening()
        self.house.site.close_all()
        while len(self.house.site.places):
            await deferLater(reactor, 0)

    def close(self) -> Deferred[None]:
        """For trial."""
        return Deferred.fromCoroutine(self.close_all())

    async def watch(self) -> tuple[socket.socket, Stream]:
        """A viewer's socket, its head read, and the stream on our side."""
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await deferToThread(sock.connect, ("127.0.0.1", self.port.getHost().port))
        sock.sendall(request_bytes("GET", "/films/jaws", who="ann"))
        sock.settimeout(10)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await deferToThread(sock.recv, 1)
        return sock, self.cinema.open[-1]

    async def test_newest_only(self) -> None:
        """To a viewer that does not read some parts go out, then none; nothing piles up."""
        sock, stream = await self.watch()
        taken = 0
        for _ in range(300):
            taken += stream.offer(PART)
            await deferLater(reactor, 0)
        self.assertTrue(stream.busy)
        self.assertLess(taken, 20)
        ready: Deferred[None] = Deferred()
        stream.on_ready = lambda: ready.callback(None)
        got = 0
        while got < taken * len(PART):
            got += len(await deferToThread(sock.recv, 1 << 20))
        await ready
        self.assertEqual(got, taken * len(PART))
        self.assertTrue(stream.offer(PART))

    async def test_unsent_bytes_are_few(self) -> None:
        """The kernel is told to hold at most 16 KiB that are not sent."""
        _, stream = await self.watch()
        held = stream._transport.socket.getsockopt(socket.IPPROTO_TCP, 25)
        self.assertEqual(held, 16 * 1024)

    async def test_at_once(self) -> None:
        """A busy stream that is cut ends for the viewer too, and its handler goes on."""
        sock, stream = await self.watch()
        while stream.offer(PART):
            await deferLater(reactor, 0)
        stream.end(at_once=True)
        with self.assertRaises((ConnectionResetError, EOFError)):
            while True:
                if not await deferToThread(sock.recv, 1 << 20):
                    raise EOFError
        while not self.cinema.left:
            await deferLater(reactor, 0.01)

    async def test_viewer_that_resets(self) -> None:
        """A viewer that resets its connection ends its stream, whenever we notice."""
        sock, stream = await self.watch()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        while not stream.closed:
            stream.offer(PART)
            await deferLater(reactor, 0.01)
        self.assertFalse(stream.offer(PART))
