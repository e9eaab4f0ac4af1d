"""The part of a report about vitals: a table of the whole period, and a chart of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Iterator, Mapping, Sequence

from iotd.calendar import Calendar
from iotd.health.model import KINDS
from iotd.health.report.model import Block, Cell, Chart, Column, Day, Heading, Series, Table, Text
from iotd.health.report.words import NONE, amount, day, plural, unit

NAMES = {
    "heart_rate": "Heart rate", "body_temperature": "Temperature", "spo2": "Blood oxygen",
    "bp_systolic": "Blood pressure, systolic", "bp_diastolic": "Blood pressure, diastolic",
}
#: What a watch measures all the time: of the others, coverage says nothing.
CONTINUOUS = ("heart_rate", "body_temperature")
#: Charts: title, kinds, and how far apart the ends of the axis are at least.
CHARTS = (
    ("Heart rate", ("heart_rate",), 20.0), ("Temperature", ("body_temperature",), 1.0),
    ("Blood oxygen", ("spo2",), 5.0), ("Blood pressure", ("bp_systolic", "bp_diastolic"), 30.0),
)
COLUMNS = (
    Column("Vital", 27), Column("Lowest", 10, True), Column("Median", 10, True),
    Column("Highest", 10, True), Column("Unit", 10), Column("Values", 12, True),
    Column("Days with values", 14, True), Column("Coverage", 12, True),
)


@dataclass(frozen=True)
class Period:
    """The local days of a report, such as "2026-11-21", the oldest first."""

    calendar: Calendar
    dates: tuple[str, ...]

    def place(self, moment: str) -> int | None:
        """Which of the days a moment in RFC 3339 is of."""
        return self._places.get(self.calendar.day_of(datetime.fromisoformat(moment).timestamp()))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {day: place for place, day in enumerate(self.dates)}


def blocks(section: Mapping[str, Any], period: Period) -> Iterator[Block]:
    """The part, from the section "readings" as the API shows it."""
    by_kind = _by_kind(section.get("items", ()), period)
    yield Heading("Vitals", 2)
    if not any(by_kind.values()):
        yield Text("Nothing was measured in this period.", "muted")
        return
    yield Table("Vitals of the whole period", COLUMNS, tuple(
        _row(kind, by_kind[kind], len(period.dates)) for kind in KINDS
    ))
    yield Text(
        "Only good readings count: suspect and rejected ones are kept, but not added up. The"
        " median is that of the days' medians, each weighing as many values as it has. Coverage"
        " is the share of the watch's polls that gave a good value. In the charts the line is the"
        " median of each day and the band reaches from its lowest to its highest value; days"
        " without values are gaps.", "muted",
    )
    for title, kinds, least in CHARTS:
        yield Heading(f"{title}, {unit(KINDS[kinds[0]].unit)}", 3)
        yield from _chart(title, kinds, least, by_kind, period)


def _by_kind(
    items: Sequence[Mapping[str, Any]], period: Period
) -> dict[str, list[tuple[int, Mapping[str, Any]]]]:
    found: dict[str, list[tuple[int, Mapping[str, Any]]]] = {kind: [] for kind in KINDS}
    for item in items:
        place = period.place(item["start"])
        if place is not None and item["kind"] in found and item["count"]:
            found[item["kind"]].append((place, item))
    return found


def _row(
    kind: str, days: Sequence[tuple[int, Mapping[str, Any]]], whole: int
) -> tuple[Cell, ...]:
    items = [item for _, item in days]
    known = KINDS[kind]
    count = sum(item["count"] for item in items)
    if not items:
        return (Cell(NAMES[kind]), *(Cell(NONE) for _ in range(3)), Cell(unit(known.unit)),
                Cell("0"), Cell(f"0 of {whole}"), Cell("0 %" if kind in CONTINUOUS else NONE))
    covered = f"{sum(item['coverage'] for item in items) / whole:.0%}".replace("%", " %")
    return tuple(Cell(text) for text in (
        NAMES[kind], amount(min(item["min"] for item in items), known.digits),
        amount(median_of(items), known.digits),
        amount(max(item["max"] for item in items), known.digits), unit(known.unit),
        f"{count:,}", f"{len(items)} of {whole}", covered if kind in CONTINUOUS else NONE,
    ))


def median_of(items: Sequence[Mapping[str, Any]]) -> float:
    """The median of days' medians, each weighing as many values as it has."""
    half, passed = sum(item["count"] for item in items) / 2, 0
    ordered = sorted(items, key=lambda item: float(item["median"]))
    for item in ordered:
        passed += item["count"]
        if passed >= half:
            return float(item["median"])
    return float(ordered[-1]["median"])


def _chart(
    title: str, kinds: Sequence[str], least: float,
    by_kind: Mapping[str, Sequence[tuple[int, Mapping[str, Any]]]], period: Period,
) -> Iterator[Block]:
    if any(by_kind[kind] for kind in kinds):
        usual = KINDS[kinds[0]].reference if len(kinds) == 1 else None
        yield Chart(
            title, unit(KINDS[kinds[0]].unit), _alt(title, kinds, by_kind, period), period.dates,
            tuple(Series(NAMES[kind].rpartition(", ")[2].capitalize() if len(kinds) > 1 else title,
                         _days(by_kind[kind])) for kind in kinds),
            (usual.low, usual.high) if usual else (None, None), least, kinds[0] in CONTINUOUS,
        )
    else:
        yield Text("Nothing was measured in this period.", "muted")
    ranges = []
    for kind in kinds:
        reference = KINDS[kind].reference
        name = f"{NAMES[kind]}: " if len(kinds) > 1 else ""
        ranges.append(f"{name}{reference.text} {unit(KINDS[kind].unit)} ({reference.source})")
    yield Text(f"Usual range of adults: {'; '.join(ranges)}.", "small")


def _days(days: Sequence[tuple[int, Mapping[str, Any]]]) -> tuple[Day, ...]:
    return tuple(
        Day(place, item["min"], item["median"], item["max"], item["coverage"])
        for place, item in sorted(days, key=lambda day: day[0])
    )


def _alt(
    title: str, kinds: Sequence[str],
    by_kind: Mapping[str, Sequence[tuple[int, Mapping[str, Any]]]], period: Period,
) -> str:
    told = []
    for kind in kinds:
        items = [item for _, item in by_kind[kind]]
        if items:
            digits = KINDS[kind].digits
            told.append(
                f"{NAMES[kind]}: values on {plural(len(items), 'day')}, lowest"
                f" {amount(min(item['min'] for item in items), digits)}, median"
                f" {amount(median_of(items), digits)}, highest"
                f" {amount(max(item['max'] for item in items), digits)} {unit(KINDS[kind].unit)}"
            )
    first, last = day(period.dates[0]), day(period.dates[-1])
    return f"{title} day by day from {first} to {last}. {'. '.join(told)}."
