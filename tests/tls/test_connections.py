"""Handshakes: who hears of a connection, when it is given up, who has to yield."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from iotd.tls.connections import (
    CLOSE_SECONDS, HANDSHAKE_SECONDS, Handshakes, TlsFactory, crowd_of,
)
from iotd.tls.contexts import Switch, read_context
from tests.tls.room import START, Client, Line, Wish, context, made


class Hearing(Protocol):
    """Keeps what it hears."""

    def __init__(self, factory: Inner) -> None:
        self.inner, self.heard, self.lost = factory, b"", False

    def connectionMade(self) -> None:
        """It greets, as the device wire does."""
        self.inner.made.append(self)
        self.transport.write(b"id pls")

    def dataReceived(self, data: bytes) -> None:
        """More."""
        self.heard += data

    def connectionLost(self, reason: Any = None) -> None:
        """The end."""
        self.lost = True


class Inner(Factory):
    """What is behind TLS; ``full`` when it has no place."""

    noisy = False

    def __init__(self) -> None:
        self.made: list[Hearing] = []
        self.full = False

    def buildProtocol(self, addr: Any) -> Hearing | None:
        """One of them."""
        return None if self.full else Hearing(self)


class ConnectionTest(SynchronousTestCase):
    """A listener with the boards' certificate."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.office = made(self.path)
        self.clock, self.inner = Clock(), Inner()
        self.failed: list[tuple[str, str]] = []
        self.handshakes = Handshakes(most=4)
        self.switch = Switch(*read_context(self.office.folder.files("boards")))
        self.factory = TlsFactory(
            self.switch, self.inner, self.clock, self.handshakes, True,
            lambda address, why, reason: self.failed.append((why, reason)),
        )
        self.addCleanup(lambda: self.assertEqual(len(self.handshakes), 0))

    def connect(self, host: str = "192.0.2.7", trusted: Any = None) -> Client:
        """Somebody connects."""
        line = Line(host)
        server: Any = self.factory.buildProtocol(line.getPeer())
        server.makeConnection(line)
        return Client(server, line, trusted or context(self.path / "ca.pem"))

    def lose(self, client: Client) -> None:
        """The line is gone."""
        client.server.connectionLost(Failure(ConnectionDone()))
        self.clock.advance(0)

    def served(self) -> Client:
        """Somebody whose handshake is done."""
        client = self.connect()
        client.shake()
        self.clock.advance(0)
        self.addCleanup(self.lose, client)
        return client


