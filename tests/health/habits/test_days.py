"""Days of one's own: zones, beginnings, and clocks that jump."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.health.habits.days import Days, checked_zone, clock_of, minutes_of

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
         "Pacific/Chatham", "America/St_Johns", "Pacific/Kiritimati")


def at(zone: str, text: str, fold: int = 0) -> float:
    """Unix seconds of a time on a wall."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


class DayTests(SynchronousTestCase):
    """Which day a moment is of."""

    def test_day_start(self) -> None:
        """With a day that begins at 4, three in the morning is still yesterday."""
        days = Days("Europe/Berlin", 240)
        self.assertEqual(days.day_of(at("Europe/Berlin", "2026-11-21T03:59:59")), "2026-11-20")
        self.assertEqual(days.day_of(at("Europe/Berlin", "2026-11-21T04:00:00")), "2026-11-21")

    def test_zones(self) -> None:
        """The same moment is of different days around the world."""
        moment = at("UTC", "2026-11-21T11:00:00")
        self.assertEqual(Days("Pacific/Kiritimati").day_of(moment), "2026-11-22")
        self.assertEqual(Days("America/New_York", 420).day_of(moment), "2026-11-20")

    def test_short_and_long_days(self) -> None:
        """Days of 23 and 25 hours are one day each, also where the clock skips their start."""
        four = ("2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25")
        for start, wanted in ((0, [24, 23, 24, 25]), (240, [23, 24, 25, 24])):
            spans = map(Days("Europe/Berlin", start).span, four)
            self.assertEqual([(b - a) / 3600 for a, b in spans], wanted)

    def test_skipped_start(self) -> None:
        """A day that begins while the clock jumps begins when the old clock said so."""
        begin = Days("Europe/Berlin", 150).begin(date(2026, 3, 29))
        self.assertEqual(begin, at("Europe/Berlin", "2026-03-29T03:30"))

    def test_hour_that_comes_twice(self) -> None:
        """A day that begins at half past two begins at the first of the two."""
        days = Days("Europe/Berlin", 150)
        for clock, fold, wanted in (
            ("02:29", 0, "2026-10-24"), ("02:30", 0, "2026-10-25"),
            ("02:10", 1, "2026-10-25"), ("02:30", 1, "2026-10-25"),
        ):
            moment = at("Europe/Berlin", f"2026-10-25T{clock}:00", fold)
            self.assertEqual(days.day_of(moment), wanted, (clock, fold))

    def test_moments(self) -> None:
        """A time in the small hours is of the day that has not ended yet."""
        days = Days("Europe/Berlin", 240)
        day = date(2026, 11, 21)
        self.assertEqual(days.moment(day, 22 * 60), at("Europe/Berlin", "2026-11-21T22:00"))
        self.assertEqual(days.moment(day, 60), at("Europe/Berlin", "2026-11-22T01:00"))

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(ZONES), st.integers(0, 720), st.floats(1.6e9, 2.2e9))
    def test_every_moment_has_one_day(self, zone: str, start: int, moment: float) -> None:
        """Days follow each other without gap or overlap, each about a day long."""
        days = Days(zone, start)
        day = days.date_of(moment)
        since, until = days.span(day.isoformat())
        self.assertTrue(since <= moment < until)
        self.assertEqual(until, days.begin(day + timedelta(days=1)))
        self.assertTrue(22 * 3600 <= until - since <= 26 * 3600)

    def test_texts(self) -> None:
        """Times of day and names of zones are taken as they should be written only."""
        self.assertEqual(minutes_of("23:59", "x"), 1439)
        self.assertEqual(clock_of(245), "04:05")
        for text in ("", "7:30", "24:00", "12:60", "12.30", "１２:30", "+1:30", "12:30:00"):
            self.assertRaises(Invalid, minutes_of, text, "x")
        self.assertEqual(checked_zone("Asia/Kuala_Lumpur"), "Asia/Kuala_Lumpur")
        for name in ("", "Mars/Olympus", "../etc/passwd", "europe/berlin\0", "Europe"):
            self.assertRaises(Invalid, checked_zone, name)
