"""What one connection of the device wire can say, as values; compared by value in tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from iotd.wire.events import (
    NEED_DATA, Denied, LineReceived, NeedData, NonceReceived, PingReceived, PongReceived,
    UpdateLine,
)
from iotd.wire.hello import HelloReceived, ProofReceived

__all__ = [
    "NEED_DATA", "AnswerReceived", "BadMessage", "BadReading", "ChunkIgnored", "Denied",
    "DeviceClientEvent", "DeviceEvent", "Greeted", "HelloReceived", "LineReceived", "NeedData",
    "NewReceived", "NonceReceived", "PictureReceived", "PingReceived", "PongReceived",
    "ProofReceived", "ReadingReceived", "RequestReceived", "SendReceived", "SizeDeclared",
    "StartReceived", "UpdateLine", "WeightReceived", "WordReceived",
]


@dataclass(frozen=True, slots=True)
class NewReceived:
    """A field device, by the three letters or digits of its id, in lower case."""

    id: str


@dataclass(frozen=True, slots=True)
class SizeDeclared:
    """It wants to send a message of about so many bytes, and waits for send()."""

    size: int


@dataclass(frozen=True, slots=True)
class WeightReceived:
    """A whole message: grams when the door opened ("bfr") or closed ("aft")."""

    moment: str
    grams: float
    raw: str


@dataclass(frozen=True, slots=True)
class PictureReceived:
    """A whole message: one JPEG from its SOI to its own EOI; sizes in pixels."""

    jpeg: bytes
    width: int
    height: int

    def __repr__(self) -> str:
        return f"PictureReceived({len(self.jpeg)} bytes, {self.width}x{self.height})"


@dataclass(frozen=True, slots=True)
class BadMessage:
    """A message that is over and no weight and no picture; ``reason`` quotes its beginning."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReadingReceived:
    """One measurement in the wire's own unit (words.UNITS); ``raw`` is its text, `72.00,bpm`."""

    value: float
    unit: str
    raw: str


@dataclass(frozen=True, slots=True)
class BadReading:
    """A text where a reading was due; ``raw`` holds 64 characters of it at most."""

    raw: str
    reason: str


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """It asks for the newest report ("rep") or for advice ("a" to "i"): answer() it."""

    what: str


#: What the daemon hears on one connection of the device wire.
DeviceEvent: TypeAlias = (
    NewReceived | HelloReceived | ProofReceived | SizeDeclared | WeightReceived
    | PictureReceived | BadMessage | ReadingReceived | BadReading | RequestReceived
    | PingReceived | PongReceived | LineReceived
)


@dataclass(frozen=True, slots=True)
class Greeted:
    """On the board's side: the greeting was read; send hello() now, unless it is sent."""


@dataclass(frozen=True, slots=True)
class StartReceived:
    """On the board's side: it is approved and may begin."""


@dataclass(frozen=True, slots=True)
class SendReceived:
    """On the board's side: these bytes are due now."""

    message: bytes


@dataclass(frozen=True, slots=True)
class WordReceived:
    """On the board's side: img, lof, lon or bpm."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """On the board's side: what it asked for, prefix included."""

    text: str


@dataclass(frozen=True, slots=True)
class ChunkIgnored:
    """On a board's side: what was read equals nothing it knows, or it waits for `send`."""

    text: str


DeviceClientEvent: TypeAlias = (
    Greeted | NonceReceived | Denied | StartReceived | SendReceived | WordReceived
    | AnswerReceived | ChunkIgnored | PingReceived | PongReceived | UpdateLine
)
