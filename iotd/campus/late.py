"""Late data: students' movements judged anew from a moment on.

Nothing before the moment changes, and nothing after the first sighting behind the late ones
at which old and new agree on where the student is and since when.
"""

from __future__ import annotations

from heapq import merge
from typing import Collection, Iterable, Iterator, NamedTuple, Sequence

from sqlalchemy import Connection

from iotd.campus.model import LATE, SECOND, TOO_LATE, direction_of, moves
from iotd.campus.movement_records import Movement, movements_from
from iotd.campus.sighting_records import AT_ONCE, Look, Part, Seen, sightings_in

FIRST_LOOK = 3600 * SECOND  # behind the last late sighting; each further look is longer
LONGER = 8


class Arrival(NamedTuple):
    """A sighting that came late, and when it came."""

    at: int
    source: int
    flags: int
    received_at: int


class Case(NamedTuple):
    """A student to judge anew: its group, what arrived (and is written), when it was seen last."""

    student: int
    group: int
    arrivals: Sequence[Arrival]
    newest: int


class Judged(NamedTuple):
    """A stretch of movements as it was and as it is, ``before`` and ``behind`` it those that
    stay; ``last`` is the student's last movement now."""

    before: Movement | None
    old: list[Movement]
    new: list[Movement]
    behind: Movement | None
    last: Movement


def judge_anew(
    connection: Connection, parts: Collection[Part], cases: Sequence[Case], repeat: int
) -> Iterator[tuple[Case, Judged]]:
    """What movements these students have made since the first of what arrived."""
    for first in range(0, len(cases), AT_ONCE):
        yield from _judge_some(connection, parts, cases[first:first + AT_ONCE], repeat)


def _judge_some(
    connection: Connection, parts: Collection[Part], cases: Sequence[Case], repeat: int
) -> Iterator[tuple[Case, Judged]]:
    looks = [
        Look(case.student, min(case.arrivals).at, max(case.arrivals).at + FIRST_LOOK)
        for case in cases
    ]
    moved = movements_from(connection, [look[:2] for look in looks])
    seen = sightings_in(connection, parts, looks)
    for case, look in zip(cases, looks):
        rows = moved.get(case.student, [])
        split = next((n for n, row in enumerate(rows) if row.at >= look.since), len(rows))
        before, old = rows[split - 1] if split else None, rows[split:]
        evidence = _evidence(connection, parts, look, seen.get(case.student, []), case.newest)
        yield case, _judge(case, before, old, evidence, repeat)


def _judge(
    case: Case, before: Movement | None, old: list[Movement], evidence: Iterable[Seen],
    repeat: int,
) -> Judged:
    making = _Making(case, old)
    split = making.replay(before, _all(evidence, old), repeat)
    new, behind = making.new, old[split:]
    # the first sighting of all is a movement, so there is one
    last = [*([before] if before else []), *new, *behind][-1]
    return Judged(before, old[:split], new, behind[0] if behind else None, last)


class _Making:
    """The new movements of a stretch: those that were there before stay as they were."""

    def __init__(self, case: Case, old: list[Movement]) -> None:
        self.new: list[Movement] = []
        self._case, self._old = case, old
        self._known = {movement.key: movement for movement in old}
        self._received = {(each.at, each.source): each.received_at for each in case.arrivals}
        self._latest = max(each.received_at for each in case.arrivals)
        self._doubt = TOO_LATE if any(each.flags & TOO_LATE for each in case.arrivals) else 0

    def replay(self, before: Movement | None, seen: Iterable[Seen], repeat: int) -> int:
        """Judge in order; how many of the old movements were passed until both agree."""
        now = was = _stand(before)
        passed, old, end = 0, self._old, max(self._received)
        for each in seen:
            key = each.at, each.source
            if passed < len(old) and old[passed].key == key:
                was = _stand(old[passed])
                passed += 1
            if moves(*now, *key, repeat):
                self.new.append(self._known.get(key) or self._made(each))
                now = _stand(self.new[-1])
            if now == was and key >= end:
                return passed
        return passed

    def _made(self, seen: Seen) -> Movement:
        flags, received = seen.flags, self._received.get((seen.at, seen.source))
        if received is None:  # an old sighting that became a movement by what came now
            flags, received = flags | LATE | self._doubt, self._latest
        case = self._case
        return Movement(case.student, seen.at, seen.source, case.group, received, flags)


def _stand(movement: Movement | None) -> tuple[int | None, int]:
    if movement is None:
        return None, -1
    return direction_of(movement.source), movement.at


def _evidence(
    connection: Connection, parts: Collection[Part], look: Look, seen: Sequence[Seen],
    newest: int,
) -> Iterator[Seen]:
    """Sightings in order, read as far as somebody asks; ``seen`` is what the first look saw."""
    student, since, until = look
    while True:
        yield from seen
        if until > newest:
            return
        since, until = until, until + (until - since) * LONGER
        seen = sightings_in(connection, parts, [Look(student, since, until)]).get(student, [])


def _all(sightings: Iterable[Seen], old: Sequence[Movement]) -> Iterator[Seen]:
    """Sightings and movements, each once: of old movements the sighting may be gone."""
    kept = (Seen(each.at, each.source, each.flags) for each in old)
    previous = None
    for each in merge(sightings, kept):
        if (each.at, each.source) != previous:
            yield each
            previous = each.at, each.source
