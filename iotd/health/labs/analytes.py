"""The 16 analytes of a health report, as data: codes, units, factors, limits, and who says so.

A code of LOINC says what was measured *and* in which kind of unit: mass per volume
has another code than moles per volume. So a value told in mg/dL is converted, by a
factor of its own for each analyte, and never only called mmol/L. Not a medical device.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from iotd.errors import Invalid

MOLAR = "molar mass"
AMA = "AMA Manual of Style, 11th edition: conversion of laboratory values"
NGSP = ("IFCC/NGSP master equation, NGSP = 0.09148 × IFCC + 2.152 (Hoelzel et al., "
        "Clin Chem 2004;50:166)")
KATAL = "definition of the katal: 1 U/L = 1 umol/min/L, so 60 U/L = 1 ukat/L"
SAME = "the same by definition"


@dataclass(frozen=True)
class Unit:
    """A unit (UCUM) in which an analyte is told; own value = ``scale`` × value + ``offset``.

    ``shown`` is how people write it, ``digits`` how many decimals mean something.
    """

    ucum: str
    loinc: str
    shown: str
    digits: int
    scale: float = 1.0
    offset: float = 0.0
    source: str = SAME

    def to_own(self, value: float) -> float:
        """A value of this unit in the analyte's own."""
        return value * self.scale + self.offset

    def from_own(self, value: float) -> float:
        """A value of the analyte's own unit in this."""
        return (value - self.offset) / self.scale

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "unit": self.ucum, "loinc": self.loinc, "shown": self.shown, "digits": self.digits,
            "scale": self.scale, "offset": self.offset, "source": self.source,
        }


@dataclass(frozen=True)
class Analyte:
    """One line of a report. ``units``: its own first. ``plausible``: what is outside was
    typed wrongly or in another unit. ``about`` says what it is for whoever is no doctor."""

    key: str
    name: str
    units: tuple[Unit, ...]
    plausible: tuple[float, float]
    group: str
    about: str

    @property
    def own(self) -> Unit:
        """The unit in which it is stored, told and exported."""
        return self.units[0]

    @property
    def unit(self) -> str:
        """The same, as UCUM."""
        return self.own.ucum

    @property
    def loinc(self) -> str:
        """The code of the analyte in its own unit."""
        return self.own.loinc


def _per_volume(own: str, mass: str, digits: int, weight: float, source: str) -> tuple[Unit, ...]:
    """mmol/L and mg/dL; ``weight`` mg/dL are 1 mmol/L."""
    return (
        Unit("mmol/L", own, "mmol/L", digits),
        Unit("mg/dL", mass, "mg/dL", 0, 1 / weight, 0.0, source),
    )


def _micro(own: str, mass: str, digits: int, weight: float, source: str) -> tuple[Unit, ...]:
    """umol/L and mg/dL; 1 mg/dL is ``weight`` umol/L."""
    return (
        Unit("umol/L", own, "µmol/L", digits),
        Unit("mg/dL", mass, "mg/dL", 2, weight, 0.0, source),
    )


def _enzyme(code: str) -> tuple[Unit, ...]:
    """U/L; LOINC knows one code for catalytic concentrations in any unit."""
    return (
        Unit("U/L", code, "U/L", 0),
        Unit("[iU]/L", code, "IU/L", 0),
        Unit("ukat/L", code, "µkat/L", 2, 60.0, 0.0, KATAL),
    )


def _protein(code: str) -> tuple[Unit, ...]:
    """g/L; LOINC knows one code for mass concentrations in any unit."""
    return (
        Unit("g/L", code, "g/L", 0),
        Unit("g/dL", code, "g/dL", 1, 10.0, 0.0, "1 dL is 0.1 L"),
    )


_STEROL = f"{MOLAR} of cholesterol 386.65 g/mol: 38.67 mg/dL are 1 mmol/L ({AMA}: 0.02586)"

