"""Addresses and badges of the register: known by keyed hashes, shown by their last two digits."""

from __future__ import annotations

import hmac

from iotd.store.seal import Sealer
from iotd.wire.macs import normalise_uid


def site_key(sealer: Sealer) -> bytes:
    """The key of all hashes; whoever has it and the database can try out addresses."""
    return sealer.derive(b"campus identifiers")


class Hasher:
    """HMAC-SHA256 in 64 hex digits under the site's key.

    Pseudonyms, not anonymity: the same address has the same hash for as long as the key lives.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mac(self, mac: str) -> str:
        """Of a normalised MAC: 12 lower-case hex digits."""
        return self._hash(f"mac|{mac}")

    def badge(self, uid: str, method: str) -> str:
        """Of a badge's number in any spelling; ValueError when it is none."""
        return self._hash(f"{method}|{normalise_uid(uid)}")

    def _hash(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("ascii"), "sha256").hex()


def tail(text: str) -> str:
    """What people are shown of a normalised MAC or badge number: its last two digits."""
    return text[-2:]
