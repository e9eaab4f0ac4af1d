"""Words into lines that fit a width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Sequence

from iotd.health.report import bidi, letters
from iotd.health.report.shaping import Run, Shaper, Word


@dataclass(frozen=True)
class Line:
    """Runs from left to right; ``width`` in points. ``turned``: it begins at the right."""

    runs: tuple[Run, ...]
    width: float
    turned: bool


class Setter:
    """Sets text in lines."""

    def __init__(self, shaper: Shaper) -> None:
        self._shaper = shaper

    def lines(self, text: str, width: float, size: float, bold: bool = False) -> list[Line]:
        """The lines of a text of any letters, each at most ``width`` points wide."""
        found = []
        for line in letters.lines_of(text):
            level, words = self._shaper.words(line, bold)
            for some in self._filled(words, 1000 * width / size, bold):
                found.append(_line(some, level, size))
        return found

    def _filled(
        self, words: Sequence[Word], room: float, bold: bool
    ) -> Iterator[list[Word]]:
        line: list[Word] = []
        taken = 0.0
        for word in self._narrow(words, room, bold):
            if line and taken + word.width > room:
                yield line
                line, taken = [], 0.0
            line.append(word)
            taken += word.width + word.space
        yield line

    def _narrow(self, words: Sequence[Word], room: float, bold: bool) -> Iterator[Word]:
        """Words, those that no line could hold in pieces."""
        for word in words:
            if word.width <= room:
                yield word
            else:
                yield from self._shaper.pieces(word, bold)


def _line(words: Sequence[Word], level: int, size: float) -> Line:
    runs = [run for word in words for run in word.runs]
    trailing = words[-1].space if words else 0.0
    width = sum(run.width for run in runs) - trailing
    while runs and runs[-1].level % 2 and runs[-1].text.isspace():
        runs.pop()
    turned = bidi.reorder(runs, [run.level for run in runs])
    return Line(tuple(turned), width * size / 1000, level % 2 == 1)
