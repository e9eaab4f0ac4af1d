"""What the columns of the register may hold."""

from __future__ import annotations

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.campus.students import (
    Group, Identifier, Student, as_fields, check_rollno, check_text, check_year, values_of,
)
from iotd.site.csv_lines import lines

PHONE = Identifier("a" * 64, "mac", "01", 1.0, "ann", 100.0)


class ValueTests(SynchronousTestCase):
    """Roll numbers, years and texts."""

    def test_roll_numbers(self) -> None:
        """Letters, digits and . _ / - make a roll number, in any mixture after the first."""
        for text in ("1", "CS/23/101", "a.b_c-d", "X" * 32, "0"):
            self.assertEqual(check_rollno(f" {text} "), text)

    def test_no_roll_numbers(self) -> None:
        """Anything else is refused, other alphabets' letters and digits too."""
        for text in ("", "/1", "-1", "=1", "a b", "a\nb", "X" * 33, "é1", "１", "a\0", "import",
                     "a%2Fb", "a\\b"):
            self.assertRaises(ValueError, check_rollno, text)

    def test_years(self) -> None:
        """A year is a whole number of up to four digits."""
        self.assertEqual([check_year(text) for text in ("0", " 2026 ", "0003")], [0, 2026, 3])
        for text in ("", "-1", "10000", "2.0", "2e3", "２", "two", "1_0"):
            self.assertRaises(ValueError, check_year, text)

    def test_texts(self) -> None:
        """Texts may be empty, lose spaces around, and are one text however composed."""
        self.assertEqual(check_text("  North \t"), "North")
        self.assertEqual(check_text("Cafe\u0301"), check_text("Caf\xe9"))
        for text in ("", "-", "a=b", "Ravi-Nagar", "'quoted'", "x" * 64):
            self.assertEqual(check_text(text), text)

    def test_no_texts(self) -> None:
        """What a spreadsheet would run, control characters and long ones are refused."""
        for text in ("=1+1", "+1", "-1", "-x", "@SUM(A1)", "'=1", "a\nb", "a\0b", "\u202ex",
                     "x" * 65, " =1"):
            self.assertRaises(ValueError, check_text, text)

    @given(st.text(max_size=70))
    @example("\uff1dx")
    def test_what_is_taken_comes_back(self, text: str) -> None:
        """Every text that is taken is the same after it went out as CSV and came in again."""
        try:
            kept = check_text(text)
        except ValueError:
            return
        (row,) = csv.reader(io.StringIO(lines([["x", kept]]).decode(), newline=""))
        self.assertEqual(check_text(row[1]), kept)
        self.assertEqual(check_text(kept), kept)


class StudentTests(SynchronousTestCase):
    """Students and their identifiers as values."""

    def test_group(self) -> None:
        """A group's values and its fields are the same five."""
        group = Group(7, 2, "CSE", "B.Tech", "North", "female")
        self.assertEqual(values_of(as_fields(group)), group.values)

    def test_identifiers(self) -> None:
        """One of the same hash is replaced, another is added."""
        student = Student(1, "1", Group(1, 1, "", "", "", ""), (PHONE,))
        renewed = student.with_identifier(PHONE._replace(expires_at=None))
        self.assertEqual(len(renewed.identifiers), 1)
        self.assertIsNone(renewed.identifiers[0].expires_us)
        self.assertEqual(renewed.without_identifier(PHONE.hash).identifiers, ())

    def test_expiry(self) -> None:
        """An identifier ends at its moment, and microseconds say the same."""
        self.assertFalse(PHONE.expired(99.9))
        self.assertTrue(PHONE.expired(100.0))
        self.assertEqual(PHONE.expires_us, 100_000_000)
        self.assertFalse(PHONE._replace(expires_at=None).expired(1e12))
