"""Whether a number of a phone or badge can be read in a file, however it is spelt."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterable, Iterator

#: Hex digits with at most two other characters between any two of them.
_RUN = re.compile(rb"(?:[0-9A-Fa-f][:\-. _,\x00]{0,2}){12,}")
_NO_HEX = re.compile(rb"[^0-9A-Fa-f]+")
PIECE, OVERLAP = 1 << 16, 256


def traces(numbers: Iterable[str], *places: Path) -> list[str]:
    """Files below these folders (or these files) that hold one, each with what it holds.

    ``numbers`` are hex digits without separators; they are found in any case, with or without
    separators, as text of one or two bytes a letter, and as plain bytes.
    """
    texts = {number.lower().encode() for number in numbers}
    raw = {bytes.fromhex(text.decode()) for text in texts}
    found = []
    for file in (each for place in places for each in _files(place)):
        held = sorted({each.hex() for piece in _pieces(file) for each in _held(piece, texts, raw)})
        if held:
            found.append(f"{file}: {', '.join(held[:3])}")
    return found


def _held(piece: bytes, texts: set[bytes], raw: set[bytes]) -> Iterator[bytes]:
    sizes = {len(text) for text in texts}
    for run in _RUN.finditer(piece):
        digits = _NO_HEX.sub(b"", run.group()).lower()
        for size in sizes:
            for at in range(len(digits) - size + 1):
                if digits[at:at + size] in texts:
                    yield bytes.fromhex(digits[at:at + size].decode())
    yield from (each for each in raw if each in piece)


def _files(place: Path) -> Iterable[Path]:
    return [place] if place.is_file() else (each for each in place.rglob("*") if each.is_file())


def _pieces(file: Path) -> Iterator[bytes]:
    """A file in pieces that overlap."""
    with file.open("rb") as stream:
        before = b""
        while data := stream.read(PIECE):
            if data.strip(b"\0"):  # much of what is kept in reserve is nothing
                yield before + data
            before = (before + data)[-OVERLAP:]
