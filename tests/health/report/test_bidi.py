"""Which way letters run: cases of UAX #9, with Hebrew and Arabic letters."""

from __future__ import annotations

from hypothesis import given, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.health.report.bidi import base_level, levels, reorder

#: Text in memory -> the same from left to right as it is shown; capital letters stand for
#: Hebrew ones, in the manner of UAX #9, section 3.4.
SHOWN = {
    "car means CAR.": "car means RAC.",
    "CAR MEANS car.": ".car SNAEM RAC",
    "he said CAR MEANS car to me": "he said SNAEM RAC car to me",
    "CAR 123": "123 RAC", "CAR 1,234.5": "1,234.5 RAC", "a CAR 12 b": "a 12 RAC b",
    "CAR -5": "5- RAC", "CAR 5%": "5% RAC", "(CAR) x": "x (RAC)", "a (CAR) b": "a (RAC) b",
    "CAR (a) BED": "DEB (a) RAC", "a": "a", "": "",
    "CAR: 5.4 x (CAD)": "(DAC) x 5.4 :RAC",
}
MIRRORED = str.maketrans("()", ")(")
HEBREW = str.maketrans({chr(65 + n): chr(0x5D0 + n) for n in range(26)})
BACK = str.maketrans({chr(0x5D0 + n): chr(65 + n) for n in range(26)})


def shown(text: str) -> str:
    """A line as it is shown, brackets that are turned around mirrored."""
    hebrew = text.translate(HEBREW)
    found = levels(hebrew, base_level(hebrew))
    letters = [
        letter.translate(MIRRORED) if level % 2 else letter
        for letter, level in zip(hebrew, found)
    ]
    return "".join(reorder(letters, found)).translate(BACK)


class BidiTests(SynchronousTestCase):
    """Levels and order."""

    def test_examples(self) -> None:
        """Lines are shown as the algorithm has it."""
        self.assertEqual({text: shown(text) for text in SHOWN}, SHOWN)

    def test_base(self) -> None:
        """The first letter that has a direction decides where a line begins."""
        for text, level in (("abc", 0), ("12 שלום", 1), ("عربي abc", 1), ("", 0), ("123 !", 0)):
            self.assertEqual(base_level(text), level, text)

    def test_arabic_numbers(self) -> None:
        """Digits after Arabic letters are Arabic numbers: they stand to the letters' left."""
        text = "عمر 25"
        self.assertEqual(levels(text, 1), [1, 1, 1, 1, 2, 2])
        self.assertEqual("".join(reorder(text, levels(text, 1)))[:2], "25")

    def test_marks(self) -> None:
        """Marks go with their letter."""
        self.assertEqual(levels("مُحَمَّد", 1), [1] * len("مُحَمَّد"))

    @given(st.text(alphabet="ab 1,.-%()[]אבعر٣٤\u064e\u0301", max_size=30))
    def test_any(self, text: str) -> None:
        """Every letter is shown once, and what runs one way only stays as it is."""
        found = levels(text, base_level(text))
        self.assertEqual(len(found), len(text))
        self.assertEqual(sorted(reorder(text, found)), sorted(text))
        self.assertTrue(all(0 <= level <= 2 for level in found))
        if not any(letter in "אבعر٣٤" for letter in text):
            self.assertEqual("".join(reorder(text, found)), text)
