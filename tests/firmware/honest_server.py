"""The smallest daemon there can be: one conversation per connection, everything remembered."""

from __future__ import annotations

import secrets
from typing import Any, Callable

from twisted.internet import endpoints, task
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure

from iotd.wire.camera import (
    NEED_DATA,
    CameraConversation,
    FrameReceived,
    HelloReceived,
    LineReceived,
    PingReceived,
    PongReceived,
    ProofReceived,
)
from iotd.wire.errors import RemoteProtocolError
from iotd.wire.hello import device_mac
from tests.firmware.release import Serving


class Visit(Protocol):
    """One connection of a board."""

    factory: Any
    transport: Any

    def connectionMade(self) -> None:
        self.conversation = CameraConversation(4 * 1024 * 1024)
        self.id = ""
        self.nonce = ""
        self.frames: list[bytes] = []
        self.lines: list[str] = []
        self.pings = self.pongs = 0
        self.accepted = self.ended = False
        self.broke: str | None = None
        self.factory.visits.append(self)

    def dataReceived(self, data: bytes) -> None:
        self.conversation.receive_data(data)
        try:
            while (event := self.conversation.next_event()) is not NEED_DATA:
                self.heard(event)
        except RemoteProtocolError as error:
            self.broke = str(error)
            self.leave()

    def heard(self, event: Any) -> None:
        """Answer and remember one event."""
        if isinstance(event, HelloReceived):
            self.id, self.nonce = event.id, secrets.token_hex(16)
            self.say(self.conversation.challenge(self.nonce))
        elif isinstance(event, ProofReceived):
            self.judge(event.mac)
        elif isinstance(event, FrameReceived):
            self.frames.append(event.jpeg)
        elif isinstance(event, LineReceived):
            self.line(event.text)
        elif isinstance(event, PingReceived):
            self.pings += 1
            self.say(self.conversation.pong())
        elif isinstance(event, PongReceived):
            self.pongs += 1

    def line(self, text: str) -> None:
        """What a board tells of itself is another's; the rest is remembered."""
        if text.split(" ")[0] not in ("info", "fetch"):
            self.lines.append(text)
        elif self.factory.serving is not None:
            answer = self.factory.serving.hear(text)
            self.say(b"" if answer is None else answer.encode() + b"\n")

    def judge(self, mac: str) -> None:
        """Let in who holds the key; send away who doesn't."""
        key = self.factory.keys.get(self.id, b"")
        if mac == device_mac(key, "cam", self.id, self.nonce):
            self.conversation.accept()
            self.accepted = True
        else:
            self.say(self.conversation.deny())
            self.leave()

    def command(self, text: str) -> None:
        """Tell the board."""
        self.say(self.conversation.command(text))

    def say(self, data: bytes) -> None:
        self.transport.write(data)

    def leave(self) -> None:
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = Failure(Exception())) -> None:
        self.ended = True


class HonestServer(Factory):
    """Listens on a port of its own; ``visits`` are all connections, oldest first."""

    protocol: Any = Visit

    def __init__(self, reactor: Any, keys: dict[str, bytes]) -> None:
        self.reactor = reactor
        self.keys = keys
        self.visits: list[Visit] = []
        #: Hears what boards tell of themselves, when a test wants that.
        self.serving: Serving | None = None
        self.port = 0
        self._listening: Any = None

    async def open(self) -> None:
        """Listen; on the same port again after close()."""
        endpoint = endpoints.TCP4ServerEndpoint(self.reactor, self.port, interface="127.0.0.1")
        self._listening = await endpoint.listen(self)
        self.port = self._listening.getHost().port

    async def close(self) -> None:
        """Go away as a daemon does that is stopped."""
        if self._listening is not None:
            await self._listening.stopListening()
            self._listening = None
        for visit in self.visits:
            visit.leave()
        await self.until(lambda: all(visit.ended for visit in self.visits))

    async def until(self, what: Callable[[], Any], seconds: float = 30.0) -> None:
        """Wait until ``what()`` is true; AssertionError when it never is."""
        deadline = self.reactor.seconds() + seconds
        while not what():
            assert self.reactor.seconds() < deadline, "waited in vain"
            await task.deferLater(self.reactor, 0.02, lambda: None)

    async def visit(self) -> Visit:
        """The connection that is up and accepted, once there is one."""
        await self.until(lambda: any(one.accepted and not one.ended for one in self.visits))
        return next(one for one in self.visits if one.accepted and not one.ended)
