"""Letters into glyphs: runs of one font and direction, and words that lines are made of.

All widths are in thousandths of the font's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Iterator

import uharfbuzz

from iotd.health.report import bidi, letters
from iotd.health.report.fonts import BASE, BOLD, Face, Fonts

MISSING = "\ufffd"  # shown for a letter that no font has
_TURNED = dict(zip("()[]{}<>«»‹›", ")(][}{><»«›‹"))


@dataclass(frozen=True)
class Glyph:
    """One glyph: how far it goes on and is moved, and the first letter of what it shows."""

    number: int
    advance: float
    dx: float
    dy: float
    first: int


@dataclass(frozen=True)
class Run:
    """Glyphs of one face from left to right; ``text`` is what they say, in reading order."""

    face: Face
    text: str
    glyphs: tuple[Glyph, ...]
    width: float
    level: int
    plain: bool = True  # False where the font lacks the letters and shows something else

    @property
    def is_turned(self) -> bool:
        """Whether it runs from right to left."""
        return self.level % 2 == 1

    @cached_property
    def letters(self) -> dict[int, str]:
        """What the glyphs say together that begin at the same letter; a bracket that stands
        turned around says what it looks like, as readers expect."""
        if not self.plain:
            return dict(enumerate(letters.clusters(self.text)))
        starts = sorted({glyph.first for glyph in self.glyphs})
        said = {
            first: self.text[first:end]
            for first, end in zip(starts, [*starts[1:], len(self.text)])
        }
        if self.is_turned:
            return {first: _TURNED.get(told, told) for first, told in said.items()}
        return said

    @cached_property
    def leading(self) -> frozenset[Glyph]:
        """Of the glyphs of each letter the one that says it, the widest."""
        found: dict[int, Glyph] = {}
        for glyph in self.glyphs:
            best = found.setdefault(glyph.first, glyph)
            if glyph.advance > best.advance:
                found[glyph.first] = glyph
        return frozenset(found.values())

    @cached_property
    def is_single(self) -> bool:
        """Whether each letter has one glyph."""
        return len(self.letters) == len(self.glyphs)


@dataclass(frozen=True)
class Word:
    """What a line never breaks, with the spaces after it."""

    runs: tuple[Run, ...]
    width: float
    space: float

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(run.text for run in self.runs)


class Shaper:
    """Shapes text with some fonts; what it shaped once it remembers."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self._run = lru_cache(50_000)(self._shape)

    def words(self, line: str, bold: bool, base: int | None = None) -> tuple[int, list[Word]]:
        """The base level of a clean line, and its words in reading order."""
        level = bidi.base_level(line) if base is None else base
        directions = bidi.levels(line, level)
        if any(mark in line for mark in letters.MARKS):
            shown = [place for place, letter in enumerate(line) if letter not in letters.MARKS]
            directions = [directions[place] for place in shown]
            line = "".join(line[place] for place in shown)
        starts = [place for place, may in enumerate(letters.breaks(line)) if may]
        words = []
        for begin, end in zip([0, *starts], [*starts, len(line)]):
            if begin < end:
                words.append(self._word(line[begin:end], directions[begin:end], bold))
        return level, words

    def pieces(self, word: Word, bold: bool) -> Iterator[Word]:
        """The smallest parts of a word, for one that is wider than a whole line."""
        for run in word.runs:
            for cluster in letters.clusters(run.text):
                part = self._run(run.face.name, cluster, run.level, run.plain)
                yield Word((part,), part.width, 0.0)

    def _word(self, text: str, directions: list[int], bold: bool) -> Word:
        faces: list[tuple[Face, bool]] = []
        for letter in text:
            faces.append(self._face(letter, faces[-1] if faces else None, bold))
        runs = []
        # a space from right to left is a run of its own: at the end of a line it is dropped
        keys = [
            (face.name, plain, level, letter == " " and level % 2)
            for (face, plain), level, letter in zip(faces, directions, text)
        ]
        for (name, plain, level, _), group in groupby(zip(keys, text), key=lambda pair: pair[0]):
            said = "".join(letter for _, letter in group)
            runs.append(self._run(name, said, level, plain))
        spaces = len(text) - len(text.rstrip(" "))
        space = spaces * self._run(BOLD if bold else BASE, " ", 0, True).width
        return Word(tuple(runs), sum(run.width for run in runs) - space, space)

    def _face(
        self, letter: str, before: tuple[Face, bool] | None, bold: bool
    ) -> tuple[Face, bool]:
        if before is not None and letters.is_joined(letter):
            if not before[1] or before[0].has(letter) or letter in "\u200c\u200d":
                return before
        found = self._fonts.of(letter, bold)
        if found is None:
            return self._fonts.face(BOLD if bold else BASE), False
        return found, True

    def _shape(self, name: str, text: str, level: int, plain: bool) -> Run:
        face = self._fonts.face(name)
        buffer = uharfbuzz.Buffer()
        if plain:
            buffer.add_str(text)
        else:
            # one sign for each that is missing, not for its marks and joiners
            buffer.add_str(MISSING * sum(1 for _ in letters.clusters(text)))
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if level % 2 else "ltr"
        uharfbuzz.shape(face.font, buffer)
        glyphs = tuple(
            Glyph(
                info.codepoint, place.x_advance * face.scale, place.x_offset * face.scale,
                place.y_offset * face.scale, info.cluster,
            )
            for info, place in zip(buffer.glyph_infos, buffer.glyph_positions)
        )
        return Run(face, text, glyphs, sum(glyph.advance for glyph in glyphs), level, plain)
