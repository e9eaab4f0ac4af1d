"""The same random sessions as in the quick tests, as many as are asked for.

    IOTD_SOAK_SESSIONS=5000000 python -m twisted.trial tests.soak.test_wire_fuzz
"""

from __future__ import annotations

import os
import resource

from twisted.trial.unittest import SynchronousTestCase

from tests.wire import fuzz

SESSIONS = int(os.environ.get("IOTD_SOAK_SESSIONS", "5000"))
SEED = int(os.environ.get("IOTD_SOAK_SEED", "1"))
BATCH = 50_000


class WireSoakTests(SynchronousTestCase):
    """Minutes of it."""

    def test_sessions(self) -> None:
        """Nothing unexpected is raised, and memory does not grow by more than 5 MB."""
        fuzz.run(min(SESSIONS, BATCH), SEED)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number, start in enumerate(range(BATCH, SESSIONS, BATCH), 1):
            fuzz.run(min(BATCH, SESSIONS - start), SEED + number)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        self.assertLess(grown, 5 * 1024, "KiB")
