"""A habit's days as squares: a column is a week, Monday at the top."""

from __future__ import annotations

from datetime import date
from typing import Any

from iotd.health.report.model import Heatmap
from iotd.health.report.sheets import LEFT, RIGHT
from iotd.health.report.styles import DONE, LABEL, MISSED, RULE, SHADE, SKIPPED, TEXTS, Colour
from iotd.health.report.words import month

SIZE = 8.2  # points of a square at most, with the gap after it
GAP = 1.4
LEGEND = (("done", DONE), ("skip", SKIPPED), ("missed", MISSED), ("", SHADE))
WORDS = {"done": "done", "skip": "skipped", "missed": "missed", "": "open"}
COLOURS: dict[str, Colour] = dict(LEGEND)


def height_of(heatmap: Heatmap) -> float:
    """Points that it needs."""
    return 7 * _size(heatmap) + 2 * LABEL.leading + 8


def _size(heatmap: Heatmap) -> float:
    weeks = (len(heatmap.dates) + date.fromisoformat(heatmap.dates[0]).weekday() + 6) // 7
    return min(SIZE, (RIGHT - LEFT) / weeks)


def draw(writer: Any, heatmap: Heatmap) -> None:
    """Draw it at the writer's place; ``writer`` is a Writer."""
    days = [date.fromisoformat(day) for day in heatmap.dates]
    offset = days[0].weekday()
    size = _size(heatmap)
    height = height_of(heatmap)
    writer.need(height)
    top = writer.y - LABEL.leading - 2
    box = (LEFT, writer.y - height, RIGHT, writer.y)
    writer.begin(writer.tags.root.add("Figure", alt=heatmap.alt, box=box))
    for place, day in enumerate(days):
        column, row = divmod(place + offset, 7)
        x, y = LEFT + column * size, top - (row + 1) * size
        _square(writer, x, y, size - GAP, heatmap.states[place])
        if day.day == 1 or (place == 0 and day.day < 20):
            writer.label(month(day), x, top + 2, LABEL)
    _legend(writer, top - 7 * size - LABEL.leading)
    writer.end()
    writer.y -= height + TEXTS["body"].after


def _square(writer: Any, x: float, y: float, size: float, state: str) -> None:
    writer.fill(x, y, size, size, COLOURS.get(state, SHADE))
    if state == "missed":
        # told apart without colours
        writer.fill(x + size / 4, y + size / 2 - 0.4, size / 2, 0.8, (0.45, 0.1, 0.05))
    elif state != "done":
        writer.sheets.code(
            "q {:g} {:g} {:g} RG 0.4 w {:.2f} {:.2f} {:.2f} {:.2f} re S Q".format(
                *RULE, x, y, size, size
            )
        )


def _legend(writer: Any, y: float) -> None:
    x = LEFT
    for state, _ in LEGEND:
        _square(writer, x, y, 5.5, state)
        writer.label(WORDS[state], x + 8, y, LABEL)
        x += 60
