"""What gates say: the vectors, and whatever else may come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.gate_messages import (
    backlog_payload, badge_payload, replay_payload, seen_payload, text_payload,
)
from iotd.wire.macs import spell_mac
from iotd.wire.sightings import (
    METHODS, GateBadge, GateSeen, MalformedMessage, Replay, TextSeen, parse_badge, parse_replay,
    parse_seen, parse_text,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "gate.json").read_text())
PARSERS: dict[str, Any] = {
    "seen": parse_seen, "badge": parse_badge, "text": parse_text, "replay": parse_replay,
}

macs = st.integers(1, 2**48 - 2).map("{:012x}".format)
sights = st.lists(st.tuples(macs, st.integers(-127, 20) | st.none()), max_size=64).map(tuple)
boots = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=32)
heads = st.tuples(
    boots, st.integers(0, 2**53), st.none() | st.floats(-1e12, 1e12), st.integers(0, 1)
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(
        st.sampled_from(("boot", "seq", "ts", "direction", "seen", "mac", "rssi", "uid", "x")),
        inner, max_size=6),
    max_leaves=30,
)


def payload_of(case: dict[str, Any]) -> bytes:
    """A vector's bytes."""
    return bytes.fromhex(case["payload_hex"]) if "payload_hex" in case else case["payload"].encode()


