"""The campus under as many kills as asked for; `make soak` asks for twenty of each part."""

from __future__ import annotations

import os

from tests.system import test_campus_kills


class CampusKillSoakTests(test_campus_kills.CampusKillTests):
    """As in the quick tests, for longer, and at other moments."""

    kills = int(os.environ.get("IOTD_SOAK_KILLS", "1"))
    seed = int(os.environ.get("IOTD_SOAK_SEED", "2"))
    timeout = 3600
