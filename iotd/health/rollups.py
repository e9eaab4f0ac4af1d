"""Keeps the buckets of days that are over, quietly; and answers charts."""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Callable, Iterator, Sequence

from pydantic_core import to_json
from sqlalchemy import Connection
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.errors import Unavailable
from iotd.health import bucket_records, buckets, records
from iotd.health.bucket_records import Key
from iotd.health.buckets import Bucket
from iotd.calendar import Calendar
from iotd.site.figures import guarded
from iotd.store.engine import Store
from iotd.store.records import get_fact, put_fact

EVERY = 2.0  # seconds ...
AT_ONCE = 10  # ... in which so many days are computed, 4 ms each: others write in between
ZONE = "health_time_zone"


#: Kind and start of a bucket.
Place = tuple[str, float]


@dataclass(frozen=True)
class Chart:
    """What is asked for: times in Unix seconds, ``width`` in seconds or None for a fitting one,
    ``after`` the last bucket seen."""

    patient: str
    kinds: Sequence[str]
    since: float | None
    until: float
    width: int | None
    limit: int | None
    after: Place | None = None


class Rollups:
    """Computes stale days of before today; ``forget_stale`` is told which, right before."""

    _log = Logger()

    def __init__(
        self, *, store: Store, clock: Any, now: Callable[[], float], calendar: Calendar,
        poll_seconds: float, forget_stale: Callable[[set[Key]], None],
    ) -> None:
        self._store, self._now, self._calendar = store, now, calendar
        self.slot = buckets.slot_of(poll_seconds)
        self._forget_stale = forget_stale
        self._busy = False
        self._timer = LoopingCall(guarded(self._tick, self._log, "computing days"))
        self._timer.clock = clock

    def load(self, connection: Connection) -> None:
        """At start: days of another time zone are others."""
        known = get_fact(connection, ZONE)
        if known not in (None, self._calendar.name):
            self._log.info("days are those of {zone} now", zone=self._calendar.name)
            bucket_records.redraw_days(connection, around)
        if known != self._calendar.name:
            put_fact(connection, ZONE, self._calendar.name)

    def start_service(self) -> None:
        """Compute from now on."""
        self._timer.start(EVERY, now=False)

    def stop_service(self) -> None:
        """Compute no more."""
        if self._timer.running:
            self._timer.stop()

    def _tick(self) -> None:
        self.work()

    def work(self) -> Deferred[None] | None:
        """Compute a few stale days of before today; None when it still does."""
        if self._busy:
            return None
        self._busy = True
        done = Deferred.fromCoroutine(self._compute())
        done.addErrback(self._failed)
        return done.addBoth(self._rest)

    def _failed(self, failure: Failure) -> None:
        # the store tells of its own trouble; the days stay stale and are computed later
        if failure.check(Unavailable) is None:
            self._log.failure("days were not computed", failure)

    def _rest(self, result: Any) -> None:
        self._busy = False

    async def _compute(self) -> None:
        today = self._calendar.day_of(self._now())
        keys = await self._store.read(bucket_records.stale_days, today, AT_ONCE)
        if keys:
            self._forget_stale(set(keys))
            await self._store.run(buckets.rebuild, self._calendar, keys, self.slot)

    def read(
        self, chart: Chart, next_of: Callable[[str], str], zipped: bool
    ) -> Deferred[bytes]:
        """The answer as JSON, made and perhaps gzipped off the reactor.

        ``next_of(after)`` is the address of what follows.
        """
        return self._store.read(_answer, self._calendar, self.slot, chart, next_of, zipped)


def _answer(
    connection: Connection, calendar: Calendar, slot: float, chart: Chart,
    next_of: Callable[[str], str], zipped: bool,
) -> bytes:
    items, width, more = draw(connection, calendar, slot, chart)
    told = to_json({
        "items": items, "bucket": buckets.NAMES[width],
        "next": next_of(f"{more[0]}~{more[1]!r}") if more else None,
    })
    return gzip.compress(told, 5, mtime=0) if zipped else told


def draw(
    connection: Connection, calendar: Calendar, slot: float, chart: Chart
) -> tuple[list[dict[str, Any]], int, Place | None]:
    """The buckets by kind and time, their width, and after which one there are more."""
    firsts = [records.first_at(connection, chart.patient, kind) for kind in chart.kinds]
    begun = min((at for at in firsts if at is not None), default=chart.until)
    since = begun if chart.since is None else max(begun, chart.since)
    width = chart.width or buckets.auto_width(since, chart.until)
    limit = chart.limit or buckets.AUTO_ITEMS * len(chart.kinds)
    found: list[tuple[str, Bucket]] = []
    for kind, after in _places(chart):
        reader = buckets.Reader(connection, calendar, slot, chart.patient, kind)
        most = limit + 1 - len(found)
        found += [(kind, each) for each in reader.read(width, since, chart.until, most, after)]
        if len(found) > limit:
            break
    shown = found[:limit]
    more = (shown[-1][0], shown[-1][1].start) if len(found) > limit else None
    return [buckets.as_json(kind, bucket) for kind, bucket in shown], width, more


def _places(chart: Chart) -> Iterator[Place]:
    """The kinds to read, and after which start."""
    first, start = 0, -math.inf
    if chart.after is not None and chart.after[0] in chart.kinds:
        first, start = chart.kinds.index(chart.after[0]), chart.after[1]
    yield chart.kinds[first], start
    for each in chart.kinds[first + 1:]:
        yield each, -math.inf


def around(day: str) -> list[str]:
    """The days of another time zone that may share a moment with ``day``."""
    middle = date.fromisoformat(day)
    return [(middle + timedelta(days=n)).isoformat() for n in (-1, 0, 1)]
