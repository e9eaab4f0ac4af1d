"""The site's days and hours, as spans of Unix seconds.

Days begin at local midnight and may have 23 or 25 hours. Hours and shorter
spans are counted off from there in real time, so that the hour that comes
twice in autumn is two; a quarter of a day is what the clock on the wall says.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR, DAY = 3600, 86400

Span = tuple[float, float]


class Calendar:
    """Days of one time zone; a day is text such as "2026-11-21"."""

    def __init__(self, zone: str = "UTC") -> None:
        self.name, self._zone = zone, ZoneInfo(zone)
        # a year's chart asks for the same days again and again
        self.span = lru_cache(4096)(self._span)

    def day_of(self, at: float) -> str:
        """The local day of a moment."""
        return self.local(at).date().isoformat()

    def local(self, at: float) -> datetime:
        """The moment as a clock on the wall shows it."""
        return datetime.fromtimestamp(at, timezone.utc).astimezone(self._zone)

    def _span(self, day: str) -> Span:
        """From its first moment to the first of the next day."""
        first = date.fromisoformat(day)
        return self._at(first, 0), self._at(first + timedelta(days=1), 0)

    def days(self, since: float, until: float) -> list[str]:
        """The local days that a span touches."""
        day, last = self.local(since).date(), self.local(until).date()
        found = []
        while day <= last:
            start, end = self.span(day.isoformat())
            if start < until and end > since:
                found.append(day.isoformat())
            day += timedelta(days=1)
        return found

    def spans(self, day: str, width: int) -> list[Span]:
        """The day cut into spans of ``width`` seconds, the last one perhaps shorter."""
        start, end = self.span(day)
        if width >= DAY:
            return [(start, end)] if start < end else []
        if width > HOUR:
            marks = self._wall_marks(day, width)
        else:
            marks = [start + width * n for n in range(int((end - start) // width) + 1)]
        edges = [mark for mark in marks if start <= mark < end] + [end]
        return [(a, b) for a, b in zip(edges, edges[1:]) if a < b]

    def _wall_marks(self, day: str, width: int) -> list[float]:
        first = date.fromisoformat(day)
        return [self._at(first, hour) for hour in range(0, 24, width // HOUR)]

    def _at(self, day: date, hour: int) -> float:
        # an hour that the clock skips begins where it jumps
        return datetime(day.year, day.month, day.day, hour, tzinfo=self._zone).timestamp()
