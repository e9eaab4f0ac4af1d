"""Viewers that never read, and a good one beside them."""

from __future__ import annotations

from bench.daemon import Iotd, camera_id
from bench.load import Bench
from bench.report import Table, megabytes, percent

FIRST = "127.3.0.1"
STALLED = 200


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """Memory and the good viewer's frames, without and with the stalled ones."""
    table = Table(
        f"{STALLED} viewers that never read",
        ("viewers", "RSS MB", "good viewer's frames", "offered", "p99 ms"),
    )
    fleet = iotd.add_cameras(1, FIRST)
    source = iotd.source(camera_id(FIRST), fleet)
    seconds = 5 if bench.quick else 20
    try:
        # so many good ones first: what their connections cost is not what stalling costs
        bench.watch(source, STALLED, 1)
        bench.say("stalled: a good viewer alone")
        alone = bench.watch(source, 1, seconds)
        bench.say(f"stalled: the same beside {STALLED} that never read")
        with bench.held(source, STALLED, "stalled"):
            beside = bench.watch(source, 1, seconds, warm=3)
    finally:
        fleet.end()
    for name, got in (("1 good", alone), (f"1 good, {STALLED} stalled", beside)):
        table.add(name, megabytes(got.rss), f"{got.frames:.0f}", got.offered, f"{got.p99:.2f}")
    table.aim("memory that they cost", (beside.rss - alone.rss) / 1e6, most=30, unit=" MB")
    kept = (beside.frames / beside.seconds) / (alone.frames / alone.seconds)
    table.aim("good viewer's frames a second, beside against alone", kept, least=0.9, unit="×")
    table.notes.append(f"the good one skipped {percent(beside.skipped)}")
    return [table]
