"""The part of a report about laboratory results: the newest of each, and those before."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from iotd.health.labs.analytes import ANALYTES
from iotd.health.report.model import Block, Cell, Column, Heading, Table, Text
from iotd.health.report.words import (
    NONE, amount, brief_day, by_name, day, plural, rounded, unit,
)

DATES = 5  # earlier reports side by side

COLUMNS = (
    Column("Analyte", 23), Column("Value", 11, True), Column("Unit", 15), Column("Flag", 10),
    Column("Range", 15), Column("Source of the range", 30), Column("Date", 14),
)
FLAGS = {"H": ("H, high", "high"), "L": ("L, low", "low")}
TRENDS = {"up": "rising", "down": "falling", "same": "unchanged"}

Report = Mapping[str, Any]
Value = Mapping[str, Any]


def blocks(section: Mapping[str, Any]) -> Iterator[Block]:
    """The part, from the section "labs" as the API shows it: reports, the newest first."""
    reports: Sequence[Report] = section.get("items", ())
    yield Heading("Laboratory results", 2)
    if not reports:
        yield Text("No laboratory results were entered.", "muted")
        return
    newest = _newest(reports)
    yield Table("The newest result of each analyte", COLUMNS, tuple(
        _row(key, value, report) for key, (value, report) in newest.items()
    ))
    yield from _laboratories(newest)
    yield from _computed(newest)
    yield from _missing(reports[0])
    yield from _earlier(newest, reports, section.get("more") or 0)


def _newest(reports: Sequence[Report]) -> dict[str, tuple[Value, Report]]:
    found: dict[str, tuple[Value, Report]] = {}
    order: list[str] = []
    for report in reports:
        for key, value in report["values"].items():
            found.setdefault(key, (value, report))
    # in the order of the fullest report, which is the contract's
    for report in sorted(reports, key=lambda each: -len(each["values"])):
        order += [key for key in report["values"] if key not in order]
    return {key: found[key] for key in order}


def _row(key: str, value: Value, report: Report) -> tuple[Cell, ...]:
    flag, tone = FLAGS.get(str(value.get("flag")), (str(value.get("flag") or ""), ""))
    mark = " *" if value.get("computed") else ""
    return (
        Cell(value["name"]), Cell(_told(key, value) + mark, tone), Cell(unit(value["unit"])),
        Cell(flag or NONE, tone), Cell(_range(value)), Cell(value.get("range_source") or NONE),
        Cell(brief_day(report["date"])),
    )


def _told(key: str, value: Value) -> str:
    """The value with as many digits as pages show."""
    comparator, digits = value.get("comparator"), ANALYTES[key].units[0].digits
    return f"{comparator + ' ' if comparator else ''}{rounded(value['value'], digits)}"


def _range(value: Value) -> str:
    if value.get("range_text"):
        return str(value["range_text"])
    low, high = value.get("low"), value.get("high")
    if low is not None and high is not None:
        return f"{amount(low)} to {amount(high)}"
    if low is not None:
        return f"{amount(low)} and above"
    return f"below {amount(high)}" if high is not None else NONE


def _laboratories(newest: Mapping[str, tuple[Value, Report]]) -> Iterator[Block]:
    told = {
        report["date"]: f"{by_name(report['laboratory'])} ({day(report['date'])})"
        for _, report in newest.values() if report.get("laboratory")
    }
    if told:
        yield Text(f"Laboratories: {', '.join(told[each] for each in sorted(told))}.", "small")


def _computed(newest: Mapping[str, tuple[Value, Report]]) -> Iterator[Block]:
    told = [
        f"{value['name']}: {value.get('formula') or 'from the others'}"
        for value, _ in newest.values() if value.get("computed")
    ]
    if told:
        yield Text(f"* computed, not measured. {'; '.join(told)}.", "small")


def _missing(report: Report) -> Iterator[Block]:
    for key, why in (report.get("missing") or {}).items():
        yield Text(f"{key}: {why}.", "small")


def _earlier(
    newest: Mapping[str, tuple[Value, Report]], reports: Sequence[Report], more: int
) -> Iterator[Block]:
    yield Heading("Earlier results", 3)
    if len(reports) < 2:
        yield Text("There are no earlier reports.", "muted")
        return
    shown = reports[:DATES]
    columns = (
        Column("Analyte", 26), *(Column(brief_day(report["date"]), 15, True) for report in shown),
        Column("Trend", 14),
    )
    yield Table("Results of the newest reports side by side", columns, tuple(
        (Cell(f"{value['name']}, {unit(value['unit'])}".rstrip(", ")),
         *(_at(report, key) for report in shown),
         Cell(TRENDS.get(str(value.get("trend")), NONE)))
        for key, (value, _) in newest.items()
    ))
    left = len(reports) - len(shown) + more
    if left > 0:
        yield Text(f"Not shown: {plural(left, 'still earlier report')}.", "small")


def _at(report: Report, key: str) -> Cell:
    value = report["values"].get(key)
    if value is None:
        return Cell(NONE)
    flag = value.get("flag")
    tone = FLAGS.get(str(flag), ("", ""))[1]
    mark = "*" if value.get("computed") else ""
    return Cell(f"{_told(key, value)}{mark}{' ' + flag if flag else ''}", tone)
