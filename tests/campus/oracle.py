"""What movements, headcounts and statistics must be: slow, and obvious from the contract's words.

It takes all that gates ever said, in any order, and knows nothing of how iotd does it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable, Iterable, Mapping
from zoneinfo import ZoneInfo

from iotd.campus.model import Heard

ENTRY = 0


@dataclass(frozen=True, order=True)
class Sighting:
    """A student at a gate, ordered as contract and plan say; ``at`` in microseconds."""

    at: int
    method: int  # 0 is a person's correction
    direction: int  # 0 entry, 1 exit
    gate: int


@dataclass
class Day:
    """What is counted of one group on one local day."""

    entries: list[int]
    exits: list[int]
    outings: int = 0
    seconds: int = 0


def once(messages: Iterable[Heard]) -> list[Heard]:
    """The same (gate, boot, seq) twice is once."""
    told, found = set(), []
    for message in messages:
        name = message.gate, message.boot, message.seq
        if message.seq is not None and name in told:
            continue
        told.add(name)
        found.append(message)
    return found


def sightings_of(
    messages: Iterable[Heard], gate_number: Callable[[str], int]
) -> dict[int, set[Sighting]]:
    """By student."""
    found: dict[int, set[Sighting]] = defaultdict(set)
    for message in once(messages):
        for student in message.students:
            gate = gate_number(message.gate) if message.gate else 0
            found[student].add(Sighting(message.at, message.method, message.direction, gate))
    return found


def movements_of(sightings: Iterable[Sighting], repeat_seconds: int) -> list[Sighting]:
    """The rule over all sightings of one student."""
    made: list[Sighting] = []
    state: int | None = None
    for each in sorted(sightings):
        if state is None:
            made.append(each)  # the first sighting ever
            state = each.direction
        elif each.direction == state:
            continue  # moves nothing
        elif each.method == 0:
            made.append(each)  # a person's word
            state = each.direction
        elif each.at - made[-1].at <= repeat_seconds * 1_000_000:
            continue  # a duplicate
        else:
            made.append(each)
            state = each.direction
    return made


def all_movements(
    messages: Iterable[Heard], gate_number: Callable[[str], int], repeat_seconds: int
) -> dict[int, list[Sighting]]:
    """By student."""
    return {
        student: movements_of(sightings, repeat_seconds)
        for student, sightings in sightings_of(messages, gate_number).items()
    }


def inside(movements: Mapping[int, list[Sighting]]) -> set[int]:
    """Who is inside: those whose last movement is an entry."""
    return {student for student, made in movements.items() if made[-1].direction == ENTRY}


def statistics(
    movements: Mapping[int, list[Sighting]], group_of: Mapping[int, int], zone: str
) -> dict[tuple[str, int], Day]:
    """By local day and group; an outing belongs to the day and group of the return."""
    found: dict[tuple[str, int], Day] = {}
    for student, made in movements.items():
        left: int | None = None
        for each in made:
            local = datetime.fromtimestamp(each.at // 1_000_000, timezone.utc)
            local = local.astimezone(ZoneInfo(zone))
            key = local.date().isoformat(), group_of[student]
            day = found.setdefault(key, Day([0] * 24, [0] * 24))
            if each.direction == ENTRY:
                day.entries[local.hour] += 1
                if left is not None:
                    day.outings += 1
                    day.seconds += (each.at - left) // 1_000_000
                left = None
            else:
                day.exits[local.hour] += 1
                left = each.at
    return found
