"""What the columns of a laboratory's file mean: by their names, or as a person said.

A column is described by a few words: ``date``, ``analyte``, ``value``, ``unit``,
``laboratory``, ``low``, ``high``, ``fasting``, ``computed``, ``ignore``, or, in files with
a column for each analyte, its key and unit, as in ``glucose mg/dL``. Glucose that was
not measured fasting is ``glucose_random mmol/L``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Mapping, Sequence

from iotd.errors import Invalid
from iotd.health.labs.analytes import ANALYTES, SHOWN, Analyte, by_loinc, find_unit, spelled

IGNORE = "ignore"
ROLES = (
    "date", "analyte", "value", "unit", "laboratory", "low", "high", "fasting", "computed", IGNORE,
)
RANDOM_KEY = "glucose_random"
MOST_COLUMNS = 100
LONGEST_NAME = 100  # characters of a heading or analyte that could be known

#: Names of columns as files have them, in small letters, with letters, digits and / only.
_ROLE_NAMES = {
    "date": "date day datum collected collectiondate sampledate dateofcollection testdate"
            " resultdate tarikh fecha",
    "analyte": "analyte test testname parameter component marker",
    "value": "value result results ergebnis wert",
    "unit": "unit units uom einheit",
    "laboratory": "laboratory lab labname labor",
    "low": "low lower lowerlimit referencelow laboratorylow",
    "high": "high upper upperlimit referencehigh laboratoryhigh",
    "fasting": "fasting fasted",
    "computed": "computed",
    IGNORE: "name flag flags loinc givenvalue givenunit usualrange",
}
_ANALYTE_NAMES = {
    "total_cholesterol": "totalcholesterol cholesteroltotal cholesterol chol tc tchol totalchol",
    "triglyceride": "triglyceride triglycerides trig trigs tg",
    "hdl_c": "hdlc hdl hdlcholesterol cholesterolhdl",
    "ldl": "ldl ldlc ldlcholesterol cholesterolldl",
    "chol_hdl": "cholhdl chol/hdl cholesterol/hdl tc/hdl cholhdlratio chol/hdlratio tc/hdlratio"
                " cholesterol/hdlratio totalcholesterol/hdl totalcholesterol/hdlratio",
    "bilirubin": "bilirubin totalbilirubin bilirubintotal tbil tbili bili",
    "alt": "alt alat sgpt gpt alt/sgpt alt/gpt alanineaminotransferase alaninetransaminase",
    "ast": "ast asat sgot got ast/sgot ast/got aspartateaminotransferase aspartatetransaminase",
    "alp": "alp alkalinephosphatase alkphos",
    "glucose": "glucose fastingglucose glucosefasting fbg fbs fpg fastingbloodsugar"
               " fastingbloodglucose fastingplasmaglucose",
    RANDOM_KEY: "glucoserandom randomglucose rbs rbg randombloodsugar",
    "protein": "protein totalprotein proteintotal tp",
    "albumin": "albumin alb",
    "creatinine": "creatinine crea creat serumcreatinine scr",
    "potassium": "potassium k",
    "egfr": "egfr gfr estimatedgfr egfrckdepi",
    "hba1c": "hba1c a1c hemoglobina1c haemoglobina1c glycatedhemoglobin glycatedhaemoglobin",
}
_ROLE_OF = {name: role for role, names in _ROLE_NAMES.items() for name in names.split()}
_ANALYTE_OF = {name: key for key, names in _ANALYTE_NAMES.items() for name in names.split()}
_ANALYTE_OF.update({key.replace("_", ""): key for key in (*ANALYTES, RANDOM_KEY)})
_WITH_UNIT = re.compile(r"(.+?)\s*[(\[{]\s*([^()\[\]]*(?:\{1\.73_m2\})?)\s*[)\]}]+", re.S)
_TRAILING_UNIT = re.compile(r"(.+?)[\s,]+(?:in\s+)?(\S+)", re.S)


@dataclass(frozen=True)
class Column:
    """``number`` counts from 1. ``role`` is a word of ROLES or an analyte's key, "" when
    nobody knows; ``how`` it is known: name, remembered, told, or none; ``suggestion``:
    what it might be, in the words of a mapping."""

    number: int
    heading: str
    role: str = ""
    unit: str | None = None
    how: str = "none"
    suggestion: str | None = None

    @property
    def words(self) -> str:
        """The same in the words of a mapping."""
        return f"{self.role} {self.unit}" if self.unit is not None else self.role

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "column": self.number, "heading": self.heading, "as": self.words, "how": self.how,
            "suggestion": self.suggestion,
        }


def bare(name: str) -> str:
    """A name without what people write differently."""
    return re.sub(r"[^\w/]|_", "", name.casefold())


@lru_cache(1024)
def analyte_named(text: str) -> str | None:
    """The key that a name, a key or a code of LOINC means; glucose_random for such."""
    if len(text) > LONGEST_NAME:
        return None
    found = by_loinc(text.strip())
    if found is not None:
        return RANDOM_KEY if found[2] else found[0].key
    name = bare(text)
    return _ANALYTE_OF.get(name) or _ANALYTE_OF.get(bare(re.sub(r"\(.*?\)", "", text)))


def analyte_of(key: str) -> Analyte:
    """The analyte that a column is about."""
    return ANALYTES["glucose" if key == RANDOM_KEY else key]


def fingerprint(headings: Sequence[str]) -> str:
    """What files of one kind have in common: their head line."""
    joined = "\x1f".join(" ".join(each.split()).casefold() for each in headings)
    return hashlib.sha256(joined.encode()).hexdigest()


def read_mapping(mapping: Any) -> dict[str, str]:
    """What a person said of columns: {heading: words}; Invalid when it can't be so."""
    if not isinstance(mapping, dict) or len(mapping) > MOST_COLUMNS:
        raise Invalid("mapping names what each heading is, as in {\"Glukose\": \"glucose mg/dL\"}.",
                      "mapping")
    for heading, words in mapping.items():
        if not isinstance(words, str):
            raise Invalid(f"mapping of {heading[:SHOWN]!r} must be text.", "mapping")
        _meaning(words)
    return dict(mapping)


