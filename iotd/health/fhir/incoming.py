"""Laboratory results out of a Bundle that somebody else made: nothing in it is trusted.

A result is taken when its LOINC code is one of ours, its unit is one that the
code can have, and its day, status and number are what a result's are. What is
not is skipped with the reason, and never guessed: a code of moles with a unit of
mass is a mistake of whoever wrote it, and nobody here knows which of both is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator

from iotd.errors import Invalid
from iotd.health.fhir.codes import CATEGORY, LOINC, RANGE_MEANING, UCUM
from iotd.health.fhir.results import COMPUTED_FROM
from iotd.health.labs.analytes import (
    RANDOM_GLUCOSE, SHOWN, Analyte, Unit, by_loinc, find_unit, spelled,
)
from iotd.health.labs.model import Result, read_result

MOST_ENTRIES = 20_000
MOST_CODINGS = 20  # of a code: what stands behind them is not looked at
FINAL = ("final", "amended", "corrected")

_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(T[0-9:.+\-Z]{5,30})?", re.ASCII)


class Skip(Exception):
    """A result that can't be taken; says why."""


@dataclass(frozen=True)
class Skipped:
    """An entry that was not taken: its place in the Bundle, its resource's id, and why."""

    index: int
    id: str | None
    reason: str

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"index": self.index, "id": self.id, "reason": self.reason}


@dataclass
class Incoming:
    """What a Bundle holds for us: results by day and analyte, and the laboratory of a day."""

    days: dict[str, dict[str, Result]] = field(default_factory=dict)
    laboratories: dict[str, str] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    ignored: int = 0
    subjects: set[str] = field(default_factory=set)
    patients: list[dict[str, Any]] = field(default_factory=list)


def read_bundle(bundle: Any, check_day: Callable[[str], str]) -> Incoming:
    """The results of a Bundle; ``check_day`` gives a day back, or Invalid. Invalid as well for
    what is no Bundle."""
    entries = _entries(bundle)
    found, computed = Incoming(), list[tuple[int, dict[str, Any]]]()
    for index, resource in enumerate(entries):
        kind = resource.get("resourceType")
        if kind == "Patient":
            found.patients.append({**resource, "fullUrl": bundle["entry"][index].get("fullUrl")})
        if kind != "Observation" or not _is_ours(resource):
            found.ignored += 1
        elif resource.get("derivedFrom"):
            computed.append((index, resource))
        else:
            _take(found, index, resource, check_day)
    for index, resource in computed:  # once it is known what they may be computed from
        _take(found, index, resource, check_day, derived=True)
    found.skipped.sort(key=lambda each: each.index)
    return found


def _entries(bundle: Any) -> list[dict[str, Any]]:
    kind = _fields(bundle).get("resourceType")
    if kind != "Bundle":
        said = f", not {kind[:SHOWN]!r}" if isinstance(kind, str) else ""
        raise Invalid(f"The body must be a FHIR resource of the type Bundle{said}.", "resourceType")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise Invalid("entry must be a list.", "entry")
    if len(entries) > MOST_ENTRIES:
        raise Invalid(f"A Bundle has at most {MOST_ENTRIES:,} entries.", "entry")
    return [_fields(_fields(each).get("resource")) for each in entries]


def _fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _each(value: Any) -> Iterator[dict[str, Any]]:
    listed = value if isinstance(value, list) else ()
    return (each for each in listed if isinstance(each, dict))


def _codes(concept: Any, system: str) -> list[str]:
    """The codes that a CodeableConcept has of a system."""
    codings = list(_each(_fields(concept).get("coding")))[:MOST_CODINGS]
    return [
        each["code"] for each in codings
        if each.get("system") == system and isinstance(each.get("code"), str)
    ]


def _is_ours(observation: dict[str, Any]) -> bool:
    """Whether somebody who sends it may expect it to be taken."""
    categories = _each(observation.get("category"))
    return any("laboratory" in _codes(each, CATEGORY) for each in categories) or any(
        by_loinc(code) for part in _parts(observation) for code in _codes(part.get("code"), LOINC)
    )


def _parts(observation: dict[str, Any]) -> list[dict[str, Any]]:
    """The Observation and its components: panels say their results so."""
    return [observation, *list(_each(observation.get("component")))[:MOST_CODINGS]]


