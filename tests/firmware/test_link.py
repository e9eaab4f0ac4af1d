"""The loop that never dies: what it does after each kind of end, and how long it waits."""

from __future__ import annotations

from typing import Any, Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from common import link as link_module
from common.backoff import Backoff
from common.connection import Connection
from common.errors import LinkLost
from common.link import Link

NONCE_LINE = b"nonce~" + b"ab" * 16 + b"\n"
SETTINGS = {"id": "cam-one", "key": bytes(32), "server": {"host": "there", "port": 9001}}


class FakeWifi:
    """Up, until told otherwise."""

    def __init__(self) -> None:
        self.up = True
        self.joins = 0

    def connect(self) -> None:
        self.joins += 1
        self.up = True

    def connected(self) -> bool:
        return self.up


class LinkTests(SynchronousTestCase):
    """Link.once(): one connection, and the wait after it, drawn at its longest."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.wifi = FakeWifi()
        self.said: list[str] = []
        self.sockets: list[rig.FakeSocket] = []
        self.arrives: list[tuple[int, bytes]] = [(0, NONCE_LINE)]
        self.link = Link(SETTINGS, "cam", self.wifi, Backoff(lambda: 1.0),
                         rig.FakeWatchdog(self.clock), self.clock, self.open, self.said.append)
        self.patch(link_module, "Connection",
                   lambda *parts: Connection(*parts, rig.FakePoll))

    def open(self, host: str, port: int) -> rig.FakeSocket:
        self.assertEqual((host, port), ("there", 9001))
        self.sockets.append(rig.FakeSocket(self.clock, list(self.arrives)))
        return self.sockets[-1]

    def refuse(self, host: str, port: int) -> Any:
        raise OSError(111, "refused")

    def ending(self, problem: BaseException, after_ms: int = 0) -> Callable[[Connection], None]:
        """A serve() that works for a while and then meets this."""
        def serve(connection: Connection) -> None:
            for _ in range(0, after_ms, 1000):
                self.sockets[-1].arrives = [(0, b"ping\n")]
                connection.line(1000)
            raise problem

        return serve

    def test_refused_connections(self) -> None:
        """A server that isn't there is tried with growing waits."""
        self.link._open_socket = self.refuse
        waits = [self.link.once(self.ending(LinkLost())) for _ in range(8)]
        self.assertEqual(waits, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000])

    def test_lost_server(self) -> None:
        """A link that stood and was lost is one of many: the wait is drawn from 60 s."""
        self.assertEqual(self.link.once(self.ending(LinkLost("gone"), 5000)), 60000)
        self.assertEqual(self.link.once(self.ending(LinkLost("gone"), 120_000)), 60000)

    def test_lost_wifi(self) -> None:
        """A link lost with the Wi-Fi after a healthy minute is this board's own: 1 s."""
        def serve(connection: Connection) -> None:
            try:
                self.ending(OSError(104), 70_000)(connection)
            finally:
                self.wifi.up = False

        self.assertEqual(self.link.once(serve), 1000)

    def test_denied(self) -> None:
        """A wrong key is tried again slowly, however often."""
        self.arrives.append((10, b"denied\n"))
        serve = self.ending(LinkLost(), 1000)
        for _ in range(3):
            self.assertEqual(self.link.once(lambda connection: connection.line(1000)), 60000)
        self.assertIn("link: the daemon refuses our key", self.said)
        self.arrives = [(0, b"denied\n")]
        self.assertEqual(self.link.once(serve), 60000)

    def test_never_dies(self) -> None:
        """Whatever is raised, the socket is closed and the next try comes."""
        for problem in (LinkLost("x"), OSError(5), MemoryError(), ValueError("odd"),
                        ZeroDivisionError(), KeyError("k")):
            self.link.once(self.ending(problem))
            self.assertTrue(self.sockets[-1].closed)
        self.assertEqual(self.wifi.joins, 6)

    def test_runs_for_ever(self) -> None:
        """run() goes from connection to connection; only the person at the console ends it."""
        ends: list[BaseException] = [LinkLost("one"), OSError(104), KeyboardInterrupt()]

        def serve(connection: Connection) -> None:
            raise ends.pop(0)

        self.assertRaises(KeyboardInterrupt, self.link.run, serve)
        self.assertEqual(len(self.sockets), 3)
