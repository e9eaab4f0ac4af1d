"""NEWS2 in part: what the vitals measured here add up to at least.

National Early Warning Score (NEWS) 2, Royal College of Physicians, London 2017,
with acknowledgement. Respirations, oxygen and consciousness are never measured
here, so the sum is a lower bound and is never called complete, nor low. It is
not for people under 16 and not for pregnancy. Not a medical device.

A value is rounded to the step of the table (a tenth of a degree, else a whole
number), halves upwards: 35.05 Cel is 35.1 and scores 1. So the table has no gap.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Iterable, Mapping, Protocol

#: NEWS2 asks for a new set of observations every hour at 5 points and more: an
#: older value can't speak for a score that calls for an urgent review.
MAX_AGE = 3600.0
AHEAD = 300.0  # a device's clock may be ahead by this much
MIN_YEARS = 16

NEVER_MEASURED = ("respirations", "oxygen", "consciousness")
ACKNOWLEDGED = (
    "National Early Warning Score (NEWS) 2, Royal College of Physicians, 2017."
    " Not a medical device; not for pregnancy."
)
INCOMPLETE = (
    "At least this many points, incomplete: respirations, oxygen and consciousness"
    " are not measured here. " + ACKNOWLEDGED
)
TOO_YOUNG = f"NEWS2 is not for people under {MIN_YEARS}. " + ACKNOWLEDGED
NO_BIRTH_DATE = (
    f"NEWS2 is not for people under {MIN_YEARS}, and no date of birth is known. " + ACKNOWLEDGED
)


class Measured(Protocol):
    """What is asked of a reading: ``quality`` is "good", "suspect" or "rejected"."""

    @property
    def value(self) -> float:
        """In the unit of its kind."""

    @property
    def measured_at(self) -> float:
        """Unix seconds."""

    @property
    def quality(self) -> str:
        """Only "good" counts."""


#: kind -> (highest value of the band, its points), the last band without an end.
Bands = tuple[tuple[str, int], ...]
_TABLE: Mapping[str, tuple[str, Bands]] = {
    "heart_rate": ("1", (
        ("40", 3), ("50", 1), ("90", 0), ("110", 1), ("130", 2), ("Infinity", 3),
    )),
    "spo2": ("1", (("91", 3), ("93", 2), ("95", 1), ("Infinity", 0))),  # scale 1
    "bp_systolic": ("1", (("90", 3), ("100", 2), ("110", 1), ("219", 0), ("Infinity", 3))),
    "body_temperature": ("0.1", (
        ("35.0", 3), ("36.0", 1), ("38.0", 0), ("39.0", 1), ("Infinity", 2),
    )),
}
KINDS = tuple(_TABLE)


def points(kind: str, value: float) -> int:
    """The points of one value: 0 to 3. KeyError for a kind that NEWS2 has not."""
    step, bands = _TABLE[kind]
    # by its shortest decimal text: 38.05 is meant, not the double beside it
    rounded = Decimal(repr(float(value))).quantize(Decimal(step), ROUND_HALF_UP)
    return next(score for highest, score in bands if rounded <= Decimal(highest))


def partial_news2(
    values: Mapping[str, Measured], birth_date: date | str | None, now: float,
    skin: Iterable[str] = (),
) -> dict[str, Any] | None:
    """What the newest reading of each kind adds up to at least; None without any that counts.

    Only good readings of the last hour count, and no temperature when its
    ``source`` is one of ``skin`` (those that measure on the skin). Under 16, or
    when the age is not known, there is a ``note`` that says so and no number.
    """
    counted = {
        kind: reading for kind in KINDS
        if (reading := values.get(kind)) is not None
        and _counts(reading, now) and not _of_skin(kind, reading, frozenset(skin))
    }
    if not counted:
        return None
    why_not = _not_for(birth_date, now)
    if why_not is not None:
        return _shaped(None, [], why_not, [*NEVER_MEASURED])
    parts: list[dict[str, Any]] = [
        {"kind": kind, "value": reading.value, "score": points(kind, reading.value)}
        for kind, reading in counted.items()
    ]
    missing = [*NEVER_MEASURED, *(kind for kind in KINDS if kind not in counted)]
    return _shaped(sum(part["score"] for part in parts), parts, INCOMPLETE, missing)


def _shaped(
    at_least: int | None, parts: list[dict[str, Any]], note: str, missing: list[str]
) -> dict[str, Any]:
    return {
        "at_least": at_least, "complete": False, "missing": missing, "parts": parts,
        "single_three": any(part["score"] == 3 for part in parts), "note": note,
    }


def _counts(reading: Measured, now: float) -> bool:
    fresh = -AHEAD <= now - reading.measured_at <= MAX_AGE
    return reading.quality == "good" and fresh and math.isfinite(reading.value)


def _of_skin(kind: str, reading: Measured, skin: frozenset[str]) -> bool:
    return kind == "body_temperature" and getattr(reading, "source", None) in skin


def _not_for(birth_date: date | str | None, now: float) -> str | None:
    if not birth_date:
        return NO_BIRTH_DATE
    born = date.fromisoformat(birth_date) if isinstance(birth_date, str) else birth_date
    today = datetime.fromtimestamp(now, timezone.utc).date()
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return TOO_YOUNG if years < MIN_YEARS else None
