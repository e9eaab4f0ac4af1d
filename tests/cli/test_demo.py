"""``iotd demo``: a past for a demonstration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from iotd.cabinet.records import list_visits, load_state
from iotd.cli.demo_history import WEARERS, fill, readings_of
from iotd.devices.records import all_devices
from iotd.health.bucket_records import stale_days
from iotd.calendar import Calendar
from iotd.health.records import all_patients, list_readings
from iotd.simulate.person import DAY
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from tests.cli.command import CommandCase

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


class DemoCommandTests(CommandCase):
    """The command."""

    def setUp(self) -> None:
        super().setUp()
        self.surroundings.open_parts = lambda config, reactor: _Parts(config.data_dir)

    def test_once(self) -> None:
        """It fills an empty folder; one in which there is somebody is left as it is."""
        made = json.loads(self.iotd("demo", "--days", "1", "--json").out)
        self.assertEqual(set(made["patients"]), {"wch", "wch-2"})
        self.assertEqual(made["students"], 400)
        self.assertGreater(made["passages"], 200)
        self.assertTrue((self.data_dir / "gates.keys").exists())
        again = self.iotd("demo")
        self.assertEqual(again.code, 1)
        self.assertIn("There are patients already", again.err)


class _Parts:
    """A store and its key alone, which answer at once."""

    def __init__(self, folder: Path) -> None:
        self.store = self
        self.sealer = Sealer(folder / "secret.key")
        self._store = Store("sqlite:///iotd.sqlite3", folder)
        self._store.open()

    async def run(self, function: Any, *args: Any) -> Any:
        """As Store.run."""
        return self._store.call(function, *args)

    async def close(self) -> None:
        """As Parts.close."""
        self._store._dispose()
