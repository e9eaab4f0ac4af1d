"""Times that people and scripts give: read, checked, and put on the site's calendar."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from iotd.errors import Invalid

AHEAD = 300.0  # seconds by which another clock may be ahead of ours
EARLIEST = datetime(1900, 1, 1, tzinfo=timezone.utc).timestamp()
LATEST = datetime(3000, 1, 1, tzinfo=timezone.utc).timestamp()  # days beyond have no calendar

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+ -]\d\d:\d\d)", re.ASCII
)


def parse_time(text: str, field: str) -> float:
    """RFC 3339 as Unix seconds; Invalid names ``field``."""
    moment = _moment(text)
    if moment is None:
        raise Invalid(
            f"{field} must be a time such as 2026-11-21T08:30:00Z, with its offset.", field
        )
    return moment.timestamp()


def _moment(text: str) -> datetime | None:
    if _RFC3339.fullmatch(text) is None:
        return None
    # in a query "+" stands for a space
    plain = text[:19].upper().replace(" ", "T") + text[19:].upper().replace(" ", "+")
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        return None


def check_measured(
    at: float, now: float, birth_date: str | None = None, field: str = "measured_at"
) -> float:
    """``at`` itself, or Invalid when nobody can have measured then: ahead of ``now``, or before
    the patient was born."""
    if at > now + AHEAD:
        raise Invalid(f"{field} lies in the future.", field)
    if at < EARLIEST:
        raise Invalid(f"{field} lies before 1900.", field)
    if birth_date is not None and at < _begins(birth_date):
        raise Invalid(f"{field} lies before the birth, {birth_date}.", field)
    return at


def _begins(day: str) -> float:
    # where it begins first, 14 h ahead of UTC
    return datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp() - 14 * 3600.0


def bounded(at: float) -> float:
    """The moment, or the nearest that a reading can have: what a span asks for may be any."""
    return min(max(at, EARLIEST), LATEST)
