"""The encrypted link for real: MicroPython with mbedtls at one end, OpenSSL at the other."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any, Callable

from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet import threads
from twisted.trial.unittest import TestCase

from iotd.tls.issuing import Pair, new_authority, new_boards, new_web
from iotd.tls.pem import certificate_text, key_text
from tests.firmware import unix
from tests.firmware.unix import run_unix

#: A link that is used once, on a clock twenty times as fast as ours.
CODE = """
import time
from common import link, secure
from common.backoff import Backoff
from common.mqtt_session import MqttLink
from common.watchdog import Watchdog


class Clock:
    ticks_diff, ticks_add = time.ticks_diff, time.ticks_add

    def ticks_ms():
        return time.ticks_ms() * {speed} & 0x3fffffff


class Wifi:
    def connect(self):
        pass

    def connected(self):
        return True


def serve(connection):
    line = connection.line(60000)
    while line != "STOP":
        print("line", len(line), line[:8])
        if line == "big":
            connection.send(b"x" * 100000)
        line = connection.line(60000)


link._context = lambda: secure.open_context({ca!r})
kind, server = {kind}, {{"host": "127.0.0.1", "port": {port}, "tls": True}}
kind({{"id": "cam-one", "key": bytes(32), "server": server}}, {wire!r}, Wifi(),
     Backoff(lambda: 0.5), Watchdog(None, Clock), Clock).once(serve)
