"""Ten thousand connections on which nothing happens."""

from __future__ import annotations

import time
from ipaddress import IPv4Address

from bench.daemon import Iotd, camera_id
from bench.load import Bench
from bench.process import until
from bench.report import Table, megabytes, percent

FIRST = "127.20.0.1"
CAMERAS, QUICK_CAMERAS = 10_000, 2_000
VIEWERS, QUICK_VIEWERS = 2_000, 200


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """Silent cameras, each from an address of its own, and viewers who wait."""
    table = Table(
        "Idle connections", ("kind", "open", "KiB RSS each", "idle CPU", "RSS MB", "open after")
    )
    seconds = 4 if bench.quick else 10
    table.add("none", 0, "", percent(_cpu(iotd, seconds)), megabytes(iotd.process.rss()), "")
    count = QUICK_CAMERAS if bench.quick else CAMERAS
    bench.say(f"idle: {count} silent cameras")
    before, begin = iotd.process.rss(), time.monotonic()
    fleet = bench.cameras(iotd.cameras, count, FIRST)
    try:
        until("silent cameras connected", lambda: _all_in(iotd, count), timeout=180, every=1)
        each, cpu = _row(table, iotd, "silent cameras", count, before, begin, seconds)
        _viewers(bench, iotd, table, seconds)
    finally:
        fleet.end()
    table.aim("memory of a silent camera", each, most=4, unit=" KiB")
    table.aim(f"idle CPU with {count:,} silent cameras", cpu * 100, most=1, unit=" %")
    table.notes.append("waiting viewers: streams of a camera that is not streaming")
    table.notes.append("a silent camera is a device too: its row, its presence, its figures")
    return [table]


def _viewers(bench: Bench, iotd: Iotd, table: Table, seconds: float) -> None:
    # beside the cameras: memory that others gave back would hide what viewers take
    count = QUICK_VIEWERS if bench.quick else VIEWERS
    bench.say(f"idle: {count} viewers of a silent camera")
    before, begin = iotd.process.rss(), time.monotonic()
    with bench.held(iotd.source(camera_id(FIRST)), count, "hold"):
        _row(table, iotd, "and waiting viewers", count, before, begin, seconds)


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
    # one camera's page tells; asking for all would load the daemon
    first = IPv4Address(FIRST)
    last = camera_id(str(first + count - 1))
    try:
        return bool(iotd.api("GET", f"/api/v1/devices/{last}")["state"] == "online")
    except OSError:
        return False
