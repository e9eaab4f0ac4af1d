"""How many different unregistered devices: counted under a key that lives one local day.

The key and what was hashed with it are in memory only. So a restart begins to count anew,
and a device seen before and after it counts twice that day.
"""

from __future__ import annotations

import hashlib
import os

from iotd.calendar import Calendar
from iotd.campus.batches import Strangers
from iotd.campus.model import SECOND

WHOLE_DAY = 24  # in the place of an hour
ALL_GATES = ""  # in the place of a gate
QUARTER = 900 * SECOND  # zones differ from UTC by whole quarters of an hour
MOST_QUARTERS = 10_000  # remembered
DIGEST_BYTES = 8

Place = tuple[str, int, str]
#: Places, each with the digests that were seen there.
Counts = tuple[tuple[Place, set[bytes]], ...]


class DayKey:
    """Tells devices of one day from each other, and no longer than that."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._quarters: dict[int, tuple[str, int]] = {}
        self._begin("")

    def _begin(self, day: str) -> None:
        self.day = day
        self._hashing = hashlib.blake2b(digest_size=DIGEST_BYTES, key=os.urandom(32))
        self._seen: dict[Place, set[bytes]] = {}
        self._counts: dict[tuple[int, str], Counts] = {}

    def turn(self, received_at: int) -> bool:
        """Throw the key away when a new day has begun, by a time in microseconds; True then."""
        day, _ = self.hour_of(received_at)
        if day == self.day:
            return False
        self._begin(day)
        return True

    def hour_of(self, at: int) -> tuple[str, int]:
        """Local day and hour of a moment in microseconds."""
        quarter = at // QUARTER
        found = self._quarters.get(quarter)
        if found is None:
            local = self._calendar.local(quarter * 900)
            found = local.date().isoformat(), local.hour
            if len(self._quarters) >= MOST_QUARTERS:
                self._quarters.clear()
            self._quarters[quarter] = found
        return found

    def digest(self, mac: str) -> bytes:
        """What a normalised MAC counts as today."""
        hashed = self._hashing.copy()
        hashed.update(mac.encode("ascii"))
        return hashed.digest()

    def counts_at(self, at: int, received_at: int, gate: str) -> Counts | None:
        """Where a message counts, the narrowest place first; None on a day whose key is gone."""
        day, hour = self.hour_of(min(at, received_at))
        if day != self.day:
            return None
        found = self._counts.get((hour, gate))
        if found is None:
            places = (
                (day, hour, gate), (day, WHOLE_DAY, gate),
                (day, hour, ALL_GATES), (day, WHOLE_DAY, ALL_GATES),
            )
            found = tuple((place, self._seen.setdefault(place, set())) for place in places)
            self._counts[hour, gate] = found
        return found


def count(digest: bytes, counts: Counts, new: Strangers) -> None:
    """Note in ``new`` where a device is new that was not at this gate in this hour."""
    for place, seen in counts:
        if digest not in seen:
            seen.add(digest)
            new[place] = new.get(place, 0) + 1