#: In the order of the device wire, of reports and of tables.
ANALYTES: dict[str, Analyte] = {each.key: each for each in (
    Analyte("total_cholesterol", "Total cholesterol",
            _per_volume("14647-2", "2093-3", 2, 38.67, _STEROL), (0.5, 40), "Lipids",
            "All cholesterol in the blood, the good and the bad together."),
    Analyte("triglyceride", "Triglyceride", _per_volume(
        "14927-8", "2571-8", 2, 88.57,
        f"mean molar mass of triglycerides 885.7 g/mol ({AMA}: 0.01129)"),
        (0.1, 120), "Lipids", "Fat on its way through the blood; it rises after meals."),
    Analyte("hdl_c", "HDL cholesterol", _per_volume("14646-4", "2085-9", 2, 38.67, _STEROL),
            (0.05, 6), "Lipids", "Carries cholesterol away from vessels: more is better."),
    Analyte("ldl", "LDL cholesterol", _per_volume("22748-8", "2089-1", 2, 38.67, _STEROL),
            (0.1, 35), "Lipids", "Carries cholesterol into vessels: less is better."),
    # both are cholesterol, so the ratio of masses is that of moles
    Analyte("chol_hdl", "Cholesterol / HDL", (Unit("{ratio}", "32309-7", "", 1),), (1, 100),
            "Lipids", "How much of the cholesterol is not HDL: lower is better."),
    Analyte("bilirubin", "Bilirubin, total", _micro(
        "14631-6", "1975-2", 0, 17.104, f"{MOLAR} of bilirubin 584.66 g/mol ({AMA}: 17.104)"),
        (0.5, 1500), "Liver", "What is left of old blood cells; the liver clears it."),
    Analyte("alt", "ALT", _enzyme("1742-6"), (1, 30_000), "Liver",
            "An enzyme of liver cells; it rises when they are hurt."),
    Analyte("ast", "AST", _enzyme("1920-8"), (1, 40_000), "Liver",
            "An enzyme of liver, heart and muscle cells."),
    Analyte("alp", "ALP", _enzyme("6768-6"), (1, 10_000), "Liver",
            "An enzyme of bile ducts and bones."),
    Analyte("glucose", "Glucose, fasting", _per_volume(
        "14771-0", "1558-6", 1, 18.016,
        f"{MOLAR} of glucose 180.16 g/mol: 18.016 mg/dL are 1 mmol/L"),
        (0.5, 150), "Sugar", "Sugar in the blood, eight hours after the last meal."),
    Analyte("protein", "Protein, total", _protein("2885-2"), (10, 200), "Liver",
            "All protein in the blood."),
    Analyte("albumin", "Albumin", _protein("1751-7"), (5, 100), "Liver",
            "The protein the liver makes most of."),
    Analyte("creatinine", "Creatinine", _micro(
        "14682-9", "2160-0", 0, 88.4, "molar mass of creatinine 113.12 g/mol (KDIGO 2012: 88.4)"),
        (5, 5000), "Kidneys", "Waste of muscles; the kidneys clear it."),
    Analyte("potassium", "Potassium", (
        Unit("mmol/L", "2823-3", "mmol/L", 1),
        Unit("meq/L", "2823-3", "mEq/L", 1, source="potassium has one charge: 1 meq is 1 mmol"),
    ), (0.8, 15), "Kidneys", "A salt that nerves and the heart depend on."),
    Analyte("egfr", "eGFR",
            (Unit("mL/min/{1.73_m2}", "98979-8", "mL/min/1.73 m²", 0),), (1, 250), "Kidneys",
            "How much blood the kidneys clean in a minute, estimated from creatinine."),
    Analyte("hba1c", "HbA1c", (
        Unit("%", "4548-4", "%", 1),
        Unit("mmol/mol", "59261-8", "mmol/mol", 0, 0.09148, 2.152, NGSP),
    ), (3, 30), "Sugar", "How much sugar there was in the last two to three months."),
)}
KEYS = tuple(ANALYTES)

#: Glucose that was not measured fasting has codes of its own: in mmol/L, in mg/dL.
RANDOM_GLUCOSE = {"mmol/L": "14749-6", "mg/dL": "2345-7"}
RANDOM_GLUCOSE_NAME = "Glucose, random"

#: How units are written as well, in small letters and without spaces: what UCUM calls them.
SPELLINGS = {
    "mmol/l": "mmol/L", "mmol/dm3": "mmol/L", "mg/dl": "mg/dL", "mg/100ml": "mg/dL",
    "mg%": "mg/dL", "umol/l": "umol/L", "micromol/l": "umol/L", "mcmol/l": "umol/L",
    "u/l": "U/L", "iu/l": "[iU]/L", "[iu]/l": "[iU]/L", "ui/l": "[iU]/L",
    "ukat/l": "ukat/L", "mckat/l": "ukat/L", "g/l": "g/L", "g/dl": "g/dL", "gm/dl": "g/dL",
    "g%": "g/dL", "meq/l": "meq/L", "%": "%", "%ngsp": "%", "%dcct": "%", "percent": "%",
    "mmol/mol": "mmol/mol", "mmol/molhb": "mmol/mol", "{ratio}": "{ratio}", "ratio": "{ratio}",
    "1": "{ratio}", "": "{ratio}",
    "ml/min/{1.73_m2}": "mL/min/{1.73_m2}", "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "ml/min/1.73m^2": "mL/min/{1.73_m2}", "ml/min/1,73m2": "mL/min/{1.73_m2}",
    "ml/min/1.73sqm": "mL/min/{1.73_m2}", "ml/min/1.73_m2": "mL/min/{1.73_m2}",
}
_LOOKALIKES = str.maketrans({"µ": "u", "μ": "u", "²": "2", "³": "3", "∕": "/", "％": "%"})
SHOWN = 24  # characters of something unknown that an error repeats


def _by_loinc() -> dict[str, tuple[Analyte, Unit, bool]]:
    glucose = ANALYTES["glucose"]
    found = {RANDOM_GLUCOSE[unit.ucum]: (glucose, unit, True) for unit in glucose.units}
    for analyte in ANALYTES.values():
        for unit in analyte.units:
            found.setdefault(unit.loinc, (analyte, unit, False))
    return found


_BY_LOINC = _by_loinc()


def find_analyte(key: str, field: str = "analyte") -> Analyte:
    """The analyte of this key; Invalid lists those there are."""
    if key not in ANALYTES:
        known = ", ".join(ANALYTES)
        raise Invalid(f"{key[:SHOWN]!r} is no analyte; known: {known}.", field)
    return ANALYTES[key]


@lru_cache(256)
def spelled(text: str) -> str | None:
    """What UCUM calls a unit that people write like this; None when nobody knows it."""
    return SPELLINGS.get("".join(text.translate(_LOOKALIKES).lower().split()))


def find_unit(analyte: Analyte, text: str, field: str = "unit") -> Unit:
    """The unit of an analyte that this text means; Invalid names those that are taken."""
    ucum = spelled(text)
    for unit in analyte.units:
        if ucum == unit.ucum:
            return unit
    taken = " or ".join(unit.ucum for unit in analyte.units)
    raise Invalid(
        f"The unit of {analyte.name} is {taken} (UCUM), not {text[:SHOWN]!r}.", field
    )


def by_loinc(code: str) -> tuple[Analyte, Unit, bool] | None:
    """The analyte and unit of a code, and whether it is of a random sample of glucose.

    Codes that hold for several units give the analyte's own; the unit told decides.
    """
    return _BY_LOINC.get(code)
