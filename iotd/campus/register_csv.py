"""A file of students read into rows: every fault with its line, column and reason."""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import Any, Callable, Iterator, NamedTuple

from iotd.campus.macs import Hasher, tail
from iotd.campus.students import (
    COLUMNS, LOCAL_MAC, MAC, Values, check_rollno, check_text, check_year,
)
from iotd.wire.macs import is_local, normalise_mac

MAX_BYTES = 16 * 1024 * 1024
MAX_ROWS = 100_000
MAX_FAULTS = 1000  # so many are told, all are counted
SHOWN = 40  # characters of a value

KNOWN = (*COLUMNS, "mac")
_BETWEEN_MACS = re.compile(r"[\s,;|/]+")
_CHECKS: dict[str, Callable[[str], Any]] = {
    "rollno": check_rollno, "year": check_year,
    **dict.fromkeys(COLUMNS[2:], check_text),
}


class Fault(NamedTuple):
    """What is wrong where; lines count from 1, ``column`` is "" for a whole line."""

    line: int
    column: str
    value: str
    reason: str


class Seen(NamedTuple):
    """A MAC of a row as it is kept."""

    hash: str
    kind: str
    tail: str


class Row(NamedTuple):
    """One student of a file."""

    line: int
    rollno: str
    values: Values
    macs: tuple[Seen, ...]


class Faults:
    """The first thousand, and how many there are."""

    def __init__(self) -> None:
        self.first: list[Fault] = []
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def add(self, line: int, column: str, value: str, reason: str) -> None:
        """One more; the value is cut."""
        self.count += 1
        if len(self.first) < MAX_FAULTS:
            shown = value if len(value) <= SHOWN else value[:SHOWN] + "…"
            self.first.append(Fault(line, column[:SHOWN], shown, reason))


class Sheet:
    """Rows of a file and its faults; ``progress(lines so far, of about)`` is called now and then.

    20,000 rows with a MAC each take 0.3 s of a thread.
    """

    def __init__(
        self, raw: bytes, hasher: Hasher, progress: Callable[[int, int], None] = lambda a, b: None
    ) -> None:
        self.rows: list[Row] = []
        self.faults = Faults()
        self._hasher, self._progress = hasher, progress
        self._lines: dict[str, int] = {}  # of roll numbers
        self._macs: dict[str, Row] = {}
        text = self._decode(raw)
        if text is not None:
            self._read(text)

    def _decode(self, raw: bytes) -> str | None:
        if len(raw) > MAX_BYTES:
            self.faults.add(1, "", "", f"the file is larger than {MAX_BYTES >> 20} MiB")
            return None
        wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        try:
            text = raw.decode("utf-16" if wide else "utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw[:error.start].count(b"\n") + 1
            self.faults.add(line, "", "", "the file is not UTF-8: save it as “CSV UTF-8”")
            return None
        if not text.strip():
            self.faults.add(1, "", "", "the file is empty")
            return None
        return text

    def _read(self, text: str) -> None:
        head = text.lstrip()[:4096].splitlines()[0]
        mark = ";" if head.count(";") > head.count(",") else ","
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        about, columns = text.count("\n") + 1, None
        for number, (line, cells) in enumerate(self._records(reader)):
            if columns is None:
                columns = self._head(line, cells)
                if not columns:
                    return
                continue
            if number > MAX_ROWS:
                self.faults.add(line, "", "", f"a file has at most {MAX_ROWS} students")
                return
            self._row(line, cells, columns)
            if not line % 1000:
                self._progress(line, max(about, line))
        if not self.rows and not self.faults:
            why = "the file is empty" if columns is None else "there is no student below the head"
            self.faults.add(1, "", "", why)

    def _records(self, reader: Any) -> Iterator[tuple[int, list[str]]]:
        """Each record that is not blank, with the line on which it begins."""
        line = 1
        try:
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            why = "a quote is not closed" if "end of data" in str(error) else str(error)
            self.faults.add(line, "", "", f"what begins here is no CSV: {why}")

    def _head(self, line: int, cells: list[str]) -> list[str]:
        """The names of the columns; none when there is a fault."""
        names = [cell.strip().lower() for cell in cells]
        while names and not names[-1]:
            names.pop()
        seen: set[str] = set()
        for name in names:
            if name not in KNOWN:
                self.faults.add(line, name, name, f"is no column; known: {', '.join(KNOWN)}")
            elif name in seen:
                self.faults.add(line, name, name, "this column is there twice")
            seen.add(name)
        for name in COLUMNS:
            if name not in names:
                self.faults.add(line, name, "", "this column is missing")
        return [] if self.faults else names

    def _row(self, line: int, cells: list[str], columns: list[str]) -> None:
        if len(cells) < len(columns) or any(map(str.strip, cells[len(columns):])):
            has = f"the line has {len(cells)} cells, the head {len(columns)}"
            self.faults.add(line, "", "", has)
            return
        given, before = dict(zip(columns, cells)), len(self.faults)
        checked = {name: self._checked(line, name, given[name]) for name in COLUMNS}
        macs = self._seen(line, given.get("mac", ""))
        rollno = checked["rollno"]
        self._once(line, rollno)
        if len(self.faults) > before:
            return
        values: Any = tuple(checked[name] for name in COLUMNS[1:])
        row = Row(line, rollno, values, macs)
        for each in macs:
            self._nobody_elses(row, each)
        self.rows.append(row)

    def _checked(self, line: int, name: str, value: str) -> Any:
        try:
            return _CHECKS[name](value)
        except ValueError as error:
            self.faults.add(line, name, value, str(error))
            return None

    def _seen(self, line: int, cell: str) -> tuple[Seen, ...]:
        """The MACs of a cell: none, one, or several with spaces or commas between."""
        found = []
        for text in filter(None, _BETWEEN_MACS.split(cell)):
            try:
                mac = normalise_mac(text)
            except ValueError as error:
                self.faults.add(line, "mac", text, str(error))
                continue
            kind = LOCAL_MAC if is_local(mac) else MAC
            found.append(Seen(self._hasher.mac(mac), kind, tail(mac)))
        return tuple(dict.fromkeys(found))

    def _once(self, line: int, rollno: str | None) -> None:
        if rollno is None:
            return
        first = self._lines.setdefault(rollno, line)
        if first != line:
            self.faults.add(line, "rollno", rollno, f"line {first} has this roll number too")

    def _nobody_elses(self, row: Row, mac: Seen) -> None:
        first = self._macs.setdefault(mac.hash, row)
        if first.rollno != row.rollno:
            self.faults.add(
                row.line, "mac", f"…{mac.tail}",
                f"line {first.line} has this MAC under the roll number {first.rollno}",
            )
