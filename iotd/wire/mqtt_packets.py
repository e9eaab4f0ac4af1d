"""MQTT 3.1.1 control packets as values, without the two handshakes of QoS 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

#: What a broker answers CONNECT with.
REASONS: Final[dict[int, str]] = {
    0: "accepted", 1: "unacceptable protocol version", 2: "client id rejected",
    3: "server unavailable", 4: "bad user name or password", 5: "not authorised",
}
#: In a SUBACK: the subscription was refused.
REFUSED: Final = 0x80


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes when the client is lost without DISCONNECT."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


@dataclass(frozen=True, slots=True)
class Connect:
    """A client's first packet; keepalive in seconds, 0 is none."""

    client_id: str
    clean: bool = True
    keepalive: int = 60
    username: str | None = None
    password: bytes | None = None
    will: Will | None = None

    def __repr__(self) -> str:
        return f"Connect({self.client_id!r}, as {self.username!r})"  # never the password


@dataclass(frozen=True, slots=True)
class ConnAck:
    """The broker's answer to it."""

    session_present: bool
    code: int

    @property
    def reason(self) -> str:
        """The code in words."""
        return REASONS.get(self.code, f"code {self.code}")


@dataclass(frozen=True, slots=True)
class Publish:
    """A message; ``packet_id`` only at QoS 1."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int | None = None


@dataclass(frozen=True, slots=True)
class PubAck:
    """The message of this id is taken over."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Topic filters, each with the highest QoS that is wanted."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SubAck:
    """For each filter the QoS it got, or REFUSED."""

    packet_id: int
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Topic filters that are wanted no more."""

    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnsubAck:
    """They are gone."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class PingReq:
    """Is anybody there?"""


@dataclass(frozen=True, slots=True)
class PingResp:
    """Yes."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The client leaves of its own will: no will message."""


Packet: TypeAlias = (
    Connect | ConnAck | Publish | PubAck | Subscribe | SubAck | Unsubscribe | UnsubAck
    | PingReq | PingResp | Disconnect
)
