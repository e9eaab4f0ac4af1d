"""From the camera's first byte to the last byte at the viewer, 100 viewers."""

from __future__ import annotations

from bench.daemon import Iotd, camera_id
from bench.fanout import references
from bench.load import Bench
from bench.report import Table, median

FIRST = "127.2.0.1"
VIEWERS = 100


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """One row a server; iotd's way includes the camera's connection, the others' does not."""
    table = Table(
        f"Latency, frame in to viewer out, {VIEWERS} viewers", ("server", "p50 ms", "p99 ms")
    )
    fleet = iotd.add_cameras(1, FIRST)
    rounds = 1 if bench.quick else 3
    sources = references(bench)
    try:
        for source in (*sources, iotd.source(camera_id(FIRST))):
            got = []
            for _ in range(rounds):
                bench.say(f"latency: {source.name}")
                got.append(bench.watch(source, VIEWERS, 3 if bench.quick else 6))
            table.add(source.name, f"{median(w.p50 for w in got):.2f}",
                      f"{median(w.p99 for w in got):.2f}")
    finally:
        fleet.end()
        for source in sources:
            source.process.end()
    table.notes.append("of 5 viewers spread evenly over the order in which they are written to")
    return [table]
