"""Ready habits to begin with, with targets that somebody stands for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from iotd.errors import Invalid
from iotd.health.habits.model import DAY, WEEK


@dataclass(frozen=True)
class Ready:
    """One that is added in one tap; everything about it may be changed then."""

    id: str
    name: str
    per: str
    times: int
    target: float | None
    unit: str
    step: float | None  # what one tap on + adds
    source: str

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return asdict(self)


READY = (
    Ready("water", "Drink water", DAY, 1, 2.0, "L", 0.25,
          "EFSA 2010: adequate intake 2.0 L (women) to 2.5 L (men) of water a day, food included"),
    Ready("sleep", "Sleep", DAY, 1, 7.0, "h", 0.5,
          "American Academy of Sleep Medicine 2015: adults 7 hours or more a night"),
    Ready("exercise", "Exercise", WEEK, 1, 150.0, "min", 10.0,
          "WHO 2020: adults at least 150 minutes of moderate activity a week"),
    Ready("walk", "Take a walk", WEEK, 5, None, "", None,
          "WHO 2020: spread over the week; five days are a common reading of it"),
    Ready("medicine", "Take my medicine", DAY, 1, None, "", None,
          "as prescribed: set how often and when"),
)
_BY_ID = {each.id: each for each in READY}


def find_ready(id: str) -> Ready:
    """One of them; Invalid when there is none such."""
    if id not in _BY_ID:
        raise Invalid(f"ready is one of {', '.join(_BY_ID)}.", "ready")
    return _BY_ID[id]


def step_of(ready: str | None, target: float | None) -> float | None:
    """What one tap on + adds to an amount; None where there is no amount."""
    if target is None:
        return None
    known = _BY_ID.get(ready or "")
    if known is not None and known.step is not None and known.step <= target:
        return known.step
    return 1.0 if target >= 2 else round(target / 4, 6)
