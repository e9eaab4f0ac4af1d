"""The smallest daemon of the device wire: greets, admits, grants what is declared, remembers."""

from __future__ import annotations

import secrets
from typing import Any

from iotd.wire.conversation import NEED_DATA, DeviceConversation, DevicePhase
from iotd.wire.device_events import (
    BadMessage, BadReading, HelloReceived, LineReceived, PictureReceived, PingReceived,
    PongReceived, ProofReceived, ReadingReceived, RequestReceived, SizeDeclared, WeightReceived,
)
from iotd.wire.errors import RemoteProtocolError
from iotd.wire.hello import device_mac
from tests.firmware.honest_server import HonestServer, Visit


class DeviceVisit(Visit):
    """One connection of a board; ``readings`` and the like hold what it said, in order."""

    def connectionMade(self) -> None:
        self.device = DeviceConversation(4 * 1024 * 1024)
        self.id = self.nonce = ""
        self.readings: list[tuple[float, str]] = []
        self.weights: list[tuple[str, float]] = []
        self.pictures: list[bytes] = []
        self.requests: list[str] = []
        self.lines: list[str] = []
        self.bad: list[str] = []
        self.sizes: list[int] = []
        self.pings = self.pongs = 0
        self.accepted = self.ended = False
        self.broke: str | None = None
        self.factory.visits.append(self)
        self.say(self.device.greeting())

    def dataReceived(self, data: bytes) -> None:
        self.device.receive_data(data)
        self.read()

    def read(self) -> None:
        """Hear what there is."""
        try:
            while (event := self.device.next_event()) is not NEED_DATA:
                self.heard(event)
        except RemoteProtocolError as error:
            self.broke = str(error)
            self.leave()

    def heard(self, event: Any) -> None:
        """Answer and remember one event."""
        if isinstance(event, HelloReceived):
            self.id, self.nonce = event.id, secrets.token_hex(16)
            self.say(self.device.challenge(self.nonce))
        elif isinstance(event, ProofReceived):
            self.judge(event.mac)
        elif isinstance(event, SizeDeclared):
            self.sizes.append(event.size)
            if self.factory.grants:
                self.say(self.device.send())
        elif isinstance(event, PingReceived):
            self.pings += 1
            self.say(self.device.pong())
        elif isinstance(event, PongReceived):
            self.pongs += 1
        else:
            self.remember(event)

    def remember(self, event: Any) -> None:
        """What a board measures, sees, asks or complains of."""
        if isinstance(event, ReadingReceived):
            self.readings.append((event.value, event.unit))
        elif isinstance(event, WeightReceived):
            self.weights.append((event.moment, event.grams))
        elif isinstance(event, PictureReceived):
            self.pictures.append(event.jpeg)
        elif isinstance(event, RequestReceived):
            self.requests.append(event.what)
            self.say(self.device.answer(self.factory.answers[event.what]))
        elif isinstance(event, LineReceived):
            self.line(event.text)
        elif isinstance(event, BadReading | BadMessage):
            self.bad.append(event.reason)

    def judge(self, mac: str) -> None:
        """Let in who holds the key; send away who doesn't."""
        key = self.factory.keys.get(self.id, b"")
        if mac == device_mac(key, "dev", self.id, self.nonce):
            self.device.accept()
            self.accepted = True
            self.say(self.device.start(self.factory.kind))
        else:
            self.say(self.device.deny())
            self.leave()

    def word(self, text: str) -> None:
        """Tell the board."""
        self.say(self.device.word(text))

    def ping(self) -> None:
        """Ask whether it lives."""
        self.say(self.device.ping())

    @property
    def started(self) -> bool:
        """Whether words may be said."""
        return self.device.phase is DevicePhase.STARTED and not self.ended


class HonestDevices(HonestServer):
    """``kind`` is what every board is started as; ``answers`` has a text for each request."""

    protocol: Any = DeviceVisit

    def __init__(self, reactor: Any, keys: dict[str, bytes], kind: str) -> None:
        HonestServer.__init__(self, reactor, keys)
        self.kind = kind
        self.grants = True
        self.answers: dict[str, str] = {}
