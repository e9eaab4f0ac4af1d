"""Many open a link and want reports at once: bounded, and nobody else waits for them."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
from twisted.trial.unittest import SynchronousTestCase

from tests.running_daemon import Answer, RunningDaemon, until
from tests.system.house import tell

OPENINGS, REPORTS = 200, 50
A_MINUTE = 60  # openings of one link
SLOWEST = 3.0  # seconds for a page beside all that, with the test itself on the same cores
MORE_MEMORY = 128  # MiB
STOP = 5.0


class Beside(threading.Thread):
    """Somebody who looks at pages meanwhile."""

    def __init__(self, daemon: RunningDaemon, patient: str) -> None:
        super().__init__(daemon=True)
        self.daemon_, self.over = daemon, threading.Event()
        self.paths = ("/healthz", f"/api/v1/patients/{patient}/labs", f"/health/{patient}",
                      f"/health/{patient}/report")
        self.took: list[tuple[float, str]] = []
        self.bad: list[Answer] = []

    def run(self) -> None:
        """One page after the other."""
        while not self.over.is_set():
            for path in self.paths:
                begun = time.monotonic()
                answer = self.daemon_.ask("GET", path, role="admin")
                self.took.append((time.monotonic() - begun, path))
                self.bad += [answer] if answer.status != 200 else []


class PressureTests(SynchronousTestCase):
    """A daemon with a record that is worth a report."""

    def setUp(self) -> None:
        self.daemon = RunningDaemon(Path(self.mktemp())).start()
        self.addCleanup(self.daemon.stop)
        made = {"name": "Ada", "sex": "female", "birth_date": "1948-02-03"}
        self.patient = self.call("POST", "", made)["id"]
        for month in range(1, 7):
            self.call("PUT", "/labs", {"date": f"2026-0{month}-05", "values": {
                "alt": {"value": 20 + month, "unit": "U/L"},
                "glucose": {"value": 5 + month / 10, "unit": "mmol/L"}}})
        self.call("PUT", "/advice", {"diet": "Less salt. " * 50})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an admin's call about the patient, once there is one."""
        where = getattr(self, "patient", "")
        base = "/api/v1/patients" + (f"/{where}" if where else "")
        return self.daemon.call(method, base + path, body, role="admin")

    def report(self, number: int = 0) -> Answer:
        """A report, or why there is none."""
        path = f"/api/v1/patients/{self.patient}/report.pdf"
        return self.daemon.ask("GET", path, role="admin")

    def test_many_at_once(self) -> None:
        """Those over the limits are told 429 or 503 at once, what was promised is whole, pages
        answer meanwhile, no process is left, and a stop takes under five seconds."""
        link = self.call("POST", "/shares", {"sections": ["labs", "advice"]})
        before, memory = self.processes(), self.daemon.rss()
        beside = Beside(self.daemon, self.patient)
        beside.start()
        with ThreadPoolExecutor(OPENINGS + REPORTS) as pool:
            reports = [pool.submit(self.report) for _ in range(REPORTS)]
            opened = [pool.submit(self.open, link["token"]) for _ in range(OPENINGS)]
            self.check_openings([each.result() for each in opened])
            self.check_reports([each.result() for each in reports])
        beside.over.set()
        beside.join(30.0)
        self.assertFalse(beside.bad)
        slowest, where = max(beside.took)
        tell(f"slowest page beside {OPENINGS} openings and {REPORTS} reports",
             f"{slowest:.2f} s of {len(beside.took)} ({where.split('/')[-1]})")
        self.assertLess(slowest, SLOWEST, where)
        self.assertLess(self.daemon.rss() - memory, MORE_MEMORY)
        until(lambda: self.processes() == before, "the reports' processes are gone")
        self.stop_with_reports(before)

    def open(self, token: str) -> Answer:
        """What a link shows, or why it does not."""
        return self.daemon.ask("POST", "/api/v1/shared", {"token": token}, role=None)

    def check_openings(self, answers: list[Answer]) -> None:
        """So many as a link opens in a minute, and those are counted."""
        found = Counter(each.status for each in answers)
        self.assertEqual(found, {200: A_MINUTE, 429: OPENINGS - A_MINUTE})
        self.assertTrue(all(
            int(each.headers["retry-after"]) > 0 for each in answers if each.status == 429))
        self.assertEqual({len(each.json["labs"]["items"]) for each in answers
                          if each.status == 200}, {6})
        self.assertEqual(self.call("GET", "/shares")["items"][0]["openings"], A_MINUTE)

    def check_reports(self, answers: list[Answer]) -> None:
        """Whole ones, and a sentence for all others."""
        found = Counter(each.status for each in answers)
        self.assertEqual(set(found), {200, 503}, found)
        for each in answers:
            if each.status == 200:
                self.assertTrue(each.body.startswith(b"%PDF"))
                self.assertTrue(each.body.rstrip().endswith(b"%%EOF"))
            else:
                self.assertIn("Try again in a minute", each.json["detail"])
        tell(f"{REPORTS} reports at once", f"{found[200]} made, {found[503]} told to come later")

    def processes(self) -> list[int]:
        """The daemon's own processes, none of them a zombie."""
        found = self.daemon.process.children(recursive=True)
        return sorted(each.pid for each in found)

    def stop_with_reports(self, before: list[int]) -> None:
        """It is stopped while reports are made: they end with it."""
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(self.report) for _ in range(4)]
            making = until(lambda: sorted({*self.processes()} - {*before}), "reports are made")
            begun = time.monotonic()
            self.assertEqual(self.daemon.stop(), -signal.SIGTERM)
            took = time.monotonic() - begun
            for each in asked:
                each.exception(30.0)  # an answer 503, or a link that was cut
        tell("stop while reports are made", f"{took:.2f} s")
        self.assertLess(took, STOP)
        self.assertFalse([pid for pid in making if psutil.pid_exists(pid)])
        self.assertNotIn("traceback", self.daemon.log().lower())