"""
UNTRUSTED = "the server's certificate is not of our authority, or not for iotd"


class Port:
    """Listens, talks to one board, and remembers what it heard; encrypted with ``pair``."""

    def __init__(self, folder: Path, pair: Pair | None, talk: Callable[[Any, Port], None]) -> None:
        self.talk = talk
        self.heard = b""
        self.context: ssl.SSLContext | None = None
        if pair is not None:
            both = folder / "both.pem"
            both.write_bytes(certificate_text(pair.certificate) + key_text(pair))
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(both)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.number = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def hear(self, sock: Any, count: int) -> None:
        """That many bytes more."""
        until = len(self.heard) + count
        while len(self.heard) < until:
            data = sock.recv(4096)
            if not data:
                raise OSError("it hung up")
            self.heard += data

    def _run(self) -> None:
        sock, _ = self.listening.accept()
        try:
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
            self.talk(sock, self)
        except OSError:
            pass  # the board hung up, which some tests are about
        finally:
            sock.close()
            self.listening.close()


def conversation(sock: Any, port: Port, greeting: bytes = b"") -> None:
    """A hello, twenty long lines at once, and much in the other direction to a slow reader."""
    sock.sendall(greeting)
    port.hear(sock, len("key~cam-one\n"))
    sock.sendall(b"nonce~" + b"ab" * 16 + b"\n")
    port.hear(sock, len("mac~\n") + 64)
    sock.sendall(b"START\n" + b"".join(b"%04d" % number + b"y" * 996 + b"\n"
                                       for number in range(20)) + b"big\n")
    time.sleep(0.3)
    port.hear(sock, 100_000)
    sock.sendall(b"STOP\n")


def dripping(target: int) -> int:
    """A port that passes on to another, a few bytes at a time in either direction."""
    listening = socket.create_server(("127.0.0.1", 0))

    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(37):
                sink.sendall(data)
        except OSError:
            pass
        sink.close()

    def run() -> None:
        near, _ = listening.accept()
        listening.close()
        far = socket.create_connection(("127.0.0.1", target))
        for sock in (near, far):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=pass_on, args=(far, near), daemon=True).start()
        pass_on(near, far)

    threading.Thread(target=run, daemon=True).start()
    return int(listening.getsockname()[1])


class SecureTests(TestCase):
    """common/secure.py under the link of every board."""

    skip = unix.NOT_HERE

    timeout = 90

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.authority = new_authority("house", time.time())
        self.ca = self.folder / "ca.der"
        self.ca.write_bytes(self.authority.certificate.public_bytes(Encoding.DER))
        self.boards = new_boards(self.authority, time.time())

    async def board(self, port: int, wire: str = "cam", kind: str = "link.Link",
                    ca: str | None = None, speed: int = 1) -> list[str]:
        """What a board says that tries this port once."""
        code = CODE.format(port=port, wire=wire, kind=kind, ca=ca or str(self.ca), speed=speed)
        said: list[str] = await threads.deferToThread(run_unix, code, self.folder)
        self.assertEqual(said[0], f"link: to 127.0.0.1 port {port}, encrypted")
        self.assertTrue(said[-1].startswith("link: again in "), said)
        return said[1:-1]

    def port(self, pair: Pair | None, talk: Any = conversation) -> Port:
        port = Port(self.folder, pair, talk)
        self.addCleanup(port.listening.close)
        return port

    def assert_whole(self, said: list[str], port: Port) -> None:
        """Both sides heard all that was said."""
        lines = [f"line 1000 {number:04}yyyy" for number in range(20)]
        self.assertEqual(said, ["link: up", "line 5 START", *lines, "line 3 big"])
        self.assertEqual(port.heard[-100_000:], b"x" * 100_000)

    async def test_camera(self) -> None:
        """The wire on which the board speaks first: all comes through, in both directions."""
        port = self.port(self.boards)
        self.assert_whole(await self.board(port.number), port)

    async def test_device(self) -> None:
        """The wire on which the daemon speaks first, with its greeting."""
        greeting = b"6".ljust(30) + b"id pls"
        port = self.port(self.boards, partial(conversation, greeting=greeting))
        self.assert_whole(await self.board(port.number, "dev"), port)

    async def test_dripping(self) -> None:
        """However small the pieces in which it comes."""
        port = self.port(self.boards)
        self.assert_whole(await self.board(dripping(port.number)), port)

    async def test_broker(self) -> None:
        """A gate signs in at a broker in the same way."""
        def talk(sock: Any, port: Port) -> None:
            port.hear(sock, 60)
            sock.sendall(b"\x20\x02\x00\x05")

        port = self.port(self.boards, talk)
        self.assertEqual(await self.board(port.number, "mqtt", "MqttLink"),
                         ["link: the broker refuses our id or key"])
        self.assertIn(b"cam-one", port.heard)

    async def test_others(self) -> None:
        """Another authority, and the name of our web: nothing is told to them."""
        for pair in (new_boards(new_authority("other", time.time()), time.time()),
                     new_web(self.authority, ["localhost", "127.0.0.1"], time.time())):
            port = self.port(pair)
            said = await self.board(port.number)
            self.assertEqual(said, [f'link: LinkLost("{UNTRUSTED}",)'])
            self.assertEqual(port.heard, b"")

    async def test_plain_server(self) -> None:
        """A port that speaks no TLS is told of as that."""
        port = self.port(None, lambda sock, port: sock.sendall(b"6".ljust(30) + b"id pls"))
        self.assertEqual(await self.board(port.number),
                         ["link: LinkLost('the server speaks no TLS at this port',)"])

    async def test_silent_server(self) -> None:
        """A handshake that never ends is given up, after 10 s where the daemon speaks first."""
        port = self.port(None, lambda sock, port: port.hear(sock, 1 << 20))
        said = await self.board(port.number, "dev", speed=20)
        self.assertIn("no greeting", said[0])

    async def test_no_authority(self) -> None:
        """Without a good /ca.der nobody is called, and the board says what is missing."""
        rubbish = self.folder / "rubbish.der"
        rubbish.write_bytes(certificate_text(self.authority.certificate))
        for path, words in (("/nowhere.der", "there is no /nowhere.der on this board"),
                            (str(rubbish), "it must be DER, not PEM")):
            said = await self.board(1, ca=path)
            self.assertEqual(len(said), 1)
            self.assertIn(words, said[0])
