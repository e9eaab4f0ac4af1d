"""Virtual gates: what they tell a broker, what they keep, what they tell again."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.campus_fleet import CampusFleet
from iotd.simulate.gate import KEPT, FieldGateBoard, GateBoard, GateLog
from iotd.simulate.plans import plan_gates, parse_key
from iotd.wire.gate_messages import replay_payload
from iotd.wire.mqtt import NEED_DATA, PacketReader, encode
from iotd.wire.mqtt_packets import (
    ConnAck, Connect, Packet, PingReq, PubAck, Publish, Subscribe, Will,
)
from iotd.wire.sightings import ENTRY, EXIT, parse_seen, parse_text
from tests.simulate.link import Link

KEY = bytes(range(32))
PHONE = ("8c8b214e4b04", -40)
NOON = 1_790_000_000.0


class GateCase(SynchronousTestCase):
    """A gate before a broker that the test plays."""

    def setUp(self) -> None:
        self.clock = MemoryReactorClock()
        self.told: list[str] = []
        self.log = GateLog("9f2c")

    def tell(self, state: str, detail: str) -> None:
        self.told.append(state)

    def plug(self, board: Any) -> Any:
        """Switch it on."""
        self.board, self.link, self.reader = board, Link(), PacketReader()
        board.makeConnection(self.link)
        self.addCleanup(self.unplug)
        return board

    def unplug(self) -> None:
        """The connection ends."""
        if self.board.transport is not None:
            self.board.connectionLost()
            self.board.transport = None
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def gate(self, key: bytes | None = KEY) -> Any:
        return self.plug(GateBoard(self.clock, "gate-1", self.log, self.tell, key))

    def up(self, key: bytes | None = KEY) -> Any:
        """A gate that the broker has accepted; its first words are read."""
        self.gate(key)
        self.say(ConnAck(False, 0))
        self.said()
        return self.board

    def said(self) -> list[Packet]:
        """What it sent since the last look."""
        self.reader.receive_data(self.link.value())
        self.link.clear()
        packets: list[Packet] = []
        while (packet := self.reader.next_packet()) is not NEED_DATA:
            packets.append(packet)
        return packets

    def say(self, *packets: Packet) -> None:
        """The broker sends these."""
        self.board.dataReceived(b"".join(map(encode, packets)))

    def numbers(self) -> list[int]:
        """Of the messages that it sent since the last look."""
        found = [packet for packet in self.said()
                 if isinstance(packet, Publish) and packet.topic.endswith("/seen")]
        self.ids = [packet.packet_id for packet in found if packet.packet_id]
        return [seen.seq for packet in found for seen in parse_seen(packet.payload)[0]]

    def see(self, count: int = 1) -> None:
        for _ in range(count):
            self.log.add(NOON, ENTRY, [PHONE])


class TellTests(GateCase):
    """One connection."""

    def test_hello(self) -> None:
        """Signs in with id, key and last will; hears wishes, says that it is there."""
        self.gate()
        [connect] = self.said()
        will = Will("iotd/gate/gate-1/status", b"offline", 1, True)
        self.assertEqual(connect, Connect("gate-1", True, 30, "gate-1", KEY.hex().encode(), will))
        self.say(ConnAck(False, 0))
        subscribe, online = self.said()
        self.assertEqual(subscribe, Subscribe(1, (("iotd/gate/gate-1/replay", 1),)))
        self.assertEqual(online, Publish("iotd/gate/gate-1/status", b"online", 1, True, False, 2))

    def test_without_a_key(self) -> None:
        """It signs in as nobody."""
        self.gate(None)
        [connect] = self.said()
        assert isinstance(connect, Connect)
        self.assertEqual((connect.username, connect.password), (None, None))

    def test_denied(self) -> None:
        """A refused key is told, and the line dropped."""
        self.gate()
        self.say(ConnAck(False, 5))
        self.assertTrue(self.link.disconnecting or self.link.disconnected)
        self.assertTrue(self.board.denied)
        self.assertIn("denied", self.told)

    def test_in_order(self) -> None:
        """One after the other, at most twenty on their way."""
        board = self.up()
        self.see(15)
        board.news()
        self.assertEqual(self.numbers(), [*range(1, 16)])
        self.see(10)
        board.news()
        self.assertEqual(self.numbers(), [*range(16, 21)])
        self.say(*[PubAck(each) for each in self.ids])
        self.assertEqual(self.numbers(), [*range(21, 26)])

    def test_backlog(self) -> None:
        """What waited for long comes in lists of a hundred."""
        self.see(250)
        board = self.gate()
        self.said()
        self.say(ConnAck(False, 0))
        packets = [each for each in self.said() if isinstance(each, Publish)]
        self.assertEqual([len(parse_seen(each.payload)[0]) for each in packets[1:]],
                         [100, 100, 50])
        self.assertEqual(board.up, True)

    def test_lost(self) -> None:
        """What was not acknowledged is told on the next connection, and nothing else."""
        board = self.up()
        self.see(5)
        board.news()
        self.assertEqual(self.numbers(), [1, 2, 3, 4, 5])
        self.say(PubAck(self.ids[0]), PubAck(self.ids[2]))
        self.unplug()
        self.gate()
        self.said()
        self.say(ConnAck(False, 0))
        self.assertEqual(self.numbers(), [2, 4, 5])

    def test_replay(self) -> None:
        """What is asked for of this boot is told again, as far as it is known."""
        board = self.up()
        self.see(5)
        board.news()
        self.numbers()
        topic = "iotd/gate/gate-1/replay"
        self.say(Publish(topic, replay_payload("9f2c", 2, 900), 1, packet_id=77))
        self.assertEqual(self.numbers(), [2, 3, 4, 5])
        for rubbish in (b"{", replay_payload("other", 1, 2)):
            self.say(Publish(topic, rubbish))
            self.assertEqual(self.numbers(), [])
        self.assertIn("ignored", self.told)

    def test_pings(self) -> None:
        """It asks every 20 s, and leaves a broker that says nothing."""
        self.up()
        self.clock.advance(20)
        self.assertEqual(self.said(), [PingReq()])
        for _ in range(3):
            self.clock.advance(20)
        self.assertTrue(self.link.disconnecting or self.link.disconnected)

    def test_bounded(self) -> None:
        """A log that nobody hears forgets its oldest, untold ones too."""
        self.see(KEPT + 5)
        self.assertEqual(self.log.waiting, KEPT)
        self.assertEqual(self.log.take(1), [6])
        self.assertEqual(self.log.known(1, 8), [6, 7, 8])


class FieldTests(GateCase):
    """A gate of the field."""

    def test_text(self) -> None:
        """No name, no keepalive, QoS 0: the text, or nothing while it is not connected."""
        board = self.plug(FieldGateBoard(self.clock, "m5stack-1", "sample", self.tell))
        [connect] = self.said()
        self.assertEqual(connect, Connect("m5stack-1", True, 0))
        board.see(EXIT, [PHONE])
        self.assertEqual(self.said(), [])
        self.say(ConnAck(False, 0))
        board.see(EXIT, [PHONE])
        [packet] = self.said()
        assert isinstance(packet, Publish)
        self.assertEqual((packet.topic, packet.qos), ("sample", 0))
        text = parse_text(packet.payload)
        self.assertEqual((text.direction, text.seen), (EXIT, (PHONE,)))


class FleetTests(SynchronousTestCase):
    """Many gates."""

    def test_a_quick_morning(self) -> None:
        """Students pass as the day goes on; each is in a message of the gate that is named."""
        clock = MemoryReactorClock()
        passed: list[tuple[str, str]] = []

        def report(name: str, state: str, detail: str) -> None:
            if state in ("entry", "exit"):
                passed.append((name, state))

        plans = plan_gates(2, [parse_key("gate:north-in=" + "0f" * 32)], "127.0.0.1", field=True)
        fleet = CampusFleet(clock, plans, "127.0.0.1", 1883, report, students=300,
                            now=lambda: NOON + clock.seconds(), boot="ab", day_seconds=7200)
        fleet.startService()
        for _ in range(900):
            clock.advance(1)
        self.assertGreater(len(passed), 50)
        self.assertEqual({name for name, _ in passed} - {plan.name for plan in plans}, set())
        self.assertEqual([gate.name for gate in fleet.gates],
                         ["field-entry", "field-exit", "gate-1", "gate-2", "north-in"])
        for gate in fleet.gates[2:]:
            self.assertGreater(gate.log.seq, 80)  # a sign of life each 10 s at least
        self.successResultOf(Deferred.fromCoroutine(fleet.stop()))
