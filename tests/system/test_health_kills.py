"""kill -9 in the middle of a home's story: what was acknowledged is there, nothing is stuck."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.running_daemon import RunningDaemon, until
from tests.system.house import tell
from tests.system.story import Home, Listener

SETTINGS = {"devices": {"enrolment": "open", "poll_seconds": 1}}


class KillTests(SynchronousTestCase):
    """One home, killed again and again."""

    kills = 5
    seed = 11
    counted = False

    def test_nothing_acknowledged_is_lost(self) -> None:
        """What a board, a page or a caller was told is done is there after kill -9, each once,
        and lights, door and commands go on as if nothing had been."""
        daemon = RunningDaemon(Path(self.mktemp()), SETTINGS).start()
        self.addCleanup(daemon.stop)
        home, chance = Home(daemon, self.seed), random.Random(self.seed)
        self.addCleanup(home.power_off)
        home.settle_in(self.counted)
        shown: list[tuple[str, float, str]] = []
        for number in range(self.kills):
            page = Listener(daemon)
            story = threading.Thread(target=self._live, args=(home, number), daemon=True)
            story.start()
            # not a wait for anything: the kill shall come at a moment nobody chose
            time.sleep(chance.uniform(0.4, 3.0))
            daemon.stop(signal.SIGKILL)
            story.join(60.0)
            page.close()
            shown += [(r["kind"], r["value"], r["measured_at"]) for r in page.shown
                      if r["patient"] == home.patient]
            home.power_off()
            daemon.start()
            home.power_on()
            self._nothing_stuck(home)
            self._nothing_lost(home, shown)
        self.assertTrue(shown and home.readings_told and home.visits_told)
        tell(f"{self.kills} kills", f"{len(home.visits_told)} visits, {len(shown)} shown readings, "
             f"{len(home.readings_told)} typed in, none lost")

    def _live(self, home: Home, number: int) -> None:
        """Doors and hands until the daemon is gone."""
        try:
            for turn in range(1000):
                home.type_in("bp_systolic", 110 + turn % 20 + number)
                home.visit()
        except (OSError, AssertionError):
            pass  # killed

    def _nothing_stuck(self, home: Home) -> None:
        until(lambda: home.cabinet.idle, "a weight that waited has left")
        until(lambda: not home.cabinet.lights, "lights that were on go off")
        before = len(home.watch.sent)
        home.visit()
        until(lambda: len(home.watch.sent) > before + 1, "the watch is asked again")
        until(lambda: home.cabinet_state() == ("closed", "off"), "the daemon knows of both")

    def _nothing_lost(self, home: Home, shown: list[tuple[str, float, str]]) -> None:
        visits = Counter((v["before_g"], v["after_g"]) for v in home.visits())
        for told in home.visits_told:
            self.assertEqual(visits[tuple(map(float, told))], 1, told)
        kept = Counter((r["kind"], r["value"], r["measured_at"])
                       for kind in ("heart_rate", "body_temperature", "bp_systolic")
                       for r in home.readings(kind))
        for one in shown:
            self.assertEqual(kept[one], 1, one)
        typed = Counter((kind, value) for kind, value, _ in kept)
        wanted = Counter(home.readings_told)
        self.assertFalse(wanted - Counter({k: v for k, v in typed.items() if k in wanted}))
