"""Server-sent events: who hears what, from where on, and at what cost."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from iotd.bus import CameraChanged, DeviceChanged, SessionEnded
from iotd.site.events import HEARTBEAT, MAX_PER_SESSION, RING, WAITING
from tests.site.house import HouseTestCase, Line, request_bytes

PATH = "/api/v1/events"


class Socket(StringTransport):
    """A socket that may be full: then it takes, and says so."""

    full = False

    def write(self, data: bytes) -> None:
        """Keep ``data``."""
        super().write(data)
        if self.full:
            self.producer.pauseProducing()

    def fill(self) -> None:
        """Take no more."""
        self.full = True
        self.producer.pauseProducing()

    def drain(self) -> None:
        """The client reads again."""
        self.full = False
        self.producer.resumeProducing()


@dataclass(frozen=True)
class Boiled:
    """Another room's event."""

    id: str
    data: dict[str, Any]


class EventTestCase(HouseTestCase):
    """Listening and telling."""

    def listen(self, who: str = "ann", query: str = "", **headers: str) -> Line:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        line = self.house.connect(transport=Socket())
        line.send(request_bytes("GET", PATH + query, who=who, headers=told))
        return line

    def camera(self, name: str, **data: Any) -> None:
        self.house.bus.publish(CameraChanged(name, {"id": name, **data}))

    def heard(self, line: Line) -> list[tuple[str, Any]]:
        text = line.reply().body.decode()
        found = re.findall(r"event: (.*)\ndata: (.*)\n\n", text)
        return [(name, json.loads(data)) for name, data in found]

    def last_id(self, line: Line) -> str:
        return re.findall(rb"id: (.*)\n", line.transport.value())[-1].decode()


class ListeningTests(EventTestCase):
    """What a page gets."""

    def test_head(self) -> None:
        """A stream begins at once as text/event-stream, without chunks or caching."""
        reply = self.listen().reply()
        self.assertEqual(reply.header("content-type"), "text/event-stream")
        self.assertEqual(reply.header("cache-control"), "no-store")
        self.assertIsNone(reply.header("transfer-encoding"))

    def test_events(self) -> None:
        """Changes arrive with name, data and ids that increase."""
        line = self.listen()
        self.camera("a", fps=5)
        self.house.bus.publish(DeviceChanged("d", {"id": "d", "text": "two\nlines"}))
        self.assertEqual(self.heard(line), [("camera", {"id": "a", "fps": 5}),
                                            ("device", {"id": "d", "text": "two\nlines"})])
        numbers = re.findall(rb"id: [0-9a-f]{8}-(\d+)\n", line.transport.value())
        self.assertEqual(numbers, [b"0", b"1", b"2"])

    def test_other_rooms(self) -> None:
        """A room's own events are heard under the name it gave them."""
        self.house.site.feed.register(Boiled, "kettle")
        line = self.listen()
        self.house.bus.publish(Boiled("k", {"at": 100}))
        self.assertEqual(self.heard(line), [("kettle", {"at": 100})])

    def test_rights(self) -> None:
        """Nobody hears what their role may not, live or on resuming."""
        line = self.listen("vic")
        start = self.last_id(line)
        self.house.bus.publish(DeviceChanged("d", {}))
        self.camera("a")
        again = self.listen("vic", Last_Event_ID=start)
        for each in (line, again):
            self.assertEqual([name for name, _ in self.heard(each)], ["camera"])

    def test_resuming(self) -> None:
        """Who comes back gets what was missed, by header or query."""
        first = self.listen()
        self.camera("a")
        seen = self.last_id(first)
        self.camera("b")
        self.camera("c")
        for line in (self.listen(Last_Event_ID=seen), self.listen(query=f"?last_event_id={seen}")):
            self.assertEqual([data["id"] for _, data in self.heard(line)], ["b", "c"])

    def test_page_misses_nothing(self) -> None:
        """What changes between the making of a page and its listening is told as well."""
        self.camera("before")
        page = self.house.ask("GET", "/login").body.decode()
        self.camera("meanwhile")
        mark = re.search('"events":"([^"]+)"', page)
        assert mark is not None, page
        line = self.listen(query=f"?last_event_id={mark[1]}")
        self.assertEqual([data["id"] for _, data in self.heard(line)], ["meanwhile"])

    def test_resync(self) -> None:
        """Who was away too long, or in another life of the daemon, fetches anew."""
        old = self.last_id(self.listen())
        for number in range(RING + 1):
            self.camera(str(number))
        life = old.split("-")[0]
        for seen in (old, "00000000-5", f"{life}-{RING + 2}", f"{life}-x", f"{life}-{'9' * 5000}",
                     "junk", "-"):
            self.assertEqual(self.heard(self.listen(Last_Event_ID=seen)), [("resync", {})], seen)
        kept = self.listen(Last_Event_ID=f"{life}-1")
        self.assertEqual(len(self.heard(kept)), RING)

    def test_heartbeat(self) -> None:
        """Every 15 s there is a sign of life."""
        self.house.site.startFactory()
        self.addCleanup(self.house.site.stopFactory)
        line = self.listen()
        before = len(line.transport.value())
        self.house.clock.pump([0.5] * int(2 * HEARTBEAT * 2))
        self.assertEqual(line.transport.value()[before:], b":\n\n" * 2)


