"""Buckets against a slow oracle that looks at every reading, in time zones with odd days."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.health import bucket_records, buckets, records
from iotd.health.bucket_records import WIDTHS_KEPT
from iotd.health.buckets import Bucket, Reader
from iotd.calendar import Calendar
from iotd.health.records import Reading
from iotd.health.rollups import Chart, around, draw
from tests.databases import DatabaseTest, both

ANNA, BERT = "a" * 16, "b" * 16
PULSE = "heart_rate"
SLOT = 45.0
# the last Sunday of October 2026 has 25 hours in Berlin; of March 23
BERLIN_AUTUMN = datetime(2026, 10, 24, 22, tzinfo=timezone.utc).timestamp()
BERLIN_SPRING = datetime(2026, 3, 28, 23, tzinfo=timezone.utc).timestamp()
ZONES = ("UTC", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu")


def reading(at: float, value: float, patient: str | None = ANNA, **more: Any) -> Reading:
    """A good reading of a watch."""
    return Reading(PULSE, value, f"{value:g},bpm", at, at, "wch", patient, "wch", **more)


def store(connection: Any, calendar: Calendar, *rows: Reading) -> list[int]:
    """What a commit of readings does."""
    keys = {(each.patient, each.kind, calendar.day_of(each.at)) for each in rows if each.patient}
    bucket_records.mark_stale(connection, sorted(keys))  # type: ignore[arg-type]
    return records.add_readings(connection, [each.as_row() for each in rows])


def keep_all(connection: Any, calendar: Calendar) -> None:
    """What the timer does, to its end."""
    keys = bucket_records.stale_days(connection, "9999-12-31", 100_000)
    buckets.rebuild(connection, calendar, keys, SLOT)


def oracle(
    values: list[tuple[float, float]], zone: str, width: int
) -> dict[float, tuple[int, float, float, float]]:
    """Start to count, min, median, max: each reading put into its bucket by itself."""
    held: dict[float, list[float]] = {}
    for at, value in values:
        held.setdefault(start_of(at, zone, width), []).append(value)
    return {
        start: (len(some), min(some), median(some), max(some)) for start, some in held.items()
    }


def start_of(at: float, zone: str, width: int) -> float:
    """Where the bucket of a moment begins, by the clock on the wall."""
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()
    if width == 86400:
        return midnight
    if width == 21600:
        quarter = local.replace(
            hour=local.hour // 6 * 6, minute=0, second=0, microsecond=0, fold=0
        )
        return quarter.timestamp()
    return midnight + (at - midnight) // width * width


class CalendarTests(SynchronousTestCase):
    def test_lengths(self) -> None:
        """A day has 24 hours, one in autumn 25, one in spring 23."""
        calendar = Calendar("Europe/Berlin")
        for day, hours in (("2026-10-24", 24), ("2026-10-25", 25), ("2026-03-29", 23)):
            since, until = calendar.span(day)
            self.assertEqual(until - since, hours * 3600)
            self.assertEqual(len(calendar.spans(day, 3600)), hours)
            self.assertEqual(len(calendar.spans(day, 900)), hours * 4)
            self.assertEqual(len(calendar.spans(day, 21600)), 4)
            self.assertEqual(calendar.spans(day, 86400), [(since, until)])

    @given(st.sampled_from(ZONES), st.integers(1_500_000_000, 1_900_000_000),
           st.sampled_from(list(buckets.NAMES)))
    def test_spans_fill_the_day(self, zone: str, at: int, width: int) -> None:
        """Spans follow each other without gap from the day's first moment to its last."""
        calendar = Calendar(zone)
        day = calendar.day_of(at)
        spans = calendar.spans(day, width)
        self.assertEqual((spans[0][0], spans[-1][1]), calendar.span(day))
        for (_, end), (start, _) in zip(spans, spans[1:]):
            self.assertEqual(end, start)
        self.assertTrue(calendar.span(day)[0] <= at < calendar.span(day)[1])


