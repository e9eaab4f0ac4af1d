"""What new firmware tells of itself, and how it fetches an update: one line each.

    board:  info fw=1.2.0 build=7 kind=camera ...      daemon: update 8     (only when one waits)
    board:  fetch manifest:<nonce> 0                   daemon: part 1830 0 <base64>
    board:  fetch <sha256 of a file> 768               daemon: part 5120 768 <base64>
    daemon: gone 1830                                  (what was asked for is not to be had)

On the TCP wires these are lines of a keyed, admitted board; a gate publishes the same
text to ``iotd/gate/<id>/info`` and ``…/fetch`` and hears ``…/update``.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, fields
from typing import Any, Callable

#: Of a file or manifest, in one part; 1,024 characters of base64.
PART_BYTES = 768
#: A part's line is the longest that a board is told.
MAX_PART_LINE = 1100

#: How the daemon's lines of this kind begin.
TOLD = ("update ", "part ", "gone ")

_WORD = re.compile(r"[A-Za-z0-9._+-]{1,40}")
_HEX = re.compile(r"[0-9a-f]+")
_DIGITS = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True)
class Report:
    """What a board tells of itself; what it did not tell is None.

    ``fw`` version text, ``build`` its number, ``kind`` of firmware, ``chip``, ``boot`` an id
    made at each start, ``reset`` why it started (power, watchdog, crash, update, hard, soft,
    sleep), ``up`` s since then, ``free`` bytes of memory, ``rssi`` dBm, ``slot`` a or b, ``mpy``
    the version of byte code it runs, ``last`` how the last update ended (``ok-8``,
    ``back-8-crash``, ``refused-8-mac``), ``tls`` 1 when its link is encrypted.
    """

    fw: str | None = None
    build: int | None = None
    kind: str | None = None
    chip: str | None = None
    boot: str | None = None
    reset: str | None = None
    up: int | None = None
    free: int | None = None
    rssi: int | None = None
    slot: str | None = None
    mpy: int | None = None
    last: str | None = None
    tls: int | None = None


@dataclass(frozen=True)
class Fetch:
    """A board wants bytes from ``offset`` on: of the manifest made for its ``nonce``, or
    of the file with this ``sha256``; the other is empty."""

    nonce: str
    sha256: str
    offset: int


def parse(text: str) -> Report | Fetch | None:
    """What a line means, or None when it is no line of this kind; ValueError names a fault."""
    word, _, rest = text.partition(" ")
    if word == "info":
        return parse_report(rest)
    if word == "fetch":
        return _parse_fetch(rest)
    return None


def parse_report(text: str) -> Report:
    """``key=value …``; keys that nobody knows are left out, a bad value is a ValueError."""
    given: dict[str, Any] = {}
    for pair in text.split():
        key, _, value = pair.partition("=")
        if key in _READ:
            given[key] = _READ[key](key, value)
    return Report(**given)


def format_report(report: Report) -> str:
    """The line that tells this."""
    told = ((each.name, getattr(report, each.name)) for each in fields(report))
    return " ".join(["info", *(f"{key}={value}" for key, value in told if value is not None)])


def offer(build: int) -> str:
    """Firmware of this number waits for the board."""
    return f"update {build}"


def part(total: int, offset: int, data: bytes) -> str:
    """A piece of what was asked for, which has ``total`` bytes."""
    return f"part {total} {offset} {binascii.b2a_base64(data, newline=False).decode()}"


def gone(offset: int) -> str:
    """What was asked for at this offset is not to be had (any more)."""
    return f"gone {offset}"


def parse_part(text: str) -> tuple[int, int, bytes] | None:
    """(total, offset, data) as a board reads them, or None for any other line."""
    words = text.split(" ")
    if len(words) != 4 or words[0] != "part" or not all(map(_DIGITS.fullmatch, words[1:3])):
        return None
    try:
        return int(words[1]), int(words[2]), binascii.a2b_base64(words[3], strict_mode=True)
    except ValueError:
        return None


def fetch_manifest(nonce: str, offset: int) -> str:
    """Ask for the manifest made for this nonce of 32 hex digits."""
    return f"fetch manifest:{nonce} {offset}"


def fetch_file(sha256: str, offset: int) -> str:
    """Ask for a file by its digest of 64 hex digits."""
    return f"fetch {sha256} {offset}"


def _parse_fetch(text: str) -> Fetch:
    what, _, offset = text.partition(" ")
    if not _DIGITS.fullmatch(offset):
        raise ValueError(f"fetch at {offset[:20]!r}: allowed is an offset in bytes")
    nonce = what.removeprefix("manifest:") if what.startswith("manifest:") else ""
    sha256 = "" if nonce else what
    wanted, digits = (nonce, 32) if nonce else (sha256, 64)
    if len(wanted) != digits or not _HEX.fullmatch(wanted):
        raise ValueError(f"fetch of {what[:40]!r}: allowed are manifest:<32 hex>, <64 hex>")
    return Fetch(nonce, sha256, int(offset))


def _word(key: str, value: str) -> str:
    if not _WORD.fullmatch(value):
        raise ValueError(f"{key}={value[:40]!r}: allowed are 1 to 40 of A-Z a-z 0-9 . _ + -")
    return value


def _number(low: int, high: int) -> Callable[[str, str], int]:
    def read(key: str, value: str) -> int:
        number = int(value) if re.fullmatch(r"-?[0-9]{1,10}", value) else None
        if number is None or not low <= number <= high:
            raise ValueError(f"{key}={value[:20]!r}: allowed is {low} to {high}")
        return number

    return read


def _slot(key: str, value: str) -> str:
    if value not in ("a", "b"):
        raise ValueError(f"{key}={value[:20]!r}: allowed are a and b")
    return value


_SIZE = _number(0, 2**32 - 1)
_TEN_YEARS = 315_360_000  # seconds; what no board is up for
_READ: dict[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(("fw", "kind", "chip", "boot", "reset", "last"), _word),
    **dict.fromkeys(("build", "free"), _SIZE), "slot": _slot, "up": _number(0, _TEN_YEARS),
    "rssi": _number(-127, 0), "mpy": _number(0, 255), "tls": _number(0, 1),
}
