"""Days, numbers and people in words, as reports say them."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from iotd.health.report.letters import LEFT_TO_RIGHT

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)
NONE = "–"  # where there is nothing to tell

DISCLAIMER = (
    "Health Plus is not a medical device. Its values, ranges and scores are for information;"
    " they replace no examination and no doctor. Ranges are those of adults from the sources"
    " named; the range that a doctor or a laboratory gives comes first."
)

SECTION_NAMES = {
    "readings": "Vitals", "labs": "Laboratory results", "advice": "Doctor's advice",
    "questionnaire": "Questionnaire", "notes": "Notes", "habits": "Habits",
}


def day(text: str | None) -> str:
    """"2026-11-21", or a moment of it, as "21 November 2026"."""
    if not text:
        return NONE
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return text
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}"


def brief_day(text: str) -> str:
    """"2026-11-21" as "21 Nov 2026"."""
    found = date.fromisoformat(text)
    return f"{short_day(found)} {found.year}"


def short_day(found: date) -> str:
    """"21 Nov"."""
    return f"{found.day} {month(found)}"


def month(found: date) -> str:
    """"Nov"."""
    return MONTHS[found.month - 1][:3]


def amount(value: Any, digits: int | None = None) -> str:
    """A number as people write it; ``digits`` after the point, or as many as it has."""
    if value is None:
        return NONE
    if digits is None:
        return f"{value:.10g}"
    return f"{value:,.{digits}f}"


def rounded(value: float, digits: int) -> str:
    """A number with ``digits`` after the point, halves away from zero as browsers round them;
    one more for what would be nothing without."""
    if value and abs(value) < 10 ** -digits:
        digits += 1
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,}"


def plural(count: int, what: str) -> str:
    """"1 value", "2 values"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def by_name(name: str) -> str:
    """A name in any letters, after which a sentence goes on from left to right."""
    return f"{name}{LEFT_TO_RIGHT}"


def years_on(birth_date: str | None, today: str) -> int | None:
    """Completed years on a day."""
    if not birth_date:
        return None
    born, now = date.fromisoformat(birth_date), date.fromisoformat(today)
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


def unit(ucum: str) -> str:
    """A UCUM unit as people write it."""
    return _UNITS.get(ucum, ucum)


_UNITS = {
    "Cel": "°C", "mm[Hg]": "mmHg", "umol/L": "µmol/L", "{ratio}": "",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
}
