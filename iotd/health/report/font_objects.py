"""The PDF objects of a font: a subset of its glyphs, their widths, and what they say."""

from __future__ import annotations

import struct
from typing import Any, Mapping

import uharfbuzz
from reportlab.pdfbase import pdfdoc

from iotd.health.report.fonts import Face

# the layout was used already: readers only draw
_NOT_DRAWN = (b"GSUB", b"GPOS", b"GDEF", b"name", b"post", b"STAT")


def font(
    document: Any, face: Face, glyphs: Mapping[int, int], says: Mapping[int, str]
) -> Any:
    """A font of the codes of ``glyphs``, which are the face's numbers of them."""
    name = _name_of(face, glyphs)
    descendant = document.Reference(_descendant(document, face, glyphs, name))
    return pdfdoc.PDFDictionary({
        "Type": pdfdoc.PDFName("Font"), "Subtype": pdfdoc.PDFName("Type0"),
        "BaseFont": pdfdoc.PDFName(name), "Encoding": pdfdoc.PDFName("Identity-H"),
        "DescendantFonts": pdfdoc.PDFArray([descendant]),
        "ToUnicode": document.Reference(_stream(_to_unicode(says))),
    })


def utf16(text: str, marked: bool) -> str:
    """Text as hexadecimal digits of UTF-16, with the mark of it where it could be else."""
    return ("FEFF" if marked else "") + text.encode("utf-16-be", "replace").hex().upper()


def _descendant(document: Any, face: Face, glyphs: Mapping[int, int], name: str) -> Any:
    widths: list[Any] = []
    for code in sorted(glyphs):
        widths += [code, pdfdoc.PDFArray([round(face.width(glyphs[code]), 1)])]
    return pdfdoc.PDFDictionary({
        "Type": pdfdoc.PDFName("Font"), "Subtype": pdfdoc.PDFName("CIDFontType2"),
        "BaseFont": pdfdoc.PDFName(name), "CIDToGIDMap": _map(document, glyphs),
        "CIDSystemInfo": pdfdoc.PDFDictionary({
            "Registry": pdfdoc.PDFString("Adobe"), "Ordering": pdfdoc.PDFString("Identity"),
            "Supplement": 0,
        }),
        "DW": 1000, "W": pdfdoc.PDFArray(widths),
        "FontDescriptor": document.Reference(_descriptor(document, face, glyphs, name)),
    })


def _map(document: Any, glyphs: Mapping[int, int]) -> Any:
    if all(code == glyph for code, glyph in glyphs.items()):
        return pdfdoc.PDFName("Identity")
    numbers = (glyphs.get(code, 0) for code in range(max(glyphs) + 1))
    return document.Reference(_stream(b"".join(struct.pack(">H", each) for each in numbers)))


def _descriptor(document: Any, face: Face, glyphs: Mapping[int, int], name: str) -> Any:
    extents = face.font.get_font_extents("ltr")
    up, down = extents.ascender * face.scale, extents.descender * face.scale
    return pdfdoc.PDFDictionary({
        "Type": pdfdoc.PDFName("FontDescriptor"), "FontName": pdfdoc.PDFName(name),
        "Flags": 4, "ItalicAngle": 0, "StemV": 80, "CapHeight": 714,
        "Ascent": round(up), "Descent": round(down),
        "FontBBox": pdfdoc.PDFArray([-1000, round(down), 2500, round(up)]),
        "FontFile2": document.Reference(_stream(_subset(face, glyphs))),
    })


def _subset(face: Face, glyphs: Mapping[int, int]) -> bytes:
    wanted = uharfbuzz.SubsetInput()
    wanted.flags = uharfbuzz.SubsetFlags.RETAIN_GIDS | uharfbuzz.SubsetFlags.NO_HINTING
    wanted.glyph_set.update({0, *glyphs.values()})
    wanted.drop_table_tag_set.update(int.from_bytes(tag, "big") for tag in _NOT_DRAWN)
    return bytes(wanted.subset(face.face).blob.data)


def _name_of(face: Face, glyphs: Mapping[int, int]) -> str:
    mark = sum((code + 1) * 31 ** (place % 5) for place, code in enumerate(sorted(glyphs)))
    letters = "".join(chr(65 + mark // 26 ** place % 26) for place in range(6))
    return f"{letters}+Noto-{face.name.partition('.')[0]}"


def _to_unicode(says: Mapping[int, str]) -> bytes:
    rows = [f"<{code:04X}> <{utf16(text, False)}>" for code, text in sorted(says.items()) if text]
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


def _stream(data: bytes) -> Any:
    return pdfdoc.PDFStream(
        pdfdoc.PDFDictionary({"Length1": len(data)}), data, [pdfdoc.PDFZCompress]
    )
