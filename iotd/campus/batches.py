"""What one commit of the spool holds, and how it is written down there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Iterable

from iotd.campus.model import Heard

#: New unregistered devices by (local day, hour 0-23 or 24 for the day, gate or "" for all).
Strangers = dict[tuple[str, int, str], int]

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass
class Batch:
    """Messages in the order in which they came, and unregistered devices not seen before."""

    heard: list[Heard] = field(default_factory=list)
    strangers: Strangers = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.heard or self.strangers)

    def to_json(self) -> str:
        """As text for the spool: 0.8 us a message."""
        strangers = [[*key, count] for key, count in self.strangers.items()]
        return _encode([self.heard, strangers])

    @classmethod
    def from_json(cls, text: str) -> Batch:
        """What :meth:`to_json` wrote; ValueError or TypeError for anything else."""
        heard, strangers = json.loads(text)
        return cls(
            [Heard(gate, boot, seq, at, received, direction, method, tuple(students), flags)
             for gate, boot, seq, at, received, direction, method, students, flags in heard],
            {(day, hour, gate): count for day, hour, gate, count in strangers},
        )

    def without(self, students: Iterable[int]) -> Batch:
        """The same without these students; the messages stay, as their numbers must."""
        gone = frozenset(students)
        heard = [
            one if gone.isdisjoint(one.students)
            else one._replace(students=tuple(each for each in one.students if each not in gone))
            for one in self.heard
        ]
        return Batch(heard, dict(self.strangers))
