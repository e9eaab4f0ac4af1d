"""The PDF: what readers see, copy and hear of it, in any letters, whatever people wrote."""

from __future__ import annotations

import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from iotd.health.report.words import plural, rounded
from tests.health.report.room import NAMES, pdf_of, reading, run, text_of, words_of

RATE = {
    "name": "eGFR", "value": 88.4, "unit": "mL/min/{1.73_m2}", "flag": "L", "low": 90,
    "high": None, "range_text": None, "range_source": "KDIGO 2012", "computed": True,
    "formula": "CKD-EPI 2021", "comparator": None, "trend": None,
}
LABS = {"items": [
    {"date": date, "laboratory": "Labor Mitte", "missing": {}, "values": {
        "total_cholesterol": {
            "name": "Total cholesterol", "value": value, "unit": "mmol/L", "flag": flag,
            "low": None, "high": 5.2, "range_text": "below 5.2", "computed": False,
            "range_source": "Health Promotion Board", "comparator": None, "trend": "up",
        },
        "egfr": RATE,
    }}
    for date, value, flag in (("2026-10-03", 5.9, "H"), ("2026-04-01", 5.1, None))
]}
WATER = {
    "id": 7, "name": "Water", "per": "day", "times": 8, "target": None, "unit": "", "streak": 4,
    "best_streak": 12, "strength": 0.734, "archived": False,
}
HABITS = {"items": [WATER]}
ADVICE = {
    "diet": "Less salt.", "about": {"diet": {
        "author_name": "Dr. Ada Ward", "author": "user:3", "at": "2026-11-02T10:00:00.000Z"}},
}
VITALS = {"items": [
    reading("heart_rate", "2026-11-20", 58, 71, 104),
    reading("heart_rate", "2026-11-21", 60, 75, 98),
    reading("bp_systolic", "2026-11-20", 118, 127, 140),
]}
SECTIONS = {"readings": VITALS, "labs": LABS, "advice": ADVICE, "habits": HABITS}
HOSTILE = (
    "<b>bold</b> & <para> </para> <img src='x'/> &lt; &#0; \\) ]] TJ ET EMC",
    "x" * 20_000, "\x00\x07\x1b[31m \udcff \ufffe \u202egnp.exe \u2066 a\u0301\u0301\u0301",
    "\u0e48\u0bcd\u064e marks without letters", "\n\r\n\u2028\u2029 \t ", "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "\U0001f1e9\U0001f1ea \U00020000 \U000e0041 \uf8ff", "עברית abc (12) ] عربي 5.4", "",
)


class SaidTests(SynchronousTestCase):
    """What is in it, in words."""

    def test_front(self) -> None:
        """Who, which days, made when, by and for whom, and what is missing."""
        words = words_of(pdf_of(site="Lake", by="Ada Ward (ward)", left_out=("labs", "notes")))
        for said in (
            "Name Anna Berg Born 21 July 1948 (78 years) Sex female",
            "Period 29 August 2026 to 26 November 2026 (90 days)",
            "Made 26 November 2026, 14:33 (Europe/Berlin), by Lake, for Ada Ward (ward)",
            "Not in this report: laboratory results, notes.", "not a medical device",
        ):
            self.assertIn(said, words)

    def test_unknown(self) -> None:
        """What is not known of a person is said to be, and not assumed."""
        patient = {"name": "A", "sex": "unknown", "birth_date": None}
        self.assertIn("Born not known Sex not told", words_of(pdf_of(patient=patient)))

    def test_vitals(self) -> None:
        """Lowest, weighed median, highest, values, days and coverage; days come in gaps."""
        words = words_of(pdf_of(sections={"readings": VITALS}, days=10))
        self.assertIn("Heart rate 58 71 104 /min 4,000 2 of 10 14 %", words)
        self.assertIn("Blood pressure, systolic 118 127 140 mmHg 2,000 1 of 10 –", words)
        self.assertIn("Temperature – – – °C 0 0 of 10 0 %", words)
        self.assertIn("Usual range of adults: 60 to 100 /min (American Heart Association", words)

    def test_labs(self) -> None:
        """Value, unit, flag in words, range, who says so, what was computed, what was before."""
        words = words_of(pdf_of(sections={"labs": LABS}))
        for said in (
            "Total cholesterol 5.90 mmol/L H, high below 5.2 Health Promotion Board 3 Oct 2026",
            "eGFR 88 * mL/min/1.73 m² L, low 90 and above KDIGO 2012 3 Oct 2026",
            "* computed, not measured. eGFR: CKD-EPI 2021.",
            "Total cholesterol, mmol/L 5.90 H 5.10",
            "Laboratories: Labor Mitte (3 October 2026).",
        ):
            self.assertIn(said, words)

    def test_written(self) -> None:
        """Advice with its author and day, answers with their questions, habits with figures."""
        words = words_of(pdf_of(
            sections={"advice": ADVICE, "habits": HABITS, "questionnaire": {}},
            answers=[["Sleep", "Do you snore?", "Yes", ""], ["Stress", "", "None at all", ""]],
        ))
        for said in (
            "Diet Less salt. Dr. Ada Ward, 2 November 2026", "No advice about: Heart and vessels",
            "Sleep Do you snore? Yes", "Stress None at all",
            "Water 8 times a day 4 days 12 days 73 %",
        ):
            self.assertIn(said, words)

    def test_footers(self) -> None:
        """Every page says which of how many it is, and that this is no medical device."""
        pages = text_of(pdf_of(sections={**SECTIONS, "notes": {"items": [
            {"text": "long " * 3000, "author_name": "A", "at": "2026-01-01T00:00:00Z"}]}}))
        told = pages.split("\f")[:-1]
        self.assertGreater(len(told), 3)
        for number, page in enumerate(told, 1):
            self.assertIn(f"Page {number} of {len(told)}", page)
            self.assertIn("not a medical device", " ".join(page.split()))

    def test_year(self) -> None:
        """A year is drawn too, and one day."""
        for days in (366, 1):
            words = words_of(pdf_of(sections=SECTIONS, days=days))
            self.assertIn(f"({plural(days, 'day')})", words)

    def test_digits(self) -> None:
        """A result has as many digits as a page shows, also a half and what is next to nothing."""
        self.assertEqual(
            [rounded(value, digits) for value, digits in
             ((5.9, 2), (62.5, 0), (63.5, 0), (0.04, 1), (0.004, 2), (0, 1), (1234.5, 1))],
            ["5.90", "63", "64", "0.04", "0.004", "0.0", "1,234.5"],
        )


