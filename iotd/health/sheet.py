"""The data sheet: what was measured together is one row, the newest first.

Values of one source within 30 s of the row's newest are its columns; a second
value of a kind begins another row. Rows are found from the newest down, so a
page must know where rows of other sources stand that reach past its end: its
place names the row it ended with and those.
"""

from __future__ import annotations

import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any, Iterable, Iterator

from sqlalchemy import Connection

from iotd.errors import Invalid
from iotd.health import records
from iotd.health.model import KINDS, ROW_SECONDS, worst
from iotd.health.records import Reading
from iotd.times import rfc3339

AT_ONCE = 1000  # readings read at a time
MOST_SOURCES = 6  # in a place

#: Time and id of a reading.
Point = tuple[float, int]


@dataclass(slots=True)
class Row:
    """Readings by kind, of one source; ``start`` is the newest of them."""

    source: str
    start: Point
    readings: dict[str, Reading] = field(default_factory=dict)
    over: bool = False

    def as_json(self) -> dict[str, Any]:
        """As the API shows it: a value, or null, for each kind."""
        held = self.readings
        return {
            "measured_at": rfc3339(self.start[0]), "source": self.source,
            **{name: held[name].value if name in held else None for name in KINDS},
            "quality": worst(each.quality for each in held.values()),
            "qualities": {name: held[name].quality for name in KINDS if name in held},
        }


def rows_of(readings: Iterable[Reading]) -> Iterator[Row]:
    """Rows by their start; ``readings`` are the newest first."""
    line: list[Row] = []
    open_rows: dict[str, Row] = {}
    for reading in readings:
        row = open_rows.get(reading.source)
        if row is None or not _belongs(reading, row):
            if row is not None:
                row.over = True
            row = Row(reading.source, (reading.at, reading.id or 0))
            open_rows[reading.source] = row
            line.append(row)
        row.readings[reading.kind] = reading
        while line and (line[0].over or line[0].start[0] - reading.at > ROW_SECONDS):
            yield line.pop(0)
    yield from line


def _belongs(reading: Reading, row: Row) -> bool:
    return row.start[0] - reading.at <= ROW_SECONDS and reading.kind not in row.readings


@dataclass(frozen=True)
class Place:
    """Where a page ended: with the row that starts at ``end``; ``open`` are the starts of rows
    shown, by source, that reach past it."""

    end: Point
    open: dict[str, Point]

    def encode(self) -> str:
        """As text for an address."""
        told = json.dumps([self.end, self.open], separators=(",", ":"))
        return urlsafe_b64encode(told.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Place:
        """The place of a text; Invalid when it is none."""
        try:
            end, open_rows = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if len(open_rows) > MOST_SOURCES:
                raise ValueError
            return cls(_point(end), {str(key): _point(at) for key, at in open_rows.items()})
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise Invalid("after is a place that an answer's next named.", "after") from None


def _point(pair: Any) -> Point:
    at, id = pair
    if not (isinstance(at, (int, float)) and isinstance(id, int) and 0 <= id < 2**63):
        raise ValueError
    if not math.isfinite(at):
        raise ValueError
    return float(at), id


def read_page(
    connection: Connection, patient: str, since: float | None, until: float | None,
    limit: int, place: Place | None = None,
) -> tuple[list[Row], Place | None]:
    """Up to ``limit`` rows, and where the next page begins when there are more."""
    rows: list[Row] = []
    for row in rows_of(_readings(connection, patient, since, until, place)):
        if place is not None and place.open.get(row.source) == row.start:
            continue  # shown already
        if len(rows) == limit:
            return rows, _place_after(rows, place)
        rows.append(row)
    return rows, None


def _place_after(rows: list[Row], before: Place | None) -> Place:
    end = rows[-1].start
    starts = dict(before.open) if before is not None else {}
    for row in rows:
        starts[row.source] = row.start
    reaching = {key: at for key, at in starts.items() if at[0] - end[0] <= ROW_SECONDS}
    return Place(end, dict(sorted(reaching.items(), key=lambda each: each[1])[:MOST_SOURCES]))


def _readings(
    connection: Connection, patient: str, since: float | None, until: float | None,
    place: Place | None,
) -> Iterator[Reading]:
    newest = max([place.end, *place.open.values()]) if place is not None else None
    after: Point | None = None if newest is None else (newest[0], newest[1] + 1)
    while True:
        found = records.list_readings(connection, patient, None, since, until, AT_ONCE, after)
        for reading in found:
            point = (reading.at, reading.id or 0)
            if place is None or point <= place.open.get(reading.source, place.end):
                yield reading
        if len(found) < AT_ONCE:
            return
        after = (found[-1].at, found[-1].id or 0)
