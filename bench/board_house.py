"""A daemon that knows 1,000 boards with keys, and the process in which they are."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.daemon import Iotd
from bench.load import Bench
from bench.process import Child, client_core, until

FIRST = "127.50.0.1"
KINDS = ("camera", "watch")
PATIENCE = 300.0
LINES = 'iotd_updates_lines_total{what="info"}'
REPORT_SECONDS = 30.0  # as the firmware tells of itself


class House:
    """``crowd`` is the boards' process while they are switched on."""

    def __init__(self, bench: Bench, iotd: Iotd, count: int) -> None:
        self.bench, self.iotd, self.count = bench, iotd, count
        self._keys = bench.folder / "board-keys"
        self.firmware = bench.folder / "iotd" / "var" / "firmware"
        self.crowd: Child | None = None
        begin = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            self._keys.write_text("".join(pool.map(self._register, range(count))))
        self.registering = time.monotonic() - begin

    def switch_on(self, server: Any = None, report_seconds: float = REPORT_SECONDS) -> None:
        """All boards, out of the box; returns when the daemon, or ``server``, has all.

        The daemon has heard each of them by then."""
        server = server or self.iotd
        told = self.figure(LINES)
        self.crowd = self.bench.keep(Child(
            [Path(sys.executable), "-m", "bench.board_crowd", str(server.cameras),
             str(server.devices), FIRST, str(report_seconds), self._keys], client_core(),
        ))
        if server is self.iotd:
            self.until_online()
            until("all boards told of themselves",
                  lambda: self.figure(LINES) >= told + self.count, PATIENCE)
        else:
            until("all connected", lambda: self.ask().get("connected", 0) >= self.count, PATIENCE)

    def switch_off(self, server: Any = None) -> None:
        """All at once."""
        assert self.crowd is not None
        self.crowd.end()
        if server in (None, self.iotd):
            until("all boards are gone", lambda: self.online() == 0, PATIENCE)

    def until_online(self) -> None:
        """The daemon has all of them."""
        until("all boards are there", lambda: self.online() >= self.count, PATIENCE)

    def ask(self) -> dict[str, Any]:
        """What the boards have seen."""
        assert self.crowd is not None
        self.crowd.say("")
        return self.crowd.json()

    def online(self) -> int:
        """Devices that the daemon has now."""
        return int(self.figure('iotd_devices{state="online"}'))

    def figure(self, name: str) -> float:
        """One line of /metrics; 0 when it is not there."""
        with self.iotd.open("GET", "/metrics") as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(name + " "):
                    return float(line.split()[-1])
        return 0.0

    def manifest(self, kind: str) -> list[tuple[str, int]]:
        """Names and sizes of the files that a board of this kind fetches."""
        release = json.loads((self.firmware / "1" / "release.json").read_text())
        return [(digest, size) for _, size, digest in release["kinds"][kind]["mpy6"]]

    def _register(self, number: int) -> str:
        kind, id = KINDS[number % len(KINDS)], f"board-{number:04}"
        key = self.iotd.api("POST", f"/api/v1/devices/{id}/key", {"kind": kind})["key"]
        return f"{kind}:{id}={key}\n"
