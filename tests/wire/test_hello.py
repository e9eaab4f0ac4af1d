"""The keyed hello, line by line."""

from __future__ import annotations

import hashlib
import hmac

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire import hello
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError

NONCE = "0123456789abcdef" * 2
MAC = "0123456789abcdef" * 4


class DeviceIdTests(SynchronousTestCase):
    """What can be an id."""

    def test_ids(self) -> None:
        """Three to 32 small letters, digits and dashes."""
        for text in ("cam", "cam-1", "---", "0" * 32, "a-b-c"):
            self.assertTrue(hello.is_device_id(text), text)

    def test_no_ids(self) -> None:
        """Anything else, look-alikes and line ends among them."""
        for text in (
            "", "ab", "0" * 33, "Cam", "cam_1", "cam 1", "cam\n", "\ncam", "cám", "cam\0",
            "c\u0430m", "cam\uff11", "cam.1",
        ):
            self.assertFalse(hello.is_device_id(text), text)


class EncodeTests(SynchronousTestCase):
    """What each side sends."""

    def test_lines(self) -> None:
        """The bytes that the protocol names."""
        self.assertEqual(hello.encode_hello("cam-1"), b"key~cam-1\n")
        self.assertEqual(hello.encode_nonce(NONCE), b"nonce~" + NONCE.encode() + b"\n")
        self.assertEqual(hello.encode_mac(MAC), b"mac~" + MAC.encode() + b"\n")
        self.assertEqual(hello.DENIED, b"denied\n")

    def test_our_own_faults(self) -> None:
        """A bad id, nonce or mac never leaves; the error names what is allowed."""
        for encode, bad, allowed in (
            (hello.encode_hello, "Cam", "3 to 32 of a-z, 0-9 and -"),
            (hello.encode_hello, "cam\nstart", "3 to 32"),
            (hello.encode_nonce, NONCE[1:], "32 hex digits"),
            (hello.encode_nonce, NONCE + "\n", "32 hex digits"),
            (hello.encode_mac, MAC + "0", "64 hex digits"),
            (hello.encode_mac, "\u0663" * 64, "64 hex digits"),
        ):
            error = self.assertRaises(LocalProtocolError, encode, bad)
            self.assertIn(allowed, str(error))

    def test_mac(self) -> None:
        """HMAC-SHA256 over iotd1|wire|id|nonce under the key, in lower-case hex."""
        key = bytes(range(32))
        text = b"iotd1|cam|cam-1|" + NONCE.encode()
        mac = hello.device_mac(key, "cam", "cam-1", NONCE)
        self.assertEqual(mac, hmac.new(key, text, hashlib.sha256).hexdigest())
        self.assertNotEqual(mac, hello.device_mac(key, "dev", "cam-1", NONCE))


class ParseTests(SynchronousTestCase):
    """What each side takes."""

    def test_there_and_back(self) -> None:
        """What is encoded here is parsed there."""
        line = hello.encode_hello("cam-1").strip()
        self.assertEqual(hello.parse_hello(line), hello.HelloReceived("cam-1"))
        line = hello.encode_mac(MAC).strip()
        self.assertEqual(hello.parse_mac(line), hello.ProofReceived(MAC))
        self.assertEqual(hello.parse_nonce(hello.encode_nonce(NONCE).strip()), NONCE)

    def test_bad_ids(self) -> None:
        """A bad id is quoted, safely, with what is allowed."""
        error = self.assertRaises(RemoteProtocolError, hello.parse_hello, b"key~\x1b[2J\xff")
        self.assertEqual(
            str(error), "bad id '\\x1b[2J\\\\xff' after key~, allowed are 3 to 32 of a-z, 0-9 and -"
        )

    def test_what_is_no_proof(self) -> None:
        """Empty, every prefix, one digit more, other words, NUL, other scripts."""
        proof = b"mac~" + MAC.encode()
        shorter = [proof[:end] for end in range(len(proof))]
        for line in (*shorter, proof + b"0", b"MAC~" + MAC.encode(), b"mac~" + b"g" * 64,
                     proof[:-1] + b"\0", b" " + proof, b"mac~ " + MAC.encode()[1:]):
            self.assertRaises(RemoteProtocolError, hello.parse_mac, line)

    def test_upper_case_is_a_wrong_mac(self) -> None:
        """64 digits in upper case are a proof in form, and equal to no mac we make."""
        proof = hello.parse_mac(b"mac~" + MAC.upper().encode())
        self.assertEqual(proof.mac, MAC.upper())
        self.assertFalse(hmac.compare_digest(proof.mac, MAC))

    def test_what_is_no_nonce(self) -> None:
        """The device's side takes nothing but 32 hex digits."""
        for line in (b"", b"nonce~", b"nonce~" + NONCE[1:].encode(), b"nonce~" + b"\xff" * 32):
            self.assertRaises(RemoteProtocolError, hello.parse_nonce, line)
