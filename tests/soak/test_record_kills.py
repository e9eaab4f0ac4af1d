"""A record under as many kills as asked for; `make soak` asks for twenty."""

from __future__ import annotations

import os

from tests.system import test_record_life


class RecordKillSoakTests(test_record_life.KillTests):
    """As in the quick tests, for longer and at other moments."""

    kills = int(os.environ.get("IOTD_SOAK_KILLS", "1"))
    seed = int(os.environ.get("IOTD_SOAK_SEED", "1"))
