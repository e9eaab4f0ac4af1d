"""Rules: what may be told, flags, trends, and what is computed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.health.labs import model
from iotd.health.labs.analytes import ANALYTES, Analyte, Unit
from iotd.health.labs.model import Result, parse_value, read_result
from iotd.health.labs.ranges import range_for
from iotd.health.labs.reports import Person, Report, as_json

# Sex, age, creatinine told, its unit, eGFR: all from the calculator of the National Kidney
# Foundation for CKD-EPI 2021, kidney.org; the first two as pharmaverse/admiral tests them.
KIDNEYS = (
    ("male", 55, 1.09, "mg/dL", 80),
    ("female", 65, 85, "umol/L", 66),
    ("male", 55, 1.2, "mg/dL", 71),
)
WOMAN = Person("female", "1980-06-15")


def result(key: str, value: Any, unit: str | None = None, **more: Any) -> Result:
    """A result as it was told."""
    return read_result(key, {"value": value, "unit": unit or ANALYTES[key].unit, **more})


def report(date: str, *results: Result) -> Report:
    """Of a day."""
    return Report(1, date, "", "hand", 1, 0.0, {each.key: each for each in results})


class ParseTests(SynchronousTestCase):
    """Numbers and limits."""

    def test_numbers(self) -> None:
        """Numbers, numbers as text, and limits are taken."""
        for told, meant in (
            (5.4, (None, 5.4)), (5, (None, 5.0)), ("5.4", (None, 5.4)), (" 5,4 ", (None, 5.4)),
            ("<3", ("<", 3.0)), ("> 90", (">", 90.0)), ("≤0,3", ("<=", 0.3)),
            (">=1.5", (">=", 1.5)), ("1,25", (None, 1.25)), ("0012", (None, 12.0)),
        ):
            self.assertEqual(parse_value(told), meant, told)
        self.assertEqual(parse_value("1,234", comma=True), (None, 1.234))

    def test_no_numbers(self) -> None:
        """All else is refused with its field: words, formulas, scripts, what is not finite."""
        for told in (
            "", " ", "high", "NaN", "inf", "1e400", "=1+1", "5.4 mmol/L", "1.2.3", "--4", "<",
            "<<3", "<script>", True, None, [], {}, float("nan"), float("inf"), 10**400, "1,234",
            "٣", "5" * 40, "1_000",
        ):
            with self.assertRaises(Invalid) as caught:
                parse_value(told, "values.alt.value")
            self.assertEqual(caught.exception.field, "values.alt.value")

    @given(some.text() | some.floats() | some.integers())
    def test_anything(self, told: Any) -> None:
        """Whatever is told is a finite number or refused."""
        try:
            value = parse_value(told)[1]
        except Invalid:
            return
        self.assertTrue(-1e13 < value < 1e13)


class ResultTests(SynchronousTestCase):
    """One analyte."""

    def test_converted(self) -> None:
        """What was given is kept beside the value in the analyte's unit."""
        told = result("glucose", "126", "mg/dl", fasting=True)
        self.assertEqual((told.given, told.unit, told.fasting), (126.0, "mg/dL", "fasting"))
        self.assertAlmostEqual(told.value, 6.9938, 4)

    def test_refused(self) -> None:
        """Wrong fields are named: value, unit, range, fasting, analyte."""
        for key, fields, field in (
            ("glucose", {"value": "x", "unit": "mmol/L"}, "values.glucose.value"),
            ("glucose", {"value": 5, "unit": "g/L"}, "values.glucose.unit"),
            ("glucose", {"value": 5}, "values.glucose.unit"),
            ("glucose", {"value": 5, "unit": 7}, "values.glucose.unit"),
            ("alt", {"value": 5, "unit": "U/L", "low": 9, "high": 9}, "values.alt.low"),
            ("alt", {"value": 5, "unit": "U/L", "high": -1}, "values.alt.high"),
            ("alt", {"value": 5, "unit": "U/L", "fasting": True}, "values.alt.fasting"),
            ("alt", {"value": 5, "unit": "U/L", "comparator": "~"}, "values.alt.comparator"),
            ("sodium", {"value": 5, "unit": "mmol/L"}, "values.sodium"),
        ):
            with self.assertRaises(Invalid) as caught:
                read_result(key, fields)
            self.assertEqual(caught.exception.field, field)

    def test_absurd(self) -> None:
        """What nobody can have is refused with the limits, in the unit that was told."""
        with self.assertRaises(Invalid) as caught:
            result("total_cholesterol", 200, "mmol/L")
        self.assertIn("0.5 to 40 mmol/L", str(caught.exception))
        with self.assertRaises(Invalid) as caught:
            result("total_cholesterol", 5.2, "mg/dL")
        self.assertIn("19.3 to 1547 mg/dL", str(caught.exception))

    def test_mistaken_units(self) -> None:
        """Usual values under the usual other unit are refused: nobody meant them."""
        for key, usual, other in (
            ("total_cholesterol", 190, "mmol/L"), ("glucose", 95, "mg/L"), ("hdl_c", 50, "mmol/L"),
            ("glucose", 5.4, "mg/dL"), ("creatinine", 0.9, "umol/L"), ("hba1c", 48, "%"),
            ("creatinine", 80, "mg/dL"), ("hba1c", 5.5, "mmol/mol"), ("albumin", 4.2, "g/L"),
            ("protein", 7.1, "g/L"), ("albumin", 42, "g/dL"), ("triglyceride", 140, "mmol/L"),
        ):
            self.assertRaises(Invalid, result, key, usual, other)

    @given(some.sampled_from(list(ANALYTES.values())).flatmap(
        lambda one: some.tuples(some.just(one), some.sampled_from(one.units),
                                some.floats(*one.plausible))
    ))
    def test_comes_back(self, drawn: tuple[Analyte, Unit, float]) -> None:
        """What is plausible is taken in every unit, and means the same."""
        analyte, unit, value = drawn
        low, high = analyte.plausible
        if low * 1.001 < value < high * 0.999:
            told = result(analyte.key, unit.from_own(value), unit.ucum)
            self.assertAlmostEqual(told.value / value, 1, places=9)


