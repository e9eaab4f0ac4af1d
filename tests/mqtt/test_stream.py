"""Publishes told apart from everything else, however the stream is cut."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.mqtt.stream import TOPICS_KNOWN, Message, Splitter
from iotd.wire.errors import RemoteProtocolError
from tests.mqtt.loader import packet, publish_packet, text

LONGEST = 1000
PINGRESP, SUBACK = b"\xd0\0", packet(0x90, b"\0\1\1")
TOPICS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
PUBLISHES = st.tuples(
    TOPICS, st.binary(max_size=300), st.integers(0, 65535), st.booleans(),
)
OTHERS = st.sampled_from([PINGRESP, SUBACK, packet(0x40, b"\0\7"), packet(0x34, b"\0\1a\0\1xyz")])
CUTS = st.lists(st.integers(1, 400), max_size=40)


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    """``data`` in pieces of these sizes, and what is left."""
    cut, at = [], 0
    for size in sizes:
        cut.append(data[at:at + size])
        at += size
    return [*cut, data[at:]]


def read(data: list[bytes], longest: int = LONGEST) -> tuple[list[Message], bytes, int, bytes]:
    """All that a splitter makes of these reads."""
    splitter = Splitter(longest)
    heard = [splitter.receive(each) for each in data]
    return (
        [message for each in heard for message in each.messages],
        b"".join([each.acknowledgement for each in heard]), sum([each.refused for each in heard]),
        b"".join([each.rest for each in heard]),
    )


class SplitterTests(SynchronousTestCase):
    """What is ours, what is the library's."""

    @settings(deadline=None, max_examples=300)
    @given(st.lists(PUBLISHES | OTHERS, max_size=12), CUTS)
    def test_any_cut(self, items: list[bytes | tuple[str, bytes, int, bool]],
                     sizes: list[int]) -> None:
        """Publishes and the rest come out in order, whole, wherever the stream is cut."""
        stream, messages, acks, rest = b"", [], b"", b""
        for item in items:
            if isinstance(item, bytes):
                stream, rest = stream + item, rest + item
                continue
            topic, payload, number, retained = item
            stream += publish_packet(topic, payload, number, retained)
            messages.append(Message(topic, payload, retained, 1 if number else 0))
            acks += b"@\2" + number.to_bytes(2, "big") if number else b""
        self.assertEqual(read(pieces(stream, sizes)), (messages, acks, 0, rest))

    @settings(deadline=None, max_examples=300)
    @given(st.binary(max_size=600), CUTS)
    def test_rubbish(self, data: bytes, sizes: list[int]) -> None:
        """Whatever comes, the same is made of it in one piece and in many, or it is refused."""
        outcomes = []
        for reads in ([data], pieces(data, sizes)):
            try:
                outcomes.append(read(reads))
            except RemoteProtocolError as fault:
                outcomes.append(str(fault))  # type: ignore[arg-type]
        self.assertEqual(*outcomes)

    def test_a_topic_that_is_no_text(self) -> None:
        """It is acknowledged, counted and not passed on: it would come again for ever."""
        bad = packet(0x32, b"\0\2\xff\xfe\0\5payload")
        self.assertEqual(read([bad + PINGRESP]), ([], b"@\2\0\5", 1, PINGRESP))

    def test_too_long(self) -> None:
        """A payload beyond the limit is let go by as it comes, acknowledged and counted."""
        good = publish_packet("a", b"after", 8)
        for payload in (bytes(LONGEST + 1), bytes(20 * LONGEST)):
            stream = publish_packet("a", payload, 7) + good
            for reads in ([stream], [stream[at:at + 1] for at in range(len(stream))]):
                expected = [Message("a", b"after", False, 1)], b"@\2\0\7@\2\0\x08", 1, b""
                self.assertEqual(read(reads), expected)

    def test_a_long_packet_of_another_kind(self) -> None:
        """Nothing but a publish may be that long; nobody waits for its end."""
        self.assertRaises(RemoteProtocolError, read, [packet(0x90, bytes(LONGEST + 1))[:50]])
        self.assertRaises(RemoteProtocolError, read, [b"\x30\xff\xff\xff\xff\x01"])

    def test_impossible_publishes(self) -> None:
        """A topic that is empty or goes beyond its packet is for the library to judge."""
        for body in (b"", b"\0", text("") + b"x", b"\0\x09short", b"\0\1a\0"):
            odd = packet(0x32, body)
            self.assertEqual(read([odd]), ([], b"", 0, odd))

    def test_many_topics(self) -> None:
        """A stranger who publishes on ever new topics does not fill the memory."""
        splitter = Splitter(LONGEST)
        for number in range(TOPICS_KNOWN * 2):
            splitter.receive(publish_packet(f"t/{number}", b""))
        self.assertLessEqual(len(splitter._topics), TOPICS_KNOWN)
