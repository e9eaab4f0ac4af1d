"""Sightings become movements: one transaction's work, on the writer's thread.

Whatever the order of arrival, the movements in the store are those that the rule
(:func:`iotd.campus.model.moves`) makes of all sightings of a student in order. What comes in
order, or late but behind the last movement without moving anything, is decided in memory
(0.7 us a sighting). For all else the stretch that it touches is judged anew, when everything
of the transaction is written: by then the store holds what was decided in memory, too, so it
does not matter that some of that was decided without the late data.
"""

from __future__ import annotations

from typing import Iterable, Protocol

from sqlalchemy import Connection

from iotd.campus import cells
from iotd.campus.boot_records import Numbers, numbers_of, put_numbers
from iotd.campus.bulk import Row
from iotd.campus.cells import Hours
from iotd.campus.gate_records import number_of
from iotd.campus.late import Arrival, Case, Judged, judge_anew
from iotd.campus.memory import Applied, Memory, Place
from iotd.campus.model import (
    CORRECTIONS, KEPT, LATE, NOBODY, SECOND, TOO_LATE, Heard, State, direction_of, pack_source,
)
from iotd.campus.movement_records import Movement, add_movements, remove_movements
from iotd.campus.ranges import Ranges
from iotd.campus.sighting_records import PART_ROWS, Part, add_sightings, put_newest

NEVER = 1 << 62  # behind every moment


class Counts(Protocol):
    """What the applier needs of statistics; see :class:`iotd.campus.statistics.Statistics`."""

    hours: Hours

    def change(self, connection: Connection, deltas: cells.Deltas) -> None:
        """Add to what is stored, in the transaction of the movements."""

    def add_strangers(self, connection: Connection, new: dict[tuple[str, int, int], int]) -> None:
        """Count unregistered devices."""


