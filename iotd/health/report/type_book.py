"""Runs of glyphs into PDF text that readers can copy.

Each pair of a glyph and what it says has a code in its font, so that the font's
map from codes to letters (ToUnicode) is never in doubt. What needs several
glyphs for a letter is told by ActualText around the run (ISO 32000-1, 14.9.4);
from right to left, where readers put letters in order by themselves, one glyph
says the letter and its dots are drawn as lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Iterator, Sequence

from reportlab.pdfbase import pdfdoc

from iotd.health.report import font_objects
from iotd.health.report.fonts import Face
from iotd.health.report.outlines import outline
from iotd.health.report.shaping import Glyph, Run

MOST_CODES = 0x10000


@dataclass
class Used:
    """What a document used of a face: codes, the glyph and the text of each."""

    face: Face
    name: str
    glyphs: dict[int, int] = field(default_factory=dict)
    says: dict[int, str] = field(default_factory=dict)
    _codes: dict[tuple[int, str], int] = field(default_factory=dict)
    _more: int = 0

    def code(self, glyph: int, told: str) -> int:
        """The code of a glyph that says this; its own number where that is free."""
        if (glyph, told) not in self._codes:
            code = glyph
            if glyph in self.glyphs and self.face.count + self._more < MOST_CODES:
                code, self._more = self.face.count + self._more, self._more + 1
            self._codes[glyph, told] = code
            self.glyphs[code] = glyph
            self.says.setdefault(code, told)
        return self._codes[glyph, told]


#: A glyph and its code; None: its place is left free.
Coded = tuple[Glyph, int | None]


class TypeBook:
    """The fonts of one document."""

    def __init__(self) -> None:
        self._used: dict[str, Used] = {}

    def write(self, runs: Sequence[Run], x: float, y: float, size: float) -> Iterator[str]:
        """The operators that set runs side by side from ``x``, their baseline at ``y``."""
        drawn: list[str] = []
        yield f"BT 1 0 0 1 {x:.2f} {y:.2f} Tm"
        for face, some in groupby(runs, lambda run: run.face):
            used = self._used_of(face)
            yield f"/{used.name} {size:g} Tf"
            for run in some:
                yield from _run(used, run, size)
                drawn += _dots(run, x, y, size)
                x += run.width * size / 1000
        yield "ET"
        yield from drawn

    def _used_of(self, face: Face) -> Used:
        if face.name not in self._used:
            self._used[face.name] = Used(face, f"T{len(self._used) + 1}")
        return self._used[face.name]

    def add_to(self, document: Any) -> None:
        """Put the fonts into a reportlab document: at its end, when all is used."""
        for used in self._used.values():
            font = document.Reference(
                font_objects.font(document, used.face, used.glyphs, used.says)
            )
            document.idToObject[pdfdoc.BasicFonts].dict[used.name] = font


def _run(used: Used, run: Run, size: float) -> Iterator[str]:
    if run.is_turned or run.is_single:
        says = [run.letters[glyph.first] for glyph in run.glyphs]
        yield from _set(used.face, [
            (glyph, used.code(glyph.number, told) if glyph in run.leading else None)
            for glyph, told in zip(run.glyphs, says)
        ], size)
        return
    # a reader that knows no ActualText has the letter at its first glyph
    yield f"/Span <</ActualText <{font_objects.utf16(run.text, True)}>>> BDC"
    yield from _set(used.face, [
        (glyph, used.code(glyph.number, run.letters[glyph.first] if glyph in run.leading else ""))
        for glyph in run.glyphs
    ], size)
    yield "EMC"


def _dots(run: Run, x: float, y: float, size: float) -> Iterator[str]:
    """What of letters from right to left is no text: drawn."""
    if not run.is_turned or run.is_single:
        return
    for glyph in run.glyphs:
        if glyph not in run.leading:
            at = x + glyph.dx * size / 1000, y + glyph.dy * size / 1000
            yield outline(run.face, glyph.number, *at, size)
        x += glyph.advance * size / 1000


def _set(face: Face, coded: Sequence[Coded], size: float) -> Iterator[str]:
    for lift, some in groupby(coded, lambda each: each[0].dy if each[1] is not None else 0):
        rise = f"{lift * size / 1000:.3f} Ts " if lift else ""
        yield f"{rise}[{_shown(face, some)}] TJ{' 0 Ts' if lift else ''}"


def _shown(face: Face, coded: Iterator[Coded]) -> str:
    """Codes, with the moves between them, which count backwards."""
    said, move = "", 0.0
    for glyph, code in coded:
        if code is None:
            move += glyph.advance
            continue
        move += glyph.dx
        said += f"{-move:.0f}" if round(move) else ""
        said += f"<{code:04X}>"
        move = glyph.advance - face.width(glyph.number) - glyph.dx
    return said + (f"{-move:.0f}" if round(move) else "")
