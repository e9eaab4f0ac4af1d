"""The iotd command and virtual devices beside a daemon in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.running_daemon import ROOT, RunningDaemon, until

SECONDS = 30


class Whole(SynchronousTestCase):
    """Everything as an operator has it."""

    def setUp(self) -> None:
        self.daemon = RunningDaemon(Path(self.mktemp()))
        self.addCleanup(self.daemon.stop)

    def test_commands_are_in_effect_at_once(self) -> None:
        """Before, during and after the daemon's life the same commands give the same truth."""
        self.daemon.start()
        self.daemon.stop()
        self.daemon.iotd("user", "add", "ada", "--role", "admin")
        self.daemon.start()
        self.daemon.iotd("user", "add", "bob", "--role", "operator")
        key = self.daemon.iotd("device", "key", "hall", "--kind", "camera")
        self.assertRegex(key, "^[0-9a-f]{64}$")
        seen = self.daemon.call("GET", "/api/v1/devices")["items"]
        self.assertEqual([(each["id"], each["keyed"]) for each in seen], [("hall", True)])
        self.daemon.iotd("device", "revoke", "hall")
        self.assertEqual(self.daemon.call("GET", "/api/v1/devices/hall")["state"], "revoked")
        self.daemon.stop()
        users = json.loads(self.daemon.iotd("user", "list", "--json"))["items"]
        self.assertEqual([user["name"] for user in users], ["ada", "bob"])
        self.assertEqual(self.daemon.iotd("device", "list").split()[10], "revoked")

    def test_virtual_cameras_stream(self) -> None:
        """A field and a keyed camera stream when told, and the process ends cleanly."""
        self.daemon.start()
        key = self.daemon.iotd("device", "key", "hall", "--kind", "camera")
        cameras = self.simulate("--cameras", "2", "--key", f"hall={key}")
        self.states(cameras, {"127.0.0.1 connected", "127.0.0.2 connected", "hall connected"})
        self.arrived({"cam-127-0-0-1", "cam-127-0-0-2"})
        self.daemon.iotd("device", "approve", "cam-127-0-0-2")
        for camera in ("cam-127-0-0-2", "hall"):
            self.daemon.call("POST", f"/api/v1/cameras/{camera}/start")
        self.states(cameras, {"127.0.0.2 streaming", "hall streaming"})
        for camera in ("cam-127-0-0-2", "hall"):
            one, other = self.daemon.stream(camera, 2)
            self.assertNotEqual(one, other)
            self.assertEqual(one[:2], b"\xff\xd8")
        self.daemon.call("POST", "/api/v1/cameras/hall/stop")
        self.states(cameras, {"hall stopped"})
        cameras.send_signal(signal.SIGTERM)
        self.assertEqual(cameras.wait(SECONDS), 0)

    def test_virtual_home_lives(self) -> None:
        """Watches are asked, cabinets visited: readings and a picture are there by themselves."""
        self.daemon.settings = {"devices": {"enrolment": "open", "poll_seconds": 1}}
        self.daemon.start()
        key = self.daemon.iotd("device", "key", "wrist", "--kind", "watch")
        patient = self.daemon.call("POST", "/api/v1/patients", {"name": "Ada"}, "admin")["id"]
        self.daemon.call("PATCH", "/api/v1/devices/wrist", {"patient": patient})
        home = self.simulate(
            "--watches", "1", "--cabinets", "1", "--key", f"watch:wrist={key}",
            "--visit-seconds", "2", "--measure-seconds", "0.2",
        )
        self.states(home, {"wch at 127.0.0.1 measured", "wrist measured",
                           "cab at 127.0.0.1 closed", "img at 127.0.0.1 picture"})
        wanted = {"heart_rate", "body_temperature"}
        until(lambda: wanted <= self.measured(patient), "readings are there")
        until(lambda: self.visits()[0]["picture_id"], "the visit has its picture")

    def measured(self, patient: str) -> set[str]:
        """The kinds of which there is a value."""
        vitals = self.daemon.call("GET", f"/api/v1/patients/{patient}/vitals", role="admin")
        return {each["kind"] for each in vitals["items"] if each["value"] is not None}

    def visits(self) -> Any:
        """What the cabinet told."""
        return self.daemon.call("GET", "/api/v1/cabinets/cab/history", role="admin")["items"]

    def arrived(self, wanted: set[str]) -> None:
        """Wait until the daemon took silence for field cameras, which is after a second."""
        end = time.monotonic() + SECONDS
        known: set[str] = set()
        while not wanted <= known and time.monotonic() < end:
            known = {each["id"] for each in self.daemon.call("GET", "/api/v1/devices")["items"]}
            time.sleep(0.1)
        self.assertLessEqual(wanted, known)

    def simulate(self, *words: str) -> subprocess.Popen[str]:
        """Virtual cameras in a process of their own."""
        cameras = subprocess.Popen(
            [sys.executable, "-m", "iotd.cli.main", "simulate", "--json", *words,
             "--port", str(self.daemon.ports["cameras"]),
             "--device-port", str(self.daemon.ports["devices"])],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        self.addCleanup(cameras.stdout.close)  # type: ignore[union-attr]
        self.addCleanup(cameras.wait)
        self.addCleanup(cameras.kill)
        return cameras

    def states(self, cameras: subprocess.Popen[str], wanted: set[str]) -> None:
        """Read lines until each wanted camera has said its state."""
        end = time.monotonic() + SECONDS
        left = set(wanted)
        while left and time.monotonic() < end:
            line = json.loads(cameras.stdout.readline())  # type: ignore[union-attr]
            left.discard(f"{line['device']} {line['state']}")
        self.assertEqual(left, set())
