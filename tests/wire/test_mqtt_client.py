"""The client's conversation, against a broker of a few lines."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.mqtt import PacketReader, encode
from iotd.wire.mqtt_client import NEED_DATA, MqttClient, MqttEvent, Will
from iotd.wire.mqtt_packets import (
    ConnAck, Connect, Disconnect, Packet, PingReq, PingResp, PubAck, Publish, SubAck, Subscribe,
    UnsubAck, Unsubscribe,
)


def heard(client: MqttClient, *packets: Packet) -> list[MqttEvent]:
    """What the client makes of these."""
    client.receive_data(b"".join(map(encode, packets)))
    events: list[MqttEvent] = []
    while (event := client.next_event()) is not NEED_DATA:
        events.append(event)
    return events


def sent(data: bytes) -> list[Packet]:
    """What a broker makes of these bytes."""
    reader, packets = PacketReader(), []
    reader.receive_data(data)
    while (packet := reader.next_packet()) is not NEED_DATA:
        packets.append(packet)
    return packets


def accepted(client: MqttClient) -> MqttClient:
    """The broker has taken it."""
    heard(client, ConnAck(False, 0))
    return client


class ConnectTests(SynchronousTestCase):
    """The first exchange."""

    def test_gate(self) -> None:
        """Everything a gate says first stands in its CONNECT."""
        will = Will("iotd/gate/gate-a/status", b"offline")
        client = MqttClient("gate-a", username="gate-a", password="0f" * 32, will=will,
                            keepalive=30)
        self.assertEqual(sent(client.connect()),
                         [Connect("gate-a", True, 30, "gate-a", b"0f" * 32, will)])
        self.assertEqual(heard(client, ConnAck(False, 0)), [ConnAck(False, 0)])
        self.assertTrue(client.connected)

    def test_refused(self) -> None:
        """A refusal has its reason in words, and nothing may follow it."""
        client = MqttClient("gate-a")
        [answer] = heard(client, ConnAck(False, 4))
        assert isinstance(answer, ConnAck)
        self.assertEqual((answer.reason, client.connected), ("bad user name or password", False))
        self.assertRaises(RemoteProtocolError, heard, client, PingResp())

    def test_order(self) -> None:
        """Anything before CONNACK, a second one, or a client's packet, is the broker's fault."""
        self.assertRaises(RemoteProtocolError, heard, MqttClient("c"), PubAck(1))
        self.assertRaises(RemoteProtocolError, heard, accepted(MqttClient("c")), ConnAck(False, 0))
        for packet in (Connect("c"), Subscribe(1, (("a", 0),)), Unsubscribe(1, ("a",)), PingReq(),
                       Disconnect()):
            self.assertRaises(RemoteProtocolError, heard, accepted(MqttClient("c")), packet)


class TalkTests(SynchronousTestCase):
    """Once connected."""

    def setUp(self) -> None:
        self.client = accepted(MqttClient("c"))

    def test_publish(self) -> None:
        """QoS 1 waits for its PUBACK under its id, QoS 0 for nothing."""
        self.assertEqual(sent(self.client.publish("t", b"x")), [Publish("t", b"x")])
        [packet] = sent(self.client.publish("t", b"y", qos=1, retain=True))
        self.assertEqual(packet, Publish("t", b"y", 1, True, packet_id=self.client.last_id))
        self.assertEqual(list(self.client.waiting), [self.client.last_id])
        heard(self.client, PubAck(self.client.last_id), PubAck(777))
        self.assertEqual(self.client.waiting, {})

    def test_resend(self) -> None:
        """The next connection sends what was not acknowledged, in order, marked as repeated."""
        for payload in (b"1", b"2", b"3"):
            self.client.publish("t", payload, qos=1)
        heard(self.client, PubAck(2))
        after = accepted(MqttClient("c", clean=False))
        self.assertEqual(sent(after.resend(self.client.waiting)), [
            Publish("t", b"1", 1, dup=True, packet_id=1),
            Publish("t", b"3", 1, dup=True, packet_id=3)])
        [packet] = sent(after.publish("t", b"4", qos=1))
        assert isinstance(packet, Publish)
        self.assertEqual(packet.packet_id, 2)  # 1 and 3 are taken

    def test_ids(self) -> None:
        """Ids go round from 65535 to 1, past those that wait; none left is told."""
        self.client.publish("t", b"first", qos=1)
        for _ in range(0xFFFF - 1):
            self.client.publish("t", b"", qos=1)
        self.assertRaises(LocalProtocolError, self.client.publish, "t", b"", 1)
        heard(self.client, PubAck(5))
        self.client.publish("t", b"", qos=1)
        self.assertEqual(self.client.last_id, 5)

    def test_subscribe(self) -> None:
        """Filters go out with their QoS; messages come in and are acknowledged."""
        [packet] = sent(self.client.subscribe("a/#", "b"))
        self.assertEqual(packet, Subscribe(self.client.last_id, (("a/#", 1), ("b", 1))))
        message = Publish("a/b", b"x", 1, packet_id=9)
        answers: list[MqttEvent] = [SubAck(1, (1, 128)), message, UnsubAck(2), PingResp()]
        self.assertEqual(heard(self.client, *answers), answers)
        self.assertEqual(sent(self.client.puback(9)), [PubAck(9)])
        self.assertEqual(sent(self.client.unsubscribe("b")), [Unsubscribe(2, ("b",))])

    def test_ping_and_leave(self) -> None:
        """Two bytes each."""
        self.assertEqual(sent(self.client.ping() + self.client.disconnect()),
                         [PingReq(), Disconnect()])
