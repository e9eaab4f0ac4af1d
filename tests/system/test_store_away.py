"""A database server that is away when the daemon starts."""

from __future__ import annotations

import signal
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.databases import MariaDB
from tests.running_daemon import RunningDaemon, until


class StoreAwayTests(SynchronousTestCase):
    """The daemon is there, says what is missing, and goes on by itself when it comes."""

    def setUp(self) -> None:
        self.server = MariaDB.running()
        url = self.server.new_database()
        self.daemon = RunningDaemon(Path(self.mktemp()), {"store": {"url": url}})
        self.addCleanup(self.server.start)
        self.addCleanup(self.daemon.stop)

    def test_it_waits_and_then_goes_on(self) -> None:
        """Alive but not ready, pages say why in a sentence; a minute later all of it works."""
        self.server.kill()
        self.daemon.launch()
        until(lambda: "listening: " in self.daemon.log(), "the web port is open")
        self.daemon.ports["web"] = self.daemon.listening()[0][2]
        self.assertEqual(self.daemon.ask("GET", "/healthz", role=None).status, 200)
        ready = self.daemon.ask("GET", "/readyz", role=None)
        self.assertEqual(ready.status, 503)
        self.assertIn("store", ready.json["failing"])
        page = self.daemon.ask("GET", "/", role=None, headers={"Accept": "text/html"})
        self.assertEqual(page.status, 503)
        self.assertIn(b"The database is away", page.body)
        self.server.start()
        until(lambda: self.daemon.ask("GET", "/readyz", role=None).status == 200, "it is ready")
        self.assertEqual(self.daemon.call("GET", "/api/v1/cameras", role="viewer")["items"], [])
        self.assertEqual(self.daemon.stop(), -signal.SIGTERM)

    def test_it_can_be_stopped_while_it_waits(self) -> None:
        """A daemon that still waits ends at once and cleanly."""
        self.server.kill()
        self.daemon.launch()
        until(lambda: "listening: " in self.daemon.log(), "the web port is open")
        self.assertEqual(self.daemon.stop(), -signal.SIGTERM)
        self.assertNotIn("failed", self.daemon.log())
