"""Charts of vitals as vectors: the days' medians as a line, their extremes as a band.

Days without readings are gaps; a strip below tells how much of each day was measured.
"""

from __future__ import annotations

import math
from datetime import date
from itertools import groupby
from typing import Any, Iterator, Sequence

from iotd.health.report.model import Chart, Day
from iotd.health.report.sheets import LEFT, RIGHT
from iotd.health.report.styles import (
    ACCENT, BAND, LABEL, MUTED, RULE, SECOND, SECOND_BAND, SHADE, USUAL, Colour,
)
from iotd.health.report.words import month, short_day

HEIGHT = 122.0  # points of the plot
AXIS = 36.0  # room for the numbers at the left
STRIP = 7.0  # height of the coverage strip
COLOURS = ((ACCENT, BAND), (SECOND, SECOND_BAND))


def height_of(chart: Chart) -> float:
    """Points that it needs."""
    return HEIGHT + 2 * LABEL.leading + 12 + (STRIP + 5 if chart.covered else 0)


def draw(writer: Any, chart: Chart) -> None:
    """Draw it at the writer's place; ``writer`` is a Writer."""
    height = height_of(chart)
    writer.need(height)
    box = (LEFT, writer.y - height, RIGHT, writer.y)
    writer.begin(writer.tags.root.add("Figure", alt=chart.alt, box=box))
    Plot(writer, chart, writer.y - LABEL.leading - 4).draw()
    writer.end()
    writer.y -= height


class Plot:
    """One chart below ``top``."""

    def __init__(self, writer: Any, chart: Chart, top: float) -> None:
        self._writer, self._chart, self._top = writer, chart, top
        self._code = writer.sheets.code
        self._ticks = ticks_of(chart)
        self._low, self._high = self._ticks[0], self._ticks[-1]
        self._day = (RIGHT - LEFT - AXIS) / len(chart.dates)

    def draw(self) -> None:
        """All of it, from the back to the front."""
        self._usual()
        self._grid()
        self._dates()
        for series, (line, band) in zip(self._chart.series, COLOURS):
            for days in _together(series.days):
                self._band(days, band)
        for series, (line, band) in zip(self._chart.series, COLOURS):
            for days in _together(series.days):
                self._line(days, line)
        if self._chart.covered:
            self._strip()
        self._legend()

    def _x(self, place: float) -> float:
        return LEFT + AXIS + place * self._day

    def _y(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return self._top - HEIGHT + HEIGHT * min(1.0, max(0.0, share))

    def _usual(self) -> None:
        low, high = self._chart.usual
        if low is None and high is None:
            return
        bottom = self._y(self._low if low is None else low)
        height = self._y(self._high if high is None else high) - bottom
        self._writer.fill(self._x(0), bottom, RIGHT - self._x(0), height, USUAL)

    def _grid(self) -> None:
        for tick in self._ticks:
            y = self._y(tick)
            self._writer.rule(self._x(0), y, RIGHT - self._x(0))
            self._writer.label(f"{tick:g}", self._x(0) - 4, y - 2.4, LABEL, 1.0)

    def _dates(self) -> None:
        y = self._top - HEIGHT
        below = y - LABEL.leading - (STRIP + 5 if self._chart.covered else 0)
        for place, text in _marks(self._chart.dates):
            x = self._x(place + 0.5)
            self._writer.fill(x - 0.25, y - 3, 0.5, 3, RULE)
            self._writer.label(text, x, below, LABEL, 1.0 if x > RIGHT - 12 else 0.5)

    def _band(self, days: Sequence[Day], colour: Colour) -> None:
        """From the lowest to the highest of each day; one alone is a bar."""
        if len(days) == 1:
            day, width = days[0], min(self._day, 3.0)
            bottom, top = self._y(day.low), self._y(day.high)
            x = self._x(day.place + 0.5) - width / 2
            self._writer.fill(x, bottom, width, max(0.6, top - bottom), colour)
            return
        over = [(self._x(day.place + 0.5), self._y(day.high)) for day in days]
        under = [(self._x(day.place + 0.5), self._y(day.low)) for day in reversed(days)]
        self._code(f"{_rgb(colour)} rg", _path([*over, *under]), "h f")

    def _line(self, days: Sequence[Day], colour: Colour) -> None:
        points = [(self._x(day.place + 0.5), self._y(day.middle)) for day in days]
        if len(points) == 1:
            x, y = points[0]
            self._writer.fill(x - 1.1, y - 1.1, 2.2, 2.2, colour)
            return
        self._code(f"q {_rgb(colour)} RG 1.1 w 1 j 1 J", _path(points), "S Q")

    def _strip(self) -> None:
        """How much of each day was measured, by height."""
        y = self._top - HEIGHT - STRIP - 4
        self._writer.fill(self._x(0), y, RIGHT - self._x(0), STRIP, SHADE)
        for day in self._chart.series[0].days:
            height = STRIP * min(1.0, day.coverage)
            self._writer.fill(self._x(day.place), y, self._day * 0.92, height, MUTED)
        self._writer.label("coverage", self._x(0) - 4, y + 1, LABEL, 1.0)

    def _legend(self) -> None:
        x, y = self._x(0), self._top + 5
        self._writer.label(self._chart.unit, x - 4, y, LABEL, 1.0)
        for series, (line, band) in zip(self._chart.series, COLOURS):
            self._writer.fill(x, y, 12, 5, band)
            self._writer.fill(x, y + 2, 12, 1.1, line)
            self._writer.label(f"{series.name}: median, lowest to highest", x + 16, y, LABEL)
            x += 175
        if self._chart.usual != (None, None):
            self._writer.fill(x, y, 12, 5, USUAL)
            self._writer.label("usual for adults", x + 16, y, LABEL)


def ticks_of(chart: Chart) -> list[float]:
    """Round values from under the lowest to over the highest, at most eight."""
    told = [value for series in chart.series for day in series.days
            for value in (day.low, day.high)]
    low, high = min(told, default=0.0), max(told, default=1.0)
    if high - low < chart.least:
        middle = (low + high) / 2
        low, high = middle - chart.least / 2, middle + chart.least / 2
    step = _round_step((high - low) / 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(step * number, 6) for number in range(first, last + 1)]


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * each for each in (1, 2, 5, 10) if power * each >= least)


def _together(days: Sequence[Day]) -> Iterator[list[Day]]:
    """Days that follow each other: a day without readings parts them."""
    for _, some in groupby(enumerate(days), lambda pair: pair[1].place - pair[0]):
        yield [day for _, day in some]


def _marks(dates: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The days that the axis names, counted back from the last; months when there are many."""
    days = [date.fromisoformat(day) for day in dates]
    if len(days) > 120:
        for place, day in enumerate(days):
            if day.day == 1:
                yield place, f"{month(day)} {day.year}" if day.month == 1 else month(day)
        return
    step = max(1, math.ceil(len(days) / 8))
    for place in range((len(days) - 1) % step, len(days), step):
        yield place, short_day(days[place])


def _path(points: Sequence[tuple[float, float]]) -> str:
    first, *others = points
    return " ".join((
        f"{first[0]:.2f} {first[1]:.2f} m", *(f"{x:.2f} {y:.2f} l" for x, y in others)
    ))


def _rgb(colour: Colour) -> str:
    return " ".join(f"{each:g}" for each in colour)