class Work:
    """Sightings of one transaction: hear() or see() them all, then finish()."""

    def __init__(
        self, connection: Connection, memory: Memory, counts: Counts, repeat_seconds: int
    ) -> None:
        self._connection, self._memory, self._counts = connection, memory, counts
        self._group_of, self._repeat = memory.group_of, repeat_seconds * SECOND
        self._applied = Applied(memory.place)
        self._parts = dict(memory.parts)
        self._part = self._open_part()
        self._rows: list[Row] = []
        self._late: dict[int, list[Arrival]] = {}
        self._sources: dict[tuple[str, int, int], int] = {}
        self._numbers: dict[tuple[str, str], Ranges] = {}

    def hear(self, messages: Iterable[Heard]) -> None:
        """Messages of gates, in the order in which they came; known ones are left out.

        Those of the gate "" are a person's corrections.
        """
        sources, numbers, see, count = self._sources, self._numbers, self.see, 0
        for gate, boot, seq, at, received, direction, method, students, flags in messages:
            count += 1
            if seq is not None and boot is not None:
                known = numbers.get((gate, boot))
                if known is None:
                    known = self._numbers_of(gate, boot, received)
                if not known.add(seq):
                    self._applied.duplicates[gate] += 1
                    continue
            if students:
                source = sources.get((gate, direction, method))
                if source is None:
                    source = self._source(gate, direction, method)
                see(students, at, source, direction, received, flags)
        self._applied.messages += count

    def see(
        self, students: Iterable[int], at: int, source: int, direction: int, received: int,
        flags: int = 0,
    ) -> None:
        """Students at one gate at one moment; whom nobody knows (any more) is left out."""
        part, rows, applied, memory = self._part.number, self._rows, self._applied, self._memory
        for student in students:
            newest = applied.newest.get(student) or memory.newest.get(student)
            if newest is None:
                if self._group_of(student) is None:
                    continue
                newest = -1
            noted = flags
            if at > newest:
                applied.newest[student] = at
            elif at < newest:
                noted |= LATE if at >= newest - KEPT else LATE | TOO_LATE
            rows.append((part, student, at, source, noted))
            state = applied.moved.get(student) or memory.states.get(student) or NOBODY
            if at > state.at:
                if direction == state.direction or (
                    at - state.at <= self._repeat and source >= CORRECTIONS and state.at >= 0
                ):
                    continue
                if at > newest:
                    self._move(student, state, at, source, direction, received, noted)
                    continue
            elif at == state.at and source == state.source:
                continue
            self._late.setdefault(student, []).append(Arrival(at, source, noted, received))

    def count_strangers(self, new: dict[tuple[str, int, str], int]) -> None:
        """Unregistered devices by day, hour and gate ("" for all gates)."""
        strangers = self._applied.strangers
        for (day, hour, gate), count in new.items():
            key = day, hour, self._gate(gate) if gate else 0
            strangers[key] = strangers.get(key, 0) + count

    def finish(self, place: Place) -> Applied:
        """Write it all; what the memory has to take over after the commit."""
        applied, connection = self._applied, self._connection
        applied.place, applied.sightings, applied.late = place, len(self._rows), len(self._late)
        self._store()
        add_movements(connection, [*applied.added])
        self._judge_late()
        put_newest(connection, applied.newest)
        put_numbers(connection, applied.boots.items())
        applied.statistics = {key: row for key, row in applied.statistics.items() if row}
        if applied.statistics:
            self._counts.change(connection, applied.statistics)
        if applied.strangers:
            self._counts.add_strangers(connection, applied.strangers)
        return applied

    def _move(
        self, student: int, before: State, at: int, source: int, direction: int, received: int,
        flags: int,
    ) -> None:
        group = self._group_of(student) or 0
        earlier = None if before.direction is None else (before.at, before.source, 0)
        cells.count(
            ((at, source, group),), self._counts.hours, self._applied.statistics, earlier
        )
        self._applied.moved[student] = State(direction, at, source)
        self._applied.added[Movement(student, at, source, group, received, flags)] = None

    def _judge_late(self) -> None:
        applied, known = self._applied, self._memory.newest
        cases = [
            Case(student, self._group_of(student) or 0, arrivals,
                 applied.newest.get(student) or known[student])
            for student, arrivals in self._late.items()
        ]
        judging = judge_anew(self._connection, self._parts.values(), cases, self._repeat)
        self._rows = []
        for case, judged in [*judging]:
            self._adopt(case, judged)
        self._store()

    def _adopt(self, case: Case, judged: Judged) -> None:
        student, last = case.student, judged.last
        self._applied.moved[student] = State(direction_of(last.source), last.at, last.source)
        was, now = set(judged.old), set(judged.new)
        if was == now:
            return
        gone = [each for each in judged.old if each not in now]
        made = [each for each in judged.new if each not in was]
        remove_movements(self._connection, student, [each.key for each in gone])
        add_movements(self._connection, made)
        self._recount(judged)
        self._note(made, gone)
        # of movements so old the sighting may be gone: they are sightings again
        self._rows += [
            (self._part.number, student, each.at, each.source, each.flags)
            for each in gone if each.at < case.newest - KEPT
        ]

    def _note(self, made: list[Movement], gone: list[Movement]) -> None:
        applied = self._applied
        applied.added.update(dict.fromkeys(made))
        for each in gone:
            if applied.added.pop(each, each) is not None:  # not one of this very transaction
                applied.removed += 1

    def _recount(self, judged: Judged) -> None:
        before = _counted(judged.before) if judged.before else None
        behind = [judged.behind] if judged.behind else []
        into = self._applied.statistics
        cells.count(map(_counted, judged.new + behind), self._counts.hours, into, before)
        less = cells.contributions(
            map(_counted, judged.old + behind), self._counts.hours, before
        )
        for key, row in less.items():
            into[key] = into.get(key, 0) - row

    def _open_part(self) -> Part:
        part = self._parts[max(self._parts)] if self._parts else Part(0, 0, 0, PART_ROWS)
        if part.sightings < PART_ROWS:
            return part
        return Part(part.number + 1, NEVER, -1, 0)

    def _store(self) -> None:
        if self._rows:
            part = self._part = add_sightings(self._connection, self._part, self._rows)
            self._parts[part.number] = self._applied.parts[part.number] = part

    # gates and their numbers

    def _gate(self, device: str) -> int:
        number = self._memory.gates.get(device) or self._applied.gates.get(device)
        if number is None:
            number = self._applied.gates[device] = number_of(self._connection, device)
        return number

    def _source(self, gate: str, direction: int, method: int) -> int:
        packed = pack_source(method, direction, self._gate(gate) if gate else 0)
        self._sources[gate, direction, method] = packed
        return packed

    def _numbers_of(self, gate: str, boot: str, received: int) -> Ranges:
        key, now = (self._gate(gate), boot), received / SECOND
        known = self._memory.boots.get(key) or numbers_of(self._connection, *key, now)
        numbers = Numbers(known.applied.copy(), known.first_heard, now)
        self._applied.boots[key] = numbers
        self._numbers[gate, boot] = numbers.applied
        return numbers.applied


def _counted(movement: Movement) -> cells.Move:
    return movement.at, movement.source, movement.group
