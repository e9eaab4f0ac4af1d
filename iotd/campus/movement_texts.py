"""Movements as people and programs read them."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from iotd.calendar import Calendar
from iotd.campus.model import (
    DIRECTIONS, LATE, SECOND, direction_of, gate_of, method_of, names_of,
)
from iotd.campus.movement_records import Movement
from iotd.site.csv_lines import lines
from iotd.times import rfc3339

COLUMNS = ("at", "local_time", "rollno", "direction", "gate", "method", "flags")


class Texts:
    """``rollno(student)`` is None for somebody who is gone, ``gates()`` ids of devices by
    number, ``name(device)`` what people call it."""

    def __init__(
        self, *, calendar: Calendar, rollno: Callable[[int], str | None],
        gates: Callable[[], Mapping[int, str]], name: Callable[[str], str],
    ) -> None:
        self._calendar, self._rollno, self._gates, self._name = calendar, rollno, gates, name

    def as_json(self, movement: Movement) -> dict[str, Any]:
        """As the API shows it."""
        gate = self._gate(movement)
        return {
            "id": movement.id, "rollno": self._rollno(movement.student),
            "direction": DIRECTIONS[direction_of(movement.source)],
            "gate": gate, "gate_name": None if gate is None else self._name(gate),
            "at": rfc3339(movement.at / SECOND),
            "method": method_of(movement.source).name.lower(),
            "late": bool(movement.flags & LATE),
        }

    def as_csv(self, movements: Iterable[Movement]) -> bytes:
        """Lines of a file; may be called in any thread."""
        return lines(self._line(each) for each in movements)

    def _line(self, movement: Movement) -> tuple[Any, ...]:
        local = self._calendar.local(movement.at / SECOND).replace(tzinfo=None)
        return (
            rfc3339(movement.at / SECOND), local.isoformat(" ", "seconds"),
            self._rollno(movement.student) or "", DIRECTIONS[direction_of(movement.source)],
            self._gate(movement) or "", method_of(movement.source).name.lower(),
            " ".join(names_of(movement.flags)),
        )

    def _gate(self, movement: Movement) -> str | None:
        number = gate_of(movement.source)
        return self._gates().get(number, f"gate {number}") if number else None
