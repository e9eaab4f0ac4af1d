"""The fonts of a report: which one has a letter, and its file as HarfBuzz wants it.

Noto Sans is the base. Other scripts have a font each, found by the range a
letter lies in; Han, kana and symbols are in the Chinese one.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path
from typing import Iterator

import uharfbuzz

BASE, BOLD, HAN, HANGUL = "sans.ttf", "sans-bold.ttf", "sc.ttf", "kr.ttf"

#: First and last code point of blocks, and the file that has their letters.
_BLOCKS: tuple[tuple[int, int, str], ...] = (
    (0x0530, 0x058F, "armenian.woff"), (0x0590, 0x05FF, "hebrew.woff"),
    (0x0600, 0x06FF, "arabic.woff"), (0x0750, 0x077F, "arabic.woff"),
    (0x0870, 0x08FF, "arabic.woff"), (0x0900, 0x097F, "devanagari.woff"),
    (0x0980, 0x09FF, "bengali.woff"), (0x0A00, 0x0A7F, "gurmukhi.woff"),
    (0x0A80, 0x0AFF, "gujarati.woff"), (0x0B80, 0x0BFF, "tamil.woff"),
    (0x0C00, 0x0C7F, "telugu.woff"), (0x0C80, 0x0CFF, "kannada.woff"),
    (0x0D00, 0x0D7F, "malayalam.woff"), (0x0D80, 0x0DFF, "sinhala.woff"),
    (0x0E00, 0x0E7F, "thai.woff"), (0x0E80, 0x0EFF, "lao.woff"),
    (0x1000, 0x109F, "myanmar.woff"), (0x10A0, 0x10FF, "georgian.woff"),
    (0x1100, 0x11FF, HANGUL), (0x1200, 0x139F, "ethiopic.woff"),
    (0x1780, 0x17FF, "khmer.woff"), (0x19E0, 0x19FF, "khmer.woff"),
    (0x1C90, 0x1CBF, "georgian.woff"), (0x1CD0, 0x1CFF, "devanagari.woff"),
    (0x2D00, 0x2D2F, "georgian.woff"), (0x2D80, 0x2DDF, "ethiopic.woff"),
    (0x3130, 0x318F, HANGUL), (0xA8E0, 0xA8FF, "devanagari.woff"),
    (0xA960, 0xA97F, HANGUL), (0xA9E0, 0xA9FF, "myanmar.woff"),
    (0xAA60, 0xAA7F, "myanmar.woff"), (0xAB00, 0xAB2F, "ethiopic.woff"),
    (0xAC00, 0xD7FF, HANGUL), (0xFB13, 0xFB17, "armenian.woff"),
    (0xFB1D, 0xFB4F, "hebrew.woff"), (0xFB50, 0xFDFF, "arabic.woff"),
    (0xFE70, 0xFEFF, "arabic.woff"),
)
_STARTS = [first for first, _, _ in _BLOCKS]


class Face:
    """One font file; widths and metrics are in thousandths of the size."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.face = uharfbuzz.Face(uharfbuzz.Blob(data))
        self.font = uharfbuzz.Font(self.face)
        self.scale = 1000 / self.face.upem
        self.count: int = self.face.glyph_count
        self._known = self.face.unicodes

    def has(self, letter: str) -> bool:
        """Whether there is a glyph of this letter."""
        return ord(letter) in self._known

    def width(self, glyph: int) -> float:
        """The advance of a glyph."""
        return float(self.font.get_glyph_h_advance(glyph)) * self.scale


class Fonts:
    """The files of one folder, each read when its first letter comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._faces: dict[str, Face] = {}
        self.of = lru_cache(20_000)(self._of)

    def face(self, name: str) -> Face:
        """The font of this file."""
        if name not in self._faces:
            self._faces[name] = Face(name, _as_sfnt((self._folder / name).read_bytes()))
        return self._faces[name]

    def _of(self, letter: str, bold: bool) -> Face | None:
        """The font that has a letter; None when none has."""
        return next((face for face in self._likely(letter, bold) if face.has(letter)), None)

    def _likely(self, letter: str, bold: bool) -> Iterator[Face]:
        yield self.face(BOLD if bold else BASE)
        name = _file_of(ord(letter))
        if name is not None:
            yield self.face(name)
        elif ord(letter) > 0x2000:
            yield self.face(HAN)
            yield self.face(HANGUL)


def _file_of(code: int) -> str | None:
    place = bisect_right(_STARTS, code) - 1
    if place >= 0 and code <= _BLOCKS[place][1]:
        return _BLOCKS[place][2]
    return None


def _as_sfnt(data: bytes) -> bytes:
    """A WOFF 1.0 file as the TrueType font in it (W3C, section 4); others as they are."""
    if data[:4] != b"wOFF":
        return data
    flavor, _, count = struct.unpack_from(">4sIH", data, 4)
    rows, body = [], bytearray()
    begin = 12 + 16 * count
    for index in range(count):
        tag, offset, packed, size, check = struct.unpack_from(">4sIIII", data, 44 + 20 * index)
        table = data[offset:offset + packed]
        if packed < size:
            table = zlib.decompress(table)
        rows.append(struct.pack(">4sIII", tag, check, begin + len(body), size))
        body += table + b"\0" * (-size % 4)
    power = count.bit_length() - 1
    head = struct.pack(
        ">4sHHHH", flavor, count, 16 << power, power, 16 * count - (16 << power)
    )
    return head + b"".join(rows) + bytes(body)
