"""All boards lose the server at once: how they come back, beside a server that only accepts."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.board_house import House
from bench.daemon import free_ports
from bench.process import SERVER_CORE, Child
from bench.report import Table

SHARE, BACK = 5.0, 90.0  # % of all boards in the busiest second, s until all are back
PATIENCE = 300.0


@dataclass
class Storm:
    """How they came back: connections in the busiest second, s until all had one, CPU-s."""

    busiest: int
    back: float
    cpu: float


class Bare:
    """The server that only accepts, on two ports as the daemon."""

    def __init__(self) -> None:
        self.cameras, self.devices = free_ports(2)
        self.process = self._start()

    def restart(self) -> None:
        """On the same ports."""
        self.process.end()
        self.process = self._start()

    def _start(self) -> Child:
        child = Child([Path(sys.executable), "-m", "bench.board_plain", "accept",
                       str(self.cameras), str(self.devices)], SERVER_CORE)
        child.line()
        return child


def measure(house: House) -> Table:
    """A restart of the daemon, and one of the other server."""
    table = Table(
        f"{house.count:,} boards lose the server, which comes back at once",
        ("server", "busiest second", "of all", "all back after s", "CPU-s", "CPU ms a board"),
    )
    bare = Bare()
    plain = _stormed(house, bare)
    bare.process.end()
    ours = _stormed(house, house.iotd)
    for who, storm in (("bare Twisted: accepts only", plain), ("iotd", ours)):
        share = storm.busiest / house.count * 100
        table.add(who, storm.busiest, f"{share:.1f} %", f"{storm.back:.1f}", f"{storm.cpu:.2f}",
                  f"{storm.cpu / house.count * 1000:.2f}")
    table.aim("busiest second", ours.busiest / house.count * 100, most=SHARE, unit=" %")
    table.aim("all back", ours.back, most=BACK, unit=" s")
    table.notes.append("s: from the word to stop on, so with its end and start; CPU: from when it"
                       " answers until all are back and told of themselves")
    return table


def _stormed(house: House, server: Any) -> Storm:
    house.switch_on(server)
    storm = _lost(house, server)
    house.switch_off(server)
    return storm


def _lost(house: House, server: Any) -> Storm:
    house.ask()
    house.bench.say("boards: the server goes")
    lost = time.time()
    server.restart()
    cpu = server.process.cpu()
    times: list[float] = []
    while len(times) < house.count:
        if time.time() - lost > PATIENCE:
            raise RuntimeError(f"{len(times)} of {house.count} boards came back")
        time.sleep(0.5)
        times += house.ask()["connections"]
    if server is house.iotd:
        house.until_online()
    seconds = Counter(int(at - lost) for at in times)
    return Storm(max(seconds.values()), max(times) - lost, server.process.cpu() - cpu)
