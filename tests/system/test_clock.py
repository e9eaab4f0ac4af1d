"""The system's clock is set while boards are connected: nothing waits for the time to come back."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.field_devices import FieldCabinet, FieldWatch
from tests.running_daemon import ROOT, RunningDaemon, until
from tests.system.house import tell

HOUR = 3600.0
SETTINGS = {"devices": {"enrolment": "open", "poll_seconds": 1}}


class ClockTests(SynchronousTestCase):
    """A daemon whose clock leaps, with a watch and a cabinet as they stand in the field."""

    def setUp(self) -> None:
        folder = Path(self.mktemp()).resolve()
        self.daemon = RunningDaemon(folder, SETTINGS)
        self.clock = folder / "leap"
        self.daemon.program = [sys.executable, ROOT / "tests" / "leaping_twistd.py", self.clock]
        self.daemon.start()
        self.addCleanup(self.daemon.stop)
        where = "127.0.0.1", self.daemon.ports["devices"]
        self.watch = FieldWatch(*where, lambda: ("72", "36.6"), source="127.0.30.1", pace=150.0)
        self.cabinet = FieldCabinet(*where, source="127.0.30.2", pace=50.0)
        for board in (self.watch, self.cabinet):
            board.power_on()
            self.addCleanup(board.power_off)
        until(lambda: len(self.watch.sent) >= 1, "the watch is polled")
        self.patient = self.daemon.call("POST", "/api/v1/patients", {"name": "Anna"}, "admin")["id"]
        self.daemon.call("PATCH", "/api/v1/devices/wch", {"patient": self.patient}, "admin")

    def leap(self, seconds: float) -> None:
        """Set the clock so far from the true time."""
        new = self.clock.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self.clock)

    def polled_within(self, polls: int) -> float:
        """Seconds until the watch has measured so many times more."""
        before, begun = len(self.watch.sent), time.monotonic()
        until(lambda: len(self.watch.sent) >= before + polls, "the watch is polled on")
        return time.monotonic() - begun

    def door(self) -> None:
        """A whole visit: the lights go off at its end."""
        self.cabinet.open("1200")
        self.cabinet.close("1100")
        until(lambda: self.cabinet.idle and not self.cabinet.lights, "lights off")

    def ahead(self) -> float:
        """How far from the true time the newest reading was measured."""
        path = f"/api/v1/patients/{self.patient}/vitals"
        vitals = self.daemon.call("GET", path, role="admin")["items"]
        [at] = [each["measured_at"] for each in vitals if each["kind"] == "heart_rate"]
        return datetime.fromisoformat(at).timestamp() - time.time()

    def test_back_and_ahead(self) -> None:
        """Set back and ahead by an hour, watches are polled and cabinets answered as before;
        each leap is one line and one count, and times are those of the new clock."""
        for leaps, seconds in enumerate((-HOUR, HOUR), 1):
            self.leap(seconds)
            took = self.polled_within(3)
            tell(f"clock {seconds:+.0f} s from the true time", f"3 polls in {took:.1f} s")
            self.assertLess(took, 12.0)
            self.door()
            self.assertEqual(self.told(), leaps)
            until(lambda: abs(self.ahead() - seconds) < 10, "readings of the new time are shown")
        metrics = self.daemon.ask("GET", "/metrics", role="viewer").body.decode()
        self.assertIn("iotd_clock_jumps_total 2.0", metrics)
        self.assertNotIn("Traceback", self.daemon.log())
        self.assertRegex(metrics, r'iotd_polls_total{result="missed"} 0|^(?!.*result="missed")')

    def told(self) -> int:
        """Lines about a clock that was set."""
        return sum("clock was set" in row["message"] for row in self.daemon.lines())
