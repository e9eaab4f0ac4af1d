"""A board that asks for parts and reads none, over real sockets: what waits for it is bounded."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Callable

from twisted.internet import reactor as _reactor, ssl
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol, wrapClientTLS
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater

from iotd.tls.connections import Handshakes, TlsFactory
from iotd.tls.contexts import Switch, read_context
from iotd.wire.board_lines import MAX_PART_LINE, parse_part
from iotd.wire.hello import device_mac
from tests.tls.room import made
from tests.updates.room import UpdatesTest

reactor: Any = _reactor
ASKS = 600  # a part has 1,100 bytes: ten times what may wait
MOST = 64 * 1024 + 2 * MAX_PART_LINE


class Client(Protocol):
    """Keeps what it hears."""

    transport: Any
    heard, gone = b"", False

    def dataReceived(self, data: bytes) -> None:
        """More."""
        self.heard += data

    def connectionLost(self, reason: Any = None) -> None:
        """The end."""
        self.gone = True


class SlowReaderTests(UpdatesTest):
    """The device wire, plain and encrypted."""

    async def until(self, holds: Callable[[], Any]) -> None:
        """The reactor turns, and a little time passes."""
        for _ in range(3000):
            if holds():
                return
            self.clock.advance(0.01)
            await deferLater(reactor, 0.001)
        raise AssertionError("it never was so")

    async def connected(self, factory: Any, tls: bool) -> tuple[Client, Any]:
        """A watch that was let in, and the server's side of its connection."""
        key = await self.registry.make_key("w-1", "watch", "ada")
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        endpoint: Any = HostnameEndpoint(reactor, "127.0.0.1", port.getHost().port)
        if tls:
            trusting: Any = ssl.CertificateOptions(verify=False)
            endpoint = wrapClientTLS(trusting, endpoint)
        client = Client()
        await connectProtocol(endpoint, client)
        self.addCleanup(lambda: client.gone or client.transport.abortConnection())
        client.transport.write(b"key~w-1\n")
        await self.until(lambda: b"nonce~" in client.heard)
        nonce = client.heard.partition(b"nonce~")[2][:32].decode()
        mac = device_mac(bytes.fromhex(key), "dev", "w-1", nonce)
        client.transport.write(f"mac~{mac}\n".encode())
        await self.until(lambda: client.heard.endswith(b"start\n"))
        [protocol] = self.devices._connections
        return client, protocol

    async def asks_and_reads_nothing(self, factory: Any, tls: bool) -> None:
        self.release("first")
        self.release("second")
        client, protocol = await self.connected(factory, tls)
        client.transport.write(b"info fw=1 build=1 kind=watch boot=b1 slot=a mpy=5\n")
        await self.until(lambda: self.updates.reported())
        await self.office.start(None, None, False, "ada")
        release = self.releases.get(2)
        assert release is not None
        [link] = [each.sha256 for each in release.entries("watch", None)
                  if each.path == "common/link.py"]
        lowest = protocol.transport.transport if tls else protocol.transport
        lowest.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client.transport.pauseProducing()
        client.heard, most = b"", 0
        for _ in range(ASKS):
            client.transport.write(f"fetch {link} 0\n".encode())
            self.clock.advance(0.01)
            await deferLater(reactor, 0.001)
            most = max(most, len(lowest.dataBuffer) + lowest._tempDataLen)
        self.assertGreater(most, 32 * 1024)
        self.assertLess(most, MOST)
        client.transport.resumeProducing()
        await self.until(lambda: not lowest.dataBuffer and not lowest._tempDataLen)
        await self.until(lambda: client.heard.endswith(b"\n"))
        client.heard = b""
        client.transport.write(f"fetch {link} 0\n".encode())
        await self.until(lambda: client.heard.endswith(b"\n"))
        self.assertIsNotNone(parse_part(client.heard.decode().splitlines()[-1]))
        protocol.close("enough")
        await self.until(lambda: client.gone and not self.devices._connections)

    async def test_plain(self) -> None:
        """It gets 64 KiB and no more; once it reads, it is answered again, and can be closed."""
        await self.asks_and_reads_nothing(self.devices, tls=False)

    async def test_encrypted(self) -> None:
        """The same behind TLS."""
        office = made(Path(self.mktemp()))
        switch = Switch(*read_context(office.folder.files("boards")))
        handshakes = Handshakes()
        factory = TlsFactory(switch, self.devices, self.clock, handshakes, True,
                             lambda address, why, reason: None)
        await self.asks_and_reads_nothing(factory, tls=True)
