"""kill -9 of daemon, broker and MariaDB while gates see people: nothing is lost or doubled."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from tests.running_daemon import until
from tests.system.campus_site import CampusSite
from tests.system.house import tell


class CampusKillTests(SynchronousTestCase):
    """One campus, killed part by part, again and again."""

    kills = 5
    seed = 11
    timeout = 600

    def test_nothing_acknowledged_is_lost_or_doubled(self) -> None:
        """Movements, headcounts and statistics are those of all that gates ever saw, after
        each part was killed so many times at 500 messages/s.

        What the daemon acknowledged is never asked for again; what only a killed broker had is.
        """
        site = CampusSite(Path(self.mktemp()), self, seed=self.seed, seconds=15.0 * self.kills)
        site.start()
        self.chance = Random(self.seed)
        site.gates.make()
        for number in range(self.kills):
            before = site.gates.asked
            if number % 2:
                self._kill_daemon_without_database(site)
            else:
                self._kill_database(site)
                self._kill_daemon(site)
            self.assertEqual(site.gates.asked, before)
            self._kill_broker(site)
        self._kill_all(site)
        self._some_time()
        site.gates.rest()
        site.settled()
        truth = site.fits()
        self._tell(site, len(truth.rows))
        site.leaves_no_trace()

    def _some_time(self, most: float = 0.8) -> None:
        # not a wait for anything: the kill shall come at a moment nobody chose
        time.sleep(self.chance.uniform(0.2, most))

    def _kill_database(self, site: CampusSite) -> None:
        self._some_time()
        site.database.kill()
        self._some_time()
        site.database.start()
        until(site.is_ready, "the daemon has its store again")

    def _kill_daemon(self, site: CampusSite) -> None:
        self._some_time()
        site.daemon.stop(signal.SIGKILL)
        site.daemon.start()
        until(site.is_ready, "the daemon is there again")

    def _kill_daemon_without_database(self, site: CampusSite) -> None:
        """What it acknowledged is on its own disk alone."""
        self._some_time()
        site.database.kill()
        self._some_time()
        site.daemon.stop(signal.SIGKILL)
        site.database.start()
        site.daemon.start()
        until(site.is_ready, "the daemon is there again, with its store")

    def _kill_broker(self, site: CampusSite) -> None:
        """What it had and nobody else is told again."""
        self._some_time()
        site.broker.kill()
        seen = site.gates.last_told
        site.broker.start()
        until(site.is_ready, "the daemon has the broker again")
        self._until_replayed(site, seen)

    def _kill_all(self, site: CampusSite) -> None:
        """As when the power of the machine is cut, while only the broker had the newest."""
        site.daemon.stop(signal.SIGKILL)
        self._some_time(0.4)
        site.broker.kill()
        site.database.kill()
        seen, before = site.gates.last_told, site.gates.replayed
        for part in (site.database, site.broker, site.daemon):
            part.start()
        until(site.is_ready, "the daemon is there again")
        self._until_replayed(site, seen)
        self.assertGreater(site.gates.replayed, before)

    def _until_replayed(self, site: CampusSite, seen: dict[str, tuple[str, int]]) -> None:
        until(lambda: site.heard_beyond(seen) and not site.gaps(), "what was lost is replayed")

    def _tell(self, site: CampusSite, movements: int) -> None:
        made, gates = len(site.gates.made), site.gates
        tell(f"{self.kills} kills of each", f"{made} messages, {made / gates.seconds:.0f}/s, "
             f"{movements} movements, {gates.replayed} told again for {gates.asked} requests")
