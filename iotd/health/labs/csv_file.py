"""A laboratory's file read into results by day: every fault with its line and column.

Two shapes are read: a line for each result (date, analyte, value, unit), and a line
for each day with a column for each analyte. 5,000 results take about 0.1 s of a thread.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Sequence

from iotd.errors import Invalid
from iotd.health.labs import csv_columns
from iotd.health.labs.analytes import find_unit
from iotd.health.labs.csv_columns import IGNORE, RANDOM_KEY, Column, analyte_named, analyte_of
from iotd.health.labs.csv_days import parse_day
from iotd.health.labs.model import Result, parse_value, read_result

MAX_BYTES = 1024 * 1024
MAX_ROWS = 20_000
MAX_FAULTS = 1000  # so many are told, all are counted
SHOWN = 40  # characters of a value

#: What stands in a cell of which nothing was measured.
_NOTHING = {"", "-", "–", "—", "n/a", "na", "nil", "null", "none"}
_YES, _NO = {"yes", "true", "1", "y", "fasting"}, {"no", "false", "0", "n", "random"}
_MARKS = ",;\t"


class Fault(NamedTuple):
    """What is wrong where; lines count from 1, ``column`` is "" for a whole line."""

    line: int
    column: str
    value: str
    reason: str


@dataclass
class Day:
    """What a file says of a day; ``lines`` is where, by analyte."""

    line: int
    results: dict[str, Result] = field(default_factory=dict)
    laboratory: str | None = None
    lines: dict[str, int] = field(default_factory=dict)


class File:
    """``days`` and ``faults`` of a file; ``told`` is what a person said of its columns,
    ``recall(fingerprint)`` gives what was said of such files before, ``check_day(iso)`` raises
    Invalid for a day that can't be."""

    def __init__(
        self, raw: bytes, told: Mapping[str, str], dates: str,
        recall: Callable[[str], dict[str, Any] | None], check_day: Callable[[str], str],
    ) -> None:
        self.days: dict[str, Day] = {}
        self.columns: list[Column] = []
        self.faults: list[Fault] = []
        self.fault_count, self.skipped, self.shape = 0, 0, ""
        self.fingerprint, self.dates, self.unclear_dates = "", dates, False
        self._told, self._recall, self._check_day = told, recall, check_day
        self._comma = False
        self._known_days: dict[str, str] = {}
        text = self._decode(raw)
        if text is not None:
            self._read(text)

    def fault(self, line: int, column: str, value: str, reason: str) -> None:
        """One more; the value is cut."""
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS:
            shown = value if len(value) <= SHOWN else value[:SHOWN] + "…"
            self.faults.append(Fault(line, column[:SHOWN], shown, reason.rstrip(".")))

    def _decode(self, raw: bytes) -> str | None:
        wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        try:
            text = raw.decode("utf-16" if wide else "utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw[:error.start].count(b"\n") + 1
            self.fault(line, "", "", "the file is not UTF-8: save it as “CSV UTF-8”")
            return None
        if not text.strip() or "\0" in text:
            why = "the file is empty" if not text.strip() else "this is no text file"
            self.fault(1, "", "", why)
            return None
        return text

    def _read(self, text: str) -> None:
        mark, skipped, text = _mark_of(text)
        self._comma = mark == ";"
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        rows = 0
        for line, cells in self._records(reader, skipped):
            if not self.columns:
                if not self._head(line, cells):
                    return
                continue
            rows += 1
            if rows > MAX_ROWS:
                self.fault(line, "", "", f"a file has at most {MAX_ROWS:,} lines")
                return
            self._row(line, cells)
        if not rows and not self.fault_count:
            self.fault(1, "", "", "there is no line below the head")

    def _records(self, reader: Any, skipped: int) -> Iterator[tuple[int, list[str]]]:
        """Each record that is not blank, with the line on which it begins."""
        line = 1 + skipped
        try:
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield line, cells
                line = reader.line_num + 1 + skipped
        except csv.Error as error:
            why = "a quote is not closed" if "end of data" in str(error) else str(error)
            self.fault(line, "", "", f"what begins here is no CSV: {why}")

    def _head(self, line: int, cells: list[str]) -> bool:
        while cells and not cells[-1].strip():
            cells.pop()
        if len(cells) > csv_columns.MOST_COLUMNS:
            self.fault(line, "", "", f"a file has at most {csv_columns.MOST_COLUMNS} columns")
            return False
        self.fingerprint = csv_columns.fingerprint(cells)
        before = self._recall(self.fingerprint) or {}
        remembered = before.get("columns", {})
        if self.dates == "auto":
            self.dates = before.get("dates", "auto")
        self.columns = csv_columns.columns_of(cells, self._told, remembered)
        self._check_head(line)
        return not self.fault_count

    def _check_head(self, line: int) -> None:
        seen: dict[str, Column] = {}
        for each in self.columns:
            if not each.role:
                self.fault(line, each.heading, each.heading, "what this column is, is not known")
            elif each.role != IGNORE and each.role in seen:
                twin = seen[each.role].heading
                self.fault(line, each.heading, each.heading, f"“{twin}” is the same")
            seen.setdefault(each.role, each)
        wide = [each for each in self.columns if each.unit is not None]
        needed = ("date",) if wide else ("date", "analyte", "value", "unit")
        self.shape = "wide" if wide else "long"
        for role in needed:
            if role not in seen and "" not in seen:
                self.fault(line, role, "", "this column is missing")
        if wide and seen.keys() & {"analyte", "value"}:
            self.fault(line, wide[0].heading, "", "the file has a column of results and columns"
                                                  " of analytes: ignore one of the two")

    def _row(self, line: int, cells: Sequence[str]) -> None:
        if len(cells) < len(self.columns) or any(map(str.strip, cells[len(self.columns):])):
            has = f"the line has {len(cells)} cells, the head {len(self.columns)}"
            self.fault(line, "", "", has)
            return
        given = dict(zip(self.columns, (cell.strip() for cell in cells)))
        row = {each.role: cell for each, cell in given.items() if each.unit is None}
        if row.get("computed", "").lower() in _YES:
            self.skipped += 1
            return
        before = self.fault_count
        day = self._day(line, row.get("date", ""))
        found = list(self._results(line, row, given))
        if self.fault_count == before and day is not None:
            self._keep(line, day, row, found)

    def _day(self, line: int, text: str) -> str | None:
        if text in self._known_days:
            return self._known_days[text]
        try:
            day = self._known_days[text] = self._check_day(parse_day(text, self.dates))
            return day
        except Invalid as error:
            self.unclear_dates = self.unclear_dates or bool(error.extra.get("unclear"))
            self.fault(line, self._heading("date"), text, str(error))
            return None

    def _results(
        self, line: int, row: Mapping[str, str], given: Mapping[Column, str]
    ) -> Iterator[Result]:
        if self.shape == "long":
            key = analyte_named(row["analyte"])
            if row["value"].lower() in _NOTHING:
                self.skipped += 1
            elif key is None:
                self.fault(line, self._heading("analyte"), row["analyte"],
                           "this is none of the 16 analytes")
            else:
                yield from self._result(line, key, row, row["value"], row["unit"])
            return
        for column, cell in given.items():
            if column.unit is not None and cell.lower() not in _NOTHING:
                yield from self._result(line, column.role, {}, cell, column.unit, column.heading)

    def _result(
        self, line: int, key: str, row: Mapping[str, str], value: str, unit: str,
        heading: str | None = None,
    ) -> Iterator[Result]:
        before, analyte = self.fault_count, analyte_of(key)
        for role, text, check in (
            ("unit", unit, lambda: find_unit(analyte, unit)),
            ("value", value, lambda: parse_value(value, "value", self._comma)),
        ):
            try:
                check()
            except Invalid as error:
                self.fault(line, heading or self._heading(role), text, str(error))
        if self.fault_count > before:
            return
        fields: dict[str, Any] = {"value": value, "unit": unit}
        fields.update({side: row[side] for side in ("low", "high") if row.get(side)})
        try:
            if analyte.key == "glucose":
                fields["fasting"] = _fasting(key, row.get("fasting", ""))
            yield read_result(analyte.key, fields, comma=self._comma)
        except Invalid as error:
            role = (error.field or "value").rpartition(".")[2]
            self.fault(line, heading or self._heading(role), str(fields.get(role, "")), str(error))

    def _heading(self, role: str) -> str:
        return next((each.heading for each in self.columns if each.role == role), role)

    def _keep(self, line: int, date: str, row: Mapping[str, str], found: Sequence[Result]) -> None:
        if not found:
            return
        day = self.days.setdefault(date, Day(line))
        for result in found:
            held = day.results.setdefault(result.key, result)
            first = day.lines.setdefault(result.key, line)
            if held != result:
                self.fault(line, result.key, f"{result.given:g} {result.unit}",
                           f"line {first} has another result of this day")
        self._laboratory(line, day, row.get("laboratory", ""))

    def _laboratory(self, line: int, day: Day, name: str) -> None:
        # our own export puts this before what a spreadsheet would run
        name = " ".join(name.removeprefix("'").split()) if name.startswith("'") else name
        if len(name) > 100 or not name.isprintable():
            self.fault(line, self._heading("laboratory"), name,
                       "a laboratory's name has at most 100 printable characters")
        elif name and day.laboratory not in (None, name):
            self.fault(line, self._heading("laboratory"), name,
                       f"line {day.line} names another laboratory for this day")
        elif name:
            day.laboratory = name


def _mark_of(text: str) -> tuple[str, int, str]:
    """What parts cells, how many lines come before the head, and the text from there on."""
    first, _, rest = text.partition("\n")
    named = re.fullmatch(r"sep=([,;\t])\s*", first)  # a spreadsheet's own
    if named is not None:
        return named[1], 1, rest
    head = re.sub(r'"[^"]*"', "", text.lstrip()[:4096].splitlines()[0])
    return max(_MARKS, key=head.count), 0, text


def _fasting(key: str, cell: str) -> bool | None:
    if key == RANDOM_KEY:
        return False
    word = cell.lower()
    if not word:
        return None
    if word not in _YES | _NO:
        raise Invalid("fasting is yes or no.", "fasting")
    return word in _YES
