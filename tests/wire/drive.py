"""Feeds a conversation and answers it as a daemon would, with nonce and key given."""

from __future__ import annotations

from typing import Iterable, Iterator

from iotd.wire.camera import (
    NEED_DATA, CameraConversation, EmptyFrame, Event, HelloReceived, Phase, PingReceived,
    ProofReceived,
)
from iotd.wire.errors import RemoteProtocolError
from iotd.wire.hello import device_mac

NONCE = "00112233445566778899aabbccddeeff"
KEY = bytes(range(32))
MAX_FRAME_BYTES = 4096


def every_event(conversation: CameraConversation) -> list[Event]:
    """All there is until NEED_DATA."""
    events: list[Event] = []
    while (event := conversation.next_event()) is not NEED_DATA:
        events.append(event)
    return events


class Daemon:
    """One connection: what was heard, what was answered, and how it ended."""

    def __init__(
        self, max_frame_bytes: int = MAX_FRAME_BYTES, nonce: str = NONCE, key: bytes = KEY
    ) -> None:
        self.conversation = CameraConversation(max_frame_bytes)
        self.heard: list[Event] = []
        self.sent = b""
        self.error: str | None = None
        self._nonce = nonce
        self._key = key
        self._id = ""

    def receive(self, data: bytes) -> None:
        """One piece as it comes off a socket."""
        self.conversation.receive_data(data)
        self.listen()

    def settle(self) -> None:
        """A second of silence."""
        self.conversation.settle_as_field()
        self.listen()

    def listen(self) -> None:
        """Hear and answer everything that is there."""
        try:
            while (event := self.conversation.next_event()) is not NEED_DATA:
                # how many empty frames are told at once depends on the cut
                together = event.count if isinstance(event, EmptyFrame) else 1
                self.heard += [EmptyFrame()] * together if together > 1 else [event]
                self._answer(event)
        except RemoteProtocolError as error:
            self.error = str(error)

    def _answer(self, event: Event) -> None:
        if isinstance(event, HelloReceived):
            self._id = event.id
            self.sent += self.conversation.challenge(self._nonce)
        elif isinstance(event, ProofReceived):
            self._judge(event.mac)
        elif isinstance(event, PingReceived):
            self.sent += self.conversation.pong()

    def _judge(self, mac: str) -> None:
        if mac == device_mac(self._key, "cam", self._id, self._nonce):
            self.conversation.accept()
        else:
            self.sent += self.conversation.deny()

    @property
    def outcome(self) -> tuple[list[Event], bytes, str | None, Phase, int]:
        """All that must not depend on how the bytes were cut."""
        conversation = self.conversation
        return (
            self.heard, self.sent, self.error, conversation.phase, conversation.begun_bytes
        )


def fed(pieces: Iterable[bytes], silent_first: bool = False, **known: object) -> Daemon:
    """A daemon that heard these pieces, one after another."""
    daemon = Daemon(**known)  # type: ignore[arg-type]
    if silent_first:
        daemon.settle()
    for piece in pieces:
        daemon.receive(piece)
    return daemon


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """``data`` in pieces of ``size`` bytes."""
    return (data[at:at + size] for at in range(0, len(data), size))


def cut(data: bytes, points: Iterable[int]) -> list[bytes]:
    """``data`` cut at these points, in any order."""
    ends = [*sorted(point % (len(data) + 1) for point in points), len(data)]
    return [data[start:end] for start, end in zip([0, *ends], ends)]
