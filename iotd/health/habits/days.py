"""A person's days: of a time zone of their own, and beginning when they get up if they like.

Days follow each other without gap or overlap whatever the clock does: the day of
2026-03-29 lasts 23 hours where summer time begins. A beginning that the clock skips
is when the clock before would have shown it, one that comes twice is the first.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from iotd.errors import Invalid

LATEST_START = 12 * 60  # minutes: a day that begins in the afternoon is a typing error
_ONE = timedelta(days=1)


class Days:
    """Days of ``zone`` that begin ``start`` minutes after midnight; a day is text such as
    "2026-11-21". Can stand wherever a Calendar's ``day_of`` and ``span`` are wanted."""

    def __init__(self, zone: str = "UTC", start: int = 0) -> None:
        self.zone, self.start = zone, start
        self._zone = ZoneInfo(zone)

    def day_of(self, at: float) -> str:
        """The day that a moment belongs to."""
        return self.date_of(at).isoformat()

    def date_of(self, at: float) -> date:
        """The same as a date."""
        wall = datetime.fromtimestamp(at, timezone.utc).astimezone(self._zone)
        day = (wall.replace(tzinfo=None) - timedelta(minutes=self.start)).date()
        while self.begin(day) > at:
            day -= _ONE
        while self.begin(day + _ONE) <= at:
            day += _ONE
        return day

    def begin(self, day: date) -> float:
        """The first moment of a day."""
        return self._wall(day, self.start)

    def span(self, day: str) -> tuple[float, float]:
        """From its first moment to the first of the next day."""
        first = date.fromisoformat(day)
        return self.begin(first), self.begin(first + _ONE)

    def moment(self, day: date, minutes: int) -> float:
        """When, within this very day, the clock on the wall shows so many minutes after
        midnight: before the day's start that is in the small hours of the next date."""
        return self._wall(day + _ONE if minutes < self.start else day, minutes)

    def _wall(self, day: date, minutes: int) -> float:
        at = datetime.combine(day, time(minutes // 60, minutes % 60), self._zone)
        return at.timestamp()


@lru_cache(64)
def days_of(zone: str, start: int) -> Days:
    """The days of a zone that is known to exist; kept, as many patients share one."""
    return Days(zone, start)


@lru_cache(1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def checked_zone(name: str) -> str:
    """An IANA name that this machine knows; Invalid otherwise."""
    if name not in _zones():
        raise Invalid(
            f"There is no time zone {name[:64]!r}: give an IANA name such as Europe/Berlin.",
            "timezone",
        )
    return name


def minutes_of(text: str, field: str) -> int:
    """Minutes after midnight of "07:30"; Invalid otherwise."""
    hours, colon, minutes = text.partition(":")
    whole = len(text) == 5 and colon and text.isascii() and (hours + minutes).isdigit()
    if not whole or int(hours) > 23 or int(minutes) > 59:
        raise Invalid(f"{field} is a time of day such as 07:30.", field)
    return int(hours) * 60 + int(minutes)


def clock_of(minutes: int) -> str:
    """The same the other way round."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
