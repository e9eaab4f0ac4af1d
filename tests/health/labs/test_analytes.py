"""Codes, units, factors and ranges: each against a table that names its source."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.health.answers import LAB_KEYS
from iotd.health.labs.analytes import (
    ANALYTES, KEYS, RANDOM_GLUCOSE, Analyte, Unit, by_loinc, find_unit, spelled,
)
from iotd.health.labs.ranges import RANGES, Range, range_for

# Codes: loinc.org, component / property / system of each, as in its release 2.7x.
# key: unit, code, (other unit, its code), ...
CODES: dict[str, tuple[tuple[str, str], ...]] = {
    "total_cholesterol": (("mmol/L", "14647-2"), ("mg/dL", "2093-3")),
    "triglyceride": (("mmol/L", "14927-8"), ("mg/dL", "2571-8")),
    "hdl_c": (("mmol/L", "14646-4"), ("mg/dL", "2085-9")),
    "ldl": (("mmol/L", "22748-8"), ("mg/dL", "2089-1")),
    "chol_hdl": (("{ratio}", "32309-7"),),
    "bilirubin": (("umol/L", "14631-6"), ("mg/dL", "1975-2")),
    "alt": (("U/L", "1742-6"), ("[iU]/L", "1742-6"), ("ukat/L", "1742-6")),
    "ast": (("U/L", "1920-8"), ("[iU]/L", "1920-8"), ("ukat/L", "1920-8")),
    "alp": (("U/L", "6768-6"), ("[iU]/L", "6768-6"), ("ukat/L", "6768-6")),
    "glucose": (("mmol/L", "14771-0"), ("mg/dL", "1558-6")),
    "protein": (("g/L", "2885-2"), ("g/dL", "2885-2")),
    "albumin": (("g/L", "1751-7"), ("g/dL", "1751-7")),
    "creatinine": (("umol/L", "14682-9"), ("mg/dL", "2160-0")),
    "potassium": (("mmol/L", "2823-3"), ("meq/L", "2823-3")),
    "egfr": (("mL/min/{1.73_m2}", "98979-8"),),
    "hba1c": (("%", "4548-4"), ("mmol/mol", "59261-8")),
}

# What is usual: key, sex, low, high, the source.
USUAL: tuple[tuple[str, str, float | None, float | None, str], ...] = (
    ("total_cholesterol", "any", None, 5.2, "Health Promotion Board, Singapore"),
    ("triglyceride", "any", None, 1.7, "Health Promotion Board, Singapore"),
    ("hdl_c", "male", 1.0, None, "Health Promotion Board, Singapore"),
    ("hdl_c", "female", 1.3, None, "Health Promotion Board, Singapore"),
    ("ldl", "any", None, 2.6, "Health Promotion Board, Singapore"),
    ("chol_hdl", "any", None, 5.0, "American Heart Association"),
    ("bilirubin", "any", 3.0, 17.0, "Oxford Handbook of Clinical Medicine"),
    ("alt", "any", 7.0, 55.0, "Mayo Clinic, liver function tests: typical of adult men"),
    ("ast", "any", 8.0, 48.0, "Mayo Clinic, liver function tests: typical of adult men"),
    ("alp", "any", 45.0, 115.0, "Mayo Clinic, liver function tests: typical of adult men"),
    ("glucose", "any", None, 5.6, "American Diabetes Association"),
    ("protein", "any", 60.0, 80.0, "Oxford Handbook of Clinical Medicine"),
    ("albumin", "any", 35.0, 50.0, "Oxford Handbook of Clinical Medicine"),
    ("creatinine", "male", 65.0, 119.0, "Mayo Clinic"),
    ("creatinine", "female", 52.0, 92.0, "Mayo Clinic"),
    ("potassium", "any", 3.5, 5.0, "Oxford Handbook of Clinical Medicine"),
    ("egfr", "any", 90.0, None, "KDIGO 2012"),
    ("hba1c", "any", None, 5.7, "American Diabetes Association"),
)

# Worked pairs: key, value told, its unit, value in the unit stored, digits, the source.
PAIRS: tuple[tuple[str, float, str, float, int, str], ...] = (
    ("total_cholesterol", 200, "mg/dL", 5.17, 2, "NCEP ATP III, 2001: 200 mg/dL (5.17 mmol/L)"),
    ("total_cholesterol", 240, "mg/dL", 6.21, 2, "NCEP ATP III, 2001: 240 mg/dL (6.21 mmol/L)"),
    ("ldl", 100, "mg/dL", 2.59, 2, "NCEP ATP III, 2001: 100 mg/dL (2.59 mmol/L)"),
    ("ldl", 160, "mg/dL", 4.14, 2, "NCEP ATP III, 2001: 160 mg/dL (4.14 mmol/L)"),
    ("hdl_c", 40, "mg/dL", 1.03, 2, "NCEP ATP III, 2001: 40 mg/dL (1.03 mmol/L)"),
    ("hdl_c", 60, "mg/dL", 1.55, 2, "NCEP ATP III, 2001: 60 mg/dL (1.55 mmol/L)"),
    ("triglyceride", 150, "mg/dL", 1.69, 2, "NCEP ATP III, 2001: 150 mg/dL (1.69 mmol/L)"),
    ("triglyceride", 500, "mg/dL", 5.65, 2, "NCEP ATP III, 2001: 500 mg/dL (5.65 mmol/L)"),
    ("glucose", 100, "mg/dL", 5.6, 1, "ADA Standards of Care: 100 mg/dL (5.6 mmol/L)"),
    ("glucose", 126, "mg/dL", 7.0, 1, "ADA Standards of Care: 126 mg/dL (7.0 mmol/L)"),
    ("glucose", 200, "mg/dL", 11.1, 1, "ADA Standards of Care: 200 mg/dL (11.1 mmol/L)"),
    ("bilirubin", 1.2, "mg/dL", 20.5, 1, "AMA Manual of Style: × 17.104"),
    ("creatinine", 1.0, "mg/dL", 88.4, 1, "KDIGO 2012: 1 mg/dL = 88.4 umol/L"),
    ("creatinine", 1.5, "mg/dL", 132.6, 1, "KDIGO 2012: × 88.4"),
    ("protein", 7.2, "g/dL", 72.0, 1, "1 g/dL = 10 g/L"),
    ("albumin", 4.2, "g/dL", 42.0, 1, "1 g/dL = 10 g/L"),
    ("potassium", 4.1, "meq/L", 4.1, 1, "one charge: 1 meq = 1 mmol"),
    ("alt", 40, "[iU]/L", 40.0, 1, "another name of U"),
    ("alt", 0.5, "ukat/L", 30.0, 1, "1 ukat/L = 60 U/L"),
    ("hba1c", 20, "mmol/mol", 4.0, 1, "NGSP: table of the master equation"),
    ("hba1c", 39, "mmol/mol", 5.7, 1, "ADA Standards of Care: 5.7 % (39 mmol/mol)"),
    ("hba1c", 42, "mmol/mol", 6.0, 1, "NICE NG28: 42 mmol/mol (6.0 %)"),
    ("hba1c", 48, "mmol/mol", 6.5, 1, "ADA Standards of Care, NICE NG28: 6.5 % (48 mmol/mol)"),
    ("hba1c", 53, "mmol/mol", 7.0, 1, "ADA Standards of Care, NICE NG28: 7.0 % (53 mmol/mol)"),
    ("hba1c", 64, "mmol/mol", 8.0, 1, "ADA Standards of Care: 8.0 % (64 mmol/mol)"),
    ("hba1c", 75, "mmol/mol", 9.0, 1, "NGSP: table of the master equation"),
)

EVERY_UNIT = some.sampled_from([
    (analyte, unit) for analyte in ANALYTES.values() for unit in analyte.units
])


class TableTests(SynchronousTestCase):
    """The data against the tables above."""

    def test_keys(self) -> None:
        """There are the 16 analytes, in the order of the device wire."""
        self.assertEqual(KEYS, LAB_KEYS)
        self.assertEqual(len(KEYS), 16)

    def test_codes(self) -> None:
        """Every unit has the code that LOINC gives the analyte in that kind of unit."""
        found = {
            key: tuple((unit.ucum, unit.loinc) for unit in each.units)
            for key, each in ANALYTES.items()
        }
        self.assertEqual(found, CODES)
        self.assertEqual(RANDOM_GLUCOSE, {"mmol/L": "14749-6", "mg/dL": "2345-7"})

    def test_check_digits(self) -> None:
        """The last digit of a code of LOINC checks the others (mod 10, as LOINC describes)."""
        codes = {code for units in CODES.values() for _, code in units}
        for code in codes | set(RANDOM_GLUCOSE.values()):
            number, _, check = code.partition("-")
            doubled = str(int(number[::-2][::-1]) * 2)
            rest = number[-2::-2]
            total = sum(map(int, doubled)) + sum(map(int, rest))
            self.assertEqual(-total % 10, int(check), code)

    def test_ranges(self) -> None:
        """Every range, and its source; all are of adults."""
        found = [(row.analyte, row.sex, row.low, row.high) for row in RANGES]
        self.assertEqual(found, [row[:4] for row in USUAL])
        for row, (*_, source) in zip(RANGES, USUAL):
            self.assertTrue(row.source.startswith(source), row.source)
            self.assertEqual((row.age_from, row.age_to), (18, 150))

    def test_sources(self) -> None:
        """Every factor but one says where it is from; a factor of one is a definition."""
        for analyte in ANALYTES.values():
            self.assertEqual((analyte.own.scale, analyte.own.offset), (1, 0))
            for unit in analyte.units:
                self.assertTrue(unit.source and (unit.scale == 1 or unit.source != "the same"
                                                 " by definition"), (analyte.key, unit.ucum))

    def test_documented(self) -> None:
        """docs/labs.md has a row for each analyte, with its codes and what is taken."""
        text = (Path(__file__).parents[3] / "docs" / "labs.md").read_text()
        for key, each in ANALYTES.items():
            row = next(line for line in text.splitlines() if line.startswith(f"| `{key}` |"))
            for told in (*(unit.loinc for unit in each.units), *(
                f"{unit.ucum}" for unit in each.units
            ), "–".join(f"{side:,g}" if side >= 10_000 else f"{side:g}"
                        for side in each.plausible)):
                self.assertIn(told, row)

    def test_found_by_code(self) -> None:
        """A code leads back to analyte and unit, or to nothing."""
        for key, units in CODES.items():
            self.assertEqual(by_loinc(units[0][1]), (ANALYTES[key], ANALYTES[key].own, False))
        glucose = ANALYTES["glucose"]
        self.assertEqual(by_loinc("1558-6"), (glucose, glucose.units[1], False))
        self.assertEqual(by_loinc("2345-7"), (glucose, glucose.units[1], True))
        self.assertIsNone(by_loinc("8867-4"))


class ConversionTests(SynchronousTestCase):
    """Units."""

    def test_worked_pairs(self) -> None:
        """Conversions agree with the pairs that the sources print."""
        for key, told, unit, stored, digits, source in PAIRS:
            analyte = ANALYTES[key]
            value = find_unit(analyte, unit).to_own(told)
            self.assertEqual(round(value, digits), stored, (key, told, unit, source))

    @given(EVERY_UNIT, some.floats(0.001, 10_000))
    def test_there_and_back(self, both: tuple[Analyte, Unit], value: float) -> None:
        """Any value in any unit comes back from the analyte's own."""
        unit = both[1]
        self.assertAlmostEqual(unit.from_own(unit.to_own(value)) / value, 1, places=6)

    @given(EVERY_UNIT)
    def test_own_spelling(self, both: tuple[Analyte, Unit]) -> None:
        """A unit is known by its UCUM name, by what people write, in capitals and small."""
        analyte, unit = both
        for text in (unit.ucum, unit.shown, unit.ucum.upper(), f" {unit.ucum.lower()} "):
            self.assertEqual(find_unit(analyte, text), unit)

    def test_spellings(self) -> None:
        """Both letters mu, superscripts and older names are known; other units are not."""
        for text, meant in (
            ("µmol/L", "umol/L"), ("μmol/l", "umol/L"), ("mg/100 mL", "mg/dL"), ("mg%", "mg/dL"),
            ("IU/L", "[iU]/L"), ("mL/min/1.73 m²", "mL/min/{1.73_m2}"), ("mEq/L", "meq/L"),
            ("gm/dl", "g/dL"), ("ratio", "{ratio}"), ("mmol/mol Hb", "mmol/mol"),
            ("nmol/L", None), ("mg/L", None), ("<script>", None),
        ):
            self.assertEqual(spelled(text), meant, text)

    def test_wrong_unit(self) -> None:
        """Another unit is refused with those that are taken."""
        with self.assertRaises(Invalid) as caught:
            find_unit(ANALYTES["hba1c"], "mg/dL", "values.hba1c.unit")
        self.assertEqual(caught.exception.field, "values.hba1c.unit")
        self.assertIn("% or mmol/mol", str(caught.exception))


