"""What follows from answers by a published rule: AUDIT-C, pack-years, active minutes.

Figures for a talk with a doctor, no findings. One is there only when all it needs is answered.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Iterator

from iotd.health.questionnaire.form import ALCOHOL, AUDIT_C_SOURCE
from iotd.health.questionnaire.questions import Section

CIGARETTES_IN_A_PACK = 20


@dataclass(frozen=True)
class Score:
    """A figure of a section; ``most`` is the highest there can be, None without one."""

    id: str
    section: str
    name: str
    value: float
    unit: str
    most: int | None
    note: str
    source: str

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return asdict(self)


def scores(answers: dict[str, Any]) -> list[Score]:
    """The figures that these answers give, in the order of the sections."""
    objects = {id: each for id, each in answers.items() if isinstance(each, dict)}
    return [
        *_active_minutes(objects.get("exercise", {})),
        *_audit_c(objects.get("alcohol", {})),
        *_pack_years(objects.get("tobacco", {})),
    ]


def _active_minutes(given: dict[str, Any]) -> Iterator[Score]:
    """Minutes a week; vigorous ones count twice."""
    minutes = [_week(given, "moderate"), _week(given, "vigorous")]
    if all(each is None for each in minutes):
        return
    moderate, vigorous = (each or 0 for each in minutes)
    yield Score(
        "active_minutes", "exercise", "Active minutes", moderate + 2 * vigorous, "min/wk", None,
        "A vigorous minute counts as two. Recommended for adults: 150 or more a week.",
        "World Health Organization, Guidelines on physical activity and sedentary behaviour, 2020",
    )


def _week(given: dict[str, Any], how: str) -> float | None:
    days, minutes = given.get(f"{how}_days"), given.get(f"{how}_minutes")
    if days == 0:
        return 0
    return None if days is None or minutes is None else days * minutes


def _audit_c(given: dict[str, Any]) -> Iterator[Score]:
    points = [_points(ALCOHOL, given, id) for id in ("frequency", "amount", "six_or_more")]
    if points[0] == 0:  # who never drinks is not asked the others
        points = [0, 0, 0]
    if None in points:
        return
    yield Score(
        "audit_c", "alcohol", "AUDIT-C", sum(each or 0 for each in points), "{score}", 12,
        "4 or more in men and 3 or more in women are a reason to talk about alcohol.",
        AUDIT_C_SOURCE,
    )


def _points(section: Section, given: dict[str, Any], id: str) -> int | None:
    question = section.question(id)
    options = question.options if question is not None else ()
    return next((each.score for each in options if each.value == given.get(id)), None)


def _pack_years(given: dict[str, Any]) -> Iterator[Score]:
    """Packs a day times years; one who never smoked has 0."""
    cigarettes, years = given.get("cigarettes_per_day"), given.get("years")
    if given.get("status") == "never":
        cigarettes, years = 0, 0
    if cigarettes is None or years is None:
        return
    yield Score(
        "pack_years", "tobacco", "Pack-years",
        round(cigarettes / CIGARETTES_IN_A_PACK * years, 1), "{PackYears}", None,
        "Packets of 20 cigarettes a day, times the years.",
        "National Cancer Institute, Dictionary of Cancer Terms: pack year",
    )