class HandshakeTests(ConnectionTest):
    """Before and after."""

    def test_heard_of(self) -> None:
        """The protocol is made when the handshake is done, greets, and hears what comes."""
        client = self.connect()
        self.assertEqual((len(self.handshakes), self.inner.made), (1, []))
        client.shake()
        self.clock.advance(0)
        self.assertEqual(len(self.handshakes), 0)
        self.assertEqual(client.heard(), b"id pls")
        client.say(b"key~a\n")
        self.assertEqual(self.inner.made[0].heard, b"key~a\n")
        self.assertTrue(client.server.has_own_certificate)
        self.lose(client)
        self.assertTrue(self.inner.made[0].lost)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_byte_by_byte(self) -> None:
        """A handshake that comes in single bytes is one all the same."""
        client = self.connect()
        for byte in client.hello():
            client.server.dataReceived(bytes([byte]))
        client.shake()
        self.clock.advance(0)
        self.assertEqual(client.heard(), b"id pls")
        self.lose(client)

    def test_no_place(self) -> None:
        """Where there is no place the connection ends after the handshake."""
        self.inner.full = True
        client = self.connect()
        client.shake()
        self.assertEqual((client.line.ended, self.failed), ("aborted", []))

    def test_late(self) -> None:
        """A handshake that is not over in 20 s is given up; bytes do not extend it."""
        client = self.connect()
        hello = client.hello()
        for at in range(int(HANDSHAKE_SECONDS)):
            self.assertEqual(client.line.ended, "")
            client.server.dataReceived(hello[at:at + 1])
            self.clock.advance(1)
        self.assertEqual((client.line.ended, self.failed[0][0]), ("aborted", "late"))
        self.lose(client)
        self.assertEqual(len(self.failed), 1)

    def test_crowd(self) -> None:
        """When there are too many, the address with most loses its oldest, and others none."""
        first = self.connect("192.0.2.1")
        crowd = [self.connect("192.0.2.66") for _ in range(10)]
        self.assertEqual([each.line.ended for each in crowd], ["aborted"] * 7 + [""] * 3)
        last = self.connect("192.0.2.2")
        self.assertEqual(crowd[7].line.ended, "aborted")
        self.assertEqual({why for why, _ in self.failed}, {"crowd"})
        for honest in (first, last):
            honest.shake()
            self.lose(honest)
        self.assertEqual(len(self.inner.made), 2)
        self.handshakes.end_all()
        self.assertEqual(crowd[-1].line.ended, "aborted")

    def test_crowds(self) -> None:
        """An IPv4 address is one, however it is written, and so is an IPv6 network of a house."""
        crowds = {
            "192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "local": "local",
            "2001:db8::1": "2001:db8::/64", "2001:db8::ffff:1": "2001:db8::/64",
            "fe80::1%eth0": "fe80::/64",
        }
        self.assertEqual({host: crowd_of(host) for host in crowds}, crowds)

    def test_distrust(self) -> None:
        """Who does not trust the certificate is told of with the reason."""
        made(Path(other := self.mktemp()))
        client = self.connect(trusted=context(Path(other) / "ca.pem"))
        self.assertRaises(ssl.SSLCertVerificationError, client.shake)
        self.lose(client)
        self.assertEqual(self.failed[0][0], "distrust")
        self.assertIn("unknown ca", self.failed[0][1])

    def test_other_words(self) -> None:
        """HTTP and MQTT in the clear, old TLS and rubbish end the connection, each by its word."""
        for said, why in (
            (b"GET / HTTP/1.1\r\n\r\n", "plain"), (b"key~cam\n" + bytes(20), "plain"),
            (b"\x10\x20\0\4MQTT\4\2\0\0\0\x14" + b"a" * 20, "plain"), (bytes(64), "plain"),
            (b"\x16\x03\x01\x00\x05" + b"\xff" * 5, "tls"),
        ):
            client = self.connect()
            client.server.dataReceived(said)
            self.assertEqual(client.line.ended, "closed", said)
            self.lose(client)
            self.assertEqual(self.failed[-1][0], why, (said, self.failed[-1]))
        self.assertEqual(self.inner.made, [])

    def test_knock(self) -> None:
        """Who connects and goes without a word is not told of; who goes in the middle is."""
        self.lose(self.connect())
        self.assertEqual(self.failed, [])
        client = self.connect()
        client.server.dataReceived(client.hello())
        self.lose(client)
        self.assertEqual(self.failed[0][0], "left")

    def test_old_versions(self) -> None:
        """Neither TLS 1.1 nor a cipher without forward secrecy is spoken."""
        old = context(self.path / "ca.pem")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        plain = context(self.path / "ca.pem")
        plain.maximum_version = ssl.TLSVersion.TLSv1_2
        plain.set_ciphers("AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA")
        for trusted in (old, plain):
            client = self.connect(trusted=trusted)
            self.assertRaises(ssl.SSLError, client.shake)
            self.lose(client)
        self.assertEqual(len(self.failed), 2)

    def test_as_a_board(self) -> None:
        """TLS 1.2 with ECDHE, ECDSA and AES-128-GCM, which ESP32s speak, is spoken."""
        board = context(self.path / "ca.pem")
        board.maximum_version = ssl.TLSVersion.TLSv1_2
        board.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
        client = self.connect(trusted=board)
        client.shake()
        self.assertEqual(len(self.inner.made), 1)
        self.lose(client)


class OpenTests(ConnectionTest):
    """Connections that are open."""

    def test_switch(self) -> None:
        """A new certificate is for new connections; those that are open go on."""
        first = self.served()
        before = first.tls.getpeercert()
        self.office.take(Wish(renew=True), START)
        self.switch.turn(*read_context(self.office.folder.files("boards")))
        second = self.served()
        self.assertNotEqual(second.tls.getpeercert(), before)
        for client in (first, second):
            client.say(b"still here")
        self.assertEqual([each.heard for each in self.inner.made], [b"still here"] * 2)

    def test_close(self) -> None:
        """Who never says that it closes, too, is cut off."""
        client = self.served()
        client.server.loseConnection()
        self.clock.advance(CLOSE_SECONDS - 1)
        self.assertEqual(client.line.ended, "")
        self.clock.advance(1)
        self.assertEqual(client.line.ended, "aborted")

    def test_close_in_order(self) -> None:
        """Who says that it closes, too, is not waited for."""
        client = self.served()
        client.heard()
        client.server.loseConnection()
        client.flush()
        client.tls.unwrap()
        client.flush()
        self.assertEqual(client.line.ended, "closed")

    def test_no_calls_left(self) -> None:
        """Nothing waits for a connection that is gone."""
        client = self.connect()
        client.shake()
        client.server.loseConnection()
        self.lose(client)
        self.assertEqual(self.clock.getDelayedCalls(), [])
