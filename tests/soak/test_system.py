"""The whole daemon under random sessions and coming and going viewers, for as long as asked for.

    IOTD_SOAK_SOCKETS=20000 python -m twisted.trial tests.soak.test_system
"""

from __future__ import annotations

import os
import random
import socket

from tests.running_daemon import until
from tests.system import wire
from tests.system.fuzz import fuzz
from tests.system.house import SystemTest, tell
from tests.system.viewers import stalled

SESSIONS = int(os.environ.get("IOTD_SOAK_SOCKETS", "4000"))
SEED = int(os.environ.get("IOTD_SOAK_SEED", "1"))


class SystemSoakTests(SystemTest):
    """Memory and files do not grow."""

    settings = {"cameras": {"max_connections_per_address": 2000}}

    def test_random_sessions(self) -> None:
        """Of two equal halves of the random sessions the second one adds under 5 MB, no file."""
        honest = self.streaming(fps=10.0)
        port = self.daemon.ports["cameras"]
        fuzz(port, SESSIONS // 2, SEED)
        files, before = self.daemon.process.num_fds(), self.daemon.rss()
        fuzz(port, SESSIONS // 2, SEED + 1)
        until(lambda: self.daemon.process.num_fds() <= files + 2, "files are back")
        tell(f"the second {SESSIONS // 2} random sessions", f"{self.daemon.rss() - before:+.1f} MB")
        self.assertLess(self.daemon.rss() - before, 5)
        self.assertEqual(honest.heard, [b"START"])

    def test_viewers_come_and_go(self) -> None:
        """Viewers that read, stall, reset and leave cost neither memory nor files in the end."""
        self.streaming(fps=20.0, piece_pause=0.0)
        rng = random.Random(SEED)
        self.churn(rng, SESSIONS // 20)
        files, before = self.daemon.process.num_fds(), self.daemon.rss()
        self.churn(rng, SESSIONS // 20)
        until(lambda: self.daemon.process.num_fds() <= files + 2, "files are back")
        until(lambda: self.shown("viewers") == 0, "nobody watches")
        tell(f"the second {SESSIONS // 20} viewers", f"{self.daemon.rss() - before:+.1f} MB")
        self.assertLess(self.daemon.rss() - before, 5)

    def churn(self, rng: random.Random, times: int) -> None:
        """So many viewers, at most 30 at a time."""
        crowd: list[socket.socket] = []
        for _ in range(times):
            crowd.append(stalled(self.daemon, self.cam))
            if rng.random() < 0.5:
                crowd[-1].recv(rng.randrange(1, 20_000))
            if len(crowd) > 30:
                leaver = crowd.pop(rng.randrange(len(crowd)))
                if rng.random() < 0.5:
                    leaver.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                leaver.close()
        wire.hang_up(crowd)
