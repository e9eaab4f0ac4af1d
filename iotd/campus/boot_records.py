"""Which messages of each boot of a gate were applied: the same number twice counts once."""

from __future__ import annotations

from typing import Iterable, NamedTuple

from sqlalchemy import Connection, delete, select, text

from iotd.campus.gate_records import boots
from iotd.campus.ranges import Ranges

KEPT_SECONDS = 90 * 86400  # what a gate repeats after that is new

# both databases know it, and it is one statement for new rows and old ones
_PUT = text(
    "REPLACE INTO campus_boots (gate, boot, first_heard, last_heard, heard)"
    " VALUES (:gate, :boot, :first_heard, :last_heard, :heard)"
)


class Numbers(NamedTuple):
    """The ``seq`` of one boot that were applied, and when it was heard first and last."""

    applied: Ranges
    first_heard: float
    last_heard: float


def numbers_of(connection: Connection, gate: int, boot: str, now: float) -> Numbers:
    """What is stored of a boot; nothing yet when it is new."""
    query = select(boots.c.heard, boots.c.first_heard, boots.c.last_heard)
    row = connection.execute(query.where(boots.c.gate == gate, boots.c.boot == boot)).first()
    if row is None:
        return Numbers(Ranges(), now, now)
    return Numbers(Ranges.from_json(row.heard), row.first_heard, row.last_heard)


def put_numbers(
    connection: Connection, known: Iterable[tuple[tuple[int, str], Numbers]]
) -> None:
    """Write them, by gate number and boot."""
    rows = [
        {"gate": gate, "boot": boot, "first_heard": numbers.first_heard,
         "last_heard": numbers.last_heard, "heard": numbers.applied.to_json()}
        for (gate, boot), numbers in known
    ]
    if rows:
        connection.execute(_PUT, rows)


def forget_boots(connection: Connection, now: float) -> None:
    """Drop those that are silent for KEPT_SECONDS."""
    connection.execute(delete(boots).where(boots.c.last_heard < now - KEPT_SECONDS))
