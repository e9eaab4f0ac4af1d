"""The keyed hello, against the RFC, the daemon's own code and the shared vectors."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from hypothesis import given, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.hello import device_mac as daemons_mac
from tests.firmware import rig
from tests.vectors.make_camera import PATH
from common.connection import Connection
from common.errors import Denied, LinkLost
from common.hello import HELLO_MS, device_mac, hmac_sha256, nonce_of, say_hello
from common.lines import LineReader

NONCE = "00112233445566778899aabbccddeeff"
KEY = bytes(range(32))


def connected(*arrives: tuple[int, bytes]) -> tuple[rig.FakeSocket, Connection]:
    """A connection to a peer that says these pieces at these times."""
    clock = rig.FakeClock()
    sock = rig.FakeSocket(clock, list(arrives))
    return sock, Connection(sock, clock, rig.FakeWatchdog(clock), LineReader(), rig.FakePoll)


class MacTests(SynchronousTestCase):
    """HMAC over a hashlib that has none."""

    def test_rfc_4231(self) -> None:
        """Test cases 1, 2 and 6 of RFC 4231: short, shorter and longer than a block."""
        for key, message, digest in (
            (b"\x0b" * 20, b"Hi There", "b0344c61d8db3853"),
            (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e"),
            (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
             "60e431591ee0b67f"),
        ):
            self.assertEqual(hmac_sha256(key, message).hex()[:16], digest)

    @given(st.binary(max_size=200), st.binary(max_size=200))
    def test_any(self, key: bytes, message: bytes) -> None:
        """The same as the standard library's, for keys and messages of any length."""
        self.assertEqual(hmac_sha256(key, message), hmac.digest(key, message, hashlib.sha256))

    @given(st.binary(min_size=32, max_size=32), st.sampled_from(["cam", "dev"]),
           st.from_regex(r"[a-z0-9-]{3,32}", fullmatch=True),
           st.from_regex(r"[0-9a-f]{32}", fullmatch=True))
    def test_as_the_daemon(self, key: bytes, wire: Any, id: str, nonce: str) -> None:
        """A board's proof is what the daemon expects."""
        self.assertEqual(device_mac(key, wire, id, nonce), daemons_mac(key, wire, id, nonce))


class HelloTests(SynchronousTestCase):
    """What is said, and to which answers."""

    def test_as_recorded(self) -> None:
        """The first bytes are those of the recorded session of an honest camera."""
        session = next(one for one in json.loads(PATH.read_text())["sessions"]
                       if one["name"] == "keyed")
        sock, connection = connected((0, f"nonce~{session['nonce']}\n".encode()))
        say_hello(connection, "cam", "cam-7f3a", bytes.fromhex(session["key"]))
        self.assertTrue(session["camera"].startswith(sock.sent.hex()))
        self.assertEqual(sock.sent.count(b"\n"), 2)

    def test_denied(self) -> None:
        """A daemon that answers the hello with denied ends the connection as refused."""
        _, connection = connected((0, b"denied\n"))
        self.assertRaises(Denied, say_hello, connection, "cam", "cam-one", KEY)

    def test_no_answer(self) -> None:
        """A daemon that doesn't answer within 10 s is given up."""
        sock, connection = connected()
        self.assertRaises(LinkLost, say_hello, connection, "cam", "cam-one", KEY)
        self.assertLess(sock.clock.now - sock.began, HELLO_MS + 1000)

    def test_bad_nonces(self) -> None:
        """Only 32 lower-case hex digits after nonce~ are a nonce."""
        self.assertEqual(nonce_of("nonce~" + NONCE), NONCE)
        for line in ("", "nonce~", "nonce~" + NONCE[1:], "nonce~" + NONCE + "0",
                     "nonce~" + NONCE.upper(), "Nonce~" + NONCE, "start"):
            self.assertRaises(LinkLost, nonce_of, line)