class LimitTests(EventTestCase):
    """What a page may cost."""

    def test_slow_readers_get_the_newest(self) -> None:
        """A page that does not read gets the newest state of each thing, no history."""
        line = self.listen()
        line.transport.fill()
        before = len(line.transport.value())
        for number in range(5000):
            self.camera("a" if number % 2 else "b", n=number)
        self.assertEqual(len(line.transport.value()), before)
        line.transport.drain()
        self.assertEqual(self.heard(line), [("camera", {"id": "b", "n": 4998}),
                                            ("camera", {"id": "a", "n": 4999})])

    def test_slow_readers_of_too_much(self) -> None:
        """When too many things changed meanwhile the page is told to fetch anew."""
        line = self.listen()
        line.transport.fill()
        for number in range(WAITING + 10):
            self.camera(str(number))
        (listener,) = self.house.site.feed._listeners
        self.assertEqual(len(listener._waiting), 0)
        line.transport.drain()
        self.assertEqual(self.heard(line), [("resync", {})])
        self.camera("a")
        self.assertEqual(len(self.heard(line)), 2)

    def test_order_is_kept(self) -> None:
        """What comes while older news wait does not overtake them."""
        line = self.listen()
        line.transport.fill()
        self.camera("a", n=1)
        self.camera("b", n=2)
        line.transport.drain()
        self.camera("a", n=3)
        self.assertEqual([data["n"] for _, data in self.heard(line)], [1, 2, 3])

    def test_may_hear_less_by_now(self) -> None:
        """What waited for a slow page is not told to whom it is no longer for, and what comes
        after is."""
        may_hear = [True]
        self.house.site.feed.register(Boiled, "kettle", lambda who, event: may_hear[0])
        line = self.listen()
        line.transport.fill()
        self.house.bus.publish(Boiled("k", {"at": 99}))
        may_hear[0] = False
        line.transport.drain()
        self.assertEqual(self.heard(line), [])
        may_hear[0] = True
        self.house.bus.publish(Boiled("k", {"at": 100}))
        self.assertEqual(self.heard(line), [("kettle", {"at": 100})])

    def test_so_many_a_session(self) -> None:
        """One sign-in has so many streams; another is refused, other people are not."""
        lines = [self.listen() for _ in range(MAX_PER_SESSION)]
        refused = self.listen().reply()
        self.assertEqual((refused.status, refused.header("retry-after")), (429, "10"))
        self.assertEqual(self.listen("vic").reply().status, 200)
        lines[0].channel.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.listen().reply().status, 200)

    def test_end_of_the_session(self) -> None:
        """A stream ends with its session, and is forgotten."""
        line = self.listen()
        self.house.bus.publish(SessionEnded("session-ann"))
        self.assertTrue(line.closed)
        line.channel.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((len(self.house.site.feed), len(self.house.streams)), (0, 0))

    def test_encoded_once(self) -> None:
        """All pages are sent the same bytes, however many they are."""
        lines = [self.listen(who) for who in ("ann", "vic", "bot")]
        self.camera("a")
        tails = {line.transport.value().rpartition(b"id: ")[2] for line in lines}
        self.assertEqual(len(tails), 1)

    def test_unknown_query(self) -> None:
        """An unknown key, often there against caches, keeps nobody from listening."""
        self.assertEqual(self.listen(query="?x=1").reply().status, 200)
