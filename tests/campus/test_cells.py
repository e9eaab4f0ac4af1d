"""Rows of fifty counts: packed, added, taken away; outings and odd days."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.calendar import Calendar
from iotd.campus import cells
from iotd.campus.cells import ENTRIES, EXITS, OUTINGS, SECONDS, Hours, Move
from iotd.campus.model import ENTRY, EXIT, SECOND, Method, pack_source

BERLIN = Hours(Calendar("Europe/Berlin"))
ZONES = ("UTC", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu")
HOURS = {zone: Hours(Calendar(zone)) for zone in ZONES}
COME, GO = (pack_source(Method.WIFI, way, 3) for way in (ENTRY, EXIT))
GROUP, OTHER = 7, 8

values = st.integers(0, 2**40)
rows = st.lists(values, min_size=cells.LANES, max_size=cells.LANES)


def at(text: str) -> int:
    """Microseconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * SECOND


def told(row: int) -> dict[str, dict[int, int] | int]:
    """What a row says, by name."""
    found = cells.lanes(row)
    return {
        "entries": {n: found[ENTRIES + n] for n in range(24) if found[ENTRIES + n]},
        "exits": {n: found[EXITS + n] for n in range(24) if found[EXITS + n]},
        "outings": found[OUTINGS], "seconds": found[SECONDS],
    }


def row_of(counts: list[int]) -> int:
    """These counts packed."""
    return sum(count * unit for count, unit in zip(counts, cells.UNITS))


class RowTests(SynchronousTestCase):
    """Whole numbers as fifty counts."""

    @given(rows, rows)
    def test_add(self, one: list[int], other: list[int]) -> None:
        """Adding two rows adds each count, and taking one away gives the other back."""
        a, b = row_of(one), row_of(other)
        self.assertEqual(cells.lanes(a + b), tuple(map(sum, zip(one, other))))
        self.assertEqual(a + b - b, a)
        self.assertEqual(cells.from_bytes(cells.to_bytes(a)), a)
        self.assertEqual(len(cells.to_bytes(a)), cells.SIZE)

    @given(rows, rows)
    def test_clamp(self, one: list[int], other: list[int]) -> None:
        """A row with counts below zero is known as such, and can be mended."""
        difference = [a - b for a, b in zip(one, other)]
        row = row_of(one) - row_of(other)
        self.assertEqual(cells.is_sound(row), min(difference) >= 0)
        mended = cells.clamp(row)
        self.assertEqual(cells.lanes(mended), tuple(max(0, each) for each in difference))

    def test_difference(self) -> None:
        """What makes one count of days into another, both ways."""
        old, new = {("a", 1): 5, ("a", 2): 3, ("b", 1): 2}, {("a", 1): 5, ("a", 2): 7, ("c", 1): 1}
        deltas = cells.difference(new, old)
        self.assertEqual(deltas, {("a", 2): 4, ("b", 1): -2, ("c", 1): 1})
        cells.add(old, deltas)
        self.assertEqual({key: row for key, row in old.items() if row}, new)


