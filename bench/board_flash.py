"""``iotd flash`` and ``mpremote cp`` for one board on a cable."""

from __future__ import annotations

from bench.daemon import Iotd
from bench.load import Bench
from bench.report import Table


def measure(bench: Bench, iotd: Iotd, rounds: int) -> Table:
    """Not yet."""
    return Table("flash", ("what",))
