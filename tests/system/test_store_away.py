"""A database server that is away when the daemon starts."""

from __future__ import annotations

import signal
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.brokers import Mosquitto
from tests.databases import MariaDB
from tests.running_daemon import Answer, RunningDaemon, until


class StoreAwayTests(SynchronousTestCase):
    """The daemon is there, says what is missing, and goes on by itself when it comes."""

    def setUp(self) -> None:
        self.server = MariaDB.running()
        url = self.server.new_database()
        self.daemon = RunningDaemon(Path(self.mktemp()), {"store": {"url": url}})
        self.addCleanup(self.server.start)
        self.addCleanup(self.daemon.stop)
        # an installation: the very first start makes the key, and asks the database about it
        self.daemon.start()
        self.daemon.stop()

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

    def test_gates_wait_while_nobody_knows_them(self) -> None:
        """With nothing kept of gates from earlier their messages stay with the broker, where
        they are not lost; with what was kept they are heard without the database."""
        broker = Mosquitto(Path(self.mktemp())).start()
        self.addCleanup(broker.kill)
        self.daemon.settings["mqtt"] = {"broker": broker.address}
        for file in self.daemon.data.glob("spool.sqlite3*"):
            file.unlink()
        self.server.kill()
        for failing in (["broker", "store"], ["store"]):
            self.daemon.launch()
            until(lambda: "listening: " in self.daemon.log(), "the web port is open")
            self.daemon.ports["web"] = self.daemon.listening()[0][2]
            until(lambda: sorted(self._failing()) == failing, f"{failing} are missing")
            self.server.start()
            until(lambda: self._ready().status == 200, "it is ready")
            self.server.kill()
            self.daemon.stop()

    def _ready(self) -> Answer:
        return self.daemon.ask("GET", "/readyz", role=None)

    def _failing(self) -> dict[str, str]:
        return self._ready().json.get("failing", {})

    def test_without_the_key(self) -> None:
        """Whether the key was lost only the database knows: no other one is made meanwhile."""
        (self.daemon.data / "secret.key").unlink()
        self.server.kill()
        self.daemon.launch()
        self.assertEqual(self.daemon.end(), 75)
        self.assertFalse((self.daemon.data / "secret.key").exists())

    def test_it_can_be_stopped_while_it_waits(self) -> None:
        """A daemon that still waits ends at once and cleanly."""
        self.server.kill()
        self.daemon.launch()
        until(lambda: "listening: " in self.daemon.log(), "the web port is open")
        self.assertEqual(self.daemon.stop(), -signal.SIGTERM)
        self.assertNotIn("failed", self.daemon.log())
