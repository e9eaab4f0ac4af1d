"""Many keyed boards, half cameras, half watches, and the daemon that knows all of them."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.model import Approval, Device
from iotd.devices.records import devices
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from tests.running_daemon import ROOT, RunningDaemon


class CrowdCase(SynchronousTestCase):
    """``boards`` of them; the daemon runs."""

    boards = 0

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
                 for number in range(self.boards)]

        def write(connection: Any) -> None:
            connection.execute(insert(devices), [
                {**vars(Device(id, id, kind, Approval.APPROVED, "", time.time(),
                               key_sealed=sealer.seal(key))),
                 "approval": Approval.APPROVED.value} for id, kind, key in known])

        store.open()
        store.call(write)
        self.successResultOf(store.close())
        return "".join(f"{kind}:{id}={key.hex()}\n" for id, kind, key in known)

    def switch_on(self, report_seconds: int = 30) -> Path:
        """All of them; the file in which they tell what happens to them."""
        told = self.daemon.folder / "told"
        ports = [str(self.daemon.ports[wire]) for wire in ("cameras", "devices")]
        with told.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.soak.storm_boards", *ports,
                 str(report_seconds)], cwd=ROOT,
                stdin=subprocess.PIPE, stdout=file, stderr=subprocess.STDOUT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdin is not None
        process.stdin.write(self.keys.encode())
        process.stdin.close()
        return told
