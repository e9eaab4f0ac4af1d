"""Statistics compared with movements and counted anew, while others write."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any

from sqlalchemy import insert
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.accounts.records import list_audit
from iotd.calendar import Calendar
from iotd.campus import cells, compare
from iotd.campus import statistics_records as records
from iotd.campus.cells import Hours
from iotd.campus.model import SECOND
from iotd.campus.movement_records import movements
from iotd.campus.rebuild import CHECK, REBUILD, Rebuild
from iotd.campus.register_records import groups, students
from iotd.control import perform
from iotd.errors import Conflict, NotFound, Unavailable
from tests.campus.people import COME, GO, GROUPS, at
from tests.databases import DatabaseTest, both

BERLIN = Calendar("Europe/Berlin")
SPAN = 100 * 86400  # seconds: four months' worth of windows


def fill(connection: Any, count: int = 40) -> list[tuple[int, int, int, int]]:
    """Students with movements over a hundred days; each as student, at, source, group."""
    random, rows = Random(count), []
    connection.execute(insert(groups), [each._asdict() for each in GROUPS.values()])
    for id in range(1, count + 1):
        connection.execute(insert(students).values(
            id=id, rollno=f"R{id}", group_id=id % 6 + 1, created_at=0, changed_at=0
        ))
        times = sorted(random.sample(range(SPAN), 12))
        for n, seconds in enumerate(times):
            moment = at("2026-08-20T00:00") + seconds * SECOND + n
            rows.append((id, moment, GO if n % 2 else COME, (id + n // 8) % 6 + 1))
    add_movements(connection, rows)
    return rows


def add_movements(connection: Any, rows: list[tuple[int, int, int, int]]) -> None:
    """As the applier writes them."""
    columns = ("student_id", "at", "source", "group_id")
    connection.execute(insert(movements), [
        dict(zip(columns, row), received_at=row[1], flags=0) for row in rows
    ])


def counted(rows: list[tuple[int, int, int, int]], calendar: Calendar = BERLIN) -> cells.Deltas:
    """All of them at once, by student."""
    found, hours = cells.Deltas(), Hours(calendar)
    for id in {row[0] for row in rows}:
        mine = [row[1:] for row in sorted(rows) if row[0] == id]
        cells.add(found, cells.contributions(mine, hours))
    return found


@both
class RebuildTests(DatabaseTest, TestCase):
    """A campus with movements and no statistics."""

    def setUp(self) -> None:
        self.patch(compare, "STUDENTS", 7)
        self.store = self.new_store(reactor)
        self.rows = self.store.call(fill)
        self.adopted = cells.Deltas()
        self.rebuild = self.build()

    def build(self, calendar: Calendar = BERLIN) -> Rebuild:
        """Anew, on the same store."""
        rebuild = Rebuild(
            store=self.store, clock=reactor, now=lambda: 1.0, calendar=calendar,
            adopt=lambda deltas: cells.add(self.adopted, deltas),
        )
        self.store.call(rebuild.load)
        self.addCleanup(lambda: Deferred.fromCoroutine(rebuild.stop_service()))
        return rebuild

    async def run_to_end(self, kind: str) -> dict[str, Any]:
        """What it says in the end."""
        told = await self.rebuild.follow(kind, None, "ada")
        while told["running"]:
            told = await self.rebuild.follow(kind, told["ticket"], "ada")
        return told

    def kept(self) -> cells.Deltas:
        """What stands in the store."""
        first, last = self.store.call(records.span_of_days)
        months = compare._months(first, last)
        return self.store.call(records.read_days, [day for month in months for day in month])

    async def test_all(self) -> None:
        """From nothing statistics become what counting all movements gives; then they agree."""
        told = await self.run_to_end(CHECK)
        right = counted(self.rows)
        self.assertEqual((told["movements"], told["differences"]), (len(self.rows), len(right)))
        self.assertEqual(len(told["items"]), 100)
        self.assertEqual(self.store.call(records.span_of_days), None)
        told = await self.run_to_end(REBUILD)
        self.assertEqual(told["done"], told["of"])
        self.assertEqual(self.kept(), right)
        self.assertEqual(self.adopted, right)
        self.assertEqual((await self.run_to_end(CHECK))["differences"], 0)

    async def test_differences(self) -> None:
        """Each wrong row is listed, with the values of its group, and what is right."""
        await self.run_to_end(REBUILD)
        first, other = sorted(counted(self.rows))[3], ("2026-10-01", 99)
        wrong = {first: cells.UNITS[5] * 3, other: cells.UNITS[49]}
        await self.store.run(records.change_days, wrong)
        told = await self.run_to_end(CHECK)
        self.assertEqual(told["differences"], 2)
        one, another = told["items"]
        self.assertEqual((one["day"], one["group"], one["hostel"]),
                         (*first, GROUPS[first[1]].hostel))
        self.assertEqual(one["kept"]["entries"] - one["right"]["entries"], 3)
        self.assertEqual((another["group"], another["year"]), (99, None))
        self.assertEqual(another["right"]["seconds_outside"], 0)
        await self.run_to_end(REBUILD)
        self.assertEqual(self.kept(), counted(self.rows))

    async def test_meanwhile(self) -> None:
        """Movements that come while it counts are neither missed nor doubled."""
        more = [(3, at("2026-10-15T12:00") + n * SECOND, COME, 2) for n in range(0, 4000, 400)]
        busy = Deferred.fromCoroutine(self.run_to_end(REBUILD))
        for row in more:
            await self.store.run(self.write, row)
        await busy
        self.assertEqual(self.kept(), counted(self.rows))

    def write(self, connection: Any, row: tuple[int, int, int, int]) -> None:
        """A movement with its statistics, in one transaction: as the applier does."""
        add_movements(connection, [row])
        before = counted([each for each in self.rows if each[0] == row[0]])
        self.rows.append(row)
        after = counted([each for each in self.rows if each[0] == row[0]])
        records.change_days(connection, cells.difference(after, before))

    def test_snapshot(self) -> None:
        """A month is compared as it stood when that began, whatever is committed since."""
        hours = Hours(BERLIN)
        everything = self.store.call(compare.extent, hours)
        late = 40, at("2026-08-25T12:00"), COME, 2
        other = self.new_store()

        def told(step: int) -> None:
            if step == 1:
                other.call(self.write, late)

        rows = [*self.rows]
        month = everything.months[0]
        with self.store._reading.connect() as connection, connection.begin():
            found = compare.compare(connection, hours, month, everything.students, told)
        right = {key: row for key, row in counted(rows).items() if key[0] in month}
        self.assertEqual({each.key: each.right for each in found}, right)
        self.assertEqual({each.kept for each in found}, {0})

    async def test_zone(self) -> None:
        """In another time zone all is counted anew, by itself and only once."""
        await self.run_to_end(REBUILD)
        kathmandu = Calendar("Asia/Kathmandu")
        self.rebuild = self.build(kathmandu)
        self.rebuild.start_service()
        while self.store.call(records.kept_zone) != "Asia/Kathmandu":
            await self.rebuild.follow(REBUILD, "1", "ada")
        self.assertEqual(self.kept(), counted(self.rows, kathmandu))
        self.rebuild = self.build(kathmandu)
        self.rebuild.start_service()
        fault: Any = await self.assertFailure(  # type: ignore[arg-type]
            Deferred.fromCoroutine(self.rebuild.follow(REBUILD, "1", "ada")), NotFound)
        self.assertEqual(fault.field, "ticket")

    async def test_new(self) -> None:
        """Where nothing is yet there is nothing to count anew."""
        self.assertEqual(self.store.call(records.kept_zone), BERLIN.name)

    async def test_one_at_a_time(self) -> None:
        """A check is not begun beside a rebuild; who asks for the same joins it."""
        first = Deferred.fromCoroutine(self.rebuild.follow(REBUILD, None, "ada"))
        second = Deferred.fromCoroutine(self.rebuild.follow(REBUILD, None, "ada"))
        await self.assertFailure(  # type: ignore[arg-type]
            Deferred.fromCoroutine(self.rebuild.follow(CHECK, None, "ada")), Conflict)
        self.assertEqual((await first)["ticket"], (await second)["ticket"])

    async def test_command(self) -> None:
        """The command line's words lead here, and who used it is in the audit."""
        parts = SimpleNamespace(rebuild=self.rebuild)
        told = await perform(parts, "campus rebuild", {}, "cli:ada")  # type: ignore[arg-type]
        while told["running"]:
            more = {"ticket": told["ticket"]}
            told = await perform(parts, "campus rebuild", more, "cli:ada")  # type: ignore
        self.assertEqual(self.kept(), counted(self.rows))
        (line,) = await self.store.read(list_audit, 5)
        self.assertEqual((line["who"], line["action"], line["subject"]),
                         ("cli:ada", "rebuild statistics", "campus"))

    async def test_stop(self) -> None:
        """Stopping ends the work soon, without a line about it; it is done at the next start."""
        waiting = Deferred.fromCoroutine(self.rebuild.follow(REBUILD, None, "ada"))
        await self.rebuild.stop_service()
        await self.assertFailure(waiting, Unavailable)  # type: ignore[arg-type]
        await self.assertFailure(  # type: ignore[arg-type]
            Deferred.fromCoroutine(self.rebuild.follow(CHECK, None, "ada")), Unavailable)