def plain(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    return [*map(plain, value)] if isinstance(value, (list, tuple)) else value


class VectorTests(SynchronousTestCase):
    """tests/vectors/gate.json."""

    def test_what_is_understood(self) -> None:
        """Each vector is understood as it says, with the faults that it names."""
        for kind, parse in PARSERS.items():
            for case in VECTORS[kind]:
                if "malformed" in case:
                    error = self.assertRaises(MalformedMessage, parse, payload_of(case))
                    self.assertIn(case["malformed"], str(error), case["name"])
                    continue
                found = parse(payload_of(case))
                if "faults" in case:
                    found, faults = found
                    self.assertEqual(len(faults), len(case["faults"]), faults)
                    for words, fault in zip(case["faults"], faults):
                        self.assertIn(words, fault, case["name"])
                self.assertEqual(plain(found), case[kind], case["name"])

    def test_what_is_written(self) -> None:
        """What senders write is byte for byte what the vectors say."""
        writers: dict[str, Any] = {
            "seen": lambda found: seen_payload(*found[0]),
            "badge": lambda found: badge_payload(*found[0]),
            "text": lambda found: text_payload(*found),
            "replay": lambda found: replay_payload(*found),
        }
        for kind, write in writers.items():
            for case in VECTORS[kind]:
                if case.get("written"):
                    self.assertEqual(write(case[kind]), payload_of(case))


class SenderTests(SynchronousTestCase):
    """What is sent is what is heard."""

    @settings(deadline=None, max_examples=60)
    @given(st.lists(st.tuples(heads, sights), max_size=4))
    def test_seen(self, messages: list[Any]) -> None:
        """Alone and as a backlog."""
        payloads = [seen_payload(*head, seen) for head, seen in messages]
        heard = [GateSeen(*head, seen) for head, seen in messages]
        self.assertEqual(parse_seen(backlog_payload(payloads)), (heard, []))
        for payload, one in zip(payloads, heard):
            self.assertEqual(parse_seen(payload), ([one], []))

    @settings(deadline=None, max_examples=60)
    @given(heads, st.text("0123456789ABCDEF", min_size=1, max_size=64), st.sampled_from(METHODS))
    def test_badge(self, head: Any, uid: str, method: str) -> None:
        """Every method, any number."""
        payload = badge_payload(*head, uid, method)
        self.assertEqual(parse_badge(payload), ([GateBadge(*head, uid, method)], []))

    @settings(deadline=None, max_examples=60)
    @given(st.integers(0, 1), sights)
    def test_text(self, direction: int, seen: Any) -> None:
        """As field gates write it."""
        self.assertEqual(parse_text(text_payload(direction, seen)), TextSeen(direction, seen))

    @given(boots, st.integers(0, 2**53), st.integers(0, 2**53))
    def test_replay(self, boot: str, first: int, last: int) -> None:
        """The daemon's question."""
        first, last = sorted((first, last))
        self.assertEqual(parse_replay(replay_payload(boot, first, last)),
                         Replay(boot, first, last))


class HostileTests(SynchronousTestCase):
    """Whatever comes is read or refused in words, quickly, and nothing else."""

    def check(self, payload: bytes) -> None:
        """No parser does anything but answer or say MalformedMessage, in one line."""
        for parse in PARSERS.values():
            try:
                found = parse(payload)
            except MalformedMessage as error:
                reasons = [str(error)]
            else:
                reasons = found[1] if isinstance(found[1], list) else []
            for reason in reasons:
                self.assertTrue(reason.isprintable() and reason.isascii(), reason)
                self.assertLessEqual(len(reason), 250)

    @settings(deadline=None, max_examples=200)
    @given(st.binary(max_size=300))
    def test_random_bytes(self, payload: bytes) -> None:
        """Bytes of any kind."""
        self.check(payload)

    @settings(deadline=None, max_examples=200)
    @given(anything)
    def test_random_json(self, value: Any) -> None:
        """Any JSON, numbers that are none and lone surrogates included."""
        self.check(json.dumps(value).encode())

    @settings(deadline=None, max_examples=100)
    @given(st.tuples(heads, sights), st.integers(0, 400), st.integers(0, 400),
           st.binary(max_size=4))
    def test_damaged(self, message: Any, start: int, more: int, put: bytes) -> None:
        """A message with a piece cut out and another put in."""
        payload = seen_payload(*message[0], message[1])
        self.check(payload[:start] + put + payload[start + more:])

    @settings(deadline=None, max_examples=60)
    @given(st.tuples(heads, sights), st.sampled_from(("boot", "seq", "ts", "direction", "seen")),
           anything)
    def test_one_wrong_value(self, message: Any, key: str, value: Any) -> None:
        """A message with anything in the place of one value."""
        self.check(json.dumps({**json.loads(seen_payload(*message[0], message[1])), key: value})
                   .encode())

    def test_a_megabyte(self) -> None:
        """Large ones of every shape are refused or read, as their shape says."""
        size = 1 << 20
        for payload in (
            b" " * size, b"[" * size, b'"' + b"a" * (size - 2) + b'"', b"1" * size,
            b"[" + b"{}," * (size // 3 - 1) + b"{}]", b'{"a":' * (size // 5), b"\x00" * size,
            b"[" + b"1e9," * (size // 4 - 1) + b"1]", b'"' + b"\\u0000" * (size // 6 - 1) + b'"',
            b"0 WiFi: " + b"BSSID: " * (size // 7), b"BSSID" * size,
            b'[{"seen":[' + b'{"mac":' * (size // 8), b'{"boot":"' + b"b" * size,
            b"0" + b" " * size, b"0 WiFi:" + b" " * 8000, b"0 WiFi:BSSID:" + b"a" * 8000,
        ):
            self.check(payload[:size])
        self.assertRaises(MalformedMessage, parse_seen, b"[" + b" " * size)

    def test_a_full_backlog(self) -> None:
        """10,000 short messages in a list are read, within a megabyte."""
        one = b'{"boot":"b","seq":%d,"ts":null,"direction":"exit","seen":[]}'
        heard, faults = parse_seen(backlog_payload(one % seq for seq in range(10_000)))
        self.assertEqual([message.seq for message in heard], [*range(10_000)])
        self.assertEqual(faults, [])


class ReaderTests(SynchronousTestCase):
    """Addresses that become something else as they are read."""

    def test_a_reader_of_ones_own(self) -> None:
        """Each address is read once by whatever is given, and its ValueError is a fault."""
        read: list[str] = []

        def reader(text: str) -> int:
            read.append(text)
            if text.endswith("3"):
                raise ValueError
            return len(read)

        texts = [spell_mac(f"02000000000{n}") for n in range(1, 5)]
        payload = seen_payload("b", 1, None, 0, [(text, -50) for text in texts[:2]])
        self.assertEqual(parse_seen(payload, reader)[0][0].seen, ((1, -50), (2, -50)))
        self.assertEqual(read, texts[:2])
        payload = text_payload(0, [(text, -50) for text in texts[1:]])
        self.assertEqual(parse_text(payload, reader).seen, ((3, -50), (5, -50)))
