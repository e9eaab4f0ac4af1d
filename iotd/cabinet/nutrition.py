"""What is in food, what a day's food comes to, and what a day should have.

Facts are per 100 g, as on packages. What is not known is None and never 0: a sum that
misses something says so. Approximations, for nobody to be treated by.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Iterable, Mapping

from iotd.cabinet.intake import Taken

KJ = 4.184  # in a kcal
REACH, LIMIT, ABOUT = "reach", "limit", "about"  # at least, at most, roughly


@dataclass(frozen=True)
class Nutrient:
    """A nutrient and its daily value for an adult; ``most``: what 100 g can hold."""

    key: str
    name: str
    unit: str
    daily: float
    goal: str
    source: str
    most: float


_EU = "EU Regulation 1169/2011, Annex XIII, reference intake of an adult"
_NIH = "NIH Office of Dietary Supplements, recommended for adults"

NUTRIENTS = (
    Nutrient("energy_kcal", "Energy", "kcal", 2000, ABOUT, _EU, 1000),
    Nutrient("fat_g", "Fat", "g", 70, LIMIT, _EU, 100),
    Nutrient("sugar_g", "Sugar", "g", 50, LIMIT,
             "WHO 2015: free sugars below 10 % of energy, 50 g of 2000 kcal", 100),
    Nutrient("fibre_g", "Fibre", "g", 25, REACH, "EFSA 2010, adequate intake of an adult", 100),
    Nutrient("protein_g", "Protein", "g", 50, REACH, _EU, 100),
    Nutrient("salt_g", "Salt", "g", 5, LIMIT, "WHO 2012: less than 5 g a day", 100),
    Nutrient("iron_mg", "Iron", "mg", 9, REACH,
             "EU Scientific Committee for Food 1993: men 9 mg; women 15–20 mg until menopause",
             1000),
    Nutrient("calcium_mg", "Calcium", "mg", 1000, REACH,
             f"{_NIH} of 19–50 years; 1200 mg for women from 51, everybody from 71", 50_000),
    Nutrient("b12_ug", "Vitamin B12", "µg", 2.4, REACH, _NIH, 10_000),
)
KEYS = tuple(each.key for each in NUTRIENTS)
_PARTS = ("fat_g", "sugar_g", "fibre_g", "protein_g", "salt_g")  # of the same 100 g


@dataclass(frozen=True)
class Facts:
    """What one piece weighs, and what is in 100 g of it."""

    piece_g: float | None = None
    energy_kcal: float | None = None
    fat_g: float | None = None
    sugar_g: float | None = None
    fibre_g: float | None = None
    protein_g: float | None = None
    salt_g: float | None = None
    iron_mg: float | None = None
    calcium_mg: float | None = None
    b12_ug: float | None = None
    source: str = ""

    @property
    def nourishes(self) -> bool:
        """Whether anything is known of what is in it."""
        return any(getattr(self, key) is not None for key in KEYS)

    def as_json(self) -> dict[str, Any]:
        """As the API shows it, with the energy in kJ beside."""
        energy = None if self.energy_kcal is None else round(self.energy_kcal * KJ)
        return {**asdict(self), "energy_kj": energy}


def parts_over(facts: Facts) -> float:
    """Grams by which what is in 100 g is more than 100 g; not above 0 when it can be."""
    return sum(getattr(facts, key) or 0.0 for key in _PARTS) - 100.0


#: Offered for items of these names, lower case; nothing is taken from here by itself.
SUGGESTIONS: Mapping[str, Facts] = {
    "nutella": Facts(
        400, 539, 30.9, 56.3, 5.4, 6.3, 0.11, 4.4, 108, 0.3,
        "approximate: label (EU); fibre, iron, calcium, B12 of USDA's hazelnut spread; 400 g jar",
    ),
    "pepsi": Facts(
        343, 41, 0, 11.1, 0, 0, 0.02, 0, 0, 0,
        "approximate: label (US: 355 ml 150 kcal, 41 g sugar), 100 ml weigh 104 g; 330 ml can",
    ),
    "pringles": Facts(
        165, 528, 31, 0.9, 4.1, 6.2, 1.0, None, None, 0,
        "approximate: label of Original (EU); iron and calcium are not on it; 165 g tube",
    ),
}


def suggestion(name: str) -> Facts | None:
    """What is offered for an item of this name."""
    return SUGGESTIONS.get(name.strip().casefold())


@dataclass(frozen=True)
class Sum:
    """An amount of one nutrient; ``known``: whether nothing is missing in it."""

    amount: float
    known: bool


def totals(eaten: Iterable[Taken], facts: Mapping[int, Facts]) -> dict[str, Sum]:
    """What was eaten comes to, by nutrient."""
    amounts, missing = dict.fromkeys(KEYS, 0.0), set()
    for each in eaten:
        known = facts.get(each.item, Facts()) if each.item is not None else Facts()
        for key in KEYS:
            per_100 = getattr(known, key)
            if per_100 is None or (each.grams is None and per_100):
                missing.add(key)
            elif each.grams is not None:
                amounts[key] += per_100 * each.grams / 100
    return {key: Sum(amounts[key], key not in missing) for key in KEYS}


def strangers(eaten: Iterable[Taken], facts: Mapping[int, Facts]) -> list[int]:
    """Items of which too little is known to count them: facts, or what a piece weighs."""
    found = []
    for each in eaten:
        if each.item is None or each.item in found:
            continue
        if each.grams is None or not facts.get(each.item, Facts()).nourishes:
            found.append(each.item)
    return found
