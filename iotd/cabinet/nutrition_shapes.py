"""What the routes of nutrition take and give."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, create_model

from iotd.cabinet.nutrition import NUTRIENTS
from iotd.site.bodies import Strict


def _day(text: str) -> str:
    if len(text) != 10 or date.fromisoformat(text).isoformat() != text:
        raise ValueError("give a day such as 2026-11-21")
    return text


def _source(text: str) -> str:
    text = text.strip()
    if len(text) > 200 or not text.isprintable():
        raise ValueError("a source has at most 200 printable characters")
    return text


Day = Annotated[str, AfterValidator(_day)]
Source = Annotated[str, AfterValidator(_source)]


def _amount(most: float, **least: float) -> Any:
    limits: dict[str, Any] = {"le": most, **least}
    return Annotated[float, Field(allow_inf_nan=False, strict=True, **limits)] | None


def _fields(**least: float) -> dict[str, Any]:
    most = {each.key: each.most if "ge" in least else 1_000_000 for each in NUTRIENTS}
    return {key: (_amount(limit, **least), None) for key, limit in most.items()}


#: A piece of up to 100 kg; the other facts are of 100 g.
_FACTS: dict[str, Any] = {
    "piece_g": (_amount(100_000, gt=0), None), **_fields(ge=0), "source": (Source | None, None),
}
_TARGETS: dict[str, Any] = {**_fields(gt=0), "source": (Source | None, None)}

ItemFacts = create_model(
    "ItemFacts", __base__=Strict, __module__=__name__,
    __doc__="What is in an item: left out stays, null is not known.", **_FACTS,
)
Targets = create_model(
    "Targets", __base__=Strict, __module__=__name__,
    __doc__="Daily values of one's own: left out stays, null is the usual one.", **_TARGETS,
)


class DayQuery(BaseModel):
    """Which day; the present one without it."""

    day: Day | None = None


class DaysQuery(BaseModel):
    """How many days, today included."""

    days: Annotated[int, Field(ge=1, le=366)] = 30


class TakenOut(BaseModel):
    """Something taken: ``item`` null when nobody knows what, ``grams`` when nobody knows how
    much; ``basis``: weight (of the scale) or pieces (times what one weighs)."""

    item: str | None
    item_id: int | None
    cabinet: str
    pieces: int | None
    grams: float | None
    at: str
    basis: str


class NutrientOut(BaseModel):
    """A day's amount beside the daily value; ``share`` 1 is all of it; ``goal``: reach (at
    least), limit (at most) or about; ``known``: false when something in it is not known."""

    nutrient: str
    name: str
    unit: str
    amount: float
    daily_value: float
    share: float
    goal: str
    source: str
    own: bool
    known: bool


class StrangerOut(BaseModel):
    """An item that was taken, and of which too little is known."""

    item: str
    item_id: int
    cabinet: str


class NutritionOut(BaseModel):
    """A day's intake; ``complete``: nothing in it is unknown."""

    day: str
    items: list[TakenOut]
    nutrients: list[NutrientOut]
    unknown: list[StrangerOut]
    unknown_grams: float
    complete: bool


class DaySumOut(BaseModel):
    """A day of the history."""

    id: str
    day: str
    grams: float
    unknown_grams: float
    amounts: dict[str, float]
    complete: bool


class DaySumList(BaseModel):
    """Days, the oldest first."""

    items: list[DaySumOut]
    next: str | None


class TargetOut(BaseModel):
    """A daily value, and who stands for it; ``usual``: what it is without an own one."""

    id: str
    nutrient: str
    name: str
    unit: str
    daily_value: float
    goal: str
    source: str
    own: bool
    usual: float


class TargetList(BaseModel):
    """The daily values of all nutrients."""

    items: list[TargetOut]
    next: str | None


class FactsOut(BaseModel):
    """What one piece weighs, and what is in 100 g; null is not known."""

    piece_g: float | None
    energy_kcal: float | None
    energy_kj: float | None
    fat_g: float | None
    sugar_g: float | None
    fibre_g: float | None
    protein_g: float | None
    salt_g: float | None
    iron_mg: float | None
    calcium_mg: float | None
    b12_ug: float | None
    source: str


class ItemFactsOut(FactsOut):
    """Of an item of a cabinet; ``suggestion`` is offered and holds nowhere."""

    item: str
    item_id: int
    cabinet: str
    known: bool
    suggestion: FactsOut | None
