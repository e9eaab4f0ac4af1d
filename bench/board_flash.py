"""``iotd flash`` and ``mpremote cp -r`` for one camera on a cable: the MicroPython VM of the tests
behind a pseudo-terminal, which is as fast as the VM reads."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.daemon import Iotd
from bench.load import Bench
from bench.report import Table, median
from tests.firmware.terminal import SerialBoard
from tests.firmware.vm import Board

AGAIN = 3.0  # seconds for a board on which nothing changed
#: mpremote knows the errors of real boards by number; the VM has those of its C library.
MPREMOTE = ("import errno; from mpremote import main, transport; transport.MP_ERRNO_TABLE.update("
            "{44: errno.ENOENT, 20: errno.EEXIST}); raise SystemExit(main.main())")
COLUMNS = ("what", "median s", "worst s", "kB written")


class Bed:
    """An empty board on a cable; after its first reset it runs where there is a network."""

    def __init__(self, folder: Path) -> None:
        self.flash = folder
        self._networked: list[Board] = []
        self._cable: SerialBoard | None = None

    def plug(self, networked: bool = False) -> str:
        """The port of the board with what lies on its flash now."""
        self.unplug()
        self._cable = SerialBoard(self.flash, on_reset=self._restarted if networked else None)
        self._cable.start()
        time.sleep(2)  # it boots: nobody is that quick with a cable
        return self._cable.port

    def unplug(self) -> None:
        """No power any more."""
        for board in self._networked:
            board.stop()
        if self._cable is not None:
            self._cable.stop()
        self._cable, self._networked = None, []

    def size(self) -> float:
        """kB of what lies on it."""
        return sum(each.stat().st_size for each in self.flash.rglob("*") if each.is_file()) / 1000

    def _restarted(self, cable: SerialBoard) -> None:
        board = Board(0, None, layout="slots", flash=self.flash, speed=5.0)
        self._networked.append(board.start())
        told = 0
        while board.running:
            for line in board.output[told:]:
                cable.say(line)
                told += 1
            time.sleep(0.05)


def measure(bench: Bench, iotd: Iotd, rounds: int) -> Table:
    """First runs and second ones, in turn with mpremote and the same files."""
    table = Table("A camera's firmware over a cable", COLUMNS)
    times: dict[str, list[float]] = {}
    size = 0.0
    for number in range(rounds):
        bench.say(f"boards: flash, round {number + 1}")
        ours, plain = (Bed(bench.folder / f"{who}-{number}") for who in ("flashed", "copied"))
        words = _words(bench, iotd, f"bench-cable-{number}")
        try:
            for run, networked in (("first", True), ("second", False)):
                port = ours.plug(networked)
                _time(times, f"iotd flash, {run} run", lambda: iotd.command(*words, "--port", port))
            ours.unplug()
            size = ours.size()
            for run in ("first", "second"):
                port = plain.plug()
                _time(times, f"mpremote cp -r, {run} run", lambda: _copy(port, ours.flash))
        finally:
            ours.unplug()
            plain.unplug()
    for what, some in sorted(times.items()):
        written = f"{size:.0f}" if "first" in what else ""
        table.add(what, f"{median(some):.1f}", f"{max(some):.1f}", written)
    table.aim("nothing changed, the worst", max(times["iotd flash, second run"]), AGAIN, unit=" s")
    table.notes.append("iotd's first run ends when the daemon has the board online, and has read"
                       " back all that it wrote; mpremote's when the last file is sent")
    return table


def _words(bench: Bench, iotd: Iotd, id: str) -> list[str]:
    wifi, more = bench.folder / "wifi.txt", bench.folder / "more.json"
    wifi.write_text("home\ncorrect horse battery\n")
    more.write_text(json.dumps({"camera": {"sensor": "pattern"}, "retry_seconds": 5,
                                "server": {"port": iotd.cameras}}))
    return ["flash", "--kind", "camera", "--id", id, "--preset", "esp32s3-arducam", "--settings",
            str(more), "--wifi", str(wifi), "--server", "127.0.0.1"]


def _copy(port: str, source: Path) -> None:
    words = [sys.executable, "-c", MPREMOTE, "connect", port, "cp", "-r", ".", ":"]
    done = subprocess.run(words, cwd=source, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"mpremote: {done.stdout[-200:]} {done.stderr[-500:]}")


def _time(times: dict[str, list[float]], what: str, work: Any) -> None:
    begin = time.perf_counter()
    work()
    times.setdefault(what, []).append(time.perf_counter() - begin)
