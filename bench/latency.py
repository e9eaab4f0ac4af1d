"""From the camera's first byte to the last byte at the viewer, 100 viewers."""

from __future__ import annotations

from bench.daemon import Iotd, camera_id
from bench.fanout import references
from bench.load import Bench, Source, Watched
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
        everyone = [*sources, iotd.source(camera_id(FIRST), fleet)]
        got: dict[str, list[Watched]] = {source.name: [] for source in everyone}
        for number in range(rounds):
            for source in everyone:
                bench.say(f"latency: {source.name}, round {number + 1}")
                got[source.name].append(_watch(bench, source))
    finally:
        fleet.end()
        for source in sources:
            source.process.end()
    for name, windows in got.items():
        table.add(name, f"{median(w.p50 for w in windows):.2f}",
                  f"{median(w.p99 for w in windows):.2f}")
    table.notes.append("of 5 viewers spread evenly over the order in which they are written to")
    return [table]


def _watch(bench: Bench, source: Source) -> Watched:
    return bench.watch(source, VIEWERS, 2 if bench.quick else 4)
