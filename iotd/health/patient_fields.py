"""What is told of a patient, checked; Invalid names the field."""

from __future__ import annotations

from datetime import datetime, timezone

from iotd.errors import Invalid

SEXES = {"female": "female", "male": "male", "other": "other", "unknown": "unknown",
         "f": "female", "m": "male"}


def checked_name(name: str) -> str:
    """A name on one line."""
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Invalid("A name has 1 to 100 printable characters.", "name")
    return name


def checked_sex(sex: str | None) -> str:
    """One of SEXES, in full; None: unknown."""
    if sex is None:
        return "unknown"
    if sex.lower() not in SEXES:
        raise Invalid("sex is one of female, male, other, unknown.", "sex")
    return SEXES[sex.lower()]


def checked_birth_date(text: str | None, now: float) -> str | None:
    """A day that is not ahead."""
    if text is None:
        return None
    # somewhere it is tomorrow already
    latest = datetime.fromtimestamp(now + 86400, timezone.utc).date().isoformat()
    try:
        whole = datetime.strptime(text, "%Y-%m-%d").date().isoformat() == text
    except ValueError:
        whole = False
    if not whole or not "1900-01-01" <= text <= latest:
        raise Invalid("birth_date is a day such as 1948-07-21, from 1900 to today.", "birth_date")
    return text
