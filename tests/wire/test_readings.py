"""Readings and messages as such: what is sent is what is heard, whatever the numbers."""

from __future__ import annotations

import base64

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.device_events import (
    BadReading, PictureReceived, ReadingReceived, RequestReceived, SizeDeclared, WeightReceived,
)
from iotd.wire.messages import judge, parse_weight
from iotd.wire.readings import parse_decimal
from iotd.wire.words import REQUESTS, UNITS
from tests.wire.device_drive import QUIET, fed
from tests.wire.drive import cut
from tests.wire.jpegs import jpeg

PICTURE = jpeg(optimize=True, quality=20)

_NUMBERS = st.decimals(-9999, 9999, places=2).map(str) | st.integers(-300, 300).map(str)
_READINGS = st.tuples(_NUMBERS, st.sampled_from(list(UNITS)))
_CUTS = st.lists(st.integers(0, 9999), max_size=9)


def reading(text: str, unit: str) -> ReadingReceived:
    """As it is heard."""
    return ReadingReceived(float(text), unit, f"{text},{unit}")


class ReadingTests(SynchronousTestCase):
    """Convention 2."""

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(st.lists(_READINGS, max_size=20), st.sampled_from(("", "\n", " ", "\0")), _CUTS)
    def test_round_trip(
        self, readings: list[tuple[str, str]], between: str, points: list[int]
    ) -> None:
        """Joined in any way and cut in any way, all are heard and nothing else."""
        data = between.join(f"{text},{unit}" for text, unit in readings).encode()
        daemon = fed([b"new~wch", *cut(data, points), QUIET])
        self.assertEqual(daemon.heard[1:], [reading(*each) for each in readings])

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(st.lists(_READINGS, min_size=1, max_size=9),
           st.sampled_from(("nan,bpm", "1e9,temp", "5,foo", "٣,bpm", "0x1,sys", ",dia")),
           st.integers(0, 9))
    def test_one_bad(self, readings: list[tuple[str, str]], bad: str, at: int) -> None:
        """A bad one among good ones costs none of them."""
        texts = [f"{text},{unit}" for text, unit in readings]
        texts.insert(at, bad)
        heard = fed([b"new~wch", "".join(texts).encode(), QUIET]).heard[1:]
        good = [event for event in heard if isinstance(event, ReadingReceived)]
        self.assertEqual(good, [reading(*each) for each in readings])
        self.assertEqual(sum(isinstance(event, BadReading) for event in heard), 1)

    def test_requests(self) -> None:
        """Each is heard after quiet, before a reading, and before a size."""
        for what in REQUESTS:
            asked = f"0,{what}".encode()
            wanted = RequestReceived(what)
            bpm = ReadingReceived(1.0, "bpm", "1,bpm")
            for pieces, events in (
                ([asked, QUIET], [wanted]), ([asked + b"1,bpm"], [wanted, bpm]),
                ([asked + b"size-9", QUIET], [wanted, SizeDeclared(9)]),
            ):
                self.assertEqual(fed([b"new~wch", *pieces]).heard[1:], events, what)

    def test_decimals(self) -> None:
        """Plain ones only."""
        for text, value in {
            b"72": 72.0, b"72.00": 72.0, b"-0.5": -0.5, b"+3": 3.0, b"007": 7.0, b"": None,
            b".5": None, b"5.": None, b"1e9": None, b"nan": None, b"inf": None, b"-": None,
            b"1_0": None, b" 1": None, b"1\n": None, b"0x10": None, b"1.2.3": None,
            "٣".encode(): None,
        }.items():
            self.assertEqual(parse_decimal(text), value, text)


class MessageTests(SynchronousTestCase):
    """Convention 1."""

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(st.decimals(-99999, 99999, places=4).map(str), st.sampled_from(("bfr", "aft")), _CUTS)
    def test_field_weights(self, text: str, moment: str, points: list[int]) -> None:
        """Under-declared and cut in any way, the weight is heard and nothing is left."""
        message = f"{moment}-{text}".encode()
        daemon = fed([b"new~cab", b"size-%d" % len(text), QUIET, *cut(message, points)])
        self.assertEqual(daemon.heard[2:],
                         [WeightReceived(moment, float(text), message.decode())])
        self.assertEqual(daemon.conversation.begun_bytes, 0)

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(st.integers(-99999, 99999), st.integers(0, 4), st.integers(0, 20))
    def test_no_false_weight(self, number: int, places: int, at: int) -> None:
        """With up to four decimals no pause, however long, makes a weight of a part."""
        text = f"{number / 10 ** places:.{places}f}"
        message = f"bfr-{text}".encode()
        part = message[:min(at, len(message) - 1)]
        daemon = fed([b"new~cab", b"size-%d" % len(text), QUIET, part, *[QUIET] * 40])
        self.assertEqual(daemon.heard[2:], [])

    def test_by_content(self) -> None:
        """A message is what it begins like."""
        picture = PictureReceived(PICTURE, 16, 12)
        self.assertEqual(judge(PICTURE), picture)
        self.assertEqual(judge(b"\0" + PICTURE + b"\xff\xd9"), picture)
        for text in (base64.b64encode(PICTURE), base64.encodebytes(PICTURE)):
            self.assertEqual(judge(text), picture)
        self.assertEqual(judge(b"aft-1.5\n"), WeightReceived("aft", 1.5, "aft-1.5"))

    def test_bounds(self) -> None:
        """A ton is the most a cabinet bears, either way."""
        for text, good in {"1000000": True, "-1000000.0": True, "1000000.1": False,
                           "-1000001": False, "9" * 400: False, "": False, "1,5": False}.items():
            weight = parse_weight(f"bfr-{text}".encode())
            self.assertEqual(isinstance(weight, WeightReceived), good, text)
