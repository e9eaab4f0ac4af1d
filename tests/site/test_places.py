"""How many may come, and who yields."""

from __future__ import annotations

from twisted.internet.address import IPv6Address
from twisted.internet.error import ConnectionDone
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from iotd.site.places import crowd_of
from iotd.site.proxies import parse_address
from tests.site.house import House, HouseTestCase, Line, request_bytes

STREAM = request_bytes("GET", "/cameras/c/stream", who="ann")


class PlacesTests(HouseTestCase):
    """A house with five places, three of them for one address."""

    def setUp(self) -> None:
        self.house = self.build(max_connections=5, max_per_address=3)
        self.lines: list[str] = []

        def note(event: dict[str, object]) -> None:
            if "no place" in str(event.get("log_format")):
                self.lines.append(str(event["who"]))

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)

    def refused(self, line: Line) -> bool:
        return line.channel is None

    def test_oldest_idle_yields(self) -> None:
        """When an address is full its oldest connection without a request goes."""
        crowd = [self.house.connect() for _ in range(3)]
        crowd[0].send(STREAM)
        new = self.house.connect()
        self.assertFalse(self.refused(new))
        self.assertEqual([line.closed for line in crowd], [False, True, False])
        self.assertEqual(len(self.house.site.places), 3)

    def test_nobody_yields(self) -> None:
        """When all of an address are busy its next is refused, others' are not."""
        for _ in range(3):
            self.house.connect().send(STREAM)
        self.assertTrue(self.refused(self.house.connect()))
        self.assertFalse(self.refused(self.house.connect("10.0.0.8")))

    def test_overall(self) -> None:
        """When all is full the oldest idle one of anybody yields, and then nobody."""
        idle = self.house.connect("10.0.0.1")
        for last in (2, 3, 4, 5, 6):
            self.house.connect(f"10.0.0.{last}").send(STREAM)
        self.assertTrue(idle.closed)
        self.assertTrue(self.refused(self.house.connect("10.0.0.7")))
        self.assertEqual(len(self.house.site.places), 5)

    def test_dribblers_never_lock_out(self) -> None:
        """Whoever holds all places with half a request makes room for a whole one."""
        for _ in range(50):
            self.house.connect().send(b"GET / HT")
        self.assertEqual(self.house.ask("GET", "/hello").status, 200)

    def test_places_are_given_back(self) -> None:
        """A closed connection's place is free, once."""
        for _ in range(20):
            line = self.house.connect()
            line.send(STREAM)
            line.channel.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(len(self.house.site.places), 0)
        self.assertEqual(self.house.site.places._counts, {})

    def test_answered_ones_yield_again(self) -> None:
        """A connection may yield before and after its request."""
        first = self.house.connect()
        first.send(request_bytes("GET", "/hello"))
        for _ in range(3):
            self.house.connect().send(STREAM)
        self.assertTrue(first.closed)

    def test_few_lines(self) -> None:
        """Refusals are counted each, and told every 10 s."""
        for _ in range(3):
            self.house.connect().send(STREAM)
        for _ in range(40):
            self.house.connect()
            self.house.clock.advance(0.5)
        self.assertEqual(self.lines, ["10.0.0.9", "10.0.0.9"])
        named = "iotd_http_connections_refused_total"
        self.assertEqual(self.house.metrics.get_sample_value(named, {"which": "new"}), 40)

    def test_proxies_share_no_limit(self) -> None:
        """All who come through a believed proxy are not one address."""
        house: House = self.build(trusted_proxies=["10.0.0.0/8"], max_per_address=3)
        for _ in range(10):
            self.assertFalse(self.refused(house.connect()))
        self.assertEqual(len(house.site.places), 10)

    def test_close_all(self) -> None:
        """At the end every connection is closed."""
        lines = [self.house.connect() for _ in range(3)]
        lines[1].send(STREAM)
        self.house.site.close_all()
        self.assertTrue(all(line.closed for line in lines))

    def test_crowds(self) -> None:
        """An IPv6 network of 64 bits is one crowd, as it is one subscriber's."""
        crowds = {crowd_of(parse_address(text)) for text in ("2001:db8::1", "2001:db8::ffff:2")}
        self.assertEqual(crowds, {"2001:db8::/64"})
        self.assertEqual(crowd_of(parse_address("::ffff:10.0.0.1")), "10.0.0.1")
        self.assertEqual(crowd_of(None), "unix")
        self.assertIsNotNone(self.house.site.buildProtocol(IPv6Address("TCP", "fe80::1%eth0", 1)))
