"""Students and their days: believable, and the same whoever asks."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta, timezone

from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.campus import Campus, Crowd, Pace, Passage, liveliest, long_enough
from iotd.simulate.students import AT_HOME, COLUMNS, Student, register
from iotd.wire.macs import is_local, normalise_mac
from iotd.wire.sightings import ENTRY, EXIT

MONDAY = date(2026, 11, 16)
CAMPUS = Campus(300, 4)
WEEK = [MONDAY + timedelta(days=n) for n in range(7)]


class RegisterTests(SynchronousTestCase):
    """Who they are."""

    def test_rows(self) -> None:
        """Roll numbers and phones are all different, and every category has several values."""
        head, *rows = register(2000)
        self.assertEqual(head, COLUMNS)
        self.assertEqual(len({row[0] for row in rows}), 2000)
        self.assertEqual(len({row[-1] for row in rows}), 2000)
        for column in range(1, 6):
            self.assertGreaterEqual(len({row[column] for row in rows}), 2)

    def test_phones(self) -> None:
        """Addresses are as makers give them, not made up by the phone."""
        for number in range(1, 500):
            mac = Student(number).mac
            self.assertEqual(normalise_mac(mac), mac)
            self.assertFalse(is_local(mac))


class DayTests(SynchronousTestCase):
    """When they pass."""

    def test_turns(self) -> None:
        """Each student goes out and in by turns, over every midnight of a month."""
        first = MONDAY - timedelta(days=30)
        passages = sorted(each for n in range(31)
                          for each in CAMPUS.passages(first + timedelta(days=n)))
        last: dict[int, int] = {}
        wrong = [each for each in passages if last.get(each.student) == each.direction
                 or last.update({each.student: each.direction})]
        self.assertEqual(wrong, [])
        self.assertGreater(len(passages), 10_000)

    def test_rhythm(self) -> None:
        """Arrivals in the morning, lunch, leaving in the afternoon, hardly anybody at night."""
        entries, exits = Counter[int](), Counter[int]()
        for each in CAMPUS.passages(MONDAY):
            hour = datetime.fromtimestamp(each.at, timezone.utc).hour
            (exits if each.direction == EXIT else entries)[hour] += 1
        self.assertIn(entries.most_common(1)[0][0], (8, 9, 13, 20))
        self.assertGreater(entries[8] + entries[9], 60)
        self.assertGreater(exits[12], 30)
        self.assertGreater(exits[17] + exits[16] + exits[18], 80)
        self.assertLess(sum(entries[hour] + exits[hour] for hour in range(1, 6)), 10)

    def test_weekend(self) -> None:
        """Day scholars stay away, some others go home for it."""
        away = [sum(Student(each.student).hostel == AT_HOME for each in CAMPUS.passages(day))
                for day in WEEK]
        self.assertLess(max(away[5:]), min(away[:5]) / 3)

    def test_curfew(self) -> None:
        """Every week somebody is back after eleven, but only few are."""
        late = [each for day in WEEK for each in CAMPUS.passages(day)
                if each.direction == ENTRY
                and datetime.fromtimestamp(each.at, timezone.utc).hour == 23]
        self.assertTrue(5 < len(late) < 100, len(late))

    def test_between(self) -> None:
        """Pieces of any length make up the whole, those that began two days before included."""
        start = datetime(2026, 11, 14, 9, tzinfo=timezone.utc).timestamp()
        whole = CAMPUS.between(start, start + 90 * 3600)
        parts = [each for n in range(18)
                 for each in CAMPUS.between(start + n * 18000, start + (n + 1) * 18000)]
        self.assertEqual(parts, whole)

    def test_gates(self) -> None:
        """Entries at entries, exits at exits, all of them used; one gate alone serves both."""
        self.assertEqual({each.gate % 2 == each.direction for each in CAMPUS.passages(MONDAY)},
                         {True})
        self.assertEqual({each.gate for each in CAMPUS.passages(MONDAY)}, {0, 1, 2, 3})
        alone = Campus(50, 1).passages(MONDAY)
        self.assertEqual({each.gate for each in alone}, {0})
        self.assertEqual({each.direction for each in alone}, {ENTRY, EXIT})

    def test_time_zone(self) -> None:
        """Lunch is at noon where the campus is."""
        noon = Campus(300, 2, "Asia/Kolkata").passages(MONDAY)
        exits = Counter((each.at - 4.5 * 3600) % 86400 // 3600 for each in noon
                        if each.direction == EXIT)
        self.assertGreater(exits[7] + exits[8], 20)  # 12:00 there is 6:30 UTC


class PaceTests(SynchronousTestCase):
    """Faster than the clock."""

    def test_real(self) -> None:
        """A day of 86400 s is our own."""
        pace = Pace(1_790_000_000.0, 86400, 1_790_000_000.0)
        self.assertEqual(pace.campus(1_790_000_123.0), 1_790_000_123.0)

    def test_quick(self) -> None:
        """An hour of a quick day takes its part of it."""
        pace = Pace(1_790_000_000.0, 7200, 1000.0)
        self.assertEqual(pace.campus(1_790_000_000.0), 1000.0)
        self.assertEqual(pace.campus(1_790_000_300.0), 4600.0)

    def test_liveliest(self) -> None:
        """Whatever the hour, many move soon in whom the past has where they can move from."""
        campus = Campus(400, 4)
        for day in WEEK:
            for hour in range(0, 24, 3):
                now = datetime(day.year, day.month, day.day, hour, tzinfo=timezone.utc).timestamp()
                began = liveliest(campus, now)
                state = {each.student: each.direction
                         for each in campus.between(now - 3 * 86400, now)}
                moved = [each for each in campus.between(began, began + 1800)
                         if state.get(each.student) != each.direction]
                self.assertGreater(len(moved), 10, (day, hour))

    def test_short_stays(self) -> None:
        """What would be over too soon does not happen, both ways of it."""
        day = [Passage(0, 1, 0, EXIT), Passage(100, 2, 0, EXIT), Passage(1000, 1, 1, ENTRY),
               Passage(9000, 2, 1, ENTRY)]
        self.assertEqual(long_enough(day, 12), [day[1], day[3]])
        self.assertEqual(long_enough(day, 1), day)

    def test_crowd(self) -> None:
        """Besides a student's phone a gate sees up to four others, made-up addresses all."""
        crowd = Crowd(1)
        for _ in range(500):
            seen = crowd.around(["8c8b214e4b04"])
            self.assertEqual(seen[0][0], "8c8b214e4b04")
            self.assertLessEqual(len(seen), 5)
            self.assertTrue(all(is_local(mac) for mac, _ in seen[1:]))
