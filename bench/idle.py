"""Ten thousand connections on which nothing happens."""

from __future__ import annotations

import time

from bench.daemon import Iotd
from bench.load import Bench
from bench.process import until
from bench.report import Table, megabytes, percent

FIRST = "127.20.0.1"
CAMERAS, QUICK_CAMERAS = 10_000, 2_000
EVENTS, QUICK_EVENTS = 1_000, 200


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """Silent cameras, each from an address of its own, and open streams of events."""
    table = Table(
        "Idle connections", ("kind", "open", "KiB RSS each", "idle CPU", "RSS MB", "open after")
    )
    seconds = 5 if bench.quick else 10
    before = iotd.process.rss()
    idle = _cpu(iotd, seconds)
    table.add("none", 0, "", percent(idle), megabytes(before), "")
    events = QUICK_EVENTS if bench.quick else EVENTS
    bench.say(f"idle: {events} streams of events")
    begin = time.monotonic()
    with bench.held(iotd.events(), events, "hold"):
        _row(table, iotd, "event streams", events, before, begin, seconds)
    time.sleep(1)
    before = iotd.process.rss()
    cameras = QUICK_CAMERAS if bench.quick else CAMERAS
    bench.say(f"idle: {cameras} silent cameras")
    begin = time.monotonic()
    fleet = bench.cameras(iotd.cameras, cameras, FIRST)
    try:
        until("silent cameras connected", lambda: _all_in(iotd, cameras), timeout=180, every=1)
        each, cpu = _row(table, iotd, "silent cameras", cameras, before, begin, seconds)
    finally:
        fleet.end()
    table.aim("memory of a silent camera", each, most=4, unit=" KiB")
    table.aim(f"idle CPU with {cameras:,} silent cameras", cpu * 100, most=1, unit=" %")
    table.notes.append("a silent camera is a device too: its row, its presence, its figures")
    return [table]


def _row(
    table: Table, iotd: Iotd, kind: str, count: int, before: int, begin: float, seconds: float,
) -> tuple[float, float]:
    took = time.monotonic() - begin
    time.sleep(3)  # what joining set off ends
    cpu = _cpu(iotd, seconds)
    rss = iotd.process.rss()
    each = (rss - before) / count / 1024
    table.add(kind, f"{count:,}", f"{each:.1f}", percent(cpu), megabytes(rss), f"{took:.1f} s")
    return each, cpu


def _cpu(iotd: Iotd, seconds: float) -> float:
    begin, cpu = time.monotonic(), iotd.process.cpu()
    time.sleep(seconds)
    return (iotd.process.cpu() - cpu) / (time.monotonic() - begin)


def _all_in(iotd: Iotd, count: int) -> bool:
    # one page tells whether the last one is there; asking for all would load the daemon
    fourth = (count - 1) % 256 + 1, (count - 1) // 256
    last = f"cam-127-20-{(fourth[0] // 256) + fourth[1]}-{fourth[0] % 256}"
    try:
        return bool(iotd.api("GET", f"/api/v1/devices/{last}")["state"] == "online")
    except OSError:
        return False
