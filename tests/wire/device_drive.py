"""Feeds a device's conversation and answers it as a daemon would, with nonce and key given."""

from __future__ import annotations

from typing import Final, Iterable

from iotd.wire.conversation import DeviceConversation, DevicePhase
from iotd.wire.device_events import (
    NEED_DATA, DeviceEvent, HelloReceived, NewReceived, PingReceived, ProofReceived,
    SizeDeclared,
)
from iotd.wire.errors import RemoteProtocolError
from iotd.wire.hello import device_mac, encode_hello, encode_mac
from tests.wire.drive import KEY, NONCE

MAX_MESSAGE_BYTES = 4096

#: In a list of pieces: 50 ms without a byte.
QUIET: Final = None
Piece = bytes | None

KEYED_ID = "watch-7f3a"
KEYED_OPENING = encode_hello(KEYED_ID) + encode_mac(device_mac(KEY, "dev", KEYED_ID, NONCE))


class DeviceDaemon:
    """One connection: what was heard, what was answered, and how it ended."""

    def __init__(
        self, kind: str | None = "other", limit: int = MAX_MESSAGE_BYTES, nonce: str = NONCE,
        key: bytes = KEY,
    ) -> None:
        self.conversation = DeviceConversation(limit)
        self.heard: list[DeviceEvent] = []
        self.sent = b""
        self.error: str | None = None
        self._kind = kind
        self._nonce = nonce
        self._key = key
        self._id = ""

    def receive(self, piece: Piece) -> None:
        """One piece as it comes off a socket, or 50 ms of nothing."""
        if piece is None:
            self.conversation.quiet()
        else:
            self.conversation.receive_data(piece)
        self.listen()

    def listen(self) -> None:
        """Hear and answer everything that is there."""
        try:
            while (event := self.conversation.next_event()) is not NEED_DATA:
                self.heard.append(event)
                self._answer(event)
        except RemoteProtocolError as error:
            self.error = str(error)

    def _answer(self, event: DeviceEvent) -> None:
        if isinstance(event, NewReceived):
            self._start()
        elif isinstance(event, HelloReceived):
            self._id = event.id
            self.sent += self.conversation.challenge(self._nonce)
        elif isinstance(event, ProofReceived):
            self._judge(event.mac)
        elif isinstance(event, SizeDeclared):
            self.sent += self.conversation.send()
        elif isinstance(event, PingReceived):
            self.sent += self.conversation.pong()

    def _judge(self, mac: str) -> None:
        if mac == device_mac(self._key, "dev", self._id, self._nonce):
            self.conversation.accept()
            self._start()
        else:
            self.sent += self.conversation.deny()

    def _start(self) -> None:
        if self._kind is not None:
            self.sent += self.conversation.start(self._kind)

    @property
    def outcome(self) -> tuple[list[DeviceEvent], bytes, str | None, DevicePhase, int]:
        """All that must not depend on how the bytes were cut."""
        conversation = self.conversation
        return (
            self.heard, self.sent, self.error, conversation.phase, conversation.begun_bytes
        )


def told(
    *pieces: Piece, kind: str | None = "other", limit: int = MAX_MESSAGE_BYTES
) -> DeviceDaemon:
    """A daemon that heard these pieces, one after another."""
    return fed(pieces, kind, limit)


def fed(
    pieces: Iterable[Piece], kind: str | None = "other", limit: int = MAX_MESSAGE_BYTES
) -> DeviceDaemon:
    """The same of a list."""
    daemon = DeviceDaemon(kind, limit)
    for piece in pieces:
        daemon.receive(piece)
    return daemon
