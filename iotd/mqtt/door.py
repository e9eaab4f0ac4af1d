"""Who may sign in to the embedded broker, and what they may publish and hear."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Protocol

from iotd.mqtt.discovery_reader import Readers
from iotd.wire.hello import is_gate_id
from iotd.wire.mqtt import Connect

PREFIX = "iotd/gate/"
SAYS, HEARS = ("seen", "badge", "status"), ("replay",)
#: About itself and its firmware: only with a key, by which it knows what is true.
TELLS, IS_TOLD = ("info", "fetch"), ("update",)
KEPT = "status"  # the only topic whose newest message the broker keeps


class Gates(Protocol):
    """What the part that knows the gates has to answer."""

    def sign_in(
        self, username: str | None, password: str | None, client_id: str, address: str
    ) -> bool:
        """Whether a connection is let in."""

    def has_key(self, id: str) -> bool:
        """Whether this id may be spoken for with its key only."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who was let in: ``gate`` is its id where it gave one, ``proved`` with its key;
    ``session`` is the token's with which Home Assistant came."""

    name: str
    gate: str | None = None
    proved: bool = False
    own: bool = False  # the daemon's own client
    session: str | None = None


class Door:
    """Decides from memory, on the reactor. ``username`` and ``password`` are the daemon's own.

    The password is made anew at each start and never leaves the process.
    """

    def __init__(self, gates: Gates, legacy_topic: str) -> None:
        self._gates, self._legacy = gates, legacy_topic
        self.readers: Readers | None = None  # while there is something for Home Assistant
        self.username = "$iotd"  # no gate can have this id
        self.password = secrets.token_hex(32)

    def sign_in(self, connect: Connect, address: str) -> Visitor | None:
        """Who it is; None when it may not come in."""
        username, password = connect.username or None, connect.password or b""
        name = connect.client_id[:64] or "nameless"
        if username == self.username:
            right = hmac.compare_digest(password, self.password.encode())
            return Visitor("iotd", own=True) if right else None
        told = password.decode("utf-8", "replace") or None
        if told and self.readers and (session := self.readers.session_of(told)) is not None:
            return Visitor(name, session=session)
        if not self._gates.sign_in(username, told, connect.client_id, address):
            return None
        if username is None:
            return Visitor(name)
        return Visitor(name, username, proved=bool(told) and self._gates.has_key(username))

    def may_not_publish(self, visitor: Visitor, topic: str) -> str | None:
        """Why this may not be said, in one sentence; None when it may."""
        if visitor.own:
            return None
        if visitor.session is not None:
            may = self.readers is not None and self.readers.says(topic)
            return None if may else "a token is for listening"
        if topic == self._legacy and topic:
            return "a gate with an id has topics of its own" if visitor.proved else None
        gate, _, what = topic.removeprefix(PREFIX).partition("/")
        if not topic.startswith(PREFIX) or what not in SAYS + TELLS or not is_gate_id(gate):
            return "it is no topic that is known here"
        if visitor.gate is not None and visitor.gate != gate:
            return "it belongs to another gate"
        if not visitor.proved and self._gates.has_key(gate):
            return "that gate has a key, and it was not given"
        if what in TELLS and not visitor.proved:
            return "only a gate with a key tells of itself"
        return None

    def may_subscribe(self, visitor: Visitor, topic: str) -> bool:
        """Whether a subscription is granted: a gate hears only what is asked of it."""
        if visitor.own:
            return True
        if visitor.session is not None:
            return self.readers is not None and self.readers.hears(topic)
        gate, _, what = topic.removeprefix(PREFIX).partition("/")
        named = topic.startswith(PREFIX) and what in HEARS + IS_TOLD and is_gate_id(gate)
        if not named or (visitor.gate is not None and visitor.gate != gate):
            return False
        if what in IS_TOLD:
            return visitor.proved
        return visitor.proved or not self._gates.has_key(gate)
