"""Whose an address or badge is: the register's identifiers in memory, by keyed hash."""

from __future__ import annotations

from typing import Iterable

from iotd.campus.macs import Hasher
from iotd.campus.spool import Known

CACHED = 65_536  # addresses whose owner is remembered
NEVER = 1 << 62  # when an identifier without an end expires

#: A student's id and when that ends, in microseconds.
Owner = tuple[int, int]


class Owners:
    """Changed on the reactor, asked on the intake's thread, which never sees half a change.

    ``cache`` is by address in clear, in memory only; whoever asks takes it once per batch,
    so that what was looked up before a change never gets into the cache after it.
    """

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self._known: Known = {}
        self.cache: dict[str, Owner | None] = {}

    def __len__(self) -> int:
        return len(self._known)

    def replace(self, known: Known) -> None:
        """These and no others."""
        self._known = dict(known)
        self.cache = {}

    def change(self, added: Known, removed: Iterable[str]) -> None:
        """Forget ``removed``, then take ``added``."""
        for hash in removed:
            self._known.pop(hash, None)
        self._known.update(added)
        self.cache = {}

    def copy(self) -> Known:
        """All of them."""
        return dict(self._known)

    def of_mac(self, mac: str, cache: dict[str, Owner | None]) -> Owner | None:
        """Of a normalised MAC that is not in the cache; None for a stranger's."""
        if len(cache) >= CACHED:
            cache.clear()
        owner = cache[mac] = self._owner(self._hasher.mac(mac))
        return owner

    def of_badge(self, uid: str, method: str) -> Owner | None:
        """Of a normalised number; None when nobody has it."""
        return self._owner(self._hasher.badge(uid, method))

    def _owner(self, hash: str) -> Owner | None:
        found = self._known.get(hash)
        if found is None:
            return None
        student, expires = found
        return student, NEVER if expires is None else expires
