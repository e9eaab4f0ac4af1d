"""A thousand boards lose the daemon at once: how they come back, on the real clock."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.model import Approval, Device
from iotd.devices.records import devices
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from tests.running_daemon import ROOT, RunningDaemon, until
from tests.system.house import tell

BOARDS = 1000
BACK_SECONDS = 90


class StormTests(SynchronousTestCase):
    """Half cameras, half watches, all with keys."""

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        self.daemon = RunningDaemon(folder)
        self.addCleanup(self.daemon.stop)
        self.keys = self.register()
        self.daemon.start()

    def register(self) -> str:
        """All boards into the store, as an upgrade from a larger installation would; their keys."""
        sealer = Sealer.beside(self.daemon.data, {})
        store = Store("sqlite:///iotd.sqlite3", self.daemon.data, reactor, sealer=sealer)
        self.daemon.data.mkdir(mode=0o700)
        known = [(f"board-{number:04}", ("watch", "camera")[number % 2], secrets.token_bytes(32))
                 for number in range(BOARDS)]

        def write(connection: Any) -> None:
            connection.execute(insert(devices), [
                {**vars(Device(id, id, kind, Approval.APPROVED, "", time.time(),
                               key_sealed=sealer.seal(key))),
                 "approval": Approval.APPROVED.value} for id, kind, key in known])

        store.open()
        store.call(write)
        self.successResultOf(store.close())
        return "".join(f"{kind}:{id}={key.hex()}\n" for id, kind, key in known)

    def boards(self) -> Path:
        """Switch all on; the file in which they tell what happens to them."""
        told = self.daemon.folder / "told"
        ports = [str(self.daemon.ports[wire]) for wire in ("cameras", "devices")]
        with told.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.soak.storm_boards", *ports], cwd=ROOT,
                stdin=subprocess.PIPE, stdout=file, stderr=subprocess.STDOUT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdin is not None
        process.stdin.write(self.keys.encode())
        process.stdin.close()
        return told

    def online(self) -> int:
        """How many boards the daemon has."""
        text = self.daemon.ask("GET", "/metrics").body.decode()
        [line] = [each for each in text.splitlines()
                  if each.startswith('iotd_devices{state="online"}')]
        return int(float(line.split()[1]))

    def test_restart(self) -> None:
        """After a restart no second sees more than 5 % of 1,000 boards, all are back within
        90 s, and none is refused."""
        told = self.boards()
        until(lambda: self.online() == BOARDS, "all boards are there", 60)
        self.daemon.stop()
        lost = time.time()
        self.daemon.start()
        until(lambda: self.online() == BOARDS, "all boards are back", BACK_SECONDS)
        back = time.time() - lost
        events = [json.loads(line) for line in told.read_text().splitlines()]
        seconds = Counter(int(at - lost) for at, _, state, _ in events
                          if state == "connected" and at > lost)
        busiest = max(seconds.values())
        tell("storm", f"busiest second {busiest} of {BOARDS} boards, all back in {back:.1f} s")
        self.assertEqual(sum(seconds.values()), BOARDS)
        self.assertLessEqual(busiest, BOARDS * 0.05)
        refused = [line for line in self.daemon.ask("GET", "/metrics").body.decode().splitlines()
                   if line.startswith("iotd_refused_total")]
        self.assertEqual(refused, [])
        self.assertEqual([each for each in events if each[2] == "denied"], [])
