"""The boards' MQTT: the shared vectors, and a session with a broker that may say anything."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from common import mqtt
from common.errors import Denied, LinkLost
from common.mqtt_session import MqttSession
from tests.vectors import make_mqtt
from tests.wire.drive import cut

VECTORS: dict[str, Any] = json.loads(make_mqtt.PATH.read_text())
PACKETS = {each["name"]: (bytes.fromhex(each["hex"]), each["packet"])
           for each in VECTORS["packets"]}
WILL = ("iotd/gate/gate-a/status", b"offline")
CONNACK = b"\x20\x02\x00\x00"


def read(parts: list[bytes], limit: int = 20000) -> tuple[list[tuple[int, bytes]], str]:
    """First bytes and bodies, and the error that ended it."""
    reader, packets = mqtt.PacketReader(limit), []
    try:
        for part in parts:
            reader.feed(part)
            while (packet := reader.next_packet()) is not None:
                packets.append(packet)
    except LinkLost as error:
        return packets, str(error)
    return packets, ""


class PacketTests(SynchronousTestCase):
    """common.mqtt."""

    def test_vectors(self) -> None:
        """What a gate sends is byte for byte what the vectors say."""
        self.assertEqual(mqtt.connect("gate-a", "0f0f0f0f", WILL, 30), PACKETS["connect-gate"][0])
        self.assertEqual(mqtt.publish("a/b", b"xx", 7), PACKETS["publish-qos-1"][0])
        self.assertEqual(mqtt.puback(65535), PACKETS["puback"][0])
        self.assertEqual(mqtt.subscribe("+/a/#", 2), PACKETS["subscribe"][0])
        self.assertEqual(mqtt.PING, PACKETS["pingreq"][0])

    def test_long(self) -> None:
        """Lengths of two and three bytes are written as they must be."""
        for size in (1, 120, 121, 122, 16377, 16378, 16379):
            data = mqtt.publish("t", bytes(size), 1, retain=True)
            self.assertEqual(read([data]), ([(0x33, b"\0\1t\0\1" + bytes(size))], ""))

    def test_publishes(self) -> None:
        """Every PUBLISH of the vectors is read as it is meant."""
        for name, (data, (kind, *values)) in PACKETS.items():
            if kind != "Publish":
                continue
            [(first, body)], _ = read([data])
            topic, payload, packet_id = mqtt.parse_publish(first, body)
            self.assertEqual((topic.decode(), payload.hex(), packet_id),
                             (values[0], values[1], values[5] or 0), name)

    def test_limit(self) -> None:
        """A packet over the limit is refused before its body came; so is a length without end."""
        self.assertEqual(read([b"\x30\xe9\x07"], 1000),
                         ([], "a packet of 1001 bytes, allowed are 1000"))
        self.assertIn("more than 4 bytes", read([b"\x30\xff\xff\xff\xff\x01"])[1])

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(st.lists(st.sampled_from(sorted(PACKETS)), max_size=6),
           st.lists(st.integers(0, 9999), max_size=8))
    def test_cut(self, names: list[str], points: list[int]) -> None:
        """Glued and cut anywhere they give what the whole gives."""
        data = b"".join(PACKETS[name][0] for name in names)
        self.assertEqual(read(cut(data, points)), read([data]))


class SessionTests(SynchronousTestCase):
    """MqttSession."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.watchdog = rig.FakeWatchdog(self.clock)

    def session(self, *arrives: tuple[int, bytes]) -> Any:
        """A broker that says these things at their times."""
        self.sock = rig.FakeSocket(self.clock, list(arrives))
        return MqttSession(self.sock, self.clock, self.watchdog, rig.FakePoll)

    def signed_in(self, *arrives: tuple[int, bytes]) -> Any:
        session = self.session((0, CONNACK), *arrives)
        session.connect("gate-a", "0f0f0f0f", WILL)
        return session

    def test_refused(self) -> None:
        """A wrong key is Denied, anything else a lost link; no answer is one after 20 s."""
        for code, error in ((4, Denied), (5, Denied), (3, LinkLost), (2, LinkLost), (77, LinkLost)):
            session = self.session((10, b"\x20\x02\x00" + bytes([code])))
            self.assertRaises(error, session.connect, "gate-a", "0f", WILL)
        began = self.clock.now
        self.assertRaises(LinkLost, self.session().connect, "gate-a", "0f", WILL)
        self.assertTrue(20_000 <= self.clock.now - began < 21_100)
        self.assertLess(self.watchdog.hunger, 1100)

    def test_publish(self) -> None:
        """Returns with its own PUBACK, whatever comes before it; what was heard is kept."""
        heard = b"\x32\x09\x00\x03a/b\x00\x07xx"
        session = self.signed_in((500, b"\x40\x02\x00\x63" + heard + b"\xd0\x00"),
                                 (900, b"\x40\x02\x00"), (1000, b"\x01"))
        began = self.clock.now
        session.publish("t", b"x")
        self.assertTrue(900 < self.clock.now - began <= 1100)
        self.assertIn(mqtt.puback(7), self.sock.sent)
        self.assertEqual(session.message(0), (b"a/b", b"xx"))
        self.assertIsNone(session.message(500))

    def test_no_puback(self) -> None:
        """A broker that swallows messages is left after 20 s."""
        session = self.signed_in()
        self.assertRaises(LinkLost, session.publish, "t", b"x")

    def test_subscribe(self) -> None:
        """A refused subscription is a lost link: without replays no gap would be filled."""
        self.signed_in((100, b"\x90\x03\x00\x01\x01")).subscribe("a")
        session = self.signed_in((100, b"\x90\x03\x00\x01\x80"))
        self.assertRaises(LinkLost, session.subscribe, "a")

    def test_pings(self) -> None:
        """Silence is asked after 20 s and taken for the end after 45 s."""
        session = self.signed_in((30_000, b"\xd0\x00"))
        self.assertIsNone(session.message(40_000))
        self.assertEqual(self.sock.sent.count(mqtt.PING), 1)
        began = self.clock.now
        self.assertRaises(LinkLost, session.message, 60_000)
        self.assertTrue(30_000 <= self.clock.now - began <= 36_100)

    def test_talkative_broker(self) -> None:
        """Who only listens asks all the same: the broker counts what it hears from us."""
        chatter = [(at, b"\x30\x04\x00\x01tx") for at in range(1000, 60_000, 1000)]
        session = self.signed_in(*chatter)
        end = self.clock.now + 55_000
        while self.clock.now < end:
            session.message(500)
        self.assertEqual(self.sock.sent.count(mqtt.PING), 2)

    def test_flood(self) -> None:
        """Of messages that come while one is out only a few are kept."""
        flood = [(at, b"\x30\x04\x00\x01tx") for at in range(100, 1000, 10)]
        session = self.signed_in(*flood, (2000, b"\x40\x02\x00\x01"))
        session.publish("t", b"x")
        kept = 0
        while session.message(0) is not None:
            kept += 1
        self.assertEqual(kept, 4)

    def test_nonsense(self) -> None:
        """What no broker says ends the link."""
        for data in (b"\xf0\x00", b"\x10\x00", b"\x34\x06\x00\x01t\x00\x01x", b"\x30\x01\x00",
                     b"\x30\x02\x00\x09", b"\x40\x01\x00"):
            session = self.signed_in((10, data), (20, b"\x40\x02\x00\x01"))
            self.assertRaises(LinkLost, session.publish, "t", b"x")