class OutingTests(SynchronousTestCase):
    """What movements add."""

    def test_over_midnight(self) -> None:
        """An outing over midnight belongs to the day, hour and group of the return."""
        found = cells.contributions([
            (at("2026-11-20T20:30"), GO, GROUP), (at("2026-11-20T23:15"), COME, OTHER),
        ], BERLIN)
        self.assertEqual({key: told(row) for key, row in found.items()}, {
            ("2026-11-20", GROUP): {"entries": {}, "exits": {21: 1}, "outings": 0, "seconds": 0},
            ("2026-11-21", OTHER): {
                "entries": {0: 1}, "exits": {}, "outings": 1, "seconds": 9900,
            },
        })

    def test_first_entry(self) -> None:
        """The first entry ever ends no outing."""
        found = cells.contributions([(at("2026-11-20T07:00"), COME, GROUP)], BERLIN)
        self.assertEqual(told(found["2026-11-20", GROUP])["outings"], 0)

    def test_before(self) -> None:
        """What came before is not counted, but ends when the student returns."""
        left = at("2026-11-20T07:00"), GO, OTHER
        back = at("2026-11-20T07:00:59"), COME, GROUP
        found = cells.contributions([back], BERLIN, left)
        self.assertEqual(set(found), {("2026-11-20", GROUP)})
        self.assertEqual(told(found["2026-11-20", GROUP])["seconds"], 59)
        entered = at("2026-11-20T06:00"), COME, GROUP
        found = cells.contributions([back], BERLIN, entered)
        self.assertEqual(told(found["2026-11-20", GROUP])["outings"], 0)

    def test_double_hour(self) -> None:
        """Both hours that the clock shows twice in autumn are one; an outing is real time."""
        found = cells.contributions([
            (at("2026-10-25T00:30"), GO, GROUP), (at("2026-10-25T01:30"), COME, GROUP),
        ], BERLIN)
        self.assertEqual(told(found["2026-10-25", GROUP]), {
            "entries": {2: 1}, "exits": {2: 1}, "outings": 1, "seconds": 3600,
        })

    @given(st.sampled_from(ZONES), st.lists(
        st.tuples(st.integers(at("2026-10-20T00:00"), at("2026-11-05T00:00")), st.booleans()),
        max_size=20,
    ), st.integers(0, 20))
    @settings(max_examples=300)
    def test_pieces(self, zone: str, said: list[tuple[int, bool]], cut: int) -> None:
        """Movements counted in two pieces give what they give at once, and that is what
        looking at each by itself gives."""
        moves: list[Move] = [(when, COME if way else GO, GROUP) for when, way in sorted(said)]
        hours = HOURS[zone]
        whole = cells.contributions(moves, hours)
        cut = min(cut, len(moves))
        pieces = cells.contributions(moves[:cut], hours)
        before = moves[cut - 1] if cut else None
        cells.add(pieces, cells.contributions(moves[cut:], hours, before))
        self.assertEqual(pieces, whole)
        self.assertEqual({key: told(row) for key, row in whole.items()}, slow(moves, zone))


def slow(moves: list[Move], zone: str) -> dict[cells.Key, dict[str, dict[int, int] | int]]:
    """The same by another way: every movement put where it belongs by itself."""
    found: dict[cells.Key, dict[str, dict[int, int] | int]] = {}
    for n, (when, source, group) in enumerate(moves):
        local = datetime.fromtimestamp(when / SECOND, ZoneInfo(zone))
        key = local.date().isoformat(), group
        row = found.setdefault(key, {"entries": {}, "exits": {}, "outings": 0, "seconds": 0})
        kind = row["exits" if source == GO else "entries"]
        kind[local.hour] = kind.get(local.hour, 0) + 1  # type: ignore[index, union-attr]
        if n and source == COME and moves[n - 1][1] == GO:
            row["outings"] += 1  # type: ignore[operator]
            row["seconds"] += (when - moves[n - 1][0]) // SECOND  # type: ignore[operator]
    return found


class HoursTests(SynchronousTestCase):
    """Hours of odd days."""

    def test_spring(self) -> None:
        """The hour that is skipped is missing, the one after it begins where the clock jumps."""
        starts = BERLIN.starts("2026-03-29")
        self.assertEqual([hour for hour, _, _ in starts], [0, 1, *range(3, 24)])
        self.assertEqual(starts[2][1] * SECOND, at("2026-03-29T01:00"))

    def test_autumn(self) -> None:
        """The hour that comes twice is there once and lasts two."""
        starts = BERLIN.starts("2026-10-25")
        self.assertEqual([hour for hour, _, _ in starts], list(range(24)))
        self.assertEqual({hour: end - start for hour, start, end in starts if end - start != 3600},
                         {2: 7200})

    def test_whole_days(self) -> None:
        """Hours follow each other from the day's first moment to its last, in every zone."""
        for zone, hours in HOURS.items():
            for day in ("2026-03-08", "2026-03-29", "2026-04-05", "2026-10-25", "2026-11-01"):
                starts = hours.starts(day)
                edges = [starts[0][1], *(end for _, _, end in starts)]
                self.assertEqual(edges[:-1], [start for _, start, _ in starts], zone)
                self.assertEqual((edges[0], edges[-1]), hours.calendar.span(day), zone)
