"""The home's story under as many kills as asked for; `make soak` asks for twenty."""

from __future__ import annotations

import os

from tests.system import test_health_kills


class KillSoakTests(test_health_kills.KillTests):
    """As in the quick tests, for longer, at other moments, and while pictures are counted."""

    kills = int(os.environ.get("IOTD_SOAK_KILLS", "1"))
    counted = True
    seed = int(os.environ.get("IOTD_SOAK_SEED", "1"))
