"""How a device of the device wire says who it is: three letters, or an id and a proof.

    new~cab                                     a field device, and all there is to it
    key~<id>   nonce~<32 hex>   mac~<64 hex>    a keyed one, see hello.py
"""

from __future__ import annotations

from enum import Enum
from typing import Callable

from iotd.wire.device_events import NewReceived
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError, quote
from iotd.wire.events import NEED_DATA, NeedData
from iotd.wire.hello import (
    KEY, HelloReceived, ProofReceived, encode_nonce, parse_hello, parse_mac,
)
from iotd.wire.lines import take_line

NEW = b"new~"
NEW_BYTES = len(NEW) + 3

MAX_HELLO_BYTES = 64
MAX_MAC_BYTES = 128
#: What may come while it is our turn: a watch measures before it is started.
MAX_WAITING_BYTES = 1024

OpeningEvent = NewReceived | HelloReceived | ProofReceived


class OpeningDue(Enum):
    """What can come next."""

    NAME = "new~ or key~"
    HELLO = "the rest of a hello"
    NONCE = "our nonce"
    PROOF = "the proof"
    VERDICT = "our verdict"


class Opening:
    """Until the device has a name; the conversation asks again with every byte."""

    __slots__ = ("due",)

    def __init__(self) -> None:
        self.due = OpeningDue.NAME

    @property
    def ours(self) -> bool:
        """Whether what came waits for the daemon's next step."""
        return self.due in (OpeningDue.NONCE, OpeningDue.VERDICT)

    def next_event(self, buffer: bytearray) -> OpeningEvent | NeedData:
        """The next thing it said; RemoteProtocolError for what is no name and no proof."""
        return _STEPS[self.due](self, buffer) if buffer else NEED_DATA

    def challenge(self, nonce: str) -> bytes:
        """The nonce's line; LocalProtocolError unless a hello was just heard."""
        if self.due is not OpeningDue.NONCE:
            raise LocalProtocolError("a nonce is sent once, after a hello")
        data = encode_nonce(nonce)
        self.due = OpeningDue.PROOF
        return data

    def _name(self, buffer: bytearray) -> OpeningEvent | NeedData:
        head = bytes(buffer[:len(NEW)])
        if head == KEY:
            self.due = OpeningDue.HELLO
            return self._hello(buffer)
        if head == NEW:
            return _named(buffer)
        if len(head) < len(NEW):
            return NEED_DATA  # all four decide, so that the log says who came: GET, POST ...
        raise RemoteProtocolError(f"{quote(head)} where only new~ and key~ are allowed")

    def _hello(self, buffer: bytearray) -> OpeningEvent | NeedData:
        line = take_line(buffer, MAX_HELLO_BYTES, "a hello")
        if line is NEED_DATA:
            return NEED_DATA
        hello = parse_hello(line)
        self.due = OpeningDue.NONCE
        return hello

    def _proof(self, buffer: bytearray) -> OpeningEvent | NeedData:
        line = take_line(buffer, MAX_MAC_BYTES, "a proof")
        if line is NEED_DATA:
            return NEED_DATA
        proof = parse_mac(line)
        self.due = OpeningDue.VERDICT
        return proof

    def _ours(self, buffer: bytearray) -> NeedData:
        return wait_with(buffer, self.due.value)


def wait_with(buffer: bytearray, due: str, limit: int = MAX_WAITING_BYTES) -> NeedData:
    """NEED_DATA while it is our turn; RemoteProtocolError when the device floods us."""
    if len(buffer) > limit:
        raise RemoteProtocolError(
            f"more than {limit} bytes while {due} is due, which is the limit"
        )
    return NEED_DATA


def _named(buffer: bytearray) -> NewReceived | NeedData:
    if len(buffer) < NEW_BYTES:
        return NEED_DATA
    id = bytes(buffer[len(NEW):NEW_BYTES])
    if not id.isalnum():  # of bytes: ASCII only
        raise RemoteProtocolError(
            f"bad id {quote(id)} after new~, allowed are three letters or digits"
        )
    del buffer[:NEW_BYTES]
    return NewReceived(id.decode("ascii").lower())


_STEPS: dict[OpeningDue, Callable[[Opening, bytearray], OpeningEvent | NeedData]] = {
    OpeningDue.NAME: Opening._name,
    OpeningDue.HELLO: Opening._hello,
    OpeningDue.NONCE: Opening._ours,
    OpeningDue.PROOF: Opening._proof,
    OpeningDue.VERDICT: Opening._ours,
}
