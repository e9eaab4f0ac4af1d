"""Blocks onto pages, from top to bottom; what does not fit goes on overleaf."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from iotd.health.report import charts, heatmaps, tables
from iotd.health.report.fonts import Fonts
from iotd.health.report.lines import Line, Setter
from iotd.health.report.model import Block, Chart, Heading, Heatmap, Report, Table, Text
from iotd.health.report.shaping import Shaper
from iotd.health.report.sheets import BOTTOM, LEFT, RIGHT, TOP, Sheets
from iotd.health.report.styles import FOOTER, HEADINGS, RULE, TEXTS, Colour, Style
from iotd.health.report.tags import Element, Tags
from iotd.health.report.type_book import TypeBook

ROOM = RIGHT - LEFT
AFTER_HEADING = 60.0  # so much of text or a table stays on the page of its heading


def make(report: Report, fonts: Path) -> bytes:
    """A report as a PDF, with the fonts of a folder."""
    return Writer(report, fonts).write()


class Writer:
    """Writes one report; ``y`` is how far down the page it is."""

    def __init__(self, report: Report, fonts: Path) -> None:
        self._report = report
        self.tags, self.book = Tags(), TypeBook()
        self.setter = Setter(Shaper(Fonts(fonts)))
        self.sheets = Sheets(report.title, self._foot)
        self.y = TOP
        self._footer: list[Line] = []
        self._keep = 0.0  # points of what follows a heading and stays with it
        self._does: dict[type, Callable[[Any], None]] = {
            Heading: self._heading, Text: self._text, Table: lambda each: tables.draw(self, each),
            Chart: lambda each: charts.draw(self, each),
            Heatmap: lambda each: heatmaps.draw(self, each),
        }

    def write(self) -> bytes:
        """The PDF."""
        blocks = self._report.blocks
        for place, block in enumerate(blocks):
            if isinstance(block, Heading):
                self._keep = sum(_least(each) for each in _below(blocks[place + 1:]))
            self._does[type(block)](block)
        return self.sheets.close(self._finish)

    def _finish(self, document: Any) -> None:
        self.book.add_to(document)
        self.tags.add_to(document)

    @property
    def left(self) -> float:
        """Points down to the end of the page."""
        return self.y - BOTTOM

    def need(self, height: float) -> None:
        """Go to the next page unless there is so much room, or nothing on this page yet."""
        if height > self.left and self.y < TOP:
            self.turn()

    def turn(self) -> None:
        """Go to the next page."""
        self.sheets.showPage()
        self.y = TOP

    def begin(self, element: Element) -> None:
        """What is drawn from here to :meth:`end` is content of a part."""
        self.sheets.code(self.tags.mark(element, self.sheets.page))

    def begin_artifact(self) -> None:
        """What is drawn from here to :meth:`end` only looks good."""
        self.sheets.code("/Artifact BMC")

    def end(self) -> None:
        """The end of what was begun."""
        self.sheets.code("EMC")

    def put(self, line: Line, x: float, y: float, size: float, colour: Colour) -> None:
        """Set a line with its baseline at ``y``."""
        red, green, blue = colour
        self.sheets.code(f"{red:g} {green:g} {blue:g} rg")
        self.sheets.code(*self.book.write(line.runs, x, y, size))

    def label(
        self, text: str, x: float, y: float, style: Style, align: float = 0.0
    ) -> None:
        """Set a short text; ``align`` 0 begins at ``x``, 0.5 is about it, 1 ends there."""
        for line in self.setter.lines(text, ROOM, style.size, style.bold)[:1]:
            self.put(line, x - align * line.width, y, style.size, style.colour)

    def fill(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A rectangle, from its lower left."""
        red, green, blue = colour
        self.sheets.code(
            f"{red:g} {green:g} {blue:g} rg {x:.2f} {y:.2f} {width:.2f} {height:.2f} re f"
        )

    def rule(self, x: float, y: float, width: float, colour: Colour = RULE) -> None:
        """A thin line to the right."""
        self.fill(x, y - 0.25, width, 0.5, colour)

    def _heading(self, heading: Heading) -> None:
        style = HEADINGS[heading.level]
        lines = self.setter.lines(heading.text, ROOM, style.size, True)
        self.need(style.before + len(lines) * style.leading + style.after + self._keep)
        if self.y < TOP:
            self.y -= style.before
        self.sheets.heading(heading.text[:100], heading.level, self.y)
        self._lines(lines, self.tags.root.add(f"H{heading.level}"), style)
        self.y -= style.after

    def _text(self, text: Text) -> None:
        style = TEXTS[text.style]
        for paragraph in text.text.split("\n"):
            if paragraph.strip():
                lines = self.setter.lines(paragraph, ROOM, style.size, style.bold)
                self._lines(lines, self.tags.root.add("P"), style)
                self.y -= style.after

    def _lines(self, lines: Sequence[Line], element: Element, style: Style) -> None:
        """Lines of the whole width, over as many pages as they need."""
        while lines:
            self.need(min(2, len(lines)) * style.leading)
            fit = max(1, int(self.left / style.leading))
            self.begin(element)
            for line in lines[:fit]:
                self.y -= style.leading
                x = RIGHT - line.width if line.turned else LEFT
                self.put(line, x, self.y + 0.25 * style.leading, style.size, style.colour)
            self.end()
            lines = lines[fit:]
            if lines:
                self.turn()

    def _foot(self, sheets: Sheets, number: int, count: int) -> None:
        self.begin_artifact()
        self.rule(LEFT, BOTTOM - 10, ROOM)
        y = BOTTOM - 10
        page = f"Page {number} of {count}"
        if not self._footer:
            self._footer = self.setter.lines(self._report.footer, ROOM - 70, FOOTER.size)[:4]
        for line in self._footer:
            y -= FOOTER.leading
            self.put(line, LEFT, y, FOOTER.size, FOOTER.colour)
        self.label(page, RIGHT, BOTTOM - 10 - FOOTER.leading, FOOTER, 1.0)
        self.end()


def _below(blocks: Sequence[Block]) -> Iterator[Block]:
    """What follows a heading and stays with it: headings, and the first block under them."""
    for block in blocks:
        yield block
        if not isinstance(block, Heading):
            return


def _least(block: Block) -> float:
    if isinstance(block, Chart):
        return charts.height_of(block)
    if isinstance(block, Heatmap):
        return heatmaps.height_of(block)
    return 30.0 if isinstance(block, Heading) else AFTER_HEADING
