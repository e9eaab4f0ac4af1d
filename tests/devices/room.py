"""The server of the device wire over real parts, and boards that speak to it byte by byte."""

from __future__ import annotations

from typing import Any

from twisted.internet import defer
from twisted.internet.address import IPv4Address

from iotd.bus import AlertWanted, DeviceLinked, PictureHeard, ReadingHeard, WeightHeard
from iotd.devices.server import DeviceFactory
from iotd.wire.hello import device_mac
from tests.parts import CameraTransport, PartsTest

GREETING = b"6" + b" " * 29 + b"id pls"
HERE = "10.0.0.7"


class Board:
    """What is at the other end of one connection."""

    def __init__(self, test: DevicePartsTest, address: str) -> None:
        self._test = test
        self.protocol: Any = test.devices.buildProtocol(IPv4Address("TCP", address, 40000))
        self.transport = CameraTransport()
        if self.protocol is not None:
            self.protocol.makeConnection(self.transport)

    def say(self, data: bytes) -> None:
        """It sends this."""
        self.protocol.dataReceived(data)

    def heard(self) -> bytes:
        """What it was told since the last time."""
        told = self.transport.value()
        self.transport.clear()
        return told

    @property
    def cut(self) -> bool:
        """Whether the daemon ended the connection, or never took it."""
        return self.protocol is None or self.transport.disconnecting

    def leave(self) -> None:
        """The connection is gone."""
        self._test.disconnect(self.protocol)


class DevicePartsTest(PartsTest):
    """The server of the device wire beside that of cameras, on a fake clock."""

    device_limits: dict[str, int] = {}
    poll_seconds = 30.0

    def build(self) -> None:
        """All parts anew, on the same folder."""
        PartsTest.build(self)
        self.answers: Any = lambda device, what: defer.succeed("hrx")
        self.devices = self.build_devices()
        self.devices.startFactory()
        self.events: list[Any] = []
        for kind in (AlertWanted, DeviceLinked, ReadingHeard, WeightHeard, PictureHeard):
            self.bus.subscribe(kind, self.events.append)

    def build_devices(self) -> DeviceFactory:
        """The server under test."""
        limits = {"max_message_bytes": 10_000, "max_connections": 100, "max_per_address": 64}

        async def answers(device: str, what: str) -> str:
            return str(await self.answers(device, what))

        return DeviceFactory(
            clock=self.clock, registry=self.registry, bus=self.bus, answers=answers,
            poll_seconds=self.poll_seconds, metrics=self.metrics, now=self.now,
            **{**limits, **self.device_limits},
        )

    def board(self, name: str = "", address: str = HERE) -> Board:
        """A connection; with a name, a field device that said it and has heard the greeting."""
        board = Board(self, address)
        if name and board.protocol is not None:
            board.say(b"new~" + name.encode())
        return board

    def started(self, name: str, address: str = HERE) -> Board:
        """A field device that was started, and to which nothing was said for a while."""
        board = self.board(name, address)
        self.assertEqual(board.heard(), GREETING + b"start")
        self.advance(0.3)
        return board

    def keyed(self, id: str, key: str, address: str = HERE) -> Board:
        """A board with a key that said hello and proved, rightly or not."""
        board = self.board(address=address)
        board.say(f"key~{id}\n".encode())
        said = board.transport.value().removeprefix(GREETING)
        if said.startswith(b"nonce~"):
            mac = device_mac(bytes.fromhex(key), "dev", id, said[6:38].decode())
            board.say(f"mac~{mac}\n".encode())
        return board

    def weigh(self, board: Board, moment: str, grams: str = "1023.4567") -> None:
        """The field cabinet's message: it declares the number alone."""
        board.say(b"size-%d" % len(grams))
        self.advance(0.4)
        self.assertTrue(board.heard().endswith(b"send"))
        board.say(f"{moment}-{grams}".encode())
        self.advance(0.2)

    def of(self, kind: type) -> list[Any]:
        """The events of a kind so far."""
        return [event for event in self.events if type(event) is kind]

    def states(self) -> list[tuple[str, str]]:
        """Devices with their states, by id."""
        return [(device["id"], device["state"]) for device in self.registry.list()]

    def count(self, name: str, **labels: str) -> float:
        """A figure of the metrics."""
        return self.metrics.get_sample_value(name, labels) or 0.0

    def tear_down(self) -> defer.Deferred[None]:
        """Close everything; no timer may remain."""
        for protocol in tuple(self.devices._connections):
            self.disconnect(protocol)
        self.devices.close_all()
        return PartsTest.tear_down(self)
