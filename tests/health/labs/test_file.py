"""Files of laboratories: shapes, columns, days, numbers, and every fault in its place."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.health.labs import csv_columns, csv_file
from iotd.health.labs.csv_columns import analyte_named, columns_of, read_mapping
from iotd.health.labs.csv_days import parse_day
from iotd.health.labs.csv_file import File
from iotd.health.labs.model import check_date

HEAD = "date,analyte,value,unit\n"


def read(text: str | bytes, dates: str = "auto", **told: str) -> File:
    """A file that is read on 1 May 2026 for somebody born in 1980."""
    raw = text.encode() if isinstance(text, str) else text
    return File(raw, told, dates, lambda mark: None,
                lambda day: check_date(day, "1980-01-01", "2026-05-01"))


def values(file: File) -> dict[str, dict[str, tuple[float, str]]]:
    """What was told of each day."""
    return {
        date: {key: (each.given, each.unit) for key, each in day.results.items()}
        for date, day in file.days.items()
    }


def faults(file: File) -> list[tuple[int, str, str]]:
    """Line, column and value of each fault."""
    return [(each.line, each.column, each.value) for each in file.faults]


class ShapeTests(SynchronousTestCase):
    """Both shapes, however they are written."""

    def test_long(self) -> None:
        """A line for each result."""
        file = read(HEAD + "2026-03-01,Glucose,97,mg/dL\n2026-03-01,ALT,40,U/L\n"
                    "2026-04-01,LDL-C,2.5,mmol/L\n")
        self.assertEqual(faults(file), [])
        self.assertEqual(values(file), {
            "2026-03-01": {"glucose": (97, "mg/dL"), "alt": (40, "U/L")},
            "2026-04-01": {"ldl": (2.5, "mmol/L")},
        })

    def test_wide(self) -> None:
        """A line for each day; blank cells and dashes are nothing."""
        file = read("Date,Glucose (mg/dL),Total cholesterol [mmol/L],ALT U/L,eGFR,Chol/HDL\n"
                    "2026-03-01,97,5.1,,>90,4.1\n2026-04-01,,-,40,n/a,\n")
        self.assertEqual(faults(file), [])
        self.assertEqual(values(file)["2026-03-01"], {
            "glucose": (97, "mg/dL"), "total_cholesterol": (5.1, "mmol/L"),
            "egfr": (90, "mL/min/{1.73_m2}"), "chol_hdl": (4.1, "{ratio}"),
        })
        self.assertEqual(values(file)["2026-04-01"], {"alt": (40, "U/L")})

    def test_dialects(self) -> None:
        """Semicolons and tabs, decimal commas, quotes, a BOM, UTF-16, CRLF, "sep=", and blank
        lines are understood."""
        plain = {"2026-03-01": {"glucose": (5.4, "mmol/L"), "alt": (40, "U/L")}}
        rows = ("2026-03-01;Glucose;5,4;mmol/L", "", '"2026-03-01";"ALT";"40";"U/L"')
        text = "\r\n".join(("date;analyte;value;unit", *rows, "", ""))
        for raw in (
            text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"),
            ("sep=;\r\n" + text).encode(), text.replace("\r\n", "\n").encode(),
            text.replace(",", ".").replace(";", "\t").encode(),
            text.replace("5,4", '"5,4"').replace(";", ",").encode(),
        ):
            file = read(raw)
            self.assertEqual((faults(file), values(file)), ([], plain))

    def test_names(self) -> None:
        """Usual names, keys and codes of analytes are known."""
        for text, key in (
            ("SGPT", "alt"), ("HDL-C", "hdl_c"), ("Cholesterol, HDL", "hdl_c"),
            ("Cholesterol / HDL", "chol_hdl"), ("total_cholesterol", "total_cholesterol"),
            ("14771-0", "glucose"), ("2345-7", "glucose_random"), ("Haemoglobin A1c", "hba1c"),
            ("Alkaline phosphatase", "alp"), ("ALT (SGPT)", "alt"), ("K", "potassium"),
            ("Glucose, random", "glucose_random"), ("eGFR (CKD-EPI)", "egfr"), ("sodium", None),
        ):
            self.assertEqual(analyte_named(text), key, text)

    def test_more_columns(self) -> None:
        """A laboratory's name and range, and whether glucose was fasting, are taken along."""
        file = read("date,test,result,units,lab,low,high,fasting\n"
                    "2026-03-01,glucose,104,mg/dL,Lab Süd,70,105,no\n"
                    "2026-03-01,alt,40,U/L,,,50,\n")
        day = file.days["2026-03-01"]
        self.assertEqual((faults(file), day.laboratory), ([], "Lab Süd"))
        self.assertEqual((day.results["glucose"].fasting, day.results["alt"].high), ("random", 50))


