"""One gate as it is heard: when, how much, which way, and what was wrong with it."""

from __future__ import annotations

from collections import deque
from typing import Any

from iotd.campus.gaps import Gaps
from iotd.campus.model import DIRECTIONS
from iotd.campus.notes import GateNotes
from iotd.devices.gate_link import GateLink
from iotd.times import rfc3339

SHOWN_FAULTS = 20
SLOT = 5.0  # seconds; a minute is twelve of them


class PerMinute:
    """How many there were, and how many in the last minute; times are monotonic."""

    def __init__(self) -> None:
        self.total = 0
        self._slots: deque[list[int]] = deque(maxlen=13)

    def add(self, count: int, now: float) -> None:
        """So many more."""
        self.total += count
        slot = int(now // SLOT)
        if self._slots and self._slots[-1][0] == slot:
            self._slots[-1][1] += count
        else:
            self._slots.append([slot, count])

    def rate(self, now: float) -> int:
        """Of the last twelve slots, the one that runs left out."""
        slot = int(now // SLOT)
        return sum(count for at, count in self._slots if slot - 12 <= at < slot)


class Gate:
    """What is known of a gate beside its row in the registry.

    ``heard_at``: when its last message came, monotonic, None for none since the start;
    ``offline_at``: when it said that it is offline, if that was the last it said of it.
    """

    def __init__(self, id: str) -> None:
        self.id = id
        self.approved = self.online = False
        self.link: GateLink | None = None
        self.heard_at: float | None = None
        self.offline_at: float | None = None
        self.known = False  # whether it was ever heard, also before the start
        self.waited = self.mid_boot = False  # it spoke while pending; its boot had begun then
        self.alarmed: bool | None = None  # None: not told since the start
        self.direction: int | None = None
        self.gaps = Gaps()
        self.messages = PerMinute()
        self.recent_faults: deque[tuple[float, str, str]] = deque(maxlen=SHOWN_FAULTS)
        self.faults = self.below_floor = self.strangers = self.skewed = self.no_clock = 0
        self.dropped = self.told = 0

    def count(self, notes: GateNotes, now: float) -> None:
        """What one batch held of it."""
        self.messages.add(notes.messages, now)
        self.faults += notes.faults
        self.below_floor += notes.below_floor
        self.strangers += notes.strangers
        self.skewed += notes.skewed
        self.no_clock += notes.no_clock
        if notes.direction is not None:
            self.direction = notes.direction

    def fault(self, at: float, reason: str, sample: str) -> bool:
        """Show one that was counted; ``sample`` is masked. True for the 1st, 2nd, 4th, 8th …,
        which the log tells."""
        self.told += 1
        self.recent_faults.appendleft((at, reason, sample))
        return self.told & (self.told - 1) == 0

    def as_json(self, now: float) -> dict[str, Any]:
        """Its own part of what the API shows; ``now`` is monotonic."""
        faults = [
            {"at": rfc3339(at), "reason": reason, "sample": sample}
            for at, reason, sample in self.recent_faults
        ]
        return {
            "direction": None if self.direction is None else DIRECTIONS[self.direction],
            "messages": self.messages.total, "messages_per_minute": self.messages.rate(now),
            "faults": self.faults, "recent_faults": faults, "dropped": self.dropped,
            "duplicates": self.gaps.duplicates, "below_floor": self.below_floor,
            "strangers": self.strangers, "skewed": self.skewed, "no_clock": self.no_clock,
            "gaps": gaps_json(self.gaps, now), "lost": self.gaps.lost(now),
            "replays": self.gaps.asked, "boots": boots_json(self.gaps),
        }


SHOWN_GAPS = 50


def gaps_json(gaps: Gaps, now: float) -> list[dict[str, Any]]:
    """What is missing and asked for, the newest boot first; the parts of a long gap as one."""
    shown: list[dict[str, Any]] = []
    for boot, hole in gaps.holes(now):
        last = shown[-1] if shown else None
        if last is not None and (last["boot"], last["to"] + 1) == (boot, hole.low):
            last["to"], last["asked"] = hole.high, max(last["asked"], hole.asked)
        elif len(shown) == SHOWN_GAPS:
            break
        else:
            shown.append({"boot": boot, "from": hole.low, "to": hole.high, "asked": hole.asked})
    return shown


def boots_json(gaps: Gaps) -> list[dict[str, Any]]:
    """The boots that are remembered, the newest first."""
    return [
        {"boot": boot.name, "first": boot.heard.lowest, "last": boot.heard.highest}
        for boot in gaps.boots
    ]
