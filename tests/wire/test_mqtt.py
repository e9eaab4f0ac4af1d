"""MQTT packets against their vectors, whole, cut and glued; and back again."""

from __future__ import annotations

import json
from typing import Any, Iterable

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire import mqtt
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.mqtt import NEED_DATA, Packet, PacketReader, Publish, Will, encode
from tests.vectors import make_mqtt
from tests.wire.drive import cut, pieces

VECTORS: dict[str, Any] = json.loads(make_mqtt.PATH.read_text())


def expected(entry: list[Any]) -> Packet:
    """The packet that a vector states."""
    name, *values = entry
    if name == "Connect" and values[4] is not None:
        values[4] = bytes.fromhex(values[4])
    if name == "Connect" and values[5] is not None:
        topic, payload, qos, retain = values[5]
        values[5] = Will(topic, bytes.fromhex(payload), qos, retain)
    if name == "Publish":
        values[1] = bytes.fromhex(values[1])
    if name in ("Subscribe", "SubAck", "Unsubscribe"):
        values[1] = tuple(tuple(each) if isinstance(each, list) else each for each in values[1])
    packet: Packet = getattr(mqtt, name)(*values)
    return packet


def read(parts: Iterable[bytes], limit: int = mqtt.MAX_PACKET_BYTES) -> tuple[list[Packet], str]:
    """All packets, and the error that ended it."""
    reader, packets = PacketReader(limit), []
    try:
        for part in parts:
            reader.receive_data(part)
            while (packet := reader.next_packet()) is not NEED_DATA:
                packets.append(packet)
    except RemoteProtocolError as error:
        return packets, str(error)
    return packets, ""


ALL = [(bytes.fromhex(each["hex"]), expected(each["packet"])) for each in VECTORS["packets"]]
GLUED = b"".join(data for data, _ in ALL)
PACKETS = [packet for _, packet in ALL]

texts = st.text(st.characters(blacklist_characters="\0+#", blacklist_categories=["Cs"]),
                min_size=1, max_size=40)
ids = st.integers(1, 0xFFFF)
publishes = st.builds(
    lambda topic, payload, retain, dup, id: Publish(
        topic, payload, int(id is not None), retain, dup and id is not None, id),
    texts, st.binary(max_size=300), st.booleans(), st.booleans(), st.none() | ids)
wills = st.builds(Will, texts, st.binary(max_size=40), st.integers(0, 2), st.booleans())
connects = st.builds(
    lambda id, clean, keepalive, user, word, will: mqtt.Connect(
        id, clean, keepalive, user, None if user is None else word, will),
    texts, st.booleans(), ids, st.none() | texts, st.none() | st.binary(max_size=70),
    st.none() | wills)
packets = st.one_of(
    publishes, connects, st.builds(mqtt.PubAck, ids), st.builds(mqtt.UnsubAck, ids),
    st.builds(mqtt.ConnAck, st.booleans(), st.integers(0, 255)),
    st.builds(mqtt.Subscribe, ids, st.lists(st.tuples(texts, st.integers(0, 2)), min_size=1,
                                            max_size=4).map(tuple)),
    st.builds(mqtt.SubAck, ids, st.lists(st.integers(0, 255), max_size=4).map(tuple)),
    st.builds(mqtt.Unsubscribe, ids, st.lists(texts, min_size=1, max_size=4).map(tuple)),
    st.sampled_from([mqtt.PingReq(), mqtt.PingResp(), mqtt.Disconnect()]))


class VectorTests(SynchronousTestCase):
    """mqtt.json."""

    def test_both_ways(self) -> None:
        """Each packet's bytes give the packet, and the packet gives these bytes."""
        for (data, packet), entry in zip(ALL, VECTORS["packets"]):
            self.assertEqual(read([data]), ([packet], ""), entry["name"])
            self.assertEqual(encode(packet), data, entry["name"])

    def test_cut(self) -> None:
        """All of them glued, fed whole, byte by byte and in odd pieces, give the same."""
        for size in (len(GLUED), 1, 7, 4096):
            self.assertEqual(read(pieces(GLUED, size)), (PACKETS, ""), size)

    def test_faults(self) -> None:
        """Each fault is told with its words, whole and byte by byte, and stays one."""
        for entry in VECTORS["faults"]:
            data = bytes.fromhex(entry["hex"])
            for parts in ([data], pieces(data, 1)):
                found, error = read(parts)
                self.assertEqual(found, [], entry["name"])
                self.assertIn(entry["error"], error, entry["name"])

    def test_fault_stays(self) -> None:
        """After a fault nothing more is read, whatever comes."""
        reader = PacketReader()
        reader.receive_data(b"\xf0\x00")
        self.assertRaises(RemoteProtocolError, reader.next_packet)
        reader.receive_data(encode(mqtt.PingResp()))
        self.assertRaises(RemoteProtocolError, reader.next_packet)

    def test_limit(self) -> None:
        """A packet at the limit is read; one byte more is refused before its body came."""
        data = encode(Publish("t", bytes(197)))
        self.assertEqual(read([data], limit=200), ([Publish("t", bytes(197))], ""))
        self.assertEqual(read([data[:3]], limit=199),
                         ([], "a packet of 200 bytes: allowed are 199"))


class RandomTests(SynchronousTestCase):
    """Any packets, any bytes."""

    @settings(deadline=None, derandomize=True, max_examples=300)
    @given(st.lists(packets, max_size=5), st.lists(st.integers(0, 9999), max_size=8))
    def test_there_and_back(self, sent: list[Packet], points: list[int]) -> None:
        """Whatever can be sent arrives as it was, however it is cut."""
        data = b"".join(map(encode, sent))
        self.assertEqual(read(cut(data, points)), (sent, ""))

    @settings(deadline=None, derandomize=True, max_examples=400)
    @given(st.binary(max_size=60), st.sampled_from([data for data, _ in ALL if len(data) < 200]),
           st.integers(0, 99), st.lists(st.integers(0, 999), max_size=5))
    def test_rubbish(self, noise: bytes, data: bytes, at: int, points: list[int]) -> None:
        """Spoilt bytes end in packets or in a RemoteProtocolError, the same for every cut."""
        at = at % (len(data) + 1)
        for spoilt in (noise, data[:at] + noise + data[at:], data[:at] + noise + data[at + 1:]):
            self.assertEqual(read(cut(spoilt, points), 500), read([spoilt], 500))


class LocalTests(SynchronousTestCase):
    """What can't be sent."""

    def test_refused(self) -> None:
        """Filters as topics, ids out of range, text that isn't, too long fields: our fault."""
        for packet in (
            Publish("a/+", b""), Publish("", b""), Publish("t", b"", 1),
            Publish("t", b"", 2, packet_id=1), Publish("t", b"", 0, packet_id=1),
            Publish("t", b"", 1, packet_id=65536),
            Publish("t\0", b""), Publish("\ud800", b""), Publish("t" * 65536, b""),
            mqtt.PubAck(0), mqtt.Connect("c", password=b"x"),
        ):
            self.assertRaises(LocalProtocolError, encode, packet)

    def test_password_is_not_shown(self) -> None:
        """A CONNECT in a log names the user, never the password."""
        shown = repr(mqtt.Connect("c", username="gate-a", password=b"secret"))
        self.assertIn("gate-a", shown)
        self.assertNotIn("secret", shown)
