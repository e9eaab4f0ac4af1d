"""What is usual: ranges by sex and age, and who says so.

A laboratory's own range comes first (it knows its method), then what an admin of
this site has entered, then the table here, which holds for adults. Both sides of
a range with two sides are still usual; a range with an upper side alone means
"below". Not a medical device.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Iterable, Sequence

ADULT = 18  # years
OLDEST = 150
ANY, FEMALE, MALE = "any", "female", "male"
LABORATORY, SITE, BUILT_IN = "laboratory", "site", "built-in"

HPB = "Health Promotion Board, Singapore (secondary copy)"
AHA = "American Heart Association"
OXFORD = "Oxford Handbook of Clinical Medicine: reference intervals"
MAYO_MEN = "Mayo Clinic, liver function tests: typical of adult men"
MAYO = "Mayo Clinic (secondary copy)"
ADA = "American Diabetes Association, Standards of Care"
KDIGO = "KDIGO 2012: G1 from 90; below 60 for three months is chronic kidney disease"
SEX_UNKNOWN = "; the sex is not known, so only what holds for women and men counts"


@dataclass(frozen=True)
class Range:
    """What is usual of an analyte, in its own unit; an open side is None.

    ``also``: the same limits as the source states them in other units, as (unit, low,
    high): 100 mg/dL of glucose are 5.55 mmol/L, and yet not below "5.6". ``flag_low``:
    where L begins if that is not at ``low``.
    """

    analyte: str
    low: float | None
    high: float | None
    source: str
    sex: str = ANY
    age_from: int = ADULT
    age_to: int = OLDEST
    also: tuple[tuple[str, float | None, float | None], ...] = ()
    flag_low: float | None = None
    kind: str = BUILT_IN
    note: str = ""

    def fits(self, sex: str, age: int | None) -> bool:
        """Whether it holds for such a person; of unknown age: an adult."""
        years = ADULT if age is None else age
        return self.sex in (ANY, sex) and self.age_from <= years <= self.age_to

    def flag(self, value: float, unit: str | None = None, given: float | None = None) -> str | None:
        """"H" above it, "L" below it; ``given`` in ``unit`` is what was told."""
        low, high = self.low if self.flag_low is None else self.flag_low, self.high
        for other, least, most in self.also:
            if other == unit and given is not None:
                value, low, high = given, least, most
        if low is not None and value < low:
            return "L"
        if high is not None and (value > high or value == high and self.low is None):
            return "H"
        return None

    @property
    def text(self) -> str:
        """For people, without unit."""
        if self.low is not None and self.high is not None:
            return f"{self.low:.4g} to {self.high:.4g}"
        words = f"below {self.high:.4g}" if self.high is not None else f"{self.low:.4g} and above"
        return words + (f", low below {self.flag_low:.4g}" if self.flag_low is not None else "")

    @property
    def limits(self) -> dict[str, list[float | None]]:
        """The sides in other units, where the source states them so: {"mg/dL": [None, 100]}."""
        return {unit: [low, high] for unit, low, high in self.also}

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "analyte": self.analyte, "sex": self.sex, "age_from": self.age_from,
            "age_to": self.age_to, "low": self.low, "high": self.high,
            "flag_low": self.flag_low, "text": self.text, "limits": self.limits,
            "source": self.source, "kind": self.kind,
        }


#: One row each, of healthy adults; the words after "also" are the sources' own limits.
RANGES: tuple[Range, ...] = (
    Range("total_cholesterol", None, 5.2, HPB, also=(("mg/dL", None, 200.0),)),
    Range("triglyceride", None, 1.7, HPB, also=(("mg/dL", None, 150.0),)),
    Range("hdl_c", 1.0, None, HPB, MALE, also=(("mg/dL", 40.0, None),)),
    Range("hdl_c", 1.3, None, HPB, FEMALE, also=(("mg/dL", 50.0, None),)),
    Range("ldl", None, 2.6, HPB, also=(("mg/dL", None, 100.0),), note="optimal"),
    Range("chol_hdl", None, 5.0, AHA),
    Range("bilirubin", 3.0, 17.0, OXFORD),
    Range("alt", 7.0, 55.0, MAYO_MEN),
    Range("ast", 8.0, 48.0, MAYO_MEN),
    Range("alp", 45.0, 115.0, MAYO_MEN),
    Range("glucose", None, 5.6, ADA, also=(("mg/dL", None, 100.0),),
          note="from 7.0 mmol/L (126 mg/dL) on, measured twice, it is called diabetes"),
    Range("protein", 60.0, 80.0, OXFORD),
    Range("albumin", 35.0, 50.0, OXFORD),
    Range("creatinine", 65.0, 119.0, MAYO, MALE),
    Range("creatinine", 52.0, 92.0, MAYO, FEMALE),
    Range("potassium", 3.5, 5.0, OXFORD),
    Range("egfr", 90.0, None, KDIGO, flag_low=60.0),
    Range("hba1c", None, 5.7, ADA, also=(("mmol/mol", None, 39.0),),
          note="from 6.5 % (48 mmol/mol) on it is called diabetes"),
)


def range_for(
    analyte: str, sex: str, age: int | None, site: Iterable[Range] = ()
) -> Range | None:
    """The range in force for such a person, or None: for children none is known here.

    Of a person of unknown sex it is what is usual for a woman or for a man, so that
    only what is unusual for both is flagged.
    """
    if sex in (FEMALE, MALE):
        return _of(analyte, sex, age, site)
    ranges = (_of(analyte, FEMALE, age, site), _of(analyte, MALE, age, site))
    return _wider(*ranges)


def _of(analyte: str, sex: str, age: int | None, site: Iterable[Range]) -> Range | None:
    for rows in (site, RANGES):
        fitting = [row for row in rows if row.analyte == analyte and row.fits(sex, age)]
        if fitting:
            return min(fitting, key=_narrowness)
    return None


def _narrowness(row: Range) -> tuple[bool, int]:
    return row.sex == ANY, row.age_to - row.age_from


def _wider(one: Range | None, other: Range | None) -> Range | None:
    if one is None or other is None:
        return None
    if one == other:
        return one
    also = tuple(
        (unit, _least(low, b[1]), _most(high, b[2]))
        for unit, low, high in one.also for b in other.also if b[0] == unit
    )
    flags = (one.flag_low or one.low, other.flag_low or other.low)
    low = _least(one.low, other.low)
    flag_low = _least(*flags)
    return replace(
        one, low=low, high=_most(one.high, other.high), sex=ANY, also=also,
        flag_low=None if flag_low == low else flag_low, source=one.source + SEX_UNKNOWN,
    )


def _least(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else min(one, other)


def _most(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


def overlap(rows: Sequence[Range]) -> tuple[Range, Range] | None:
    """Two rows of one analyte and sex that hold at the same age; None when all is clear."""
    for number, row in enumerate(rows):
        for other in rows[:number]:
            if (row.analyte, row.sex) == (other.analyte, other.sex) and (
                row.age_from <= other.age_to and other.age_from <= row.age_to
            ):
                return other, row
    return None
