"""How old is the picture that a viewer on a slow line sees?"""

from __future__ import annotations

from bench.daemon import Iotd, camera_id
from bench.fanout import references
from bench.frames import FRAME_BYTES
from bench.load import Bench, Source
from bench.report import Table

FIRST = "127.4.0.1"
LINE_FPS = 5


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """iotd beside the C loop, which leaves the kernel's buffers as they are."""
    seconds = 12 if bench.quick else 30
    table = Table(
        f"A viewer that reads {LINE_FPS} of 25 fps, after {seconds} s",
        ("server", "age of the last picture, s", "oldest shown, s", "pictures shown"),
    )
    fleet = iotd.add_cameras(1, FIRST)
    *others, = references(bench)
    ages = {}
    try:
        for source in (others[0], iotd.source(camera_id(FIRST))):
            bench.say(f"slow viewer: {source.name}")
            ages[source.name], *cells = _watch_slowly(bench, source, seconds)
            table.add(source.name, f"{ages[source.name]:.2f}", *cells)
    finally:
        fleet.end()
        for source in others:
            source.process.end()
    table.aim("age of the picture", ages["iotd"], most=1.5, unit=" s")
    return [table]


def _watch_slowly(bench: Bench, source: Source, seconds: int) -> tuple[float, str, str]:
    child = bench.viewers(
        source, 1, "slow", warm=0, seconds=seconds, samples=1, rate=LINE_FPS * FRAME_BYTES
    )
    try:
        child.line()
        got = child.json()
        return (got["age_last_ms"] / 1e3, f"{got['age_max_ms'] / 1e3:.2f}", str(got["sampled"]))
    finally:
        child.end()
