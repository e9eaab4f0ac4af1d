"""The kernel over real sockets of this machine: what only a kernel buffer shows."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet import reactor as any_reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from iotd.bus import CameraChanged
from tests.site.house import House, Reply, read_reply, request_bytes

reactor: Any = any_reactor
MEGABYTE = b"\0" * (1 << 20)


def talk(port: int, *parts: bytes, tls: bool = False) -> tuple[bytes, float, int]:
    """What came back, after how many seconds it was over, and bytes that were taken."""
    began, sent, back = time.monotonic(), 0, b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        sock = _wrapped(plain) if tls else plain
        try:
            for part in parts:
                sock.sendall(part)
                sent += len(part)
        except OSError:
            pass
        try:
            while more := sock.recv(1 << 16):
                back += more
        except OSError:
            pass
    return back, time.monotonic() - began, sent


def _wrapped(plain: socket.socket) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain)


def write_certificate(folder: Path) -> str:
    """A self-signed certificate with its key as Twisted's ssl: endpoint takes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "iotd")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    now = datetime.now(timezone.utc)
    builder = builder.not_valid_before(now - timedelta(days=1))
    certificate = builder.not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return f"privateKey={folder / 'key.pem'}:certKey={folder / 'cert.pem'}"


class SocketTests(TestCase):
    """A site that listens on a port of the kernel's choice."""

    async def listen(self, tls: bool = False) -> int:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.house = House(folder, clock=reactor)
        kind = f"ssl:0:{write_certificate(folder)}:" if tls else "tcp:0:"
        endpoint = serverFromString(reactor, kind + "interface=127.0.0.1")
        port = await endpoint.listen(self.house.site)
        self.addCleanup(self.emptied)
        self.addCleanup(self.house.site.close_all)
        self.addCleanup(port.stopListening)
        return port.getHost().port

    def emptied(self) -> Deferred[None]:
        """Fires when every connection is gone."""
        done: Deferred[None] = Deferred()

        def look() -> None:
            if len(self.house.site.places):
                reactor.callLater(0.01, look)
            else:
                done.callback(None)

        look()
        return done

    async def talk(self, port: int, *parts: bytes, **options: Any) -> tuple[Reply, float, int]:
        back, seconds, sent = await deferToThread(talk, port, *parts, **options)
        return read_reply(back), seconds, sent

    async def cut(self, head: bytes, wrap: Callable[[bytes], bytes], tls: bool = False) -> None:
        port = await self.listen(tls)
        parts = [head] + [wrap(MEGABYTE)] * 300
        reply, seconds, sent = await self.talk(port, *parts, tls=tls)
        self.assertEqual(reply.status, 413)
        self.assertLess(seconds, 1.0)
        self.assertLess(sent, 20 * len(MEGABYTE))

    async def test_large_body(self) -> None:
        """300 MB to an address that does not exist are cut in less than a second."""
        await self.cut(request_bytes("POST", "/x", headers={"Content-Length": "314572800"}), bytes)

    async def test_large_chunked_body(self) -> None:
        """So they are in chunks, and the client gets to read why."""
        head = request_bytes("POST", "/x", headers={"Transfer-Encoding": "chunked"})
        await self.cut(head, lambda piece: b"%x\r\n%s\r\n" % (len(piece), piece))

    async def test_large_body_under_tls(self) -> None:
        """So they are under TLS."""
        head = request_bytes("POST", "/x", headers={"Content-Length": "314572800"})
        await self.cut(head, bytes, tls=True)

    async def test_tls(self) -> None:
        """Under TLS browsers are told to stay with it."""
        port = await self.listen(tls=True)
        asked = request_bytes("GET", "/hello", headers={"Connection": "close"})
        reply, _, _ = await self.talk(port, asked, tls=True)
        self.assertEqual(reply.header("strict-transport-security"), "max-age=31536000")

    async def test_large_answer(self) -> None:
        """A large answer arrives whole."""
        port = await self.listen()
        self.house.room.big = bytes(range(256)) * 8192
        asked = request_bytes("GET", "/big", who="ann", headers={"Connection": "close"})
        reply, _, _ = await self.talk(port, asked)
        self.assertEqual(reply.body, self.house.room.big)

    async def test_metrics(self) -> None:
        """This machine may read the figures."""
        port = await self.listen()
        told = {"Host": f"127.0.0.1:{port}", "Connection": "close"}
        reply, _, _ = await self.talk(port, request_bytes("GET", "/metrics", headers=told))
        self.assertEqual(reply.status, 200)
        self.assertIn(b"iotd_http_connections 1.0", reply.body)
        self.assertEqual(reply.header("x-content-type-options"), "nosniff")

    async def test_events(self) -> None:
        """A browser hears of a change at once, and its leaving is noticed."""
        port = await self.listen()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(request_bytes("GET", "/api/v1/events", who="ann"))
            await deferToThread(sock.recv, 4096)
            self.house.bus.publish(CameraChanged("a", {"id": "a"}))
            heard = await deferToThread(sock.recv, 4096)
        self.assertIn(b'event: camera\ndata: {"id":"a"}\n\n', heard)
        await self.emptied()
        self.assertEqual(len(self.house.streams), 0)
