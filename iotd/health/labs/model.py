"""Rules of laboratory results: what may be told, in which unit, and what follows from it.

Not a medical device: flags, trends and estimates are for talking about with a doctor.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Mapping

from iotd.errors import Invalid
from iotd.health.labs.analytes import (
    RANDOM_GLUCOSE, RANDOM_GLUCOSE_NAME, Analyte, Unit, find_analyte, find_unit,
)
from iotd.health.labs.ranges import LABORATORY, Range

TOLD_DIGITS = 4  # decimals of a value in answers and files; what is stored has all of them
CHANGE = 0.05  # of the earlier value: what is less is no trend (a convention of ours)
SHOWN = 24  # characters of something wrong that an error repeats
FASTING, RANDOM = "fasting", "random"
EARLIEST = "1900-01-01"

EGFR_FORMULA = (
    "CKD-EPI 2021 (Inker et al., N Engl J Med 2021;385:1737): 142 × min(Scr/κ, 1)^α ×"
    " max(Scr/κ, 1)^−1.200 × 0.9938^age × 1.012 if female, from creatinine in mg/dL"
)
RATIO_FORMULA = "total cholesterol ÷ HDL cholesterol"
MG_PER_DL = 88.4  # umol/L of creatinine

_NUMBER = re.compile(r"([+-]?)([0-9]{1,12})(?:([.,])([0-9]{1,12}))?")
_COMPARATORS = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">="}


@dataclass(frozen=True)
class Result:
    """One result. ``value``, ``low`` and ``high`` (the laboratory's own range) are in the
    analyte's unit; ``given`` and ``unit`` are what was told. ``comparator``: the value is
    only a limit, as in "<3". ``fasting`` is of glucose: fasting, random, or not told."""

    key: str
    value: float
    comparator: str | None
    given: float
    unit: str
    low: float | None = None
    high: float | None = None
    fasting: str | None = None

    @property
    def is_random(self) -> bool:
        """Whether it is glucose that was not measured fasting."""
        return self.fasting == RANDOM

    def same_as(self, other: Result) -> bool:
        """Whether telling ``other`` over this would change nothing that anybody sees.

        What was exported in the analyte's own unit comes back rounded, and as that unit.
        """
        if self == other:
            return True
        own = find_analyte(self.key).unit
        return other.unit == own and self._told() == other._told()

    def _told(self) -> tuple[Any, ...]:
        return (
            told(self.value), self.comparator, told(self.low), told(self.high),
            self.is_random,
        )


def told(value: float | None) -> float | None:
    """A value as answers have it."""
    return None if value is None else round(value, TOLD_DIGITS)


def parse_value(
    value: Any, field: str = "value", comma: bool = False
) -> tuple[str | None, float]:
    """Comparator and number of "5.4", 5.4 or "<3"; Invalid for all else.

    ``comma``: decimals stand behind a comma. Otherwise a comma before three digits is
    refused, as it may as well part thousands.
    """
    if isinstance(value, str):
        return _parse_text(value, field, comma)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid(f"{field} must be a number, such as 5.4, or a limit, such as \"<3\".", field)
    if not -1e12 < value < 1e12:  # also of numbers that are none, or no float
        raise Invalid(f"{field} must be a finite number.", field)
    return None, float(value)


def _parse_text(text: str, field: str, comma: bool) -> tuple[str | None, float]:
    bare = text.strip()
    sign = next((sign for sign in ("<=", ">=", "<", ">", "≤", "≥") if bare.startswith(sign)), "")
    found = _NUMBER.fullmatch(bare[len(sign):].strip())
    if found is None:
        raise Invalid(f"{bare[:SHOWN]!r} is no number, such as 5.4, nor a limit, such as <3.",
                      field)
    minus, whole, mark, decimals = found.groups()
    if mark == "," and not comma and len(decimals) == 3 and len(whole) <= 3:
        raise Invalid(f"{bare[:SHOWN]!r} may be {whole}.{decimals} or {whole}{decimals}:"
                      " write it with a point, or without.", field)
    return _COMPARATORS.get(sign), float(f"{minus}{whole}.{decimals or 0}")


def read_result(
    key: str, fields: Mapping[str, Any], place: str = "values", comma: bool = False
) -> Result:
    """What was told of an analyte: ``value`` and ``unit``, perhaps ``comparator``, ``low``,
    ``high`` and ``fasting``; Invalid names the field, as in "values.glucose.unit"."""
    field = f"{place}.{key[:SHOWN]}"
    analyte, field = find_analyte(key, field), f"{field}."
    unit = find_unit(analyte, _text(fields.get("unit"), field + "unit"), field + "unit")
    comparator, given = parse_value(fields.get("value"), field + "value", comma)
    comparator = _comparator(fields.get("comparator"), field + "comparator") or comparator
    value = check_plausible(analyte, unit, given, field + "value")
    low, high = (_limit(fields, name, unit, field, comma) for name in ("low", "high"))
    if low is not None and high is not None and low >= high:
        raise Invalid(f"The lower side of a range lies below the upper one: {analyte.name}.",
                      field + "low")
    fasting = _fasting(analyte, fields.get("fasting"), field + "fasting")
    return Result(key, value, comparator, given, unit.ucum, low, high, fasting)


def _text(value: Any, field: str) -> str:
    if value is None:
        raise Invalid(f"{field} is missing.", field)
    if not isinstance(value, str):
        raise Invalid(f"{field} must be a unit as text, such as \"mmol/L\".", field)
    return value


def _comparator(value: Any, field: str) -> str | None:
    if value is None:
        return None
    if value not in ("<", "<=", ">", ">="):
        raise Invalid(f"{field} is one of <, <=, >, >=.", field)
    return str(value)


def _fasting(analyte: Analyte, value: Any, field: str) -> str | None:
    if value is None:
        return None
    if analyte.key != "glucose" or not isinstance(value, bool):
        raise Invalid(f"{field} is true or false, and of glucose only.", field)
    return FASTING if value else RANDOM


def check_plausible(analyte: Analyte, unit: Unit, given: float, field: str) -> float:
    """The value in the analyte's own unit; Invalid names the limits, in the unit told."""
    value = unit.to_own(given)
    low, high = analyte.plausible
    if low <= value <= high:
        return value
    least, most = _short(unit.from_own(low)), _short(unit.from_own(high))
    raise Invalid(
        f"{analyte.name} is taken from {least} to {most} {unit.ucum}, not {given:g}."
        " Look at the number and at its unit.", field,
    )


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _limit(
    fields: Mapping[str, Any], name: str, unit: Unit, field: str, comma: bool
) -> float | None:
    if fields.get(name) is None:
        return None
    comparator, given = parse_value(fields[name], field + name, comma)
    if comparator is not None or not 0 <= given < 1e6:
        raise Invalid(f"{field}{name} is one side of the laboratory's own range: a number from 0.",
                      field + name)
    return unit.to_own(given)


def check_date(text: Any, birth_date: str | None, today: str, field: str = "date") -> str:
    """A day such as "2026-03-01", not before the birth and not after ``today``."""
    try:
        whole = date.fromisoformat(text).isoformat() == text
    except (ValueError, TypeError):
        whole = False
    if not whole:
        raise Invalid("date is a day such as 2026-03-01.", field)
    if text > today:
        raise Invalid(f"date is in the future: today is {today} here.", field)
    if text < max(birth_date or EARLIEST, EARLIEST):
        since = f"the patient was born on {birth_date}" if birth_date else f"after {EARLIEST}"
        raise Invalid(f"date is too early: {since}.", field)
    return str(text)


def age_on(birth_date: str | None, day: str) -> int | None:
    """Completed years on a day; None when the birth is not known."""
    if birth_date is None:
        return None
    born, then = date.fromisoformat(birth_date), date.fromisoformat(day)
    return then.year - born.year - ((then.month, then.day) < (born.month, born.day))


def egfr(creatinine: float, sex: str, age: int) -> float:
    """mL/min per 1.73 m² from umol/L of creatinine, by CKD-EPI 2021 (see EGFR_FORMULA)."""
    female = sex == "female"
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = creatinine / MG_PER_DL / kappa
    rate = 142 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.2 * 0.9938 ** age
    return float(rate * 1.012 if female else rate)


def why_no_egfr(creatinine: Result | None, sex: str, age: int | None) -> str | None:
    """Why it can't be computed; None when it can."""
    if creatinine is None:
        return "creatinine was not measured"
    if creatinine.comparator is not None:
        return "creatinine is only known as a limit"
    if sex not in ("female", "male"):
        return "the equation is for women and for men, and the sex is not known to be either"
    if age is None:
        return "the date of birth is not known"
    return "the equation is for adults from 18 on" if age < 18 else None


def flag_of(result: Result, usual: Range | None) -> str | None:
    """"H" or "L" by the range in force; a limit such as "<3" only when it can't be otherwise."""
    if usual is None:
        return None
    flag = usual.flag(result.value, result.unit, result.given)
    if result.comparator is None:
        return flag
    if result.comparator.startswith("<"):
        low = usual.low if usual.flag_low is None else usual.flag_low
        return "L" if low is not None and result.value <= low else None
    return "H" if usual.high is not None and result.value >= usual.high else None


def own_range(result: Result) -> Range | None:
    """The range that the laboratory printed beside a result."""
    if result.low is None and result.high is None:
        return None
    return Range(result.key, result.low, result.high, "the laboratory's own",
                 age_from=0, kind=LABORATORY)


def trend_of(value: float, before: float) -> tuple[float, str]:
    """Change, and "up", "down" or, below 5 % of the earlier value, "same"."""
    change = value - before
    if abs(change) < CHANGE * abs(before) or math.isclose(change, 0, abs_tol=1e-9):
        return change, "same"
    return change, "up" if change > 0 else "down"


def name_of(analyte: Analyte, result: Result | None) -> str:
    """What a line of a report is called."""
    return RANDOM_GLUCOSE_NAME if result is not None and result.is_random else analyte.name


def loinc_of(analyte: Analyte, result: Result | None) -> str:
    """The code of a line in the analyte's own unit."""
    if result is not None and result.is_random:
        return RANDOM_GLUCOSE[analyte.unit]
    return analyte.loinc
