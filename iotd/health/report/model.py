"""What a report is made of: plain blocks, before any of it is a place on a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union


@dataclass(frozen=True)
class Heading:
    """``level`` 1 to 3."""

    text: str
    level: int


@dataclass(frozen=True)
class Text:
    """One or more paragraphs; ``style``: "body", "small", "muted" or "note"."""

    text: str
    style: str = "body"


@dataclass(frozen=True)
class Cell:
    """``tone`` "high" or "low" makes it stand out; the words say it too."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """``share`` is its width beside the others'; a column without a title has no head."""

    title: str
    share: float
    right: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells, the first of each names the row; ``about`` tells what the table is."""

    about: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Day:
    """Good readings of a day: ``place`` counts from the first of the period."""

    place: int
    low: float
    middle: float
    high: float
    coverage: float


@dataclass(frozen=True)
class Series:
    """One vital over the days; days without readings are not there."""

    name: str
    days: tuple[Day, ...]


@dataclass(frozen=True)
class Chart:
    """Medians as lines and the extremes as bands; ``alt`` says in words what it shows.

    ``dates`` are all days of the period, such as "2026-11-21"; ``usual`` is the range of
    healthy adults, an open side None; ``covered``: whether coverage means anything here.
    """

    title: str
    unit: str
    alt: str
    dates: tuple[str, ...]
    series: tuple[Series, ...]
    usual: tuple[float | None, float | None]
    least: float
    covered: bool


@dataclass(frozen=True)
class Heatmap:
    """A square for each day, in columns of weeks; ``states``: "done", "skip", "missed"."""

    alt: str
    dates: tuple[str, ...]
    states: tuple[str, ...]


Block = Union[Heading, Text, Table, Chart, Heatmap]


@dataclass(frozen=True)
class Report:
    """All of it; ``footer`` stands on every page beside its number."""

    title: str
    footer: str
    blocks: tuple[Block, ...]
