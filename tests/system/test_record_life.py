"""A record that is written while the daemon is killed, its store goes away or its disk is full."""

from __future__ import annotations

import random
import resource
import signal
import time
from pathlib import Path
from typing import Any, Mapping

from twisted.trial.unittest import SynchronousTestCase

from tests.databases import MariaDB
from tests.running_daemon import RunningDaemon, until
from tests.system.house import tell
from tests.system.record_story import Record

AWAY_GETS = ("/labs", "/advice", "/questionnaire", "/notes", "/habits", "/report.pdf", "/fhir")
LOG_ROOM = 256 * 1024  # bytes; so much smaller than that the log stays


class RecordTest(SynchronousTestCase):
    """A daemon of its own for each test."""

    def daemon_with(self, settings: Mapping[str, Mapping[str, Any]] | None = None) -> RunningDaemon:
        """A daemon that runs."""
        daemon = RunningDaemon(Path(self.mktemp()), settings).start()
        self.addCleanup(daemon.stop)
        return daemon

    def checked(self, daemon: RunningDaemon, *records: Record) -> None:
        """All that was told is there, and the audit is as it was written."""
        for record in records:
            record.check()
        self.assertIn("each as it was written", daemon.iotd("audit", "verify"))


class KillTests(RecordTest):
    """One record after the other, killed again and again."""

    kills = 3
    seed = 5
    a_record = 4  # so many kills, then another: there are limits to notes and versions

    def test_nothing_acknowledged_is_lost(self) -> None:
        """What a client was told is written is there after kill -9, once and whole; grants,
        openings and the audit hold exactly."""
        daemon, chance = self.daemon_with(), random.Random(self.seed)
        records: list[Record] = []
        seconds = 0.0
        for number in range(self.kills):
            if number % self.a_record == 0:
                records.append(Record(daemon))
            records[-1].live()
            # not a wait for anything: the kill shall come at a moment nobody chose
            seconds += (rest := chance.uniform(0.4, 1.6))
            time.sleep(rest)
            daemon.stop(signal.SIGKILL)
            records[-1].rest()
            daemon.start()
            # those of long ago once more at the end
            self.checked(daemon, *(records if number == self.kills - 1 else records[-1:]))
        written = sum(record.written for record in records)
        self.assertGreater(written, 20 * self.kills)
        tell(f"a record under {self.kills} kills",
             f"{written} writes acknowledged, {written / seconds:.0f}/s, none lost or doubled")


class StoreAwayTests(RecordTest):
    """Its database goes away, or its disk is full."""

    def test_server_away(self) -> None:
        """Without MariaDB reading and writing are 503 and nothing is half done; all goes on
        when it is back, and after a kill -9 it is all there."""
        server = MariaDB.running()
        self.addCleanup(server.start)
        daemon = self.daemon_with({"store": {"url": server.new_database()}})
        record = Record(daemon)
        record.live()
        record.went_on(2)
        server.kill()
        record.refused()
        answers = {path: daemon.ask("GET", record.path + path, role="admin").status
                   for path in AWAY_GETS}
        self.assertEqual(set(answers.values()), {503}, answers)
        self.assertEqual(daemon.ask("GET", "/readyz", role=None).status, 503)
        self.assertEqual(daemon.ask("GET", "/healthz", role=None).status, 200)
        server.start()
        record.went_on(2)
        daemon.stop(signal.SIGKILL)
        record.rest()
        daemon.start()
        self.checked(daemon, record)
        tell("a record while MariaDB is away", f"{record.written} writes kept")

    def test_disk_full(self) -> None:
        """On a full disk writing is 503, as is what can't be audited; nothing is half done, all
        goes on when there is room again, and after a kill -9 it is all there."""
        daemon = self.daemon_with()
        record = Record(daemon)
        record.live()
        log = daemon.data / "iotd.sqlite3-wal"
        record.went_on(5)
        until(lambda: log.stat().st_size > LOG_ROOM, "much was written")
        limit = log.stat().st_size, resource.RLIM_INFINITY
        daemon.process.rlimit(resource.RLIMIT_FSIZE, limit)
        record.refused()
        self.assertEqual(daemon.ask("GET", record.path + "/labs", role="admin").status, 503)
        self.assertEqual(daemon.ask("GET", "/healthz", role=None).status, 200)
        daemon.process.rlimit(resource.RLIMIT_FSIZE, 2 * (resource.RLIM_INFINITY,))
        record.went_on(2)
        daemon.stop(signal.SIGKILL)
        record.rest()
        daemon.start()
        self.checked(daemon, record)
        tell("a record on a full disk", f"{record.written} writes kept")
