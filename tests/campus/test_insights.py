"""Peaks, weekends, curfews and odd hours, by hand and against chance."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.calendar import Calendar
from iotd.campus import anomalies, charts, insights
from iotd.campus.anomalies import find, look_back, score
from iotd.campus.cells import ENTRIES, EXITS, UNITS, Hours
from iotd.campus.model import SECOND
from tests.campus.people import at

BERLIN = Hours(Calendar("Europe/Berlin"))
DAY = date(2026, 11, 26)  # a Thursday
NOW = at("2026-11-26T20:00") / SECOND


def days(count: int) -> list[str]:
    """Up to the 26th."""
    return [(DAY - timedelta(days=back)).isoformat() for back in range(count - 1, -1, -1)]


def row(entries: dict[int, int], exits: dict[int, int] | None = None) -> int:
    """Counts by hour."""
    found = sum(count * UNITS[ENTRIES + hour] for hour, count in entries.items())
    return found + sum(count * UNITS[EXITS + hour] for hour, count in (exits or {}).items())


class ChartTests(SynchronousTestCase):
    """Items of answers."""

    def test_hours(self) -> None:
        """Hours are named by their first moment in UTC; those to come are left out."""
        found = charts.by_hour([("2026-11-26", row({8: 3}, {22: 1}))], BERLIN, NOW)
        self.assertEqual(len(found), 23)
        self.assertEqual(found[0], {"bucket": "2026-11-25T23:00:00Z", "entries": 0, "exits": 0})
        self.assertEqual(found[8]["entries"], 3)
        # gates' clocks may be a little ahead
        self.assertEqual(found[-1], {"bucket": "2026-11-26T21:00:00Z", "entries": 0, "exits": 1})

    def test_odd_days(self) -> None:
        """A day of 23 hours has as many items, one of 25 has 24."""
        for day, count in (("2026-03-29", 23), ("2026-10-25", 24)):
            found = charts.by_hour([(day, row({2: 5}))], BERLIN, NOW)
            self.assertEqual(len({each["bucket"] for each in found}), count)

    def test_heatmap(self) -> None:
        """All 168 are there, and Mondays come first."""
        found = charts.heatmap([("2026-11-23", row({8: 3})), ("2026-11-16", row({8: 4}, {23: 1}))])
        self.assertEqual(len(found), 168)
        self.assertEqual(found[8], {"weekday": 1, "hour": 8, "entries": 7, "exits": 0})
        self.assertEqual(found[23]["exits"], 1)


class PeakTests(SynchronousTestCase):
    """When it is busy, and full."""

    def test_nothing(self) -> None:
        """Where nothing was counted there is no peak, and weekends are not compared."""
        rows = [(day, 0) for day in days(3)]
        self.assertIsNone(insights.peak_hour(rows))
        self.assertIsNone(insights.peak_day(rows))
        self.assertIsNone(insights.peak_load(rows, BERLIN, NOW, 0))
        pattern = insights.weekend_pattern(rows, None, days(1)[0])
        self.assertIsNone(pattern["ratio"])
        self.assertIn("not enough", pattern["text"])

    def test_peaks(self) -> None:
        """The hour and the day with most movements, entries and exits together."""
        rows = [("2026-11-24", row({8: 5}, {18: 9})), ("2026-11-25", row({8: 6}, {17: 7}))]
        self.assertEqual(insights.peak_hour(rows), {"hour": 8, "movements": 11})
        self.assertEqual(insights.peak_day(rows), {"day": "2026-11-24", "movements": 14})

    def test_load(self) -> None:
        """The fullest moment is counted back from now: hours' ends, and now itself."""
        rows = [("2026-11-25", row({8: 50, 12: 5}, {11: 5, 18: 40})),
                ("2026-11-26", row({9: 20}, {20: 3}))]
        inside = 50 + 5 - 5 - 40 + 20 - 3
        self.assertEqual(insights.peak_load(rows, BERLIN, NOW, inside),
                         {"at": "2026-11-25T08:00:00Z", "inside": 50})
        self.assertEqual(insights.peak_load(rows[1:], BERLIN, NOW, inside),
                         {"at": "2026-11-26T09:00:00Z", "inside": 30})

    @given(st.lists(st.tuples(st.integers(0, 47), st.booleans()), max_size=40))
    def test_any_load(self, moves: list[tuple[int, bool]]) -> None:
        """It is the largest headcount of any hour's end."""
        two = days(2)
        begun = 40
        counts = [row({}), row({})]
        for hour, comes in moves:
            counts[hour // 24] += UNITS[(ENTRIES if comes else EXITS) + hour % 24]
        now = BERLIN.starts(two[1])[-1][2]
        change = [sum(1 if comes else -1 for each, comes in moves if each == hour)
                  for hour in range(48)]
        loads = [begun + sum(change[:hour + 1]) for hour in range(48)]
        found = insights.peak_load([*zip(two, counts)], BERLIN, now, loads[-1])
        self.assertEqual(found and found["inside"], max(loads))

    def test_weekends(self) -> None:
        """Means of whole days only: not today's, nor those before anything was counted."""
        rows = [(day, row({8: 10 if date.fromisoformat(day).isoweekday() < 6 else 4}))
                for day in days(14)]
        rows[-1] = (rows[-1][0], row({8: 1000}))
        found = insights.weekend_pattern(rows, "2026-11-20", "2026-11-26")
        self.assertEqual((found["weekday_mean"], found["weekend_mean"], found["ratio"]),
                         (10.0, 4.0, 0.4))
        self.assertIn("60 % quieter", found["text"])

    def test_words(self) -> None:
        """Every ratio has its words."""
        told = [insights._in_words(100.0, 100.0 * ratio, ratio)
                for ratio in (0.0, 1.04, 1.5, 3.0)]
        for text, words in zip(told, ("100 % quieter", "as busy as weekdays", "50 % busier",
                                      "3.0 times as busy")):
            self.assertIn(words, text)


class CurfewTests(SynchronousTestCase):
    """Who is out late."""

    def test_when(self) -> None:
        """From the curfew until five in the morning, on the site's clock."""
        calendar = BERLIN.calendar
        for curfew, late, early in (("22:00", ("22:00", "23:59", "00:00", "04:59"),
                                     ("05:00", "21:59")),
                                    ("01:30", ("01:30", "04:59"), ("01:29", "23:00", "05:00")),
                                    ("05:00", ("05:00", "23:00", "04:59"), ())):
            for times, holds in ((late, True), (early, False)):
                for time in times:
                    now = at(f"2026-11-26T{time}") / SECOND - 3600
                    self.assertEqual(insights.is_curfew(calendar, curfew, now), holds, time)

    def test_who(self) -> None:
        """Names with how long in whole minutes, 500 at most."""
        out = [(f"R{n}", at("2026-11-26T18:00:30")) for n in range(600)]
        found = insights.out_late(out, NOW)
        self.assertEqual(len(found), 500)
        self.assertEqual(found[0], {
            "rollno": "R0", "since": "2026-11-26T18:00:30.000Z", "minutes": 119,
        })


class AnomalyTests(SynchronousTestCase):
    """Odd hours."""

    def usual(self, weeks: int = 9, seed: int = 1) -> dict[str, int]:
        """Even days with a little chance in them."""
        random = Random(seed)
        return {day: row({8: 100 + random.randint(-8, 8), 9: 60, 2: 1}, {18: 90})
                for day in days(weeks * 7)}

    def find(self, rows: dict[str, int], first: str = "2026-01-01", count: int = 7) -> list:
        """In the last week, at the end of the 26th."""
        asked = days(count)
        known = {day: rows.get(day, 0) for day in [*look_back(asked), *asked]}
        return find(asked, known, BERLIN, first, BERLIN.starts(asked[-1])[-1][2])

    def test_usual(self) -> None:
        """Where nothing is odd nothing is told."""
        self.assertEqual(self.find(self.usual()), [])

    def test_many(self) -> None:
        """A crowd at night is told in words, with what is usual."""
        rows = self.usual()
        rows["2026-11-26"] += 40 * UNITS[ENTRIES + 2]
        (odd,) = self.find(rows)
        told = odd.as_json()
        self.assertEqual((told["at"], told["kind"], told["expected"], told["actual"]),
                         ("2026-11-26T01:00:00Z", "many_entries", 1, 41))
        self.assertEqual(told["text"], "Thursday 26 November 2026, 02:00 to 03:00: 41 entries, far"
                         " more than usual (about 1 on Thursdays at this time).")

    def test_none(self) -> None:
        """A day on which nobody comes is one sentence, though it is two hours."""
        rows = {**self.usual(), "2026-11-25": row({}, {18: 90})}
        (odd,) = self.find(rows)
        self.assertEqual((odd.kind, odd.hour, odd.until, odd.actual), ("few_entries", 8, 10, 0))
        self.assertIn("08:00 to 10:00: 0 entries, far fewer than usual (about 16", odd.text())

    def test_new(self) -> None:
        """Before four weeks are known nothing is odd; days before the first are no samples."""
        rows = self.usual()
        rows["2026-11-26"] += 40 * UNITS[ENTRIES + 2]
        self.assertEqual(self.find(rows, "2026-11-01"), [])
        self.assertEqual(len(self.find(rows, "2026-10-29")), 1)

    def test_one_odd_week(self) -> None:
        """What was odd once is no measure for later: the median does not follow it."""
        rows = self.usual()
        rows["2026-11-19"] = row({})
        self.assertEqual(self.find(rows, count=1), [])

    def test_clock(self) -> None:
        """Neither the hour that is skipped nor the one that comes twice is odd."""
        for day in ("2026-03-29", "2026-10-25"):
            other = [(date.fromisoformat(day) - timedelta(days=back)).isoformat()
                     for back in range(57)]
            rows = {each: row({2: 100}) for each in other}
            rows[day] = row({2: 0 if day < "2026-06" else 200})
            end = BERLIN.starts(day)[-1][2]
            self.assertEqual(find([day], rows, BERLIN, "2026-01-01", end), [])

    def test_score(self) -> None:
        """Robust: one wild week among eight changes little; small counts are never far."""
        even = [100, 102, 98, 101, 99, 100, 103]
        self.assertLess(abs(score(200, [*even, 100]) - score(200, [*even, 5000])), 0.5)
        self.assertGreater(score(200, even), anomalies.SCORE)
        self.assertEqual(score(9, [0] * 8), 0)
        self.assertLess(score(0, [100] * 8), -anomalies.SCORE)

    def test_chance(self) -> None:
        """Hours that differ by a tenth from week to week are hardly ever called odd."""
        random, odd = Random(7), 0
        for _ in range(1440):
            middle = random.choice((2, 20, 200))
            drawn = [max(0, round(random.gauss(middle, middle ** 0.5 + middle / 10)))
                     for _ in range(9)]
            odd += abs(score(drawn[0], drawn[1:])) >= anomalies.SCORE
        self.assertLess(odd, 8)
