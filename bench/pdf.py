"""A report of 90 days of 30 s polls as PDF, from the request to its last byte, beside what
reportlab alone takes for the same figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

from bench import vitals
from bench.daemon import Iotd
from bench.load import Bench
from bench.process import ROOT, SERVER_CORE
from bench.report import Table, median

DAYS, QUICK_DAYS = 90, 30
ROUNDS, QUICK_ROUNDS = 7, 3
AIM = 3.0  # seconds
NAME = "முத்துலட்சுமி 張小明 فاطمة"  # four fonts are embedded


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """Reports over HTTP, before days are kept and after, and the yardstick."""
    days = QUICK_DAYS if bench.quick else DAYS
    rounds = QUICK_ROUNDS if bench.quick else ROUNDS
    folder = bench.folder / "iotd" / "var"
    until = int(time.time()) // vitals.EVERY * vitals.EVERY
    patient = str(iotd.api("POST", "/api/v1/patients", {"name": NAME})["id"])
    bench.say(f"report: {days} days of {len(vitals.KINDS)} kinds, every {vitals.EVERY} s")
    count = vitals.fill(folder, patient, until - days * 86400, until)
    table = Table(
        f"A report of {days} days, {count:,} readings, as PDF",
        ("what", "median s", "worst s", "kB"),
    )
    path = f"/api/v1/patients/{patient}/report.pdf?days={days}"
    worst = _measure(table, "HTTP, no day kept yet", iotd, path, 1)
    vitals.keep(folder)
    worst = max(worst, _measure(table, "HTTP, days kept", iotd, path, rounds))
    _beside(table, iotd, patient, days, rounds)
    table.aim("the worst of all, from request to last byte", worst, most=AIM, unit=" s")
    table.notes.append("Daemon and process share one core.")
    return [table]


def _measure(table: Table, what: str, iotd: Iotd, path: str, rounds: int) -> float:
    taken = [vitals.timed(lambda: vitals.get(iotd, path, False)) for _ in range(rounds)]
    seconds = [took for _, took in taken]
    _add(table, what, seconds, taken[0][0])
    return max(seconds)


def _beside(table: Table, iotd: Iotd, patient: str, days: int, rounds: int) -> None:
    path = f"/api/v1/patients/{patient}/readings?bucket=day&limit=1000"
    data = json.dumps(iotd.api("GET", path)).encode()
    taken = [vitals.timed(lambda: _plain(data)) for _ in range(rounds)]
    _add(table, "reportlab alone: lines, no tags, no letters but Latin",
         [took for _, took in taken], taken[0][0])


def _plain(data: bytes) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "bench.plain_pdf"], input=data, stdout=subprocess.PIPE, check=True,
        cwd=ROOT, preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
    )
    return done.stdout


def _add(table: Table, what: str, seconds: list[float], pdf: Any) -> None:
    table.add(what, f"{median(seconds):.2f}", f"{max(seconds):.2f}", f"{len(pdf) / 1000:.0f}")
