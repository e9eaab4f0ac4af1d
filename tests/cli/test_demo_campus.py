"""``iotd demo``: the campus and its past, as the daemon will find them."""

from __future__ import annotations

import csv
import stat
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from iotd.calendar import Calendar
from iotd.campus import statistics_records, student_records
from iotd.campus.cells import Hours, contributions
from iotd.campus.macs import Hasher, site_key
from iotd.campus.memory import Memory
from iotd.campus.model import SECOND, direction_of, moves
from iotd.campus.movement_records import all_of
from iotd.cli import demo_boards
from iotd.cli.demo_boards import BOARDS, GATES, KEYS_FILE
from iotd.cli.demo_campus import REPEAT_SECONDS, STUDENTS, fill
from iotd.cli.simulate_campus import write_register
from iotd.devices.records import all_devices
from iotd.simulate.plans import parse_keys
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from iotd.wire.macs import normalise_mac

NOW = 1_790_000_000.0
DAYS = 5


class CampusTests(TestCase):
    """What it writes."""

    def setUp(self) -> Any:
        self.folder = Path(self.mktemp())
        self.store = Store("sqlite:///iotd.sqlite3", self.folder, reactor)
        self.store.open()
        self.addCleanup(lambda: self.store.close())
        self.sealer = Sealer(self.folder / "secret.key")
        self.made = self.store.call(fill, self.sealer, NOW, "Asia/Kolkata", DAYS)

    def test_register_and_gates(self) -> None:
        """The students whose phones the virtual gates see; gates whose keys nobody else has."""
        self.assertEqual(self.made["students"], STUDENTS)
        self.check_register()
        self.check_gates()

    def check_register(self) -> None:
        """Who they are."""
        path = self.folder / "students.csv"
        write_register(str(path), STUDENTS)
        rows = list(csv.DictReader(path.open()))
        loaded = self.store.call(student_records.load)
        known = {each.rollno: each for each in loaded.students.values()}
        self.assertEqual(set(known), {row["rollno"] for row in rows})
        hasher = Hasher(site_key(self.sealer))
        for row in rows:
            [phone] = known[row["rollno"]].identifiers
            self.assertEqual(phone.hash, hasher.mac(normalise_mac(row["mac"])))
            self.assertEqual(str(known[row["rollno"]].group.year), row["year"])

    def check_gates(self) -> None:
        """Boards too: approved, with keys that only the owner's file and the sealed store have."""
        self.store.call(demo_boards.fill, self.sealer, self.folder, NOW)
        devices = {each.id: each for each in self.store.call(all_devices)}
        path = self.folder / KEYS_FILE
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        plans = parse_keys(path.read_text().splitlines())
        self.assertEqual([(plan.name, plan.kind) for plan in plans],
                         [(id, "gate") for id in GATES]
                         + [(id, kind) for id, (kind, _) in BOARDS.items()])
        for plan in plans:
            sealed = devices[plan.name].key_sealed
            assert sealed is not None
            self.assertEqual(self.sealer.unseal(sealed), plan.key)

    def test_movements(self) -> None:
        """Each student's past obeys the rule, and the newest decides who is inside."""
        loaded = self.store.call(student_records.load)
        groups = {each.id: each.group.id for each in loaded.students.values()}
        memory = Memory(groups.get)
        self.store.call(memory.load)
        count = 0
        for student in list(groups)[:60]:
            past = self.store.call(all_of, student)
            count += len(past)
            direction, at = None, 0
            for each in past:
                self.assertTrue(
                    moves(direction, at, each.at, each.source, REPEAT_SECONDS * SECOND))
                direction, at = direction_of(each.source), each.at
                self.assertLess(each.at, NOW * SECOND)
            self.assertEqual(memory.states[student].direction, direction)
        self.assertGreater(count, 300)
        inside = sum(state.inside is True for state in memory.states.values())
        self.assertTrue(0 < inside < STUDENTS, inside)

    def test_statistics(self) -> None:
        """Days are counted from the movements, nothing made up."""
        hours = Hours(Calendar("Asia/Kolkata"))
        expected: dict[tuple[str, int], int] = {}
        for student in self.store.call(student_records.load).students.values():
            past = self.store.call(all_of, student.id)
            told = [(each.at, each.source, each.group) for each in past]
            for key, row in contributions(told, hours).items():
                expected[key] = expected.get(key, 0) + row
        days = sorted({day for day, _ in expected})
        stored = dict(self.store.call(statistics_records.read_days, days))
        self.assertEqual({key: row for key, row in stored.items() if row},
                         {key: row for key, row in expected.items() if row})
        self.assertEqual(self.store.call(statistics_records.kept_zone), "Asia/Kolkata")
