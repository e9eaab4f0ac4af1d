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
CACHED = 65_536  # addresses whose digest is remembered

Place = tuple[str, int, str]


class DayKey:
    """Tells devices of one day from each other, and no longer than that."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._quarters: dict[int, tuple[str, int]] = {}
        self._begin("")

    def _begin(self, day: str) -> None:
        self.day = day
        self._key = os.urandom(32)
        self._seen: dict[Place, set[bytes]] = {}
        self._digests: dict[str, bytes] = {}

    def turn(self, received_at: int) -> None:
        """Throw the key away when a new day has begun, by a time in microseconds."""
        day, _ = self.hour_of(received_at)
        if day != self.day:
            self._begin(day)

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
        """What stands for an address today."""
        found = self._digests.get(mac)
        if found is None:
            if len(self._digests) >= CACHED:
                self._digests.clear()
            text = mac.encode("ascii")
            found = hashlib.blake2b(text, digest_size=DIGEST_BYTES, key=self._key).digest()
            self._digests[mac] = found
        return found

    def seen_at(self, at: int, received_at: int, gate: str) -> tuple[Place, set[bytes]] | None:
        """Where a message counts and who was there already; None on a day whose key is gone."""
        day, hour = self.hour_of(min(at, received_at))
        if day != self.day:
            return None
        place = (day, hour, gate)
        seen = self._seen.get(place)
        if seen is None:
            seen = self._seen[place] = set()
        return place, seen

    def count(self, place: Place, digest: bytes, counts: Strangers) -> None:
        """A device that was not at this gate in this hour: note where else it is new."""
        day, hour, gate = place
        for other in (
            place, (day, WHOLE_DAY, gate), (day, hour, ALL_GATES), (day, WHOLE_DAY, ALL_GATES)
        ):
            seen = self._seen.setdefault(other, set())
            if digest not in seen:
                seen.add(digest)
                counts[other] = counts.get(other, 0) + 1