class LetterTests(SynchronousTestCase):
    """Any language's letters."""

    def test_names(self) -> None:
        """Names come back as they were written, in reading order, from every place they are in."""
        for script, name in NAMES.items():
            patient = {"name": name, "sex": "female", "birth_date": None}
            note = {"text": f"Said by {name}: fine.", "author_name": name, "at": "2026-01-01"}
            pdf = pdf_of(patient=patient, by=name, sections={"notes": {"items": [note]}})
            text = " ".join(text_of(pdf).split())
            self.assertGreaterEqual(text.count(name), 4, (script, text))
            self.assertIn(f"Title:           Health report of {name}", run("pdfinfo", pdf))

    def test_many_scripts(self) -> None:
        """So do words of other scripts, side by side in one line."""
        words = (
            "Ελληνικά Русский Żółć Tiếng ไทย ກ ខ្មែរ မြန်မာ हिन्दी বাংলা ਪੰਜਾਬੀ ગુજરાતી తెలుగు"
            " ಕನ್ನಡ മലയാളം සිංහල 한국어 日本語 ქართული Հայերեն አማርኛ ≥ µ ²"
        )
        found = words_of(pdf_of(sections={"advice": {"diet": words}}))
        for word in words.split():
            self.assertIn(word, found)

    def test_right_to_left(self) -> None:
        """What is written from right to left stands at the right, with numbers as they are."""
        pdf = pdf_of(sections={"advice": {"diet": "اشرب الماء 8 مرات"}})
        row = re.search(r"(?m)^.*اشرب.*$", text_of(pdf, "-layout"))
        self.assertIsNotNone(row)
        self.assertTrue(row and row[0].startswith("  " * 20), row)

    def test_shared_shapes(self) -> None:
        """Letters that differ by their dots only are copied as what they are, dots and all."""
        words = "بنت تبن ثبت يتيم نبيذ"
        text = text_of(pdf_of(sections={"advice": {"diet": words}}))
        self.assertIn(words, " ".join(text.split()))

    def test_embedded(self) -> None:
        """Every font is embedded, as a subset, with the text of its glyphs."""
        name = " ".join(NAMES.values())
        pdf = pdf_of(patient={"name": name, "sex": "male", "birth_date": None})
        rows = run("pdffonts", pdf).splitlines()[2:]
        self.assertGreaterEqual(len(rows), 4)
        for row in rows:
            self.assertRegex(row, r"CID TrueType +Identity-H +yes yes yes")
        self.assertLess(len(pdf), 200_000)


