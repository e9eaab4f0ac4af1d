"""Letters into glyphs and lines: what is kept, what stays together, what is joined."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.health.report.fonts import Fonts
from iotd.health.report.letters import breaks, clean, clusters, lines_of
from iotd.health.report.lines import Setter
from iotd.health.report.shaping import Run, Shaper
from tests.health.report.room import FONTS

SHAPER = Shaper(Fonts(FONTS))
SETTER = Setter(SHAPER)


def runs(text: str, bold: bool = False) -> list[Run]:
    """The runs of a text, in reading order."""
    return [run for word in SHAPER.words(text, bold)[1] for run in word.runs]


class CleanTests(SynchronousTestCase):
    """What of a text can be shown."""

    def test_kept(self) -> None:
        """Letters, marks and the joiners that scripts need are kept; control is not."""
        self.assertEqual(clean("क्\u200dष a\u00a0b"), "क्\u200dष a b")
        self.assertEqual(clean("a\x00b\x1b[0m\u202ec\u2066\ufeff\u00ad"), "ab[0mc")
        self.assertEqual(clean("\ud800 \ufffe"), "\ufffd \ufffd")

    def test_lines(self) -> None:
        """Every kind of line end ends a line."""
        self.assertEqual(lines_of("a\r\nb\nc\u2028d\re"), ["a", "b", "c", "d", "e"])

    def test_breaks(self) -> None:
        """Lines break after spaces and hyphens and between signs, never before marks or stops."""
        def broken(text: str) -> list[str]:
            starts = [0, *(at for at, may in enumerate(breaks(text)) if may), len(text)]
            return [text[a:b] for a, b in zip(starts, starts[1:])]

        self.assertEqual(broken("mmol/L is well-known"), ["mmol/L ", "is ", "well-", "known"])
        self.assertEqual(broken("少吃，甜食。"), ["少", "吃，", "甜", "食。"])
        self.assertEqual(broken("น้ำ"), ["น้ำ"])

    @given(st.text(max_size=40))
    def test_clusters(self, text: str) -> None:
        """Nothing is lost between them."""
        self.assertEqual("".join(clusters(text)), text)


class ShapeTests(SynchronousTestCase):
    """Glyphs."""

    def test_joined(self) -> None:
        """Arabic letters join: the same one has other glyphs at the begin, within and alone."""
        run, = runs("ههه")
        alone, = runs("ه")
        numbers = [glyph.number for glyph in run.glyphs]
        self.assertEqual(len({*numbers, alone.glyphs[0].number}), 4)

    def test_tamil(self) -> None:
        """A vowel sign that is written after its consonant stands on both sides of it."""
        run, = runs("கொ")
        consonant = runs("க")[0].glyphs[0].number
        self.assertEqual([glyph.number == consonant for glyph in run.glyphs],
                         [False, True, False])

    def test_conjunct(self) -> None:
        """Devanagari consonants become one sign."""
        self.assertEqual(len(runs("क्ष")[0].glyphs), 1)

    def test_fonts(self) -> None:
        """Each letter has a font that has it; a mark stays with its letter."""
        names = [run.face.name for run in runs("aதமி中한ไ")]
        self.assertEqual(names, ["sans.ttf", "tamil.woff", "sc.ttf", "kr.ttf", "thai.woff"])
        self.assertEqual(len(runs("a\u0301\u200d")), 1)
        self.assertEqual([run.face.name for run in runs("Bold", True)], ["sans-bold.ttf"])

    def test_missing(self) -> None:
        """What no font has is one visible sign for each letter, and still says itself."""
        run, = runs("💧👩‍👩‍👧")
        self.assertEqual((len(run.glyphs), run.plain, run.text), (2, False, "💧👩‍👩‍👧"))
        self.assertNotIn(0, [glyph.number for glyph in run.glyphs])


class LineTests(SynchronousTestCase):
    """Lines."""

    def test_width(self) -> None:
        """No line is wider than it may be, not even of one endless word."""
        for text in ("x" * 3000, "word " * 300, "中" * 500, "بحر " * 300, "น้ำ" * 300):
            found = SETTER.lines(text, 200.0, 9.5)
            self.assertGreater(len(found), 5)
            self.assertLess(max(line.width for line in found), 200.01)

    def test_turned(self) -> None:
        """A line in Hebrew begins at the right, its words in order from there."""
        line, = SETTER.lines("שלום abc עולם", 400.0, 9.5)
        self.assertTrue(line.turned)
        self.assertEqual("".join(run.text for run in line.runs).split(), ["עולם", "abc", "שלום"])

    @settings(max_examples=150, deadline=None)
    @given(st.text(max_size=60), st.booleans())
    def test_any(self, text: str, bold: bool) -> None:
        """Any text can be set, and all of it is there but for what can't be shown."""
        found = SETTER.lines(text, 120.0, 9.0, bold)
        told = "".join(run.text for line in found for run in line.runs)
        wanted = "".join(lines_of(text))
        for mark in "\u200e\u200f\u061c ":
            told, wanted = told.replace(mark, ""), wanted.replace(mark, "")
        self.assertEqual(sorted(told), sorted(wanted))
