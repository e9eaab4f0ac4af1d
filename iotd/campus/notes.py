"""What people are told of messages beyond what they did: counts and faults by gate."""

from __future__ import annotations

from typing import NamedTuple

FAULTS = 20  # of one gate in one batch that are kept in words


class Fault(NamedTuple):
    """Why something was not taken, and what it looked like (masked)."""

    gate: str
    reason: str
    sample: str


class GateNotes:
    """Of one gate in one batch.

    ``messages`` that counted or were faulty; ``held``: of a gate that is not approved, dropped;
    ``faults``: how many; ``direction``: the last heard, None when none was.
    """

    __slots__ = (
        "messages", "held", "faults", "below_floor", "strangers", "skewed", "no_clock", "direction"
    )

    def __init__(self) -> None:
        self.messages = self.held = self.faults = self.below_floor = 0
        self.strangers = self.skewed = self.no_clock = 0
        self.direction: int | None = None


class Notes:
    """Of one batch: ``gates`` by id, and the first faults of each in ``faults``."""

    __slots__ = ("gates", "faults")

    def __init__(self) -> None:
        self.gates: dict[str, GateNotes] = {}
        self.faults: list[Fault] = []

    def of(self, gate: str) -> GateNotes:
        """The gate's, made at its first message."""
        found = self.gates.get(gate)
        if found is None:
            found = self.gates[gate] = GateNotes()
        return found

    def fault(self, gate: str, reason: str, sample: str) -> None:
        """Count one, and keep it if there are few."""
        notes = self.of(gate)
        notes.faults += 1
        if notes.faults <= FAULTS:
            self.faults.append(Fault(gate, reason, sample))
