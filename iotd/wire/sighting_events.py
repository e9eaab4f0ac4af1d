"""What gates can say, as values; compared by value in tests."""

from __future__ import annotations

from typing import Any, NamedTuple

from iotd.wire.errors import RemoteProtocolError

ENTRY, EXIT = 0, 1
DIRECTIONS = ("entry", "exit")
METHODS = ("rfid", "fingerprint", "face")

MAX_BYTES = 1024 * 1024  #: of one message
MAX_TEXT_BYTES = 8192  #: of one of a field gate: 64 addresses need 3,000
MAX_BACKLOG = 10_000  #: messages in a list
MAX_SEEN = 64  #: addresses in a message
MAX_SEQ = 2**53  #: more is no whole number on every board
MIN_RSSI, MAX_RSSI = -127, 20  # dBm
MAX_TS = 1e300  # whatever is finite: what is no time at all is the daemon's to judge

#: A normalised MAC, or what its reader made of it, and the strength in dBm, if that is known.
Sight = tuple[Any, "float | None"]


class MalformedMessage(RemoteProtocolError):
    """Nothing can be read from a message; says why in a short sentence."""


class TextSeen(NamedTuple):
    """What a field gate saw."""

    direction: int
    seen: tuple[Sight, ...]


class GateSeen(NamedTuple):
    """What a gate saw; ``ts`` in Unix seconds, None while its clock is not set."""

    boot: str
    seq: int
    ts: float | None
    direction: int
    seen: tuple[Sight, ...]


class GateBadge(NamedTuple):
    """A badge, finger or face that a gate read; ``uid`` normalised."""

    boot: str
    seq: int
    ts: float | None
    direction: int
    uid: str
    method: str


class Replay(NamedTuple):
    """What a gate is asked to send again: from ``first`` to ``last``, both included."""

    boot: str
    first: int
    last: int
