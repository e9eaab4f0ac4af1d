"""``iotd demo``: a past for a demonstration."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from iotd.accounts.records import list_audit
from iotd.cabinet.nutrition_records import facts_of
from iotd.cabinet.records import list_visits, load_state
from iotd.cli import demo_record
from iotd.cli.demo_history import WEARERS, fill, readings_of
from iotd.devices.records import all_devices
from iotd.health.bucket_records import stale_days
from iotd.calendar import Calendar
from iotd.config import load
from iotd.health.advice.records import published
from iotd.health.habits.records import all_of as habits_of
from iotd.health.labs.records import list_reports
from iotd.health.questionnaire.records import find as find_answers
from iotd.health.records import all_patients, list_readings
from iotd.simulate.person import DAY
from iotd.health.sharing.records import all_shares
from iotd.parts import open_parts
from iotd.store.engine import Store

NOW = 1_790_000_000.0


class DemoTests(TestCase):
    """What it writes."""

    def setUp(self) -> Any:
        self.store = Store("sqlite:///iotd.sqlite3", Path(self.mktemp()), reactor)
        self.store.open()
        self.addCleanup(lambda: self.store.close())
        self.made = self.store.call(fill, NOW, 4, "UTC", 30)

    def test_people_and_devices(self) -> None:
        """Two people with a watch each, a cabinet and its camera, named as virtual ones are."""
        people = self.store.call(all_patients)
        self.assertEqual({each.name for each in people}, {each.name for each in WEARERS})
        devices = {each.id: each for each in self.store.call(all_devices)}
        self.assertEqual(set(devices), {"wch", "wch-2", "cab", "img"})
        self.assertEqual(devices["cab"].camera, "img")
        self.assertEqual(devices["wch"].patient, self.made["patients"]["wch"])

    def test_readings(self) -> None:
        """They reach up to now, and whole days are computed already."""
        ada = self.made["patients"]["wch"]
        newest = self.store.call(list_readings, ada, "heart_rate", None, None, 1)
        self.assertLess(NOW - newest[0].at, 4000)
        today = Calendar("UTC").day_of(NOW)
        self.assertEqual(self.store.call(stale_days, today, 10), [])

    def test_rows_are_judged(self) -> None:
        """Rows hold what the watch's text said, with its quality."""
        rows = list(readings_of(WEARERS[0], "p", NOW, 1))
        self.assertGreater(len(rows), 2 * DAY / 30 * 0.9)
        self.assertEqual({row["quality"] for row in rows}, {"good"})
        self.assertEqual(float(rows[0]["raw"].split(",")[0]), rows[0]["value"])

    def test_cabinet(self) -> None:
        """Every visit is complete, and the lights are off."""
        visits = self.store.call(list_visits, "cab", 1000, None)
        self.assertEqual(len(visits), self.made["visits"])
        self.assertTrue(all(visit["lights_off_at"] for visit in visits))
        state = self.store.call(load_state, "cab")
        self.assertEqual((state.door, state.lights), ("closed", "off"))


class RecordTests(TestCase):
    """What was written by people, through the daemon's own services."""

    async def setUp(self) -> None:  # type: ignore[override]
        folder = Path(self.mktemp()).absolute()
        self.parts = open_parts(load(None, {"IOTD_DATA_DIR": str(folder)}), reactor)
        self.addCleanup(self.parts.close)
        made = self.parts.store.call(fill, NOW, 2, "UTC", 30)
        self.ada = made["patients"]["wch"]
        self.passwords = await demo_record.fill(
            self.parts, reactor, NOW, 30, made["patients"])

    async def test_record(self) -> None:
        """Both patients have an account, results, answers, advice and habits; their doctor
        sees what each agreed to; what was eaten is known; the audit's chain is whole."""
        accounts = self.parts.accounts
        self.assertEqual(set(self.passwords), {"admin", "D-1042", "ada", "bo"})
        self.assertEqual([each["full_name"] for each in accounts.profiles.doctors()],
                         ["Dr Mei Tan"])
        store = self.parts.store
        reports = store.call(list_reports, self.ada)
        self.assertEqual([report.date for report in reports], ["2026-09-10"])
        self.assertEqual(store.call(find_answers, self.ada).step, "review")
        self.assertIn("glucose", store.call(published, self.ada))
        self.assertEqual(len(store.call(habits_of, self.ada)), 4)
        self.assertEqual({each.kind for each in store.call(all_shares)}, {"doctor", "link"})
        self.assertTrue(store.call(facts_of, "cab"))
        self.assertGreater(len(store.call(list_audit, 1000)), 80)


class DemoCommandTests(TestCase):
    """The command."""

    def iotd(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run it as people do."""
        command = [sys.executable, "-m", "iotd.cli.main", *args, "--data", str(self.folder)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()

    def test_once(self) -> None:
        """It fills an empty folder and tells the accounts, which are kept for their owner's
        eyes; one in which there is somebody is left as it is."""
        made = json.loads(self.iotd("demo", "--days", "1", "--json").stdout)
        self.assertEqual(set(made["patients"]), {"wch", "wch-2"})
        self.assertEqual(made["students"], 400)
        self.assertGreater(made["passages"], 200)
        self.assertTrue((self.folder / "boards.keys").exists())
        kept = self.folder / "accounts.txt"
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.assertEqual(dict(line.split() for line in kept.read_text().splitlines()),
                         made["accounts"])
        again = self.iotd("demo")
        self.assertEqual(again.returncode, 1)
        self.assertIn("There are patients already", again.stderr)
