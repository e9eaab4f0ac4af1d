"""Five thousand field watches, each asked every 30 s, by one daemon."""

from __future__ import annotations

import json
import threading
import time
from bisect import bisect
from ipaddress import IPv4Address
from typing import Any

from bench.daemon import Iotd
from bench.load import Bench
from bench.process import Child, client_core, until
from bench.report import Table, megabytes, percent
from bench.watch_boards import SHOWN

FIRST = "127.30.0.1"
WATCHES, QUICK_WATCHES = 5_000, 1_000
POLL_SECONDS = 30


class OpenPage:
    """Reads the live events as a page does; ``arrived``: device and time of each heart rate."""

    def __init__(self, iotd: Iotd) -> None:
        self.arrived: list[tuple[str, float]] = []
        self._response = iotd.open("GET", "/api/v1/events")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        named = ""
        try:
            for line in self._response:
                if line.startswith(b"event: "):
                    named = line.strip().decode()
                elif named == "event: reading" and b'"heart_rate"' in line:
                    at = time.monotonic()
                    self.arrived.append((json.loads(line[6:])["device"], at))
        except (OSError, ValueError):
            pass  # closed at the end


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """CPU, memory and lateness while all are asked, and how soon an answer is on a page."""
    count = QUICK_WATCHES if bench.quick else WATCHES
    table = Table(
        f"{count:,} field watches, polled every {POLL_SECONDS} s",
        ("phase", "CPU of one core", "KiB RSS each", "answers/s", "late p50 s", "late p99 s",
         "latest s"),
    )
    before, begin = iotd.process.rss(), time.monotonic()
    bench.say(f"watches: {count} join")
    wrists = bench.keep(Child(
        ["python3", "-m", "bench.watch_boards", str(iotd.devices), str(count), FIRST,
         str(POLL_SECONDS)], client_core(),
    ))
    until("all watches joined", lambda: _ask(wrists)["connected"] >= count, timeout=120, every=1)
    joined = time.monotonic() - begin
    page, shown = _open_page(iotd)
    until("all watches asked once", lambda: _ask(wrists)["polled"] >= count, timeout=90, every=1)
    rounds = 2 if bench.quick else 4
    _rows(bench, iotd, table, wrists, count, before, rounds)
    _page_row(table, wrists, page, shown)
    table.notes.append(f"all had joined after {joined:.1f} s; memory counts everything since then")
    table.notes.append("a watch here measures in 0.2 s, a real one in 15: it is asked more often")
    wrists.end()
    return [table]


def _rows(
    bench: Bench, iotd: Iotd, table: Table, wrists: Child, count: int, before: int, rounds: int
) -> None:
    latest, cpus, each = 0.0, [], 0.0
    for number in range(rounds):
        bench.say(f"watches: round {number + 1}")
        _ask(wrists)
        cpu, start = iotd.process.cpu(), time.monotonic()
        time.sleep(POLL_SECONDS)
        lasted = time.monotonic() - start
        cpus.append((iotd.process.cpu() - cpu) / lasted)
        got = _ask(wrists)
        late = got["late"] or [0.0]
        each = (iotd.process.rss() - before) / count / 1024
        latest = max(latest, late[-1])
        table.add(f"round {number + 1}", percent(cpus[-1]), f"{each:.1f}",
                  f"{got['answers'] / lasted:.0f}", f"{late[len(late) // 2]:.2f}",
                  f"{late[int(len(late) * .99)]:.2f}", f"{late[-1]:.2f}")
        if got["closed"]:
            table.notes.append(f"{got['closed']} watches were cut off")
    table.aim("CPU while all are polled", sorted(cpus)[len(cpus) // 2] * 100, most=25, unit=" %")
    table.aim("latest poll", latest, most=2, unit=" s")
    table.aim("memory of a watch", each, most=12, unit=" KiB")
    table.notes.append(f"daemon at the end: {megabytes(iotd.process.rss())} MB")


def _open_page(iotd: Iotd) -> tuple[OpenPage, dict[str, str]]:
    """The page, and the address of each watch that it shows; each is a patient's own."""
    first = IPv4Address(FIRST)
    shown = {d["id"]: d["address"] for d in iotd.list_devices()
             if int(IPv4Address(d["address"])) - int(first) < SHOWN}
    for device in shown:
        made = iotd.api("POST", "/api/v1/patients",
                        {"name": device, "sex": "female", "birth_date": "1950-01-01"})
        iotd.api("PATCH", f"/api/v1/devices/{device}", {"patient": made["id"]})
    return OpenPage(iotd), shown


def _page_row(
    table: Table, wrists: Child, page: OpenPage, shown: dict[str, str]
) -> None:
    sent, delays = _ask(wrists)["sent"], []
    for device, arrived in list(page.arrived):
        # answers of one watch are 30 s apart: the last before it is the one
        times = sent[shown[device]] if device in shown else []
        if times and times[0] <= arrived:
            delays.append(arrived - times[bisect(times, arrived) - 1])
    if not delays:
        table.notes.append("no answer reached the page")
        return
    delays.sort()
    middle, p95 = delays[len(delays) // 2], delays[int(len(delays) * .95)]
    table.aim("answer to page, p95", p95 * 1000, most=300, unit=" ms")
    table.notes.append(f"answer to page: p50 {middle * 1000:.0f} ms, {len(delays)} answers")


def _ask(wrists: Child) -> dict[str, Any]:
    wrists.say("figures")
    return wrists.json()