class WidthTests(SynchronousTestCase):
    def test_names(self) -> None:
        """A bucket goes by name or seconds; anything else is refused with the list."""
        self.assertEqual(buckets.width_of("hour"), 3600)
        self.assertEqual(buckets.width_of("86400"), 86400)
        for wrong in ("", "7", "week", "-60", "٣٦٠٠", "60.0"):
            error = self.assertRaises(Invalid, buckets.width_of, wrong)
            self.assertEqual(error.field, "bucket")

    @given(st.floats(1, 366 * 86400))
    def test_auto(self, seconds: float) -> None:
        """The width of its own choice makes at most 500 buckets, and no finer one would."""
        width = buckets.auto_width(0, seconds)
        self.assertLessEqual(seconds / width + 2, 500)
        finer = [each for each in buckets.NAMES if each < width]
        self.assertTrue(all(seconds / each + 2 > 500 for each in finer))


class CoverageTests(SynchronousTestCase):
    def coverage(self, every: float, seconds: float = 3600) -> float:
        """Of readings that come so often."""
        values = [(n * every, 70.0) for n in range(math.ceil(seconds / every))]
        return next(iter(buckets.cut(values, [(0, seconds)], SLOT))).coverage

    def test_full(self) -> None:
        """Polls as close as a watch allows, and closer, cover all."""
        for every in (1, 30, 35, 45):
            self.assertEqual(self.coverage(every), 1.0)

    def test_half(self) -> None:
        """Every second poll lost is half."""
        self.assertAlmostEqual(self.coverage(90), 0.5)

    def test_alone(self) -> None:
        """One reading in an hour is one of 80."""
        self.assertAlmostEqual(self.coverage(3600), 1 / 80)


