"""Addresses in every spelling, and texts that show none."""

from __future__ import annotations

import re

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.gate_messages import seen_payload, text_payload
from iotd.wire.macs import (
    SAMPLE_CHARACTERS, is_local, masked, masked_sample, normalise_mac, normalise_uid, show,
    spell_mac, without_macs,
)

macs = st.integers(1, 2**48 - 2).map("{:012x}".format)


def spellings(mac: str) -> list[str]:
    """The usual ones, in both cases."""
    pairs, fours = re.findall("..", mac), re.findall("....", mac)
    texts = [":".join(pairs), "-".join(pairs), ".".join(fours), mac]
    return [f"{space}{spelled}{space}" for text in texts for space in ("", " ", "   ")
            for spelled in (text, text.upper(), text.capitalize())]


class MacTests(SynchronousTestCase):
    """One spelling for all."""

    @given(macs)
    def test_every_usual_spelling(self, mac: str) -> None:
        """All of them are the same address."""
        for text in spellings(mac):
            self.assertEqual(normalise_mac(text), mac)
        self.assertEqual(normalise_mac(spell_mac(mac)), mac)

    def test_what_is_none(self) -> None:
        """Other lengths, digits, separators and mixtures of them, and addresses of nobody."""
        for text in (
            "", " ", "aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:ff:00", "aa:bb:cc:dd:ee:fg", "aabbccddeef",
            "aabbccddeeff0", "aa:bb-cc:dd-ee:ff", "aabb:ccdd:eeff", "aa bb cc dd ee ff",
            "a:b:c:d:e:f", "aa:bb:cc:dd:ee:ff\n", "\taabbccddeeff", "aa::bb:cc:dd:ee:ff",
            "0xaabbccddeeff", "٠٠:11:22:33:44:55", "００1122334455", "aabbccddee.ff", "aabbcc-ddeeff",
            "ff:ff:ff:ff:ff:ff", "FFFFFFFFFFFF", "0000.0000.0000",
        ):
            self.assertRaises(ValueError, normalise_mac, text)

    @given(macs)
    def test_local(self, mac: str) -> None:
        """A local address has its second-lowest bit set in the first byte."""
        self.assertEqual(is_local(mac), bool(int(mac[:2], 16) & 2))

    @given(st.text("0123456789ABCDEF", min_size=1, max_size=64), st.sampled_from(":-. "))
    def test_badge_numbers(self, uid: str, mark: str) -> None:
        """Separators and case don't matter."""
        self.assertEqual(normalise_uid(mark.join(uid).lower()), uid)

    def test_no_badge_numbers(self) -> None:
        """Empty, too long, other characters."""
        for text in ("", " ", "::", "0" * 65, "G1", "1\n", "٠", "0x12"):
            self.assertRaises(ValueError, normalise_uid, text)


class MaskTests(SynchronousTestCase):
    """What people are shown of what gates sent."""

    @settings(deadline=None)
    @given(st.lists(macs, min_size=1, max_size=5), st.integers(0, 200))
    def test_no_address_is_left(self, seen: list[str], cut: int) -> None:
        """Not in any spelling, wherever the message was cut."""
        payloads = [seen_payload("b7", 1, 1.5, 0, [(mac, -50) for mac in seen]),
                    text_payload(1, [(mac, -50) for mac in seen])]
        payloads += [text.encode() for mac in seen for text in spellings(mac)]
        payloads += [str(int(mac, 16)).encode() for mac in seen if int(mac, 16) > 10**6]
        for payload in payloads:
            for sample in (masked_sample(payload[:cut]), masked_sample(payload),
                           masked(payload.decode()), show(payload.decode())):
                self.assertIsNone(re.search("[0-9a-fA-F]{2}[:.-]?[0-9a-fA-F]{2}[:.-]", sample))
                bare = re.sub("[^0-9a-f]", "", sample.lower())
                self.assertFalse(any(mac in bare for mac in seen), sample)

    def test_addresses_alone(self) -> None:
        """In a topic or a name addresses and keys are hidden, and all else can be read."""
        for text, shown in (
            ("gates/aa:bb:cc:dd:ee:ff/x", "gates/xx:xx:xx:xx:xx:xx/x"),
            ("iotd/gate/gx/AABB.CCDD.EEFF", "iotd/gate/gx/xxxx.xxxx.xxxx"),
            ("home/light", "home/light"), ("0 a-1b-2c-3d-4e-5f", "0 a-1b-2c-3d-4e-5f"),
            ("aa-bb-cc-dd-ee-01", "xx-xx-xx-xx-xx-xx"), ("09ab" * 16, "x" * 64),
        ):
            self.assertEqual(without_macs(text), shown)

    def test_the_form_is_left(self) -> None:
        """Words of the protocol and punctuation stay, so that people see what is wrong."""
        payload = b'{"boot":"9f2c","seq":17,"ts":nul,"seen":[{"mac":"aa:bb:cc:dd:ee:ff","rssi":-4'
        self.assertEqual(
            masked_sample(payload),
            '{"boot":"xxxx","seq":xx,"ts":xxx,"seen":[{"mac":"xx:xx:xx:xx:xx:xx","rssi":-x',
        )

    @given(st.binary(max_size=400))
    def test_one_printable_line(self, payload: bytes) -> None:
        """Whatever was sent is one line of ASCII, cut, with its size when it was cut."""
        sample = masked_sample(payload)
        self.assertTrue(sample.isprintable() and sample.isascii())
        self.assertLessEqual(len(sample), SAMPLE_CHARACTERS + 20)
        self.assertEqual(len(payload) > SAMPLE_CHARACTERS, sample.endswith(" bytes)"))

    def test_values_in_sentences(self) -> None:
        """Short ones as they are, numbers that could be addresses not at all."""
        for value, text in (
            (None, "null"), (True, "true"), (-45, "-45"), (1.5, "1.5"), ("exit", "'exit'"),
            ({}, "an object"), ([1, 2], "a list of 2"), ("é", "'\\xe9'"),
            (187723572702975, "a number beyond a million"), (-1e300, "a number below"),
            (10**5000, "a number beyond"), ("aabbccddeeff", "'xxxxxxxxxxxx' (12 characters)"),
        ):
            self.assertIn(text, show(value))
