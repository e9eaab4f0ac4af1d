"""One connection over virtual time: alive or not, lines in, frames out."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from tests.firmware.test_hello import connected
from common.errors import Denied, LinkLost

assert rig.FIRMWARE.is_dir()


class ConnectionTests(SynchronousTestCase):
    """line(), send() and what they do besides."""

    def test_waits_no_longer(self) -> None:
        """Without a line, line() returns None when its time is over, and looks at least once."""
        sock, connection = connected((0, b"START\n"))
        self.assertEqual(connection.line(0), "START")
        self.assertIsNone(connection.line(2500))
        self.assertEqual(sock.clock.now - sock.began, 2500)

    def test_glued_and_split(self) -> None:
        """Commands come out one by one, however they arrive."""
        _, connection = connected((0, b"START\nST"), (50, b"OP\nSET f"), (100, b"ps=3\n"))
        lines = [connection.line(1000) for _ in range(3)]
        self.assertEqual(lines, ["START", "STOP", "SET fps=3"])

    def test_answers_ping(self) -> None:
        """A ping is answered, a pong swallowed; neither is handed on."""
        sock, connection = connected((0, b"ping\npong\nping\nSTART\n"))
        self.assertEqual(connection.line(100), "START")
        self.assertEqual(sock.sent, b"pong\npong\n")

    def test_pings_after_silence(self) -> None:
        """After 20 s without a byte it asks once, and again after the next 20 s."""
        sock, connection = connected((25_000, b"pong\n"))
        connection.line(19_000)
        self.assertEqual(sock.sent, b"")
        connection.line(21_000)
        self.assertEqual(sock.sent, b"ping\n")
        connection.line(10_000)
        self.assertEqual(sock.sent, b"ping\nping\n")

    def test_gives_up(self) -> None:
        """After 45 s without a byte the link is lost, at most a second late."""
        sock, connection = connected()
        self.assertRaises(LinkLost, connection.line, 100_000)
        self.assertTrue(45_000 <= sock.clock.now - sock.began <= 46_100)

    def test_healthy(self) -> None:
        """A link counts as healthy after a minute, not before."""
        _, connection = connected(*((at, b"ping\n") for at in range(0, 90_000, 10_000)))
        connection.line(59_000)
        self.assertFalse(connection.healthy)
        connection.line(2_500)
        self.assertTrue(connection.healthy)

    def test_feeds_the_watchdog(self) -> None:
        """However long it waits for a line, the watchdog never hungers over 1.1 s."""
        sock, connection = connected((40_000, b"START\n"))
        self.assertEqual(connection.line(44_000), "START")
        self.assertLessEqual(connection._watchdog.hunger, 1100)
        self.assertEqual(sock.clock.now - sock.began, 40_000)

    def test_ends(self) -> None:
        """A closed connection and a denied key are told apart."""
        _, connection = connected((0, b""))
        self.assertRaises(LinkLost, connection.line, 1000)
        _, connection = connected((0, b"denied\n"))
        self.assertRaises(Denied, connection.line, 1000)

    def test_frames(self) -> None:
        """A frame is its length in four bytes and its bytes, from any buffer."""
        sock, connection = connected()
        for payload in (b"\xff\xd8" * 5000, memoryview(bytearray(300))):
            sock.sent = b""
            connection.send_frame(payload)
            self.assertEqual(sock.sent, len(payload).to_bytes(4, "big") + bytes(payload))

    def test_slow_peer(self) -> None:
        """A peer that takes nothing for 45 s is given up, the watchdog fed meanwhile."""
        sock, connection = connected()
        sock.room = 5000
        self.assertRaises(LinkLost, connection.send_frame, bytes(20_000))
        self.assertEqual(len(sock.sent), 5000)
        self.assertLessEqual(connection._watchdog.hunger, 1100)

    def test_close_twice(self) -> None:
        """Closing closes the socket, and closing again harms nothing."""
        sock, connection = connected()
        connection.close()
        connection.close()
        self.assertTrue(sock.closed)
