"""Whose an address or badge is: the register's identifiers in memory, by keyed hash."""

from __future__ import annotations

from typing import Callable, Iterable

from iotd.campus.macs import Hasher
from iotd.campus.spool import Known
from iotd.wire.macs import normalise_mac

CACHED = 65_536  # spellings of addresses whose owner is remembered: about 12 MB
NEVER = 1 << 62  # when an identifier without an end expires

#: A student's id, when that ends in microseconds, and what to count as from then on.
Owner = tuple[int, int, bytes]
#: An owner, or what a stranger counts as.
Who = Owner | bytes

_Table = dict[bytes, tuple[int, int]]


class Cache(dict[str, Who]):
    """Who it is by an address in any spelling, in memory only; asked as ``cache[text]``.

    ValueError for what is no address. A hit is one look-up; a miss costs 2 us.
    """

    def __init__(self, owners: Owners) -> None:
        super().__init__()
        self._owners = owners

    def __missing__(self, text: str) -> Who:
        if len(self) >= CACHED:
            self.clear()
        who = self[text] = self._owners.who(normalise_mac(text))
        return who


class Owners:
    """Changed on the reactor, asked on the intake's thread.

    ``cache`` is another one after each change. Who takes it once a batch never puts what
    was looked up before a change into the cache that is used after it.
    """

    def __init__(self, hasher: Hasher, digest: Callable[[str], bytes]) -> None:
        self._hasher, self._digest = hasher, digest
        self._known: _Table = {}
        self.renew()

    def __len__(self) -> int:
        return len(self._known)

    def renew(self) -> None:
        """Look all addresses up again."""
        self.cache = Cache(self)

    def replace(self, known: Known) -> None:
        """These and no others."""
        self._known = {bytes.fromhex(hash): _until(*owner) for hash, owner in known.items()}
        self.renew()

    def change(self, added: Known, removed: Iterable[str]) -> None:
        """Forget ``removed``, then take ``added``."""
        for hash in removed:
            self._known.pop(bytes.fromhex(hash), None)
        for hash, owner in added.items():
            self._known[bytes.fromhex(hash)] = _until(*owner)
        self.renew()

    def copy(self) -> Known:
        """All of them."""
        return {
            digest.hex(): (student, None if until == NEVER else until)
            for digest, (student, until) in self._known.copy().items()
        }

    def who(self, mac: str) -> Who:
        """Of a normalised MAC."""
        found = self._known.get(self._hasher.mac_digest(mac))
        if found is None:
            return self._digest(mac)
        return (*found, b"" if found[1] == NEVER else self._digest(mac))

    def of_badge(self, uid: str, method: str) -> tuple[int, int] | None:
        """Student and end, of a number in any spelling; None when nobody has it."""
        return self._known.get(bytes.fromhex(self._hasher.badge(uid, method)))


def _until(student: int, expires: int | None) -> tuple[int, int]:
    return student, NEVER if expires is None else expires