class HostileTests(SynchronousTestCase):
    """Whatever people write is text."""

    def sections(self, text: str) -> dict[str, Any]:
        """The text wherever people can write any."""
        value = {**RATE, "name": text, "range_text": text}
        return {
            "labs": {"items": [{"date": "2026-01-01", "laboratory": text, "missing": {},
                                "values": {"egfr": value}}]},
            "advice": {"diet": text, "about": {"diet": {"author_name": text, "at": text[:30]}}},
            "notes": {"items": [{"text": text, "author_name": text, "at": None}]},
            "habits": {"items": [{**WATER, "name": text}]},
        }

    def test_anything(self) -> None:
        """No text ends the making or the structure of a PDF that every program reads."""
        for text in HOSTILE:
            short = text[:300]
            patient = {"name": short, "sex": short, "birth_date": None}
            pdf = pdf_of(
                patient=patient, site=short, by=short, sections=self.sections(short),
                answers=[[short, short, short, short], [short, "", text, ""]],
            )
            self.assertIn("Tagged:          yes", run("pdfinfo", pdf))
            text_of(pdf)

    def test_markup(self) -> None:
        """Markup is shown as it was written."""
        markup = "<b>bold</b> & <para> </para> &lt; &amp; \\) (("
        self.assertIn(markup, words_of(pdf_of(sections={"advice": {"diet": markup}})))

    def test_endless_word(self) -> None:
        """20,000 characters without a space are all there, and none is beyond the margin."""
        pdf = pdf_of(sections={"advice": {"diet": "x" * 20_000}})
        self.assertEqual(sum(map(len, re.findall("x{2,}", text_of(pdf)))), 20_000)
        boxes = re.findall(r'xMax="([\d.]+)"', run("pdftotext", pdf, "-bbox"))
        self.assertLess(max(map(float, boxes)), 545.0)

    def test_long_cell(self) -> None:
        """A cell that is longer than a page goes on overleaf, under the heads of its table."""
        answers = [["Sleep", "Why?", "because " * 3000, ""]]
        text = text_of(pdf_of(sections={"questionnaire": {}}, answers=answers))
        self.assertEqual(text.count("because"), 3000)
        self.assertGreater(text.count("\f"), 3)

    def test_missing_letters(self) -> None:
        """A letter that no font has shows as one, and copies as what it is."""
        pdf = pdf_of(sections={"advice": {"diet": "Drink 💧 twice"}})
        self.assertIn("Drink 💧 twice", words_of(pdf))

    def test_tricks(self) -> None:
        """Nobody turns a line around with invisible characters."""
        words = words_of(pdf_of(sections={"advice": {"diet": "ab\u202ecd\u2067ef\u0000gh"}}))
        self.assertIn("abcdefgh", words)


class TaggedTests(SynchronousTestCase):
    """For those who hear it."""

    def setUp(self) -> None:
        self.pdf = pdf_of(sections=SECTIONS, marks={"7": {"2026-11-20": "done"}})

    def test_tagged(self) -> None:
        """It says that it is tagged, its language and its title."""
        said = run("pdfinfo", self.pdf)
        for line in ("Tagged:          yes", "Title:           Health report of Anna Berg"):
            self.assertIn(line, said)
        self.assertIn(b"/Lang (en)", self.pdf)
        self.assertIn(b"/DisplayDocTitle true", self.pdf)
        self.assertIn(b"<pdfuaid:part>1</pdfuaid:part>", self.pdf)

    def test_structure(self) -> None:
        """Headings in order, tables of heads and cells, figures with words for them."""
        structure = run("pdfinfo", self.pdf, "-struct")
        tags = re.findall(r"(?m)^ *(\w+)", structure)
        self.assertEqual(tags[0], "Document")
        self.assertEqual(structure.count("\n  H1"), 1)
        self.assertEqual(structure.count("\n  H2"), 4)
        self.assertEqual(structure.count("/Scope /Column"), 8 + 7 + 4 + 5)
        self.assertIn("/Summary (Vitals of the whole period)", structure)

    def test_alternatives(self) -> None:
        """Every chart says in words what it shows."""
        for said in (
            "Heart rate day by day from 29 August 2026 to 26 November 2026. Heart rate: values on"
            " 2 days, lowest 58, median 71, highest 104 /min.",
            "Water, day by day from 29 August 2026 to 26 November 2026: done on 1 day",
        ):
            self.assertIn(b"/Alt (" + said.encode(), self.pdf)

    def test_reading_order(self) -> None:
        """What is read by structure is the text without footers, in its order."""
        text = run("pdfinfo", self.pdf, "-struct-text")
        self.assertNotIn("Page 1 of", text)
        order = ["Health report", "Vitals", "Laboratory results", "Doctor's advice", "Habits"]
        places = [text.index(f'"{heading}"') for heading in order]
        self.assertEqual(places, sorted(places))
