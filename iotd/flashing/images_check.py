"""What a file must look like to be written onto a chip: a whole image of MicroPython.

Layout: "Firmware Image Format" and "Partition Tables" of Espressif. The file begins with the
boot loader, the table of partitions stands at 0x8000 of the flash, and the program behind it.
"""

from __future__ import annotations

import hashlib
import re
import struct

from iotd.errors import Invalid
from iotd.flashing.chips import CHIPS, Chip, title_of

MAGIC = 0xE9
HEADER_BYTES = 24
TABLE_AT = 0x8000  # of the flash, as MicroPython builds have it
LARGEST = 16 << 20  # bytes
_TABLE_MAGIC = b"\xaa\x50"
_ENTRY = struct.Struct("<2sBBII16sI")
_VERSION = re.compile(rb"MicroPython v(\d+\.\d+\.\d+[\w.-]{0,20})")
_PAGE = "take the .bin of your board's page on micropython.org/download"


def check(data: bytes, name: str) -> Chip:
    """The chip an image is for; Invalid with what is wrong with it, and what to take instead."""
    chip = chip_of(data, name)
    _whole(data, 0, f"{name}: the boot loader")
    at = _program_at(data, chip, name)
    _whole(data, at, name)
    return chip


def chip_of(data: bytes, name: str) -> Chip:
    """Which chip a header is for; Invalid for a file that has none, or one of a chip unknown
    here."""
    if data[:4] == b"UF2\n":
        raise _not(name, "a .uf2, which is copied onto a drive: take the .bin of the same page")
    if len(data) < HEADER_BYTES or data[0] != MAGIC:
        raise _not(name, f"no image for an ESP32 (its first byte is not 0xE9): {_PAGE}")
    number = int.from_bytes(data[12:14], "little")
    for chip in CHIPS:
        if chip.id == number:
            return chip
    raise _not(name, f"for {title_of(number)}, which is not known here: {_PAGE}")


def version_in(data: bytes) -> str | None:
    """The version that an image tells at its prompt, or None."""
    found = _VERSION.search(data)
    return found.group(1).decode() if found else None


def _program_at(data: bytes, chip: Chip, name: str) -> int:
    """Where in the file the program begins, by the table of partitions."""
    table = TABLE_AT - chip.offset
    if data[table:table + 2] != _TABLE_MAGIC:
        raise _not(name, f"a program without its boot loader (an .app-bin): {_PAGE}")
    for at in range(table, min(table + 0xC00, len(data) - _ENTRY.size), _ENTRY.size):
        magic, kind, _, offset, _, _, _ = _ENTRY.unpack_from(data, at)
        if magic == _TABLE_MAGIC and kind == 0:
            return int(offset) - chip.offset
    raise _not(name, f"without a program, by its table of partitions: {_PAGE}")


def _whole(data: bytes, start: int, what: str) -> None:
    """Segments, and the SHA-256 behind them that covers them."""
    if not 0 <= start <= len(data) - HEADER_BYTES or data[start] != MAGIC:
        raise _cut(what)
    at = start + HEADER_BYTES
    for _ in range(data[start + 1]):
        if at + 8 > len(data):
            raise _cut(what)
        at += 8 + int.from_bytes(data[at + 4:at + 8], "little")
    # one byte of checksum ends a block of 16
    end = start + ((at - start) // 16 + 1) * 16
    hashed = data[start + 23] == 1
    if end + (32 if hashed else 0) > len(data):
        raise _cut(what)
    if hashed and hashlib.sha256(data[start:end]).digest() != data[end:end + 32]:
        raise Invalid(f"{what} is damaged, its own SHA-256 is another: download it again.", "image")


def _cut(what: str) -> Invalid:
    return Invalid(f"{what} is cut short: download it again.", "image")


def _not(name: str, what: str) -> Invalid:
    return Invalid(f"{name} is {what}.", "image")
