"""Alerts of the whole daemon, killed at bad moments: none lost, none twice, all delivered."""

from __future__ import annotations

import json
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.running_daemon import RunningDaemon, until

PATIENT = {"name": "Anna Berg", "sex": "female", "birth_date": "1948-07-21"}


class Receiver(ThreadingHTTPServer):
    """A webhook in threads of its own: answers ``status``, keeps what it took and refused."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.status = 200
        self.taken: list[tuple[str, Any]] = []
        self.refused: list[tuple[str, Any]] = []
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """No more."""
        self.shutdown()
        self.server_close()


class _Request(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Remember and answer."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = self.server.status == 200
        kept = self.server.taken if good else self.server.refused
        kept.append((self.headers["Idempotency-Key"], body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


class KilledTests(SynchronousTestCase):
    """A daemon with one patient and one webhook."""

    def setUp(self) -> None:
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        hook = f"http://127.0.0.1:{self.receiver.server_address[1]}/hook"
        self.daemon = RunningDaemon(Path(self.mktemp()), {"alerts": {"webhooks": [hook]}})
        self.addCleanup(self.daemon.stop)
        self.daemon.start()
        made = self.daemon.call("POST", "/api/v1/patients", PATIENT, role="admin")
        self.path = f"/api/v1/patients/{made['id']}"

    def tell(self, systolic: float) -> None:
        """A pressure is told, and acknowledged."""
        reading = {"kind": "bp_systolic", "value": systolic}
        self.daemon.call("POST", f"{self.path}/readings", reading, role="admin")

    def alerts(self) -> list[dict[str, Any]]:
        """All alerts, the newest first."""
        found: list[dict[str, Any]] = self.daemon.call(
            "GET", f"{self.path}/alerts", role="admin"
        )["items"]
        return found

    def kill(self) -> None:
        """As a power cut would, and a new start."""
        self.daemon.stop(signal.SIGKILL)
        self.daemon.start()

    def test_every_crossing_once(self) -> None:
        """The daemon is killed as soon as a crossing is acknowledged: each is one alert, told."""
        for number in range(1, 4):
            self.tell(230)
            self.kill()
            until(lambda: len(self.alerts()) == number, "the alert is there")
            self.tell(120)
            until(lambda: self.alerts()[0]["state"] == "ended", "it is over")
        self.assertEqual([each["cause"] for each in self.alerts()], ["high"] * 3)
        ids = {each["id"] for each in self.alerts()}
        until(lambda: ids == self.told("raised"), "each was told")

    def told(self, event: str) -> set[str]:
        """The alerts of which the webhook took this event."""
        return {body["alert"]["id"] for _, body in self.receiver.taken if body["event"] == event}

    def test_delivered_after_a_kill(self) -> None:
        """What the webhook refused before the daemon was killed reaches it afterwards, with
        the same mark; an acknowledged alert stays acknowledged."""
        self.receiver.status = 503
        self.tell(230)
        until(lambda: self.receiver.refused, "it was tried")
        [alert] = self.alerts()
        self.daemon.call("POST", f"/api/v1/alerts/{alert['id']}/acknowledge", {}, role="admin")
        self.daemon.stop(signal.SIGKILL)
        self.receiver.status = 200
        self.daemon.start()
        self.assertEqual([each["state"] for each in self.alerts()], ["acknowledged"])
        until(lambda: self.receiver.taken, "it was delivered")
        self.assertEqual(self.receiver.taken[0][0], self.receiver.refused[0][0])
        [result] = self.daemon.call("POST", "/api/v1/alerts/test", {}, role="admin")["items"]
        self.assertTrue(result["delivered"], result)
        self.assertEqual(self.alerts()[0]["undelivered"], 0)
