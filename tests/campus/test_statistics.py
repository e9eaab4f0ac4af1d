"""Statistics in memory and in the store, beside counting everything anew."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase, TestCase

from iotd.calendar import Calendar
from iotd.campus import cells
from iotd.campus import statistics_records as records
from iotd.campus.kept_days import Groups, KeptDays
from iotd.campus.model import SECOND
from iotd.campus.register_records import CATEGORIES
from iotd.campus.selection import EVERYBODY, Selection, selection_of, values_of
from iotd.campus.statistics import Statistics
from iotd.errors import Invalid
from tests.campus.people import COME, GO, GROUPS, People, at
from tests.databases import DatabaseTest, both

NOW = at("2026-11-26T12:00") / SECOND
DAYS = [f"2026-11-{day:02}" for day in range(14, 27)]
YEAR, GENDER, HOSTEL = (CATEGORIES.index(name) for name in ("year", "gender", "hostel"))
SELECTIONS = [
    selection_of(asked) for asked in (
        {}, {"year": "1"}, {"year": "1,2"}, {"hostel": "Asha", "gender": "F"},
        {"hostel": "Asha,", "year": "2,10"}, {"gender": "X"}, {"branch": "ECE", "stream": "BTech"},
    )
]

deltas = st.dictionaries(
    st.tuples(st.sampled_from(DAYS), st.sampled_from([*GROUPS])),
    st.integers(0, 47).map(lambda lane: cells.UNITS[lane]), min_size=1, max_size=8,
)


def expected(
    kept: cells.Deltas, day: str, by: int | None, selection: Selection
) -> dict[Any, int]:
    """By looking at every row."""
    found: dict[Any, int] = {}
    for (each, group), row in kept.items():
        values = values_of(GROUPS[group])
        if each == day and selection.has(values):
            value = None if by is None else values[by]
            found[value] = found.get(value, 0) + row
    return {value: row for value, row in found.items() if row}


def sound(split: dict[Any, int]) -> dict[Any, int]:
    """Without what is nothing."""
    return {value: row for value, row in split.items() if row}


class SelectionTests(SynchronousTestCase):
    """What is asked for."""

    def test_values(self) -> None:
        """Several values have commas between; years are numbers; an empty text is a value."""
        asked = selection_of({"year": "1, 2", "hostel": "", "gender": None})
        self.assertEqual(asked.wanted, (
            (YEAR, frozenset({1, 2})), (HOSTEL, frozenset({""})),
        ))

    def test_comma(self) -> None:
        """A value that has a comma itself can be asked for, alone."""
        asked = selection_of({"branch": "Arts, fine"}, lambda place, value: value == "Arts, fine")
        self.assertEqual(asked.wanted[0][1], {"Arts, fine"})

    def test_faults(self) -> None:
        """A year that is no number, and too many values, are told."""
        for asked in ({"year": "first"}, {"year": ""}, {"year": "20261"}, {"year": "²"},
                      {"hostel": "," * 200}):
            fault = self.assertRaises(Invalid, selection_of, asked)
            self.assertEqual(fault.field, [*asked][0])


class KeptDaysTests(SynchronousTestCase):
    """Days in memory."""

    @given(st.lists(deltas, max_size=6), st.sampled_from(SELECTIONS),
           st.sampled_from([None, *range(5)]))
    @settings(max_examples=150)
    def test_split(self, batches: list[cells.Deltas], selection: Selection, by: int) -> None:
        """What is kept is what counting everything gives; what is not kept is said to be so."""
        kept, everything = KeptDays(Groups(People().groups), DAYS[2]), cells.Deltas()
        for batch in batches:
            kept.add(batch)
            cells.add(everything, batch)
        kept.trim(DAYS[4], DAYS[8])
        for day in DAYS:
            found = kept.split(day, by, selection)
            if found is not None:
                self.assertEqual(sound(found), expected(everything, day, by, selection))
            single = by is None and len(selection.wanted) < 2
            self.assertEqual(found is None, day < (DAYS[4] if (
                single or not selection.wanted or selection.categories == (by,)
            ) else DAYS[8]))


@both
class RecordsTests(DatabaseTest, SynchronousTestCase):
    """Rows of the store."""

    def test_change(self) -> None:
        """Rows are added to; one of which nothing is left is gone."""
        connection = self.connect()
        one, other = cells.UNITS[3], cells.UNITS[49] * 1000
        records.change_days(connection, {("2026-11-26", 1): one, ("2026-11-26", 2): other})
        records.change_days(connection, {("2026-11-26", 1): one, ("2026-11-27", 1): one})
        records.change_days(connection, {("2026-11-26", 2): -other})
        self.assertEqual(records.read_days(connection, ["2026-11-26", "2026-11-27"]), {
            ("2026-11-26", 1): 2 * one, ("2026-11-27", 1): one,
        })
        self.assertEqual(records.read_days(connection, ["2026-11-26"], [2]), {})
        self.assertEqual(records.span_of_days(connection), ("2026-11-26", "2026-11-27"))

    def test_damage(self) -> None:
        """Taking away more than there is holds nothing up: it is 0 then, and told."""
        connection = self.connect()
        key = "2026-11-26", 1
        records.change_days(connection, {key: cells.UNITS[3]})
        wanted = {key: cells.UNITS[4] - 2 * cells.UNITS[3]}
        damaged = records.change_days(connection, wanted)
        self.assertEqual(damaged, [key])
        self.assertEqual(wanted, {key: cells.UNITS[4] - cells.UNITS[3]})
        self.assertEqual(records.read_days(connection, [key[0]]), {key: cells.UNITS[4]})

    def test_strangers(self) -> None:
        """Devices are added up by day, hour and gate; 24 and 0 are those of all."""
        connection = self.connect()
        for _ in range(2):
            records.add_strangers(connection, {
                ("2026-11-26", 24, 0): 3, ("2026-11-26", 9, 4): 2, ("2026-11-25", 24, 0): 1,
            })
        self.assertEqual(records.strangers_of(connection, "2026-11-26"), 6)
        self.assertEqual(records.strangers_of(connection, "2026-11-24"), 0)
        found = records.list_strangers(connection, "2026-11-26")
        self.assertEqual(found, [(9, 4, 4), (24, 0, 6)])


class StatisticsTest(DatabaseTest, TestCase):
    """A store, and statistics of four whole days and eight by single values."""

    def setUp(self) -> None:
        self.store, self.people, self.clock = self.new_store(reactor), People(), Clock()
        self.now = NOW
        self.statistics = self.build()

    def build(self) -> Statistics:
        """Anew, on the same store: also what a restart does."""
        statistics = Statistics(
            store=self.store, clock=self.clock, now=lambda: self.now, calendar=Calendar("UTC"),
            groups=self.people.groups, whole_days=4, kept_days=8,
        )
        self.store.call(statistics.load)
        statistics.start_service()
        self.addCleanup(statistics.stop_service)
        return statistics

    async def commit(self, batch: cells.Deltas) -> None:
        """As the applier does."""
        await self.store.run(self.statistics.change, batch)
        self.statistics.adopt(batch)

    async def older_days(self, rounds: int = 4) -> None:
        """Read in the background."""
        for _ in range(rounds):
            self.clock.advance(0.25)
            await self.store.run(lambda connection: None)


@both
class StatisticsTests(StatisticsTest):
    """Questions of every kind, at every moment."""

    async def check(self, everything: cells.Deltas) -> None:
        """Whatever is asked is what counting everything gives."""
        for selection in SELECTIONS:
            for by in (None, YEAR, HOSTEL):
                found = await self.statistics.split(DAYS, by, selection)
                for day, split in zip(DAYS, found):
                    right = expected(everything, day, by, selection)
                    self.assertEqual(sound(split), right, (day, by, selection))

    async def test_all_ages(self) -> None:
        """Days in memory, by single values and in the store alone answer alike; before and after
        older ones are read, after late data, and after a restart."""
        everything: cells.Deltas = {}
        for n, day in enumerate(DAYS):
            batch = {(day, group): cells.UNITS[n + group] for group in GROUPS}
            await self.commit(batch)
            cells.add(everything, batch)
        self.statistics = self.build()
        await self.check(everything)
        late = {(day, 2): cells.UNITS[47] * 5 for day in DAYS[::2]}
        await self.commit(late)
        cells.add(everything, late)
        await self.check(everything)
        await self.older_days()
        await self.check(everything)
        erased = {key: -row for key, row in everything.items() if key[1] == 3}
        await self.commit(erased)
        cells.add(everything, erased)
        await self.check(everything)

    async def test_late_while_reading(self) -> None:
        """What changes while older days are read is neither missed nor counted twice."""
        day = DAYS[7]
        await self.commit({(DAYS[0], 1): 1, (day, 1): 1})
        self.statistics = self.build()
        waiting = []
        for _ in range(6):
            self.clock.advance(0.25)
            waiting.append(Deferred.fromCoroutine(self.commit({(day, 1): 1})))
            asked = self.statistics.split([day], HOSTEL, SELECTIONS[1])
            waiting.append(Deferred.fromCoroutine(asked))  # type: ignore[arg-type]
        for each in waiting:
            await each
        await self.older_days()
        for selection in (EVERYBODY, SELECTIONS[1], SELECTIONS[3]):
            self.assertEqual(await self.statistics.totals([day], selection), [7])

    async def test_next_day(self) -> None:
        """After midnight there is a new day; what gates said of it before is there."""
        await self.commit({("2026-11-27", 1): 4, ("2026-11-26", 2): 2})
        self.statistics = self.build()
        self.now += 86400
        self.clock.advance(0.25)
        self.assertEqual(self.statistics.days(2), ["2026-11-26", "2026-11-27"])
        both_filters = SELECTIONS[3]
        self.assertEqual(await self.statistics.totals(self.statistics.days(2)), [2, 4])
        self.assertEqual(await self.statistics.totals(self.statistics.days(1), both_filters), [4])

    async def test_strangers(self) -> None:
        """Devices of today are counted, also those from before a restart."""
        new = {("2026-11-26", 24, 0): 2, ("2026-11-26", 12, 1): 2, ("2026-11-25", 24, 0): 9}
        await self.store.run(self.statistics.add_strangers, new)
        self.statistics.adopt_strangers(new)
        self.assertEqual(self.statistics.strangers_today(), 2)
        self.assertEqual(self.build().strangers_today(), 2)
        self.now += 86400
        self.assertEqual(self.statistics.strangers_today(), 0)

    async def test_damage(self) -> None:
        """That statistics don't fit is one line of the log, and known at the next start; pages
        show what is stored, and nothing below zero."""
        with capturedLogs() as told:
            await self.commit({("2026-11-26", 1): -cells.UNITS[0]})
            await self.commit({("2026-11-26", 1): cells.UNITS[0]})
        self.assertEqual([each["days"] for each in told if "days" in each], ["2026-11-26"])
        stored = await self.store.read(records.read_days, ["2026-11-26"])
        self.assertEqual(await self.statistics.totals(["2026-11-26"]), [sum(stored.values())])
        self.assertEqual(await self.store.read(records.kept_zone), "")

    async def test_movements(self) -> None:
        """What a student's movements add is what is answered."""
        moves = [(at("2026-11-25T20:00"), GO, 4), (at("2026-11-26T02:00"), COME, 4)]
        await self.commit(cells.contributions(moves, self.statistics.hours))
        rows = await self.statistics.totals(["2026-11-25", "2026-11-26"], SELECTIONS[6])
        self.assertEqual(rows[0], cells.UNITS[cells.EXITS + 20])
        self.assertEqual(rows[1], cells.UNITS[2] + cells.UNITS[48] + 21600 * cells.UNITS[49])