class FaultTests(SynchronousTestCase):
    """Every fault has a line and a column."""

    def test_cells(self) -> None:
        """Wrong cells are all found, not only the first."""
        file = read(HEAD + "2026-03-01,alt,high,U/L\n"
                    "2026-13-01,alt,40,mmol/L\n"
                    "2026-05-02,sodium,140,mmol/L\n"
                    "2026-03-04,glucose,5000,mg/dL\n"
                    "1979-01-01,alt,40,U/L\n"
                    "2026-03-05,alt,=1+1,U/L\n")
        self.assertEqual(faults(file), [
            (2, "value", "high"), (3, "date", "2026-13-01"), (3, "unit", "mmol/L"),
            (4, "date", "2026-05-02"), (4, "analyte", "sodium"), (5, "value", "5000"),
            (6, "date", "1979-01-01"), (7, "value", "=1+1"),
        ])
        self.assertIn("9.01 to 2702 mg/dL", file.faults[5].reason)

    def test_wide_cells(self) -> None:
        """In a wide file the column is the analyte's."""
        file = read("date,Glucose (mg/dL),ALT (U/L)\n2026-03-01,5.4,x\n2026-03-02,NaN,1e400\n")
        self.assertEqual(faults(file), [
            (2, "Glucose (mg/dL)", "5.4"), (2, "ALT (U/L)", "x"),
            (3, "Glucose (mg/dL)", "NaN"), (3, "ALT (U/L)", "1e400"),
        ])

    def test_files(self) -> None:
        """Empty files, broken quotes, other encodings, missing columns, lines too short."""
        for raw, line, reason in (
            (b"", 1, "empty"), (b" \n", 1, "empty"), (b"date\n\xff\xfe", 2, "UTF-8"),
            (b"a\0b", 1, "no text"), (HEAD.encode(), 1, "no line"),
            (HEAD.encode() + b'2026-03-01,"alt,40,U/L\n', 2, "quote"),
            (HEAD.encode() + b"2026-03-01,alt,40\n", 2, "3 cells"),
            (HEAD.encode() + b"2026-03-01,alt,40,U/L,5\n", 2, "5 cells"),
            (b"date,analyte,value\n", 1, "missing"), (b"ALT (U/L)\n40\n", 1, "missing"),
            (b"date,ALT (U/L),SGPT (U/L)\n", 1, "same"), (b"date,test,value,ALT (U/L)\n", 1, "two"),
            (b"%PDF-1.7\n%\xe2\xe3", 2, "UTF-8"), (b"," * 200 + b"x\n", 1, "columns"),
        ):
            file = read(raw)
            self.assertTrue(any(each.line == line and reason in each.reason
                                for each in file.faults), (raw, file.faults))

    def test_twice(self) -> None:
        """Two results of one day are a fault that names both lines; the same twice is not."""
        same = "2026-03-01,alt,40,U/L\n"
        self.assertEqual(faults(read(HEAD + same + same)), [])
        file = read(HEAD + same + "2026-03-01,SGPT,41,U/L\n")
        self.assertEqual(faults(file), [(3, "alt", "41 U/L")])
        self.assertIn("line 2", file.faults[0].reason)

    def test_thousands(self) -> None:
        """A comma before three digits is refused where it may part thousands."""
        file = read(HEAD + '2026-03-01,creatinine,"1,234",umol/L\n')
        self.assertIn("1.234 or 1234", file.faults[0].reason)

    def test_limits(self) -> None:
        """Too many lines are refused; of many faults the first thousand are told."""
        self.patch(csv_file, "MAX_ROWS", 3)
        file = read(HEAD + "2026-03-01,alt,40,U/L\n" * 4)
        self.assertEqual(faults(file), [(5, "", "")])
        self.patch(csv_file, "MAX_ROWS", 9999)
        file = read(HEAD + "2026-03-01,alt,x,U/L\n" * 1500)
        self.assertEqual((len(file.faults), file.fault_count), (1000, 1500))

    def test_long_cells(self) -> None:
        """Cells of any length cost no more than their length."""
        for cell in ("(" * 100_000, "a(" + " " * 100_000, "," * 100_000, "1/" * 50_000):
            quoted = f'"{cell}"'
            for text in (f"date,{quoted}\n1,2\n", HEAD + f"{quoted},{quoted},{quoted},{quoted}\n"):
                self.assertTrue(read(text).fault_count)

    @given(some.binary(max_size=200) | some.text(max_size=200).map(str.encode))
    def test_anything(self, raw: bytes) -> None:
        """Whatever a file holds, it is read or has faults."""
        file = read(raw)
        self.assertTrue(file.fault_count or file.days or file.skipped)

    @given(some.lists(some.lists(some.sampled_from(
        ["date", "ALT (U/L)", "glucose", "value", "unit", "analyte", "2026-03-01", "5", "<3", "",
         "=1+1", '"', "x", "mg/dL", ";", "\t"]), max_size=5), max_size=4))
    def test_any_cells(self, rows: list[list[str]]) -> None:
        """So is any mixture of cells that files have."""
        file = read("\n".join(",".join(row) for row in rows))
        self.assertTrue(file.fault_count or file.days or file.skipped or file.shape)


