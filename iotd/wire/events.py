"""What one camera connection can say, as values; compared by value in tests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, TypeAlias

from iotd.wire.hello import HelloReceived, ProofReceived


class NeedData(Enum):
    """The type of NEED_DATA, so that type checkers can tell it from an event."""

    NEED_DATA = "NEED_DATA"

    def __repr__(self) -> str:
        return self.value


#: Nothing more to tell until more bytes are received.
NEED_DATA: Final[Literal[NeedData.NEED_DATA]] = NeedData.NEED_DATA


@dataclass(frozen=True)
class FieldDecided:
    """A field camera, by its first bytes or by its silence; said once."""


@dataclass(frozen=True)
class FrameReceived:
    """One picture, from its SOI to its own EOI; width and height in pixels."""

    jpeg: bytes
    width: int
    height: int

    def __repr__(self) -> str:
        return f"FrameReceived({len(self.jpeg)} bytes, {self.width}x{self.height})"


@dataclass(frozen=True)
class EmptyFrame:
    """A frame of length zero: nothing to show, not an error.

    Those that were received together are told together: ``count`` of them.
    """

    count: int = 1


@dataclass(frozen=True)
class BadFrame:
    """A whole payload with no whole JPEG in it; ``reason`` names size and first bytes."""

    reason: str


@dataclass(frozen=True)
class PingReceived:
    """The peer asks whether we live: answer with pong."""


@dataclass(frozen=True)
class PongReceived:
    """The answer to our ping."""


@dataclass(frozen=True)
class LineReceived:
    """Any other line of a keyed camera, at most 256 bytes, printable, without its end."""

    text: str


#: What the daemon hears on one camera connection.
Event: TypeAlias = (
    FieldDecided | HelloReceived | ProofReceived | FrameReceived | EmptyFrame | BadFrame
    | PingReceived | PongReceived | LineReceived
)


@dataclass(frozen=True)
class CommandReceived:
    """On the board's side: START, STOP or SET key=value ..."""

    text: str


@dataclass(frozen=True)
class CommandIgnored:
    """On a field board's side: what was read in one go equals no command."""

    text: str


@dataclass(frozen=True)
class UpdateLine:
    """On a keyed board's side: update, part or gone, of board_lines."""

    text: str


@dataclass(frozen=True)
class NonceReceived:
    """On the board's side: what to prove the key with."""

    nonce: str


@dataclass(frozen=True)
class Denied:
    """On the board's side: the daemon refuses and closes."""