def _meaning(words: str) -> tuple[str, str | None]:
    """Role and unit that words of a mapping name."""
    role, _, unit = words.strip().partition(" ")
    if role in ROLES and not unit:
        return role, None
    if role not in ANALYTES and role != RANDOM_KEY:
        known = ", ".join((*ROLES, *ANALYTES, RANDOM_KEY))
        raise Invalid(f"{words[:SHOWN]!r} is nothing a column can be; known: {known}.", "mapping")
    analyte = analyte_of(role)
    return role, find_unit(analyte, unit or _only_unit(analyte), "mapping").ucum


def _only_unit(analyte: Analyte) -> str:
    return analyte.unit if len(analyte.units) == 1 else "nothing"


def columns_of(
    headings: Sequence[str], told: Mapping[str, str], remembered: Mapping[str, str]
) -> list[Column]:
    """What each column is; told comes before remembered, and that before its name."""
    found = []
    for number, text in enumerate(headings, 1):
        heading = " ".join(text.split()) or f"column {number}"
        for how, mapping in (("told", told), ("remembered", remembered)):
            if heading in mapping:
                found.append(Column(number, heading, *_meaning(mapping[heading]), how))
                break
        else:
            found.append(_by_name(number, heading))
    return found


def _by_name(number: int, heading: str) -> Column:
    if len(heading) > LONGEST_NAME:
        return Column(number, heading)
    if bare(heading) in _ROLE_OF:
        return Column(number, heading, _ROLE_OF[bare(heading)], None, "name")
    name, unit = _split(heading)
    key = analyte_named(name)
    if key is None:
        return Column(number, heading, suggestion=_suggestion(name, unit))
    analyte = analyte_of(key)
    try:
        meant = find_unit(analyte, unit or _only_unit(analyte)).ucum
    except Invalid:
        return Column(number, heading, suggestion=f"{key} {analyte.unit}")
    return Column(number, heading, key, meant, "name")


def _split(heading: str) -> tuple[str, str]:
    """Name and unit of a heading such as "Glucose (mg/dL)" or "Glucose mg/dL"."""
    for pattern in (_WITH_UNIT, _TRAILING_UNIT):
        found = pattern.fullmatch(heading)
        if found is not None and spelled(found[2]) is not None:
            return found[1], found[2]
    return heading, ""


def _suggestion(name: str, unit: str) -> str | None:
    """What a heading that nobody knows might be; a person has to say so."""
    known = {**_ROLE_OF, **_ANALYTE_OF}
    word = bare(name)
    close = get_close_matches(word, known, 1, 0.75) or [
        each for each in sorted(known, key=len, reverse=True) if len(each) > 3 and each in word
    ]
    if not close:
        return None
    meant = known[close[0]]
    if meant in ROLES:
        return meant
    analyte = analyte_of(meant)
    told = spelled(unit)
    fits = told is not None and told in [each.ucum for each in analyte.units]
    return f"{meant} {told if fits else analyte.unit}"
