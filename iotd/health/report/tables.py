"""Tables: rows of cells that wrap, heads again on each page, rows over pages when they must."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

from iotd.health.report.lines import Line
from iotd.health.report.model import Cell, Column, Table
from iotd.health.report.sheets import LEFT, RIGHT, TOP
from iotd.health.report.styles import CELL, HEAD, RULE, SHADE, TONES, Colour, Style
from iotd.health.report.tags import Element

PAD = 4.0  # points between a cell's edge and its text
AFTER = 9.0


@dataclass
class Drawn:
    """A cell's lines that are not on a page yet."""

    lines: Sequence[Line]
    element: Element | None
    style: Style
    colour: Colour


def draw(writer: Any, table: Table) -> None:
    """Draw a table at the writer's place; ``writer`` is a Writer."""
    Drawing(writer, table).draw()


class Drawing:
    """One table on its way down the pages."""

    def __init__(self, writer: Any, table: Table) -> None:
        self._writer, self._table = writer, table
        whole = sum(column.share for column in table.columns)
        self._widths = [(RIGHT - LEFT) * column.share / whole for column in table.columns]
        self._element = writer.tags.root.add("Table", summary=table.about)

    def draw(self) -> None:
        """All of it."""
        if any(column.title for column in self._table.columns):
            head = self._head(self._element.add("TR"))
            first = self._cells(self._table.rows[0], None) if self._table.rows else []
            self._writer.need(_height(head) + (_height(first) if first else 0.0))
            self._row(head, True)
        for row in self._table.rows:
            self._row(self._cells(row, self._element.add("TR")), False)
        self._writer.y -= AFTER

    def _head(self, element: Element | None) -> list[Drawn]:
        cells = []
        for column, width in zip(self._table.columns, self._widths):
            part = element.add("TH", scope="Column") if element else None
            lines = self._lines(column.title, width, HEAD)
            cells.append(Drawn(lines, part, HEAD, HEAD.colour))
        return cells

    def _cells(self, row: Sequence[Cell], element: Element | None) -> list[Drawn]:
        cells = []
        for place, (cell, width) in enumerate(zip(row, self._widths)):
            style = Style(CELL.size, CELL.leading, bold=place == 0 or bool(cell.tone))
            part = _part(element, place)
            cells.append(Drawn(
                self._lines(cell.text, width, style), part, style, TONES[cell.tone]
            ))
        return cells

    def _lines(self, text: str, width: float, style: Style) -> Sequence[Line]:
        lines: Sequence[Line] = self._writer.setter.lines(
            text, width - 2 * PAD, style.size, style.bold
        )
        return lines

    def _row(self, cells: list[Drawn], is_head: bool) -> None:
        writer = self._writer
        if _height(cells) > writer.left and (
            _height(cells) <= TOP / 2 or writer.left < 6 * CELL.leading
        ):
            self._turn(is_head)
        while True:
            self._slice(cells, is_head)
            if not any(cell.lines for cell in cells):
                return
            self._turn(is_head)

    def _turn(self, is_head: bool) -> None:
        """The next page, with the heads again for those who look."""
        self._writer.turn()
        if not is_head and any(column.title for column in self._table.columns):
            self._slice(self._head(None), True)

    def _slice(self, cells: list[Drawn], is_head: bool) -> None:
        """So much of a row as fits on this page."""
        writer = self._writer
        room = writer.left - 2 * PAD
        fit = max(1, int(room / max(cell.style.leading for cell in cells)))
        height = min(_height(cells), fit * max(cell.style.leading for cell in cells) + 2 * PAD)
        writer.begin_artifact()
        if is_head:
            writer.fill(LEFT, writer.y - height, RIGHT - LEFT, height, SHADE)
        writer.rule(LEFT, writer.y - height, RIGHT - LEFT, RULE)
        writer.end()
        x = LEFT
        for column, width, cell in zip(self._table.columns, self._widths, cells):
            self._cell(cell, column, x, width, fit)
            x += width
        writer.y -= height

    def _cell(self, cell: Drawn, column: Column, x: float, width: float, fit: int) -> None:
        writer, style = self._writer, cell.style
        if not cell.lines:
            return
        if cell.element is None:
            writer.begin_artifact()
        else:
            writer.begin(cell.element)
        y = writer.y - PAD
        for line in cell.lines[:fit]:
            y -= style.leading
            at = x + width - PAD - line.width if column.right else x + PAD
            writer.put(line, at, y + 0.25 * style.leading, style.size, cell.colour)
        writer.end()
        cell.lines = cell.lines[fit:]


def _part(element: Element | None, place: int) -> Element | None:
    if element is None:
        return None
    return element.add("TD") if place else element.add("TH", scope="Row")


def _height(cells: Sequence[Drawn]) -> float:
    return max((len(cell.lines) * cell.style.leading for cell in cells), default=0.0) + 2 * PAD
