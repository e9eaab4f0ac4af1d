"""The same random sessions as in the quick tests, as many as are asked for.

    IOTD_SOAK_SESSIONS=5000000 python -m twisted.trial tests.soak.test_wire_fuzz
"""

from __future__ import annotations

import os
import resource
from typing import Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.wire import device_fuzz, fuzz

SESSIONS = int(os.environ.get("IOTD_SOAK_SESSIONS", "5000"))
SEED = int(os.environ.get("IOTD_SOAK_SEED", "1"))
BATCH = 50_000


class WireSoakTests(SynchronousTestCase):
    """Minutes of it."""

    def test_camera_sessions(self) -> None:
        """The camera wire: nothing unexpected is raised, memory grows by 5 MB at most."""
        self.play(fuzz.run)

    def test_device_sessions(self) -> None:
        """The device wire: the same."""
        self.play(device_fuzz.run)

    def play(self, run: Callable[[int, int], object]) -> None:
        """As many sessions as are asked for, in batches."""
        run(min(SESSIONS, BATCH), SEED)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number, start in enumerate(range(BATCH, SESSIONS, BATCH), 1):
            run(min(BATCH, SESSIONS - start), SEED + number)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        self.assertLess(grown, 5 * 1024, "KiB")