@both
class BucketTests(DatabaseTest, SynchronousTestCase):
    """Kept and computed buckets, on both databases."""

    def read(
        self, connection: Any, zone: str, width: int, since: float = 0, until: float = 4e9,
        most: int = 100_000,
    ) -> list[Bucket]:
        """Buckets of Anna's pulse."""
        return Reader(connection, Calendar(zone), SLOT, ANNA, PULSE).read(
            width, since, until, most
        )

    def check(self, connection: Any, zone: str, values: list[tuple[float, float]]) -> None:
        """Every width says what the oracle says."""
        for width in buckets.NAMES:
            found = self.read(connection, zone, width)
            told = {each.start: (each.count, each.min, each.median, each.max) for each in found}
            self.assertEqual(told, oracle(values, zone, width), (zone, width))
            self.assertEqual([each.start for each in found], sorted(told))
            self.assertTrue(all(0 < each.coverage <= 1 for each in found))

    def test_oracle(self) -> None:
        """Whatever comes, late or not, kept in between or not, removed or judged anew."""
        moments = st.sampled_from((BERLIN_AUTUMN, BERLIN_SPRING)).flatmap(
            lambda start: st.floats(start - 100_000, start + 200_000)
        )
        value = st.integers(30, 200).map(float)
        step = st.tuples(st.lists(st.tuples(moments, value), max_size=12), st.booleans(),
                         st.integers(0, 3))

        connection = self.connect()

        @settings(max_examples=40 if self.dialect == "sqlite" else 10, deadline=None)
        @given(st.sampled_from(ZONES), st.lists(step, min_size=1, max_size=4))
        def holds(zone: str, steps: list[Any]) -> None:
            savepoint = connection.begin_nested()
            try:
                self.live(connection, zone, steps)
            finally:
                savepoint.rollback()

        holds()

    def live(self, connection: Any, zone: str, steps: list[Any]) -> None:
        """Go through some steps and compare after each."""
        calendar, kept = Calendar(zone), dict[int, tuple[float, float]]()
        for values, keeps, fate in steps:
            rows = [reading(at, value) for at, value in values]
            strangers = [reading(at, 99, None) for at, _ in values[:1]]
            strangers += [reading(at, 99, BERT) for at, _ in values[:1]]
            bad = [reading(at, 199, quality="suspect") for at, _ in values[1:3]]
            ids = store(connection, calendar, *rows, *strangers, *bad)
            kept.update(zip(ids, values))
            if keeps:
                keep_all(connection, calendar)
            for id in list(kept)[:fate]:
                at, _ = kept.pop(id)
                if fate % 2:
                    records.remove_reading(connection, id)
                else:
                    records.amend_reading(connection, id, "suspect", "why")
                bucket_records.mark_stale(connection, [(ANNA, PULSE, calendar.day_of(at))])
            self.check(connection, zone, list(kept.values()))

    def test_kept_is_what_is_computed(self) -> None:
        """A day says the same before and after it is kept, and its rows are not many."""
        connection, calendar = self.connect(), Calendar("Europe/Berlin")
        store(connection, calendar, *(
            reading(BERLIN_AUTUMN + n * 30, 60 + n % 37) for n in range(3000)
        ))
        before = [self.read(connection, "Europe/Berlin", width) for width in WIDTHS_KEPT]
        keep_all(connection, calendar)
        after = [self.read(connection, "Europe/Berlin", width) for width in WIDTHS_KEPT]
        self.assertEqual(before, after)
        self.assertEqual(len(before[-1]), 1)
        self.assertEqual(bucket_records.stale_days(connection, "9999", 9), [])
        rows = connection.execute(bucket_records.reading_buckets.select()).all()
        self.assertEqual(len(rows), 100 + 25 + 4 + 1)

    def test_span(self) -> None:
        """Buckets that touch the span are there, whole, and no others."""
        connection, calendar = self.connect(), Calendar("UTC")
        store(connection, calendar, *(reading(n * 600.0, 60) for n in range(1, 300)))
        found = self.read(connection, "UTC", 3600, 3600 * 5 + 1800, 3600 * 9)
        self.assertEqual([each.start / 3600 for each in found], [5, 6, 7, 8])
        self.assertEqual({each.count for each in found}, {6})

    def test_zone_changes(self) -> None:
        """After the site moved to another zone its days are those of the new one."""
        connection = self.connect()
        values = [(BERLIN_AUTUMN + n * 1800.0, 60.0 + n % 9) for n in range(200)]
        store(connection, Calendar("UTC"), *(reading(*each) for each in values))
        keep_all(connection, Calendar("UTC"))
        bucket_records.redraw_days(connection, around)
        self.check(connection, "Asia/Kathmandu", values)
        keep_all(connection, Calendar("Asia/Kathmandu"))
        self.check(connection, "Asia/Kathmandu", values)

    def test_pages(self) -> None:
        """Pages of any size, one after the other, are the whole."""
        connection, calendar = self.connect(), Calendar("Europe/Berlin")
        rows = [reading(BERLIN_AUTUMN + n * 1000.0, 60 + n % 50) for n in range(300)]
        spo2 = [Reading("spo2", 97, "97", each.at, each.at, "api", ANNA) for each in rows[::7]]
        store(connection, calendar, *rows, *spo2)
        kinds = [PULSE, "body_temperature", "spo2"]
        chart = Chart(ANNA, kinds, None, BERLIN_AUTUMN + 1e6, 900, 10_000)
        whole, _, more = draw(connection, calendar, SLOT, chart)
        self.assertIsNone(more)
        for limit in (1, 7, 100):
            paged: list[Any] = []
            after = None
            while True:
                part = Chart(ANNA, kinds, None, BERLIN_AUTUMN + 1e6, 900, limit, after)
                items, _, after = draw(connection, calendar, SLOT, part)
                self.assertLessEqual(len(items), limit)
                paged += items
                if after is None:
                    break
            self.assertEqual(paged, whole)

    def test_nothing(self) -> None:
        """A patient without readings has a chart without buckets."""
        chart = Chart(ANNA, [PULSE], None, 1e9, None, None)
        self.assertEqual(draw(self.connect(), Calendar(), SLOT, chart), ([], 60, None))
        self.assertEqual(buckets.auto_width(-math.inf, 0), 86400)
