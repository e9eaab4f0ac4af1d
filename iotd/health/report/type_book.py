"""Runs of glyphs into PDF text, and the fonts of it: subsets that hold what was used.

Glyphs are written by their number in the font (Identity-H). What a reader
copies comes from the map of each font (ToUnicode), where one glyph stands for
one text; anything else is said by ActualText around the run (ISO 32000-1,
9.10.3 and 14.9.4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Iterator, Sequence

import uharfbuzz
from reportlab.pdfbase import pdfdoc

from iotd.health.report.fonts import Face
from iotd.health.report.shaping import Glyph, Run


# the layout was used already: readers only draw
_NOT_DRAWN = (b"GSUB", b"GPOS", b"GDEF", b"name", b"post", b"STAT")


@dataclass
class Used:
    """What a document used of a face: glyphs with what each says alone."""

    face: Face
    name: str
    says: dict[int, str] = field(default_factory=dict)


class TypeBook:
    """The fonts of one document."""

    def __init__(self) -> None:
        self._used: dict[str, Used] = {}

    def write(self, runs: Sequence[Run], x: float, y: float, size: float) -> Iterator[str]:
        """The operators that set runs side by side from ``x``, their baseline at ``y``."""
        yield f"BT 1 0 0 1 {x:.2f} {y:.2f} Tm"
        for face, some in groupby(runs, lambda run: run.face):
            used = self._used_of(face)
            yield f"/{used.name} {size:g} Tf"
            for run in some:
                yield from self._run(used, run, size)
        yield "ET"

    def _run(self, used: Used, run: Run, size: float) -> Iterator[str]:
        if self._learn(used, run):
            yield from _set(run.face, run.glyphs, size)
        elif run.level % 2 == 0:
            yield from _said(run.text, _set(run.face, run.glyphs, size))
        else:
            # readers turn the order of what stands from right to left: letter by letter
            for first, glyphs in groupby(run.glyphs, lambda glyph: glyph.first):
                yield from _letter(run, run.told(first), list(glyphs), size)

    def _used_of(self, face: Face) -> Used:
        if face.name not in self._used:
            self._used[face.name] = Used(face, f"T{len(self._used) + 1}")
        return self._used[face.name]

    def _learn(self, used: Used, run: Run) -> bool:
        """Note what each glyph says; whether they together say what the run does."""
        whole = run.plain
        seen: set[int] = set()
        for glyph in run.glyphs:
            told = run.told(glyph.first)
            whole &= glyph.first not in seen
            seen.add(glyph.first)
            whole &= used.says.setdefault(glyph.number, told) == told
        return whole

    def add_to(self, document: Any) -> None:
        """Put the fonts into a reportlab document: at its end, when all is used."""
        for used in self._used.values():
            font = document.Reference(_font(document, used))
            document.idToObject[pdfdoc.BasicFonts].dict[used.name] = font


def _letter(run: Run, told: str, glyphs: Sequence[Glyph], size: float) -> Iterator[str]:
    """One letter made of glyphs: the widest says it, its dots say nothing."""
    widest = max(glyphs, key=lambda glyph: glyph.advance)
    for glyph in glyphs:
        yield from _said(told if glyph is widest else "", _set(run.face, [glyph], size))


def _said(text: str, operators: Iterator[str]) -> Iterator[str]:
    yield f"/Span <</ActualText <{_utf16(text, True)}>>> BDC"
    yield from operators
    yield "EMC"


def _set(face: Face, glyphs: Sequence[Glyph], size: float) -> Iterator[str]:
    for lift, some in groupby(glyphs, lambda glyph: glyph.dy):
        rise = f"{lift * size / 1000:.3f} Ts " if lift else ""
        yield f"{rise}[{_shown(face, some)}] TJ{' 0 Ts' if lift else ''}"


def _shown(face: Face, glyphs: Iterator[Glyph]) -> str:
    """Glyph numbers, with the moves between them, which count backwards."""
    said, move = "", 0.0
    for glyph in glyphs:
        move += glyph.dx
        said += f"{-move:.0f}" if round(move) else ""
        said += f"<{glyph.number:04X}>"
        move = glyph.advance - face.width(glyph.number) - glyph.dx
    return said + (f"{-move:.0f}" if round(move) else "")


def _font(document: Any, used: Used) -> Any:
    name = _name_of(used)
    return pdfdoc.PDFDictionary({
        "Type": pdfdoc.PDFName("Font"), "Subtype": pdfdoc.PDFName("Type0"),
        "BaseFont": pdfdoc.PDFName(name), "Encoding": pdfdoc.PDFName("Identity-H"),
        "DescendantFonts": pdfdoc.PDFArray([document.Reference(_descendant(document, used, name))]),
        "ToUnicode": document.Reference(_stream(_to_unicode(used.says))),
    })


def _descendant(document: Any, used: Used, name: str) -> Any:
    widths: list[Any] = []
    for glyph in sorted(used.says):
        widths += [glyph, pdfdoc.PDFArray([round(used.face.width(glyph), 1)])]
    return pdfdoc.PDFDictionary({
        "Type": pdfdoc.PDFName("Font"), "Subtype": pdfdoc.PDFName("CIDFontType2"),
        "BaseFont": pdfdoc.PDFName(name), "CIDToGIDMap": pdfdoc.PDFName("Identity"),
        "CIDSystemInfo": pdfdoc.PDFDictionary({
            "Registry": pdfdoc.PDFString("Adobe"), "Ordering": pdfdoc.PDFString("Identity"),
            "Supplement": 0,
        }),
        "DW": 1000, "W": pdfdoc.PDFArray(widths),
        "FontDescriptor": document.Reference(_descriptor(document, used, name)),
    })


def _descriptor(document: Any, used: Used, name: str) -> Any:
    face = used.face
    extents = face.font.get_font_extents("ltr")
    up, down = extents.ascender * face.scale, extents.descender * face.scale
    return pdfdoc.PDFDictionary({
        "Type": pdfdoc.PDFName("FontDescriptor"), "FontName": pdfdoc.PDFName(name),
        "Flags": 4, "ItalicAngle": 0, "StemV": 80, "CapHeight": 714,
        "Ascent": round(up), "Descent": round(down),
        "FontBBox": pdfdoc.PDFArray([-1000, round(down), 2500, round(up)]),
        "FontFile2": document.Reference(_stream(_subset(face, used.says))),
    })


def _subset(face: Face, glyphs: dict[int, str]) -> bytes:
    wanted = uharfbuzz.SubsetInput()
    wanted.flags = uharfbuzz.SubsetFlags.RETAIN_GIDS | uharfbuzz.SubsetFlags.NO_HINTING
    wanted.glyph_set.update({0, *glyphs})
    wanted.drop_table_tag_set.update(int.from_bytes(tag, "big") for tag in _NOT_DRAWN)
    return bytes(wanted.subset(face.face).blob.data)


def _name_of(used: Used) -> str:
    mark = sum((glyph + 1) * 31 ** (place % 5) for place, glyph in enumerate(sorted(used.says)))
    letters = "".join(chr(65 + mark // 26 ** place % 26) for place in range(6))
    return f"{letters}+Noto-{used.face.name.partition('.')[0]}"


def _to_unicode(says: dict[int, str]) -> bytes:
    rows = [f"<{glyph:04X}> <{_utf16(text, False)}>" for glyph, text in sorted(says.items())]
    blocks = [rows[first:first + 100] for first in range(0, len(rows), 100)]
    body = "\n".join(f"{len(some)} beginbfchar\n" + "\n".join(some) + "\nendbfchar"
                     for some in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    ).encode("ascii")


def _utf16(text: str, marked: bool) -> str:
    return ("FEFF" if marked else "") + text.encode("utf-16-be", "replace").hex().upper()


def _stream(data: bytes) -> Any:
    return pdfdoc.PDFStream(
        pdfdoc.PDFDictionary({"Length1": len(data)}), data, [pdfdoc.PDFZCompress]
    )
