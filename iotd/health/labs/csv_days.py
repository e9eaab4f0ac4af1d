"""Days as files write them."""

from __future__ import annotations

import re
from datetime import datetime

from iotd.errors import Invalid

ORDERS = ("auto", "dmy", "mdy")
LONGEST = 40  # characters of a day with its time
SHOWN = 24  # characters of what is no day
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ].*)?")
_SHORT = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ,].*)?")
_WORDS = ("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")


def parse_day(text: str, order: str = "auto") -> str:
    """A day as ISO text. ``order`` of 2/3/2026: dmy, mdy, or auto, which refuses what is
    unclear (``extra["unclear"]``)."""
    text = text.strip()
    if len(text) > LONGEST:
        raise _no_day(text)
    found = _ISO.fullmatch(text)
    if found is not None:
        return _iso(text, found[1], found[3], found[4])
    found = _SHORT.fullmatch(text)
    if found is not None:
        return _by_order(text, found[1], found[3], found[4], "dmy" if found[2] == "." else order)
    for words in _WORDS:
        try:
            return datetime.strptime(text, words).date().isoformat()
        except ValueError:
            continue
    raise _no_day(text)


def _by_order(text: str, first: str, second: str, year: str, order: str) -> str:
    if order == "auto":
        if int(first) <= 12 and int(second) <= 12 and int(first) != int(second):
            raise Invalid(f"{text[:SHOWN]} may be day/month or month/day: say which, or write"
                          f" {year}-MM-DD.", "date", unclear=True)
        order = "dmy" if int(first) > 12 or int(first) == int(second) else "mdy"
    day, month = (first, second) if order == "dmy" else (second, first)
    return _iso(text, year, month, day)


def _iso(text: str, year: str, month: str, day: str) -> str:
    try:
        return datetime(int(year), int(month), int(day)).date().isoformat()
    except ValueError:
        raise _no_day(text) from None


def _no_day(text: str) -> Invalid:
    return Invalid(f"{text[:SHOWN]!r} is no day such as 2026-03-01.", "date")
