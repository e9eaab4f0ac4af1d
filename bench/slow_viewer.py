"""How old is the picture that a viewer on a slow line sees?"""

from __future__ import annotations

from typing import Any

from bench.daemon import Iotd, camera_id
from bench.fanout import references
from bench.frames import FRAME_BYTES
from bench.load import Bench, Source
from bench.process import Child
from bench.report import Table

FIRST = "127.4.0.1"
LINE_FPS = 5


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """iotd beside the C loop, which leaves the kernel's buffers as they are."""
    seconds = 10 if bench.quick else 30
    table = Table(
        f"A viewer that reads {LINE_FPS} of 25 fps, after {seconds} s",
        ("server", "age of the last picture, s", "oldest shown, s", "pictures shown"),
    )
    fleet = iotd.add_cameras(1, FIRST)
    others = references(bench)
    bench.say(f"slow viewer: {seconds} s")
    try:
        # side by side: each costs next to nothing
        sources = (others[0], iotd.source(camera_id(FIRST)))
        readers = {source.name: _read_slowly(bench, source, seconds) for source in sources}
        got = {name: _ages(reader) for name, reader in readers.items()}
    finally:
        fleet.end()
        for source in others:
            source.process.end()
    for name, figures in got.items():
        table.add(name, f"{figures['age_last_ms'] / 1e3:.2f}",
                  f"{figures['age_max_ms'] / 1e3:.2f}", figures["sampled"])
    table.aim("age of the picture", got["iotd"]["age_last_ms"] / 1e3, most=1.5, unit=" s")
    return [table]


def _read_slowly(bench: Bench, source: Source, seconds: int) -> Child:
    return bench.viewers(
        source, 1, "slow", warm=0, seconds=seconds, samples=1, rate=LINE_FPS * FRAME_BYTES
    )


def _ages(reader: Child) -> dict[str, Any]:
    try:
        reader.line()  # "begin"
        return reader.json()
    finally:
        reader.end()
