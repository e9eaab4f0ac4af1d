"""A week of field texts and numbered messages through the whole daemon, beside the oracle."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from tests.running_daemon import until
from tests.system.campus_field import FieldSite
from tests.system.campus_plan import WEEK, People, spelt
from tests.system.campus_site import CampusSite
from tests.system.campus_traces import PIECE, traces
from tests.system.house import tell

TEXTS = 60  # of a phase
PIPED = 3  # of them by mosquitto_pub


class StreamTests(SynchronousTestCase):
    """With MariaDB and Mosquitto as they are shipped."""

    outside = True
    phases = 6
    seed = 21
    timeout = 300

    def setUp(self) -> None:
        self.site = FieldSite(Path(self.mktemp()), self, seed=self.seed, outside=self.outside)

    def test_movements_headcounts_and_statistics_are_the_oracles(self) -> None:
        """Whatever is told twice, late, out of order or never, and however often gates and
        daemon begin anew: all numbers are those that the rule makes of what was told."""
        site, chance = self.site, Random(self.seed)
        site.start(rate=400.0, late=6.0, twice=4.0, lost=0.1)
        site.switch_on()
        site.let_field_in()
        for number in range(self.phases):
            if number:
                site.leap(WEEK / (self.phases - 1))
                self._begin_anew(number, chance)
            site.gates.make()
            site.texts(TEXTS)
            site.texts(PIPED, program=True)
            site.message()
            site.gates.rest()
        site.settled()
        truth = site.fits()
        tell(f"a week in {self.phases} pieces", f"{len(site.gates.made)} messages, "
             f"{self.phases * (TEXTS + PIPED)} texts, {len(truth.rows)} movements, "
             f"{site.gates.replayed} told again")
        self.assertGreater(site.gates.replayed, 0)
        site.leaves_no_trace()

    def _begin_anew(self, number: int, chance: Random) -> None:
        """The daemon, in order or not, or a gate or two."""
        site, ids = self.site, sorted(self.site.gates.gates)
        if number % 2:
            site.daemon.stop(chance.choice((signal.SIGKILL, signal.SIGTERM)))
            site.daemon.start()
            until(site.is_ready, "the daemon is there again")
            site.switch_on()
        else:
            site.gates.reboot(chance.choice(ids))
            site.gates.cut(chance.choice(ids))


class StreamInsideTests(StreamTests):
    """The same with the database and the broker that are built in."""

    outside = False
    phases = 3  # one end of the daemon, and one of gates
    seed = 22


class StoreAwayTests(SynchronousTestCase):
    """What is acknowledged while the database is away, or the disk full, is found later."""

    timeout = 300

    def setUp(self) -> None:
        self.site = CampusSite(Path(self.mktemp()), self, seed=31, students=60)
        self.site.start(rate=300.0, twice=0.0)

    def _see_people(self, seconds: float = 1.0) -> None:
        """Gates see people for so long, and tell it."""
        self.site.gates.make()
        time.sleep(seconds)  # not a wait for anything: so many are to come
        self.site.gates.rest()
        until(lambda: self.site.gates.idle, "the gates have told all")

    def test_away_at_the_start(self) -> None:
        """Started without its database the daemon hears gates as ever; when the broker loses
        everything then, and gates are gone, all that was acknowledged is there still."""
        site = self.site
        self._see_people()
        site.settled()
        site.daemon.stop()
        site.database.kill()
        site.daemon.launch()
        before = len(site.gates.made)
        self._see_people()
        count = len(site.gates.made) - before
        until(lambda: site.in_spool() == count, "all is in the spool")
        site.leaves_no_trace()
        site.gates.close()
        site.broker.kill()
        site.daemon.stop(signal.SIGKILL)
        site.daemon.launch()
        site.database.start()
        until(lambda: site.daemon.listening(), "the daemon listens")
        until(lambda: site.failing() == ["broker"], "only the broker is missing")
        until(lambda: not site.intake()["spool"]["messages"], "the spool is empty")
        site.fits()

    def test_a_full_disk(self) -> None:
        """While the disk takes nothing the daemon says so and acknowledges nothing: after it
        was killed then, nothing is missing, and no gate is asked for anything."""
        site = self.site
        site.database.kill()
        self._fill_disk(200_000)
        site.gates.make()
        until(lambda: "spool" in site.failing(), "it says that the spool is full")
        site.gates.rest()
        until(lambda: site.gates.idle, "the gates have told all")
        self.assertLess(site.in_spool(), len(site.gates.made))
        site.daemon.stop(signal.SIGKILL)
        site.database.start()
        site.daemon.start()
        until(site.is_ready, "the daemon is there again")
        site.settled()
        site.fits()
        self.assertEqual(site.gates.asked, 0)

    def _fill_disk(self, left: int) -> None:
        """No file of the daemon may grow beyond so many bytes more than the spool has now."""
        sizes = [file.stat().st_size for file in self.site.daemon.data.glob("spool.sqlite3*")]
        limit = f"--fsize={max(sizes) + left}:"
        subprocess.run(["prlimit", f"--pid={self.site.daemon.process.pid}", limit], check=True)


class TracesTests(SynchronousTestCase):
    """The search for numbers finds them."""

    def test_every_spelling(self) -> None:
        """A number is found however it is written, and at every place; others are not."""
        folder, people = Path(self.mktemp()), People(20, 1)
        folder.mkdir()
        mac = people.all[3].macs[0] if people.all[3].macs else people.phones[0]
        dots = ".".join(mac[at:at + 4] for at in (0, 4, 8)).upper()
        ways = [spelt(mac, way).encode() for way in range(4)] + [
            dots.encode(), bytes.fromhex(mac), mac.encode("utf-16"),
        ]
        for place in (0, PIECE, PIECE - 3):
            for way in ways:
                file = folder / "file"
                file.write_bytes(b"\n" * place + b'["' + way + b'"]')
                self.assertEqual(traces(people.secrets, folder), [f"{file}: {mac}"], way)
        file.write_bytes(b"\n".join(bytes([n] * 64).hex().encode() for n in range(256)))
        self.assertEqual(traces(people.secrets, file), [])