class RangeTests(SynchronousTestCase):
    """Which range is in force."""

    def usual(self, key: str, sex: str, age: int | None = 40, *site: Range) -> tuple[
        float | None, float | None
    ]:
        """Its two sides."""
        row = range_for(key, sex, age, site)
        return (None, None) if row is None else (row.low, row.high)

    def test_by_sex(self) -> None:
        """Women and men have ranges of their own."""
        self.assertEqual(self.usual("hdl_c", "female"), (1.3, None))
        self.assertEqual(self.usual("creatinine", "male"), (65, 119))

    def test_unknown_sex(self) -> None:
        """Of unknown sex only what is unusual for both is flagged, and the source says so."""
        for sex in ("unknown", "other"):
            self.assertEqual(self.usual("creatinine", sex), (52, 119))
            self.assertEqual(self.usual("hdl_c", sex), (1.0, None))
            self.assertEqual(self.usual("potassium", sex), (3.5, 5.0))
        wide = range_for("hdl_c", "other", 40)
        assert wide is not None
        self.assertIn("sex is not known", wide.source)
        self.assertEqual([wide.flag(1.2), wide.flag(0.9)], [None, "L"])
        self.assertEqual([wide.flag(1.2, "mg/dL", 45), wide.flag(1.0, "mg/dL", 39)], [None, "L"])

    def test_age(self) -> None:
        """Children have no range; a person of unknown age is taken for an adult."""
        self.assertEqual(self.usual("alt", "male", 17), (None, None))
        self.assertEqual(self.usual("alt", "male", 18), (7, 55))
        self.assertEqual(self.usual("alt", "male", None), (7, 55))

    def test_site(self) -> None:
        """The site's range comes first where it fits, the narrower one of several."""
        women = Range("alt", 7, 45, "ours", "female", 0, 150)
        old = Range("alt", 7, 60, "ours", "any", 70, 150)
        self.assertEqual(self.usual("alt", "female", 30, women, old), (7, 45))
        self.assertEqual(self.usual("alt", "male", 30, women, old), (7, 55))
        self.assertEqual(self.usual("alt", "male", 80, women, old), (7, 60))
        self.assertEqual(self.usual("alt", "unknown", 30, women, old), (7, 55))

    def test_sides(self) -> None:
        """Both sides of a range are usual; an upper side alone means below."""
        for key, low, high in (("potassium", 3.5, 5.0), ("hba1c", 0, 5.69), ("hdl_c", 1.0, 9)):
            row = range_for(key, "male", 40)
            assert row is not None
            self.assertEqual([row.flag(low), row.flag(high)], [None, None], key)
        for key, value, flag in (
            ("potassium", 3.49, "L"), ("potassium", 5.01, "H"), ("hba1c", 5.7, "H"),
            ("total_cholesterol", 5.2, "H"), ("hdl_c", 0.99, "L"),
        ):
            row = range_for(key, "male", 40)
            assert row is not None
            self.assertEqual(row.flag(value), flag, key)

    def test_kidneys(self) -> None:
        """eGFR is best from 90 on, and flagged below 60 only (KDIGO)."""
        row = range_for("egfr", "female", 70)
        assert row is not None
        self.assertEqual([row.flag(95), row.flag(60), row.flag(59.9)], [None, None, "L"])
        self.assertIn("60", row.text)

    def test_as_the_source_says(self) -> None:
        """What was told in mg/dL is judged by the limit that the source states in mg/dL."""
        sugar, lipid = range_for("glucose", "male", 40), range_for("ldl", "male", 40)
        assert sugar is not None and lipid is not None
        self.assertIsNone(sugar.flag(100 / 18.016))
        self.assertEqual(sugar.flag(100 / 18.016, "mg/dL", 100), "H")
        self.assertIsNone(sugar.flag(99 / 18.016, "mg/dL", 99))
        self.assertEqual(lipid.flag(100 / 38.67, "mg/dL", 100), "H")
