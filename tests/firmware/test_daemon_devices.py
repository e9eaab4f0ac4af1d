"""Watch, cabinet and its camera against the whole daemon: keyed, asked, restarted under them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.field_camera import scenes
from tests.firmware.vm import CALIBRATED, STRIP, Board, device_board
from tests.running_daemon import RunningDaemon

PATIENT = {"name": "Anna", "sex": "female", "birth_date": "1950-02-03"}
PATIENTS = "/api/v1/patients"
OPEN, CLOSED = {"pins": {"4": 1}}, {"pins": {"4": 0}}
DARK = (0, 0, 0)


class DaemonTestCase(SynchronousTestCase):
    """One daemon in a process of its own, boards in others."""

    def setUp(self) -> None:
        self.daemon = RunningDaemon(Path(self.mktemp()), {"devices": {"poll_seconds": 2}})
        self.addCleanup(self.daemon.stop)
        self.daemon.start()

    def board(self, kind: str, id: str, **more: Any) -> Board:
        """A board with a key of its own, switched on, linked."""
        key = self.daemon.iotd("device", "key", id, "--kind", kind)
        board = device_board(kind, self.daemon.ports["devices"], id, key, **more)
        self.addCleanup(board.stop)
        board.start()
        self.comes(lambda: board.led == "green", board)
        return board

    def comes(self, what: Callable[[], Any], board: Board, seconds: float = 40.0) -> Any:
        """The first true thing that ``what`` gives; what was said meanwhile when none came."""
        until = time.monotonic() + seconds
        while not (found := what()):
            if time.monotonic() > until:
                self.fail(f"{board.output}, {board.errors()}, {self.daemon.log()[-3000:]}")
            time.sleep(0.05)
        return found

    def ask(self, path: str) -> Any:
        """An answer for an admin."""
        return self.daemon.call("GET", path, role="admin")


class WatchTests(DaemonTestCase):
    """A watch on somebody's wrist."""

    def test_polled(self) -> None:
        """Polled: rate, temperature and oxygen become the patient's, also after a restart."""
        patient = self.daemon.call("POST", PATIENTS, PATIENT, role="admin")["id"]
        board = self.board("watch", "watch-vm", speed=4.0, world={"pulse": 72, "celsius": 36.6})
        self.daemon.call("PATCH", "/api/v1/devices/watch-vm", {"patient": patient}, role="admin")
        found = self.comes(lambda: self.newest(patient, {"heart_rate", "spo2"}), board)
        self.assertTrue(abs(found["heart_rate"] - 72) <= 3, found)
        self.assertTrue(abs(found["body_temperature"] - 36.6) <= 0.02, found)
        self.assertTrue(90 <= found["spo2"] <= 95, found)
        self.daemon.stop()
        self.comes(lambda: board.led == "red", board)
        board.set(pulse=90)
        self.daemon.start()
        self.comes(lambda: board.led == "green", board)
        self.comes(lambda: abs(self.newest(patient, {"heart_rate"})["heart_rate"] - 90) <= 3, board)
        self.assertEqual((board.resets, board.errors()), ([], ""))

    def newest(self, patient: str, kinds: set[str]) -> dict[str, float]:
        """Kind to newest value, once there is one for all of these; else empty."""
        items = self.ask(f"{PATIENTS}/{patient}/vitals")["items"]
        found = {item["kind"]: item["value"] for item in items if item["value"] is not None}
        return found if kinds <= found.keys() else {}


class CabinetTests(DaemonTestCase):
    """A cabinet and the camera that looks into it."""

    def test_cycle(self) -> None:
        """Opened and closed: weighed twice, looked into, dark again; the daemon knows it all."""
        eye = self.board("cabinet_camera", "eye-vm", speed=5.0, frames=scenes(1))
        cabinet = self.board("cabinet", "cab-vm", speed=5.0, files=CALIBRATED,
                             world={**CLOSED, "counts": 35000})
        self.daemon.call("PATCH", "/api/v1/devices/cab-vm", {"camera": "eye-vm"}, role="admin")
        self.comes(lambda: "cabinet: 1500.00 g to begin with" in cabinet.output, cabinet)
        cabinet.set(**OPEN)
        self.comes(lambda: self.ask("/api/v1/cabinets/cab-vm")["door"] == "open", cabinet)
        cabinet.set(counts=30000, **CLOSED)
        self.comes(lambda: cabinet.strips[STRIP] != DARK, cabinet)
        told = self.comes(self.looked_into, eye)
        self.assertEqual((told["door"], told["weight_g"]), ("closed", 1000))
        answer = self.daemon.ask("GET", "/api/v1/cabinets/cab-vm/picture.jpg", role="admin")
        self.assertEqual(answer.body, scenes(1)[0])
        self.comes(lambda: cabinet.strips[STRIP] == DARK, cabinet)
        self.comes(lambda: self.ask("/api/v1/cabinets/cab-vm")["lights"] == "off", cabinet)
        self.daemon.call("POST", "/api/v1/cabinets/cab-vm/lights", {"on": True}, role="admin")
        self.comes(lambda: cabinet.strips[STRIP] != DARK, cabinet)
        for board in (eye, cabinet):
            self.assertEqual((board.resets, board.errors()), ([], ""))

    def looked_into(self) -> Any:
        """The cabinet as the API tells it, once there is a picture."""
        told = self.ask("/api/v1/cabinets/cab-vm")
        return told if told["last_picture_at"] else None
