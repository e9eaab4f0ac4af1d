"""The home's story under twenty kills in place of five."""

from __future__ import annotations

import os

from tests.system import test_health_kills


class KillSoakTests(test_health_kills.KillTests):
    """As in the quick tests, for longer and at other moments."""

    kills = int(os.environ.get("IOTD_SOAK_KILLS", "20"))
    seed = int(os.environ.get("IOTD_SOAK_SEED", "1"))
