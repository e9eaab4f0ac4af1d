"""twistd with a time of day that leaps: by the seconds that stand in a file, while it is there.

    python leaping_twistd.py FILE TWISTD_ARGUMENTS...

What runs under it sees what it would see if somebody set the system's clock, which
no test may do: ``time.time`` moves, ``time.monotonic`` does not.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path


def leap_by(file: Path) -> None:
    """From now on ``time.time`` goes by ``file``."""
    true_time = time.time

    def leaping_time() -> float:
        try:
            return true_time() + float(file.read_text())
        except FileNotFoundError:
            return true_time()

    time.time = leaping_time


if __name__ == "__main__":
    leap_by(Path(sys.argv.pop(1)))
    # not before: others take a clock for themselves when they are imported
    from twisted.scripts.twistd import run

    sys.argv[0] = "twistd"
    run()
