"""Keyed hashes of addresses and badges."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from hypothesis import given, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.campus.macs import Hasher, site_key, tail
from iotd.store.seal import Sealer

macs = st.integers(1, 2**48 - 2).map("{:012x}".format)


class HasherTests(SynchronousTestCase):
    """What the register keeps of an address."""

    @given(st.binary(max_size=100), macs)
    def test_it_is_hmac(self, key: bytes, mac: str) -> None:
        """HMAC-SHA256 of the address under the key, whatever the key's length."""
        expected = hmac.new(key, f"mac|{mac}".encode(), hashlib.sha256)
        self.assertEqual(Hasher(key).mac(mac), expected.hexdigest())
        self.assertEqual(Hasher(key).mac_digest(mac), expected.digest())

    def test_kinds_are_apart(self) -> None:
        """The same digits as a card, a finger or an address are different identifiers."""
        hasher = Hasher(b"k" * 32)
        found = {hasher.badge("aabbccddeeff", method) for method in ("rfid", "face", "fingerprint")}
        self.assertEqual(len(found | {hasher.mac("aabbccddeeff")}), 4)

    def test_spellings_of_badges(self) -> None:
        """A badge is the same in any spelling."""
        hasher = Hasher(b"k" * 32)
        self.assertEqual(hasher.badge("04:a1:b2:c3", "rfid"), hasher.badge("04A1B2C3", "rfid"))
        self.assertRaises(ValueError, hasher.badge, "card", "rfid")

    def test_tail(self) -> None:
        """People are shown two digits."""
        self.assertEqual((tail("aabbccddeeff"), tail("7")), ("ff", "7"))

    def test_site_key(self) -> None:
        """It is the same of one key file, and another one of another."""
        folder = Path(self.mktemp())
        folder.mkdir()
        first, second = Sealer(folder / "a.key"), Sealer(folder / "b.key")
        self.assertEqual(site_key(first), site_key(Sealer(folder / "a.key")))
        self.assertNotEqual(site_key(first), site_key(second))
        self.assertNotIn(site_key(first).hex(), (folder / "a.key").read_text())
