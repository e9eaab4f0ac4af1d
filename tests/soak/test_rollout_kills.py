"""A roll-out to 200 boards over real sockets, while the daemon is killed in each of its waves."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from random import Random
from typing import Any

from tests.running_daemon import until
from tests.soak.crowd import CrowdCase
from tests.system.house import tell

BOARDS = 200
SEED = int(os.environ.get("IOTD_SOAK_SEED", "1"))
WAVES = 3
REPORT_SECONDS = 3  # so that waves go on within seconds
PATIENCE = 180
UNDER_WAY = ("offered", "loading", "trying")


class RolloutKillTests(CrowdCase):
    """Half cameras, half watches, all with keys; they start with build 0."""

    boards = BOARDS

    def rollout(self) -> Any:
        """As the API has it."""
        return self.daemon.call("GET", "/api/v1/rollouts/1", role="admin")

    def under_way(self, wave: int) -> bool:
        """Whether boards of this wave are at it."""
        now = self.rollout()
        return now["wave"] == wave and any(
            board["state"] in UNDER_WAY and board["wave"] == wave for board in now["boards"])

    def test_killed_in_each_wave(self) -> None:
        """After a kill in each wave every board has taken the new build exactly once, the
        roll-out is done with all of them, and nothing about it is lost."""
        random = Random(SEED)
        told = self.switch_on(REPORT_SECONDS)
        until(lambda: self.reported() == BOARDS, "all boards told of themselves", 60)
        self.daemon.call("POST", "/api/v1/firmware", {}, role="admin")
        self.daemon.call("POST", "/api/v1/rollouts", {}, role="admin")
        for wave in range(1, WAVES + 1):
            until(lambda: self.under_way(wave), f"wave {wave} is under way", PATIENCE)
            time.sleep(random.random() * wave / 4)
            self.daemon.stop(signal.SIGKILL)
            self.daemon.start()
        began = time.monotonic()
        until(lambda: self.rollout()["state"] == "done", "the roll-out is done", PATIENCE)
        tell("roll-out", f"done {time.monotonic() - began:.1f} s after the last kill")
        events = [json.loads(line) for line in told.read_text().splitlines()]
        updated = Counter(name for _, name, state, _ in events if state == "updated")
        self.assertEqual(updated, Counter(self.names()))
        self.assertEqual([each for each in events if each[2] in ("denied", "confused")], [])
        self.everything_is_known()

    def everything_is_known(self) -> None:
        """All boards are done in the roll-out and have its build in the list; one roll-out, one
        line in the audit for it; the daemon logged no failure."""
        now = self.rollout()
        self.assertEqual({board["device"]: board["state"] for board in now["boards"]},
                         dict.fromkeys(self.names(), "done"))
        self.assertEqual(Counter(board["wave"] for board in now["boards"]), {1: 1, 2: 20, 3: 179})
        until(lambda: self.reported() == BOARDS, "all boards told of themselves", 60)
        listed = self.daemon.call("GET", "/api/v1/boards?limit=1000", role="admin")["items"]
        self.assertEqual({board["id"]: (board["build"], board["last_update"]) for board in listed},
                         dict.fromkeys(self.names(), (1, "ok-1")))
        found = self.daemon.call("GET", "/api/v1/rollouts", role="admin")["items"]
        self.assertEqual([each["id"] for each in found], [1])
        audit = self.daemon.call("GET", "/api/v1/audit?limit=1000", role="admin")["items"]
        self.assertEqual(Counter(line["action"] for line in audit)["start roll-out"], 1)
        self.assertEqual([line for line in self.daemon.lines() if line["level"] == "error"], [])

    def reported(self) -> int:
        """Boards that are there and told of themselves."""
        listed = self.daemon.call("GET", "/api/v1/boards?limit=1000", role="admin")["items"]
        return sum(board["connected"] and board["build"] is not None for board in listed)

    def names(self) -> list[str]:
        """All boards."""
        return [f"board-{number:04}" for number in range(BOARDS)]