class ColumnTests(SynchronousTestCase):
    """Columns that have other names."""

    def test_unknown(self) -> None:
        """What nobody knows is a fault with a suggestion; nothing is guessed or left out."""
        file = read("Datum,Glukose (mmol/L),Remarks\n2026-03-01,5.4,ok\n")
        self.assertEqual(faults(file), [
            (1, "Glukose (mmol/L)", "Glukose (mmol/L)"), (1, "Remarks", "Remarks"),
        ])
        self.assertEqual([(each.heading, each.words, each.suggestion) for each in file.columns], [
            ("Datum", "date", None), ("Glukose (mmol/L)", "", "glucose mmol/L"),
            ("Remarks", "", None),
        ])

    def test_told(self) -> None:
        """As a person said it the file is read."""
        file = read("Tag;Glukose;Notiz\n01.03.2026;97;ok\n", Tag="date",
                    Glukose="glucose mg/dL", Notiz="ignore")
        self.assertEqual((faults(file), values(file)),
                         ([], {"2026-03-01": {"glucose": (97, "mg/dL")}}))

    def test_no_unit(self) -> None:
        """A column without a unit is not guessed at, unless there is only one."""
        columns = columns_of(["Glucose", "eGFR", "Glucose (g/dL)"], {}, {})
        self.assertEqual([(each.words, each.suggestion) for each in columns], [
            ("", "glucose mmol/L"), ("egfr mL/min/{1.73_m2}", None), ("", "glucose mmol/L"),
        ])

    def test_order(self) -> None:
        """Told comes before remembered, remembered before the name."""
        remembered = {"ALT (U/L)": "ast U/L", "x": "date"}
        columns = columns_of(["ALT (U/L)", "x", "AST (U/L)"], {"x": "ignore"}, remembered)
        self.assertEqual([(each.words, each.how) for each in columns], [
            ("ast U/L", "remembered"), ("ignore", "told"), ("ast U/L", "name"),
        ])

    def test_mapping(self) -> None:
        """A mapping that can't be so is refused."""
        wrong: list[Any] = [[], {"a": 5}, {"a": "shoes"}, {"a": "glucose"}, {"a": "alt mg/dL"},
                            {"a": "date x"}, {str(n): "ignore" for n in range(101)}]
        for mapping in wrong:
            with self.assertRaises(Invalid) as caught:
                read_mapping(mapping)
            self.assertEqual(caught.exception.field, "mapping")
        self.assertEqual(read_mapping({"a": "glucose_random mg/dL"}), {"a": "glucose_random mg/dL"})

    def test_fingerprint(self) -> None:
        """Files of one kind are known by their head line, whatever its spaces and capitals."""
        mark = csv_columns.fingerprint
        self.assertEqual(mark(["Datum ", "GLU"]), mark(["datum", "glu"]))
        self.assertNotEqual(mark(["Datum", "GLU"]), mark(["Datum GLU"]))


class DayTests(SynchronousTestCase):
    """Days."""

    def test_days(self) -> None:
        """Days are read as files write them."""
        for text, order, day in (
            ("2026-03-01", "auto", "2026-03-01"), ("2026/3/1", "auto", "2026-03-01"),
            ("2026-03-01T08:30:00Z", "auto", "2026-03-01"), ("1.3.2026", "auto", "2026-03-01"),
            ("13/3/2026", "auto", "2026-03-13"), ("3/13/2026", "auto", "2026-03-13"),
            ("2/3/2026", "dmy", "2026-03-02"), ("2/3/2026", "mdy", "2026-02-03"),
            ("3/3/2026 08:30", "auto", "2026-03-03"), ("1 Mar 2026", "auto", "2026-03-01"),
            ("March 1, 2026", "auto", "2026-03-01"), ("1-Mar-2026", "auto", "2026-03-01"),
        ):
            self.assertEqual(parse_day(text, order), day, text)

    def test_no_days(self) -> None:
        """What is no day, or unclear, is refused."""
        for text in ("", "today", "1/2", "31/02/2026", "1.3.26", "2026-03", "45351", "2026-1/2"):
            self.assertRaises(Invalid, parse_day, text)
        file = read(HEAD + "2/3/2026,alt,40,U/L\n")
        self.assertTrue(file.unclear_dates)
        self.assertEqual(faults(file), [(2, "date", "2/3/2026")])
        self.assertFalse(read(HEAD + "2/3/2026,alt,40,U/L\n", "dmy").fault_count)