class DayTests(SynchronousTestCase):
    """Dates."""

    def test_days(self) -> None:
        """A report is of a day between birth and today."""
        self.assertEqual(model.check_date("2026-03-01", "2026-03-01", "2026-03-01"), "2026-03-01")
        for text in ("2026-03-02", "1979-12-31", "2026-02-30", "2026-3-1", "20260301", "today", "",
                     "1899-12-31", "0000-00-00", 5, None):
            with self.assertRaises(Invalid) as caught:
                model.check_date(text, "1980-01-01", "2026-03-01")
            self.assertEqual(caught.exception.field, "date")

    def test_age(self) -> None:
        """Years are completed on the birthday; those of 29 February on 1 March."""
        self.assertEqual(model.age_on("1980-06-15", "2026-06-14"), 45)
        self.assertEqual(model.age_on("1980-06-15", "2026-06-15"), 46)
        self.assertEqual(model.age_on("2000-02-29", "2018-02-28"), 17)
        self.assertIsNone(model.age_on(None, "2018-02-28"))


class FlagTests(SynchronousTestCase):
    """H and L."""

    def test_limits(self) -> None:
        """A limit is flagged only where it can't be otherwise."""
        for key, told, flag in (
            ("bilirubin", "<3", "L"), ("bilirubin", "<5", None), ("egfr", ">90", None),
            ("egfr", "<60", "L"), ("hba1c", ">14", "H"), ("potassium", ">4", None),
        ):
            usual = range_for(key, "male", 40)
            self.assertEqual(model.flag_of(result(key, told), usual), flag, (key, told))

    def test_own_range(self) -> None:
        """The laboratory's own range, told in its unit, comes before all others."""
        told = result("glucose", 104, "mg/dL", low=70, high=105)
        shown = as_json([report("2026-03-01", told)], WOMAN)[0]["values"]["glucose"]
        self.assertEqual((shown["flag"], shown["range_kind"]), (None, "laboratory"))
        self.assertAlmostEqual(shown["high"], 105 / 18.016, 3)
        told = result("glucose", 106, "mg/dL", low=70, high=105)
        self.assertEqual(model.flag_of(told, model.own_range(told)), "H")

    @given(some.floats(20, 500))
    def test_at_the_edge(self, edge: float) -> None:
        """A value at the edge of a range of two sides, in whatever unit, is usual."""
        told = result("total_cholesterol", edge, "mg/dL", low=edge / 2, high=edge)
        self.assertIsNone(model.flag_of(told, model.own_range(told)))


