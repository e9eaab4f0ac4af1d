"""Readings over time: count, min, median, max and coverage of good ones, per bucket.

Exact at any moment. Of each local day the buckets of a quarter of an hour and
wider are kept (125 a day and kind); a reading that comes, is judged anew or is
removed marks its day stale in the same transaction, and a stale day is
computed from the readings themselves until it is kept again.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from statistics import median
from typing import Any, Iterator, Sequence

from sqlalchemy import Connection

from iotd.errors import Invalid
from iotd.health import bucket_records, records
from iotd.health.bucket_records import WIDTHS_KEPT, Key
from iotd.calendar import Calendar, Span
from iotd.times import rfc3339

WIDTHS = {"minute": 60, "5min": 300, "15min": 900, "hour": 3600, "6h": 21600, "day": 86400}
NAMES = {width: name for name, width in WIDTHS.items()}
AUTO_ITEMS = 500  # of a kind
MEASURING = 15.0  # seconds that a watch takes: polls can't come closer than this after the last

Values = Sequence[tuple[float, float]]  # time and value, by time


@dataclass(frozen=True)
class Bucket:
    """Good readings from ``start`` to before ``end``; ``coverage`` is the share of the polls
    that the bucket has room for which have one."""

    start: float
    end: float
    count: int
    min: float
    median: float
    max: float
    coverage: float


def width_of(name: str) -> int:
    """Seconds of a bucket, by its name or as themselves; Invalid lists the names."""
    if name in WIDTHS:
        return WIDTHS[name]
    if name.isascii() and name.isdigit() and int(name) in NAMES:
        return int(name)
    raise Invalid(f"bucket is raw, auto, {', '.join(WIDTHS)}, or its seconds.", "bucket")


def auto_width(since: float, until: float) -> int:
    """The finest width of which a span has at most 500; days when even those are more."""
    # one more begins before the span, and one in the hour that comes twice
    fits = (each for each in NAMES if (until - since) / each + 2 <= AUTO_ITEMS)
    return next(fits, max(NAMES))


def slot_of(poll_seconds: float) -> float:
    """Seconds from one poll to the next at the slowest."""
    return poll_seconds + MEASURING


def cut(values: Values, spans: Sequence[Span], slot: float) -> Iterator[Bucket]:
    """The buckets of ``spans`` that are not empty."""
    times = [at for at, _ in values]
    for start, end in spans:
        first, last = bisect_left(times, start), bisect_left(times, end)
        if first < last:
            yield _bucket(values[first:last], start, end, slot)


def _bucket(values: Values, start: float, end: float, slot: float) -> Bucket:
    told = [value for _, value in values]
    room = max(1, math.floor((end - start) / slot))
    held = len({int((at - start) / slot) for at, _ in values})
    return Bucket(
        start, end, len(told), min(told), median(told), max(told), min(1.0, held / room)
    )


def rebuild(connection: Connection, calendar: Calendar, keys: Sequence[Key], slot: float) -> None:
    """Compute days anew and keep their buckets."""
    for key in keys:
        patient, kind, day = key
        since, until = calendar.span(day)
        values = records.good_values(connection, patient, kind, since, until)
        bucket_records.replace_day(connection, key, [
            {"patient": patient, "kind": kind, "day": day, "width": width, **vars(bucket)}
            for width in WIDTHS_KEPT for bucket in cut(values, calendar.spans(day, width), slot)
        ])


class Reader:
    """Reads the buckets of one patient and kind."""

    def __init__(
        self, connection: Connection, calendar: Calendar, slot: float, patient: str, kind: str
    ) -> None:
        self._connection, self._calendar, self._slot = connection, calendar, slot
        self._patient, self._kind = patient, kind

    def read(
        self, width: int, since: float, until: float, most: int, after: float = -math.inf
    ) -> list[Bucket]:
        """The first ``most`` buckets that touch the span and begin later than ``after``."""
        since = max(since, after)
        day_of = self._calendar.day_of
        known = bucket_records.days_of(
            self._connection, self._patient, self._kind, day_of(since), day_of(until)
        )
        days, found = sorted(known), list[Bucket]()
        step = max(1, math.ceil(most * width / 86400))
        for first in range(0, len(days), step):
            some = {day: known[day] for day in days[first:first + step]}
            found += [
                each for each in self._some_days(width, some)
                if each.end > since and after < each.start < until
            ]
            if len(found) >= most:
                break
        return found[:most]

    def _some_days(self, width: int, days: dict[str, bool]) -> list[Bucket]:
        kept = width in WIDTHS_KEPT
        stale = [day for day in days if days[day] or not kept]
        found = [bucket for day in stale for bucket in self._computed(day, width)]
        if len(stale) < len(days):
            rows = bucket_records.buckets_of(
                self._connection, self._patient, self._kind, width, min(days), max(days)
            )
            found += [Bucket(*row) for day, *row in rows if days.get(day) is False]
        return sorted(found, key=lambda bucket: bucket.start)

    def _computed(self, day: str, width: int) -> Iterator[Bucket]:
        values = records.good_values(
            self._connection, self._patient, self._kind, *self._calendar.span(day)
        )
        return cut(values, self._calendar.spans(day, width), self._slot)


def as_json(kind: str, bucket: Bucket) -> dict[str, Any]:
    """A bucket as the API shows it."""
    return {
        "kind": kind, "start": _short(bucket.start), "end": _short(bucket.end),
        "count": bucket.count, "min": round(bucket.min, 3), "median": round(bucket.median, 3),
        "max": round(bucket.max, 3), "coverage": round(bucket.coverage, 3),
    }


def _short(at: float) -> str:
    # spans begin on whole seconds; ".000" would be a tenth of a chart's bytes
    return str(rfc3339(at)).replace(".000Z", "Z")
