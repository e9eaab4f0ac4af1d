"""Convention 2: readings and requests, joined without any mark between them.

    <value>,<unit>      72.00,bpm36.50,temp97,spo2
    0,<request>         0,rep   0,a ... 0,i

A reading ends with its unit, whatever comes behind. What is not known ends
where a number can begin, at white space, or when the device falls silent.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, Literal, TypeAlias

from iotd.wire.device_events import BadReading, ReadingReceived, RequestReceived
from iotd.wire.errors import RemoteProtocolError, quote
from iotd.wire.events import NEED_DATA, NeedData
from iotd.wire.words import ADVICE_PREFIX, REPORT, UNITS


class NeedQuiet(Enum):
    """The type of NEED_QUIET: like NEED_DATA, but 50 ms of silence would help too."""

    NEED_QUIET = "NEED_QUIET"


NEED_QUIET: Final[Literal[NeedQuiet.NEED_QUIET]] = NeedQuiet.NEED_QUIET

Reading: TypeAlias = ReadingReceived | BadReading | RequestReceived

SIZE = b"size-"
#: `-1234567.8901` has 13; who sends more before a comma sends no readings.
MAX_VALUE_BYTES = 32
MAX_UNIT_BYTES = 32
#: White space and texts without a comma, in a row, with no reading between them.
MAX_NOTHING_BYTES = 1024
#: Characters of a bad reading that are kept.
RAW_CHARACTERS = 64

_BLANKS = re.compile(rb"[\0\t-\r ]+")
_VALUE = re.compile(rb"[^,\0\t-\r ]{0,%d}" % MAX_VALUE_BYTES)
_DECIMAL = re.compile(rb"[+-]?[0-9]+(?:\.[0-9]+)?")
_CUT_DECIMAL = re.compile(rb"[+-]?[0-9]*(?:\.[0-9]*)?")
_UNIT = re.compile("|".join(UNITS).encode())
_UNIT_OR_REPORT = re.compile("|".join([*UNITS, REPORT]).encode())
# What can't be part of a value: an unknown unit is all of that.
_UNKNOWN = re.compile(rb"[^0-9+\-.,\0\t-\r ]{0,%d}" % (MAX_UNIT_BYTES + 1))

_UNITS = tuple(unit.encode() for unit in UNITS)
_REPORT = REPORT.encode()
_LETTERS = frozenset(letter.encode() for letter in ADVICE_PREFIX)
_ALLOWED = ", ".join(UNITS)


def parse_decimal(text: bytes) -> float | None:
    """A plain decimal in ASCII: sign, digits, point and digits; None for anything else."""
    return float(text) if _DECIMAL.fullmatch(text) else None


class ReadingReader:
    """Readings off the front of a buffer that is shared with whoever reads other things."""

    __slots__ = ("_nothing", "_behind_unit")

    def __init__(self) -> None:
        self._nothing = 0
        self._behind_unit = False

    def skip_blanks(self, buffer: bytearray) -> None:
        """Take white space and NULs off; RemoteProtocolError when it is a flood of them."""
        found = _BLANKS.match(buffer)
        if found:
            self._behind_unit = False
            count = found.end()
            del buffer[:count]
            self._came_to_nothing(count)

    def restart(self) -> None:
        """Something else was read in between."""
        self._nothing, self._behind_unit = 0, False

    def next_reading(
        self, buffer: bytearray, silent: bool = False
    ) -> Reading | NeedData | NeedQuiet:
        """The next one of a buffer that begins with no white space and no `size-`."""
        if self._behind_unit:
            rest = self._rest_of_unit(buffer, silent)
            if rest is not None:
                return rest
        found = _VALUE.match(buffer)
        end = found.end() if found else 0
        size = buffer.find(SIZE, 1, end)
        if size > 0:
            return self._no_comma(buffer, size)
        if end == len(buffer):
            return self._cut_value(buffer, silent)
        if buffer[end:end + 1] == b",":
            return self._unit(buffer, end, silent)
        if _BLANKS.match(buffer, end):
            return self._no_comma(buffer, end)
        raise RemoteProtocolError(
            f"no comma in {quote(buffer[:MAX_VALUE_BYTES])}: allowed are {MAX_VALUE_BYTES} "
            "bytes before it"
        )

    def _rest_of_unit(
        self, buffer: bytearray, silent: bool
    ) -> BadReading | NeedData | NeedQuiet | None:
        """Letters right behind a unit belong to no reading: `72.00,bpmx36.50,temp`.

        Unless a comma follows: `72.00,bpmnan,temp`.
        """
        end = self._unknown_end(buffer, 0)
        if end == 0 or buffer[end:end + 1] == b",":
            self._behind_unit = False
            return None
        if end == len(buffer) and not silent:
            return NEED_QUIET
        self._behind_unit = False
        self._came_to_nothing(end)
        return _bad(_take(buffer, end), "follows a unit and is none")

    def _cut_value(self, buffer: bytearray, silent: bool) -> BadReading | NeedData | NeedQuiet:
        """Silence drops no half of a number, and whatever else would spoil the next one."""
        if _CUT_DECIMAL.fullmatch(buffer):
            return NEED_DATA
        return self._no_comma(buffer, len(buffer)) if silent else NEED_QUIET

    def _unit(
        self, buffer: bytearray, comma: int, silent: bool
    ) -> Reading | NeedData | NeedQuiet:
        start, asks = comma + 1, buffer[:comma] == b"0"
        known = (_UNIT_OR_REPORT if asks else _UNIT).match(buffer, start)
        if known:
            self._nothing, self._behind_unit = 0, True
            return _judged(_take(buffer, known.end()), comma)
        rest = bytes(buffer[start:start + MAX_UNIT_BYTES])
        if _is_cut(rest, asks) and not (silent and asks and rest in _LETTERS):
            return NEED_QUIET if asks and rest in _LETTERS else NEED_DATA
        end = self._unknown_end(buffer, start)
        if end == len(buffer) and not silent:
            return NEED_QUIET
        self.restart()
        return _judged(_take(buffer, end), comma)

    def _unknown_end(self, buffer: bytearray, start: int) -> int:
        """Where a unit that is none ends: before a number, a blank or a `size-`."""
        found = _UNKNOWN.match(buffer, start)
        end = found.end() if found else start
        if end - start > MAX_UNIT_BYTES:
            raise RemoteProtocolError(
                f"a unit that begins {quote(buffer[start:end])}: allowed are {_ALLOWED}"
            )
        if buffer[end:end + 1] == b"-" and buffer.endswith(b"size", start, end):
            end -= len(b"size")
        return end

    def _no_comma(self, buffer: bytearray, end: int) -> BadReading:
        self._came_to_nothing(end)
        return _bad(_take(buffer, end), "has no comma")

    def _came_to_nothing(self, count: int) -> None:
        self._nothing += count
        if self._nothing > MAX_NOTHING_BYTES:
            raise RemoteProtocolError(
                f"no reading in more than {MAX_NOTHING_BYTES} bytes, which is the limit"
            )


def _is_cut(rest: bytes, asks: bool) -> bool:
    """Whether more bytes could make a unit, or `rep`, of it."""
    return any(unit.startswith(rest) for unit in _UNITS) or (asks and _REPORT.startswith(rest))


def _take(buffer: bytearray, end: int) -> bytes:
    taken = bytes(buffer[:end])
    del buffer[:end]
    return taken


def _judged(taken: bytes, comma: int) -> Reading:
    """A reading or request whose extent is known."""
    text, unit = taken[:comma], taken[comma + 1:].decode("ascii", "backslashreplace")
    if text == b"0" and (unit == REPORT or unit in ADVICE_PREFIX):
        return RequestReceived(unit)
    value = parse_decimal(text)
    if unit not in UNITS:
        return _bad(taken, f"has no unit that is known: {_ALLOWED}")
    if value is None:
        return _bad(taken, "has no plain decimal before its comma")
    return ReadingReceived(value, unit, taken.decode("ascii"))


def _bad(taken: bytes, why: str) -> BadReading:
    raw = taken.decode("ascii", "backslashreplace")[:RAW_CHARACTERS]
    return BadReading(raw, f"{quote(taken)} {why}")