def _take(
    found: Incoming, index: int, observation: dict[str, Any], check_day: Callable[[str], str],
    derived: bool = False,
) -> None:
    """Put an Observation's results to the others, or among what is skipped."""
    id = observation.get("id")
    id = id[:64] if isinstance(id, str) else None
    subject = _fields(observation.get("subject")).get("reference")
    try:
        _check_status(observation)
        day = check_day(_day_of(observation))
        results = [each for part in _parts(observation) for each in _results(part)]
        if not results:
            raise Skip("its code is none of the analytes kept here")
        whys = [why for each in results if (why := _add(found, day, each, derived))]
        if whys:
            raise Skip(whys[0])
    except (Skip, Invalid) as why:
        found.skipped.append(Skipped(index, id, str(why)))
        return
    if isinstance(subject, str):
        found.subjects.add(subject)
    laboratory = next((_fields(each).get("display") for each in _each(
        observation.get("performer"))), None)
    if isinstance(laboratory, str) and laboratory.strip():
        found.laboratories.setdefault(day, laboratory)


def _check_status(observation: dict[str, Any]) -> None:
    status = observation.get("status")
    if status not in FINAL:
        said = repr(status[:SHOWN]) if isinstance(status, str) else "missing"
        raise Skip(f"its status is {said}; taken are {', '.join(FINAL)}")


def _day_of(observation: dict[str, Any]) -> str:
    """The day of the sample, as whoever took it writes it."""
    period = _fields(observation.get("effectivePeriod"))
    said = (
        observation.get("effectiveDateTime"), observation.get("effectiveInstant"),
        period.get("start"), period.get("end"),
    )
    text = next((each for each in said if each is not None), None)
    whole = _DAY.fullmatch(text) if isinstance(text, str) else None
    if whole is None:
        raise Skip("it has no effective time of a whole day" if text else "it has no time")
    return whole[1]


def _add(found: Incoming, day: str, result: Result, derived: bool) -> str | None:
    """Put a result to its day; or why not."""
    held = found.days.setdefault(day, {})
    sources = COMPUTED_FROM.get(result.key, ())
    if derived and sources and all(each in held for each in sources):
        return "it is computed from other results of the day, which is done here as well"
    if held.setdefault(result.key, result) != result:
        return "another result of the same day came before it"
    return None


def _results(part: dict[str, Any]) -> Iterator[Result]:
    """The result of an Observation or component; none when its code is not ours."""
    codes = [(code, by_loinc(code)) for code in _codes(part.get("code"), LOINC)]
    known = [(code, each[0], each[2]) for code, each in codes if each is not None]
    if not known:
        return
    if len({(analyte.key, random) for _, analyte, random in known}) > 1:
        raise Skip("its codes are of more than one analyte")
    _, analyte, random = known[0]
    quantity = _fields(part.get("valueQuantity"))
    if not quantity:
        raise Skip("it has no value that is a quantity")
    unit = _unit(analyte, quantity)
    if all(code != _code_of(unit, random) for code, _, _ in known):
        code = known[0][0]
        raise Skip(f"its code {code} is not measured in {unit.ucum}; which is wrong is not known")
    yield read_result(analyte.key, {
        "value": _number(quantity.get("value")), "unit": unit.ucum,
        "comparator": quantity.get("comparator"), **_own_range(analyte, unit, part),
        "fasting": not random if analyte.key == "glucose" else None,
    }, "value")


def _code_of(unit: Unit, random: bool) -> str:
    return RANDOM_GLUCOSE[unit.ucum] if random else unit.loinc


def _number(value: Any) -> float:
    # a number in quotes is no number in FHIR
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Skip("its value is no number")
    return value


def _unit(analyte: Analyte, quantity: dict[str, Any]) -> Unit:
    """The unit of a Quantity: its UCUM code, with which its words must not disagree."""
    code, text, system = (quantity.get(name) for name in ("code", "unit", "system"))
    if system not in (None, UCUM):
        raise Skip("its unit is not of UCUM")
    told = [each for each in (code, text) if isinstance(each, str) and each.strip()]
    if not told:
        raise Skip("its value has no unit")
    spellings = {spelled(each) for each in told} - {None}
    if len(spellings) > 1 and spellings != {"U/L", "[iU]/L"}:
        raise Skip("the code and the words of its unit say different things")
    return find_unit(analyte, told[0], "unit")


def _own_range(analyte: Analyte, unit: Unit, part: dict[str, Any]) -> dict[str, float]:
    """The laboratory's own range: the one that is said to be of healthy people, or no more."""
    ranges = list(_each(part.get("referenceRange")))
    own = [each for each in ranges if set(_codes(each.get("type"), RANGE_MEANING)) <= {"normal"}]
    if len(own) != 1 or own[0].get("appliesTo") or own[0].get("age"):
        return {}
    found = {}
    for side in ("low", "high"):
        limit = _fields(own[0].get(side))
        if limit and find_unit(analyte, str(limit.get("code") or limit.get("unit"))) == unit:
            found[side] = _number(limit.get("value"))
    return found
