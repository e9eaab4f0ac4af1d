"""Which messages of one gate are missing, and when it is asked for them again.

A gate numbers its messages from 1 in each boot. What is missing is a :class:`Hole` of at most
500 numbers; a hole that still stands after a while is asked for, and again, more and more
seldom, and then given up. Times are monotonic seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Iterator, NamedTuple

from iotd.campus.ranges import Ranges

WAIT = 2.0  # until a hole is asked for: messages overtake each other
HEAD_WAIT = 10.0  # until the beginning of a boot is: holes within come first
WAITS = (30.0, 120.0, 600.0, 30.0)  # after each request; after the last one it is given up
MAX_SPAN = 500  # numbers in one request
MAX_MISSING = 50_000  # of one jump; no gate keeps more, so what lies before is given up
MAX_HOLES = 1000  # of one boot that are asked for, the newest
MAX_BOOTS = 8  # of one gate, those heard last
ANSWER_WAIT = 10.0  # without any of what was asked for, until something else is asked for
MANY = 8  # holes: from here on near ones share a request, though some comes twice then


class Ask(NamedTuple):
    """A request for ``first`` to ``last`` of a boot."""

    boot: str
    first: int
    last: int


class Hole:
    """Missing are ``low`` to ``high``; asked for ``asked`` times, next at ``due``."""

    __slots__ = ("low", "high", "due", "asked", "given_up")

    def __init__(self, low: int, high: int, due: float, given_up: bool = False) -> None:
        self.low, self.high, self.due, self.asked, self.given_up = low, high, due, 0, given_up

    def __len__(self) -> int:
        return self.high - self.low + 1


class Boot:
    """What was heard of one boot; ``head``: whether it is missed from 1 on."""

    __slots__ = ("name", "heard", "head", "changed", "holes", "last_heard")

    def __init__(self, name: str, heard: Ranges, head: bool, last_heard: float) -> None:
        self.name, self.heard, self.head, self.last_heard = name, heard, head, last_heard
        self.changed = True
        self.holes: dict[int, Hole] = {}  # by their high end: gates answer from below

    def look(self, now: float) -> None:
        """Find out what is missing now; holes that only shrank keep what is known of them."""
        if not self.changed:
            return
        found = [(low, high, WAIT) for low, high in self.heard.gaps()]
        lowest = self.heard.lowest
        if self.head and lowest is not None and lowest > 1:
            found.insert(0, (1, lowest - 1, HEAD_WAIT))
        old, self.holes, self.changed = self.holes, {}, False
        for low, high, wait in reversed(found):
            most = MAX_MISSING if len(self.holes) < MAX_HOLES else 0
            for hole in _cut(low, high, now + wait, most):
                self.holes[hole.high] = _merged(old.get(hole.high), hole)


def _cut(low: int, high: int, due: float, most: int) -> Iterator[Hole]:
    if high - low >= most:
        yield Hole(low, high - most, due, given_up=True)
        low = high - most + 1
    while low <= high:
        end = min(high, low // MAX_SPAN * MAX_SPAN + MAX_SPAN - 1)
        yield Hole(low, end, due)
        low = end + 1


def _merged(old: Hole | None, found: Hole) -> Hole:
    if old is None or old.given_up < found.given_up:
        return found
    old.low = found.low
    return old


class Gaps:
    """The boots of one gate; at most one request is under way."""

    def __init__(self) -> None:
        self.duplicates = self.asked = 0
        self._boots: OrderedDict[str, Boot] = OrderedDict()
        self._lost = 0  # of boots that are forgotten
        self._under_way: Ask | None = None
        self._missing, self._until = 0, 0.0

    def load(self, boot: str, heard: Ranges, now: float) -> None:
        """What was heard of a boot before the start; those heard last come last."""
        known = self._boots.get(boot)
        if known is None:
            self._add(Boot(boot, heard, True, now))
            return
        known.changed = True
        for low, high in heard.pairs():
            known.heard.fill(low, high)

    def heard(self, name: str, seq: int, now: float, from_one: bool = True) -> bool:
        """It said this number; False when it is a duplicate.

        ``from_one``: whether a new boot is missed from 1 on.
        """
        boot = self._boots.get(name)
        if boot is None:
            boot = self._add(Boot(name, Ranges(), from_one, now))
        elif boot.last_heard != now:
            self._boots.move_to_end(name)
        boot.last_heard = now
        highest = boot.heard.highest
        if not boot.heard.add(seq):
            self.duplicates += 1
            return False
        if highest is None or seq != highest + 1:
            boot.changed = True
        return True

    def ask(self, now: float) -> Ask | None:
        """What to ask the gate for now, which is there to be asked."""
        if self._waits(now):
            return None
        due = [(boot, hole) for boot in self.boots for hole in self._due(boot, now)]
        if not due:
            return None
        # what was not asked for yet comes first, and so no old hole keeps a new one waiting
        boot, first = min(due, key=lambda pair: (pair[1].asked, pair[1].due, pair[1].low))
        together = _near(first, [hole for other, hole in due if other is boot], len(due))
        for hole in together:
            hole.due = now + WAITS[hole.asked]
            hole.asked += 1
        ask = Ask(boot.name, together[0].low, together[-1].high)
        self.asked += 1
        self._under_way, self._until = ask, now + ANSWER_WAIT
        self._missing = self._missing_of(ask, now)
        return ask

    @property
    def idle(self) -> bool:
        """Whether nothing is missing that could be asked for."""
        return self._under_way is None and not any(
            boot.changed or any(not hole.given_up for hole in boot.holes.values())
            for boot in self._boots.values()
        )

    @property
    def boots(self) -> list[Boot]:
        """The boots, those heard last first."""
        return [*reversed(self._boots.values())]

    def holes(self, now: float) -> Iterator[tuple[str, Hole]]:
        """What is missing and not given up, with its boot, the newest boot first."""
        for boot in self.boots:
            boot.look(now)
            for _, hole in sorted(boot.holes.items()):
                if not hole.given_up:
                    yield boot.name, hole

    def lost(self, now: float) -> int:
        """How many messages were given up and did not come after all."""
        for boot in self._boots.values():
            boot.look(now)
        return self._lost + sum(_lost_of(boot) for boot in self._boots.values())

    def _add(self, boot: Boot) -> Boot:
        self._boots[boot.name] = boot
        if len(self._boots) > MAX_BOOTS:
            _, gone = self._boots.popitem(last=False)
            self._lost += _lost_of(gone)
        return boot

    def _due(self, boot: Boot, now: float) -> Iterator[Hole]:
        boot.look(now)
        for hole in boot.holes.values():
            if not hole.given_up and hole.due <= now:
                hole.given_up = hole.asked == len(WAITS)
                if not hole.given_up:
                    yield hole

    def _waits(self, now: float) -> bool:
        """Whether the request under way may still be answered."""
        if self._under_way is None:
            return False
        missing = self._missing_of(self._under_way, now)
        if missing and missing < self._missing:
            self._missing, self._until = missing, now + ANSWER_WAIT
        if not missing or now >= self._until:
            self._under_way = None
        return self._under_way is not None

    def _missing_of(self, ask: Ask, now: float) -> int:
        boot = self._boots.get(ask.boot)
        if boot is None:
            return 0
        low, high = ask.first, ask.last
        boot.look(now)
        return sum(len(hole) for hole in boot.holes.values() if low <= hole.low <= high)


def _near(first: Hole, due: list[Hole], all_due: int) -> list[Hole]:
    """``first``, and when many wait those after it that fit into the same request."""
    if all_due <= MANY:
        return [first]
    holes = sorted(due, key=lambda hole: hole.low)
    after = holes[holes.index(first):]
    return [hole for hole in after if hole.high - first.low < MAX_SPAN]


def _lost_of(boot: Boot) -> int:
    return sum(len(hole) for hole in boot.holes.values() if hole.given_up)
