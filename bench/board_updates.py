"""A whole update for all boards, beside static.File of Twisted for the same bytes."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.board_house import KINDS, House
from bench.board_pages import Pages
from bench.process import Child, client_core, server as start_server, until
from bench.report import Table, median, percent

PART = 768  # bytes of a range, as the daemon tells a part
PATIENCE = 600.0
SLOWEST = 1_000.0  # ms that anybody may wait for a page
DONE = 'iotd_updates_ended_total{how="done"}'
BYTES = "iotd_updates_bytes_total"


@dataclass
class Spent:
    """What a server told: MB of firmware, in which time, for which CPU."""

    mb: float
    seconds: float
    cpu: float
    waited: float = 0.0  # s in which it was ready, and others had its core

    @property
    def rate(self) -> float:
        """MB/s."""
        return self.mb / self.seconds

    @property
    def each(self) -> float:
        """CPU-s of a MB."""
        return self.cpu / self.mb


def measure(house: House, rounds: int) -> Table:
    """In turn: whole files, the same in ranges, and the last wave of a roll-out."""
    table = Table(
        f"{house.count:,} boards fetch a whole update",
        ("server", "MB", "s", "MB/s", "parts/s", "CPU-s per MB", "core used"),
    )
    whole, ranges, ours = [], [], []
    worst: dict[str, float] = {}
    for number in range(rounds):
        house.bench.say(f"boards: update, round {number + 1}")
        whole.append(_plain(house, 0))
        ranges.append(_plain(house, PART))
        ours.append(_rolled_out(house, worst))
    _row(table, "static.File: whole files", whole, 0)
    _row(table, "static.File: the same in ranges of a part", ranges, PART)
    _row(table, "iotd: the last wave", ours, PART)
    for name, ms in worst.items():
        table.aim(f"slowest meanwhile, {name}", ms, most=SLOWEST, unit=" ms")
    iotd, parts, files = (median(one.each for one in some) for some in (ours, ranges, whole))
    table.notes.append(f"a MB costs iotd {iotd / parts:.2f} times the CPU that ranges cost, and"
                       f" {iotd / files:.1f} times that of whole files")
    table.notes.append("boards begin when they tell of themselves, which spreads them over 30 s:"
                       " the pace of a wave is theirs, not the server's")
    table.notes.append("iotd was ready and others had its core for "
                       f"{max(one.waited for one in ours):.1f} s at worst; load"
                       f" {os.getloadavg()[0]:.1f} at the end")
    return table


def _row(table: Table, server: str, some: list[Spent], part: int) -> None:
    rate = median(one.rate for one in some)
    table.add(
        server, f"{median(one.mb for one in some):.1f}",
        f"{median(one.seconds for one in some):.1f}", f"{rate:.2f}",
        f"{rate * 1e6 / part:,.0f}" if part else "",
        f"{median(one.each for one in some):.4f}",
        percent(median(one.cpu / one.seconds for one in some)),
    )


def _rolled_out(house: House, worst: dict[str, float]) -> Spent:
    """A roll-out to boards out of the box; what its last wave cost."""
    house.switch_on()
    rollout = house.iotd.api("POST", "/api/v1/rollouts", {})
    path = f"/api/v1/rollouts/{rollout['id']}"
    done = house.figure(DONE)
    until("the last wave", lambda: house.iotd.api("GET", path)["wave"] == 3, PATIENCE, 0.5)
    pages, left = Pages(house.iotd), house.count + done
    server, sent, begin = house.iotd.process, house.figure(BYTES), time.monotonic()
    cpu, waited = server.cpu(), server.waited()
    until("all boards have it", lambda: house.figure(DONE) >= left, PATIENCE, 0.5)
    seconds, cpu, waited = time.monotonic() - begin, server.cpu() - cpu, server.waited() - waited
    sent = house.figure(BYTES) - sent
    pages.end()
    for name in pages.ms:
        worst[name] = max(worst.get(name, 0.0), *pages.ms[name])
    until("it is over", lambda: house.iotd.api("GET", path)["state"] == "done", 30)
    house.switch_off()
    return Spent(sent / 1e6, seconds, cpu, waited)


def _plain(house: House, piece: int) -> Spent:
    """The files of cameras and watches, to the same number of clients of each."""
    folder = house.bench.folder / "static"
    if not folder.exists():
        shutil.copytree(house.firmware / "files", folder)
    child, port = start_server("bench.board_plain", "files", folder)
    try:
        before, told = child.cpu(), []
        for kind in KINDS:
            told.append(_fetched(house, port, kind, piece))
        cpu = child.cpu() - before
    finally:
        child.end()
    return Spent(sum(mb for mb, _ in told), sum(seconds for _, seconds in told), cpu)


def _fetched(house: House, port: int, kind: str, piece: int) -> tuple[float, float]:
    files = [f"{name}={size}" for name, size in house.manifest(kind)]
    clients = Child(
        [Path(sys.executable), "-m", "bench.board_fetchers", str(port),
         str(house.count // len(KINDS)), str(piece), *files], client_core(),
    )
    try:
        told = clients.json()
    finally:
        clients.end()
    return told["bytes"] / 1e6, told["seconds"]