class ComputedTests(SynchronousTestCase):
    """eGFR and Chol/HDL."""

    def test_worked_examples(self) -> None:
        """eGFR is what the source's calculator gives."""
        for sex, age, value, unit, rate in KIDNEYS:
            told = result("creatinine", value, unit)
            self.assertEqual(round(model.egfr(told.value, sex, age)), rate, (sex, age, value))

    def test_joint(self) -> None:
        """At κ both branches meet: 142 × 0.9938^age, × 1.012 for women (Inker et al.)."""
        self.assertAlmostEqual(model.egfr(0.9 * 88.4, "male", 50), 142 * 0.9938 ** 50)
        self.assertAlmostEqual(model.egfr(0.7 * 88.4, "female", 50), 142 * 0.9938 ** 50 * 1.012)

    def test_when_absent(self) -> None:
        """Both are computed when they were not measured, marked, with formula and code."""
        values = as_json([report(
            "2026-03-01", result("creatinine", 85), result("total_cholesterol", 5.2),
            result("hdl_c", 1.3),
        )], Person("female", "1961-01-01"))[0]["values"]
        self.assertEqual(round(values["egfr"]["value"]), 66)
        self.assertEqual((values["egfr"]["computed"], values["egfr"]["loinc"]), (True, "98979-8"))
        self.assertIn("CKD-EPI 2021", values["egfr"]["formula"])
        self.assertIsNone(values["egfr"]["given"])
        self.assertEqual((values["chol_hdl"]["value"], values["chol_hdl"]["computed"]), (4.0, True))

    def test_measured_wins(self) -> None:
        """What a laboratory said is not computed again."""
        shown = as_json([report("2026-03-01", result("creatinine", 85), result("egfr", 50))], WOMAN)
        egfr = shown[0]["values"]["egfr"]
        self.assertEqual((egfr["value"], egfr["computed"], egfr["flag"]), (50, False, "L"))

    def test_reasons(self) -> None:
        """Where it can't be computed the report says why, and nothing is guessed."""
        for person, creatinine, why in (
            (Person("other", "1980-01-01"), "85", "sex"), (Person("unknown", None), "85", "sex"),
            (Person("male", None), "85", "birth"), (Person("male", "2010-01-01"), "85", "adults"),
            (Person("male", "1980-01-01"), "<30", "limit"),
        ):
            shown = as_json([report("2026-03-01", result("creatinine", creatinine))], person)[0]
            self.assertNotIn("egfr", shown["values"])
            self.assertIn(why, shown["missing"]["egfr"])


class TrendTests(SynchronousTestCase):
    """Against earlier reports."""

    def trend(self, *values: Any, key: str = "alt") -> list[tuple[Any, Any, Any]]:
        """Previous value, change and trend of each, the newest first."""
        days = [report(f"2026-0{n}-01", result(key, value)) for n, value in enumerate(values, 1)]
        found = [each["values"][key] for each in as_json(days, WOMAN)]
        return [(one["previous"] and one["previous"]["value"], one["change"], one["trend"])
                for one in found]

    def test_steps(self) -> None:
        """Up, down, and the same below five per cent of the earlier value."""
        self.assertEqual(self.trend(40, 41.9, 50, 40), [
            (50, -10, "down"), (41.9, 8.1, "up"), (40, 1.9, "same"), (None, None, None),
        ])
        self.assertEqual(self.trend(100, 105, 99.75)[:2], [(105, -5.25, "down"), (100, 5, "up")])

    def test_gaps(self) -> None:
        """A report without the analyte, and a limit, are passed over."""
        days = [report("2026-01-01", result("alt", 20)), report("2026-02-01", result("ast", 9)),
                report("2026-03-01", result("alt", "<9")), report("2026-04-01", result("alt", 30))]
        newest, limit, *_ = (each["values"].get("alt") for each in as_json(days, WOMAN))
        self.assertEqual(newest["previous"], {"value": 20, "date": "2026-01-01"})
        self.assertEqual((limit["comparator"], limit["trend"]), ("<", None))

    def test_random_glucose(self) -> None:
        """Random glucose has its code, no range, and is not compared with fasting glucose."""
        days = [report("2026-01-01", result("glucose", 5.0)),
                report("2026-02-01", result("glucose", 9.0, fasting=False)),
                report("2026-03-01", result("glucose", 6.0, fasting=True))]
        newest, middle, _ = (each["values"]["glucose"] for each in as_json(days, WOMAN))
        self.assertEqual((middle["loinc"], middle["flag"], middle["previous"]),
                         ("14749-6", None, None))
        self.assertEqual((middle["name"], middle["fasting"]), ("Glucose, random", False))
        self.assertEqual((newest["previous"]["value"], newest["flag"]), (5.0, "H"))
