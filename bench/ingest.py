"""Many cameras at once, and what their bytes cost however they are cut."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bench import parser
from bench.daemon import Iotd, camera_prefix
from bench.load import FPS, Bench, Cameras
from bench.process import until
from bench.report import Table, megabytes, percent

CAMERAS = 100


@dataclass(frozen=True)
class Got:
    """One window: what cameras sent, what the daemon counted, and its cost."""

    sent: int
    counted: int
    bad: int
    late: int
    seconds: float
    cpu: float
    client_cpu: float
    bytes: int
    rss: int

    @property
    def per_megabyte(self) -> float:
        """CPU-s of the daemon for a MB that came in."""
        return self.cpu / (self.bytes / 1e6)


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """The full load, and the cost of each size of piece."""
    tables = [_full(bench, iotd), _pieces(bench, iotd)]
    bench.say("ingest: the parser alone")
    return [*tables, parser.run(5 if bench.quick else 9)]


def _full(bench: Bench, iotd: Iotd) -> Table:
    table = Table(
        f"Ingest: {CAMERAS} cameras, 30 KB at 25 fps",
        ("frames sent", "counted by iotd", "bad", "late", "frames/s", "MB/s", "core used",
         "CPU-s per 1000", "RSS MB"),
    )
    bench.say(f"ingest: {CAMERAS} cameras")
    got = measure(bench, iotd, CAMERAS, "127.10.0.1", FPS, 65_536, 5 if bench.quick else 15)
    table.add(
        got.sent, got.counted, got.bad, got.late, f"{got.sent / got.seconds:,.0f}",
        megabytes(got.bytes / got.seconds), percent(got.cpu / got.seconds),
        f"{got.cpu / got.sent * 1000:.3f}", megabytes(got.rss),
    )
    table.aim("frames lost", abs(got.sent - got.counted) + got.bad, most=0)
    table.aim("frames late, because the daemon did not read in time",
              got.late / max(got.sent, 1), most=0.001)
    table.notes.append("late: the daemon's side was full; ticks that the cameras' own process "
                       "missed are not sent and lower frames/s")
    table.notes.append(f"the cameras' side used {percent(got.client_cpu / got.seconds)} of its "
                       "core")
    return table


def _pieces(bench: Bench, iotd: Iotd) -> Table:
    table = Table(
        "Ingest by size of piece",
        ("piece", "cameras", "fps each", "MB in", "CPU-s per MB", "frames sent", "counted"),
    )
    seconds = 2 if bench.quick else 8
    # a byte at a time is the sender's limit too, so few bytes
    plans = ((65_536, 20, 25, "127.11.0.1"), (512, 20, 25, "127.12.0.1"),
             (1, 1, 8, "127.13.0.1"))
    for piece, count, fps, first in plans:
        bench.say(f"ingest: pieces of {piece} bytes")
        got = measure(bench, iotd, count, first, fps, piece, seconds)
        table.add(f"{piece:,} B", count, fps, megabytes(got.bytes), f"{got.per_megabyte:.4f}",
                  got.sent, got.counted)
    table.notes.append(
        "1-byte pieces cost a system call and a reactor turn for each that the kernel does not "
        "join, so that figure varies with what else runs"
    )
    return table


def measure(
    bench: Bench, iotd: Iotd, count: int, first: str, fps: float, piece: int, seconds: float,
) -> Got:
    """Let a fleet send for so long; all of its frames are counted, from the first."""
    fleet = bench.cameras(iotd.cameras, count, first, fps, piece)
    try:
        # held until all have heard START, so that each frame falls into the window
        fleet.pause()
        iotd.start_cameras(fleet, count, first)
        before = fleet.figures()
        cpu, begin = iotd.process.cpu(), time.monotonic()
        fleet.go()
        time.sleep(seconds)
        fleet.pause()
        took, rss = time.monotonic() - begin, iotd.process.rss()
        sent = _settled(fleet)
        counted = _counted(iotd, first, sent["frames"])
        cpu = iotd.process.cpu() - cpu
        return Got(
            sent["frames"], counted, _sum(iotd, first, "bad_frames"), sent["late"], took, cpu,
            sent["client_cpu"] - before["client_cpu"], sent["bytes"], rss,
        )
    finally:
        fleet.end()


def _settled(fleet: Cameras) -> dict[str, Any]:
    """Figures once frames under way are out."""
    time.sleep(0.2)
    return fleet.figures()


def _counted(iotd: Iotd, first: str, sent: int) -> int:
    try:
        until("all frames counted", lambda: _sum(iotd, first, "frames") >= sent, timeout=3)
    except RuntimeError:
        pass  # the table shows how many are missing
    return _sum(iotd, first, "frames")


def _sum(iotd: Iotd, first: str, what: str) -> int:
    return sum(camera[what] for camera in iotd.list_cameras(camera_prefix(first)))
