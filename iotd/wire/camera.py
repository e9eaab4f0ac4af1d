"""The daemon's side of one camera connection: bytes in, events out, bytes back.

    UNDECIDED --first bytes, or silence--> FIELD      frames only, commands bare
        |                                    |
        | key~<id>                           | key~<id>, when nothing else came before
        v                                    v
     PROVING  --accept()-->  KEYED           frames and lines, commands end with \\n
        |
     deny(), or any RemoteProtocolError --> CLOSED for good: what comes is dropped

A connection is one conversation; a new one starts from nothing.
"""

from __future__ import annotations

from enum import Enum
from typing import Callable

from iotd.wire.camera_client import CameraClient
from iotd.wire.commands import check_command
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.events import (
    NEED_DATA, BadFrame, EmptyFrame, Event, FieldDecided, FrameReceived, LineReceived, NeedData,
    PingReceived, PongReceived,
)
from iotd.wire.frames import FrameReader
from iotd.wire.hello import (
    DENIED, KEY, HelloReceived, ProofReceived, encode_nonce, parse_hello, parse_mac,
)
from iotd.wire.lines import parse_text, take_line
from iotd.wire.pictures import PictureReader

__all__ = [
    "NEED_DATA", "BadFrame", "CameraClient", "CameraConversation", "EmptyFrame", "Event",
    "FieldDecided", "FrameReceived", "HelloReceived", "LineReceived", "NeedData", "Phase",
    "PingReceived", "PongReceived", "ProofReceived",
]

MAX_HELLO_BYTES = 64
MAX_MAC_BYTES = 128
MAX_LINE_BYTES = 256
#: An honest camera sends nothing while its nonce or its acceptance is awaited.
MAX_WAITING_BYTES = 1024

_PINGS: dict[str, Event] = {"ping": PingReceived(), "pong": PongReceived()}


class Phase(Enum):
    """How far the two sides have come."""

    UNDECIDED = "undecided"  #: fewer bytes than it takes to tell field from keyed
    FIELD = "field"          #: a camera that never says who it is
    PROVING = "proving"      #: it said an id: nonce, proof and verdict are due, in turn
    KEYED = "keyed"          #: it proved its key
    CLOSED = "closed"        #: denied, or it broke the protocol


# Reading a member off its Enum costs as much as appending a byte (Python 3.11).
_CLOSED = Phase.CLOSED


class _Due(Enum):
    """What can come next; finer than Phase, and nobody else's business."""

    OPENING = "the first bytes"
    HELLO = "the rest of a hello"
    NONCE = "our nonce"
    PROOF = "the proof"
    VERDICT = "our verdict"
    FRAMES = "frames"
    MIXED = "frames and lines"
    NOTHING = "nothing: it is over"


_AWAITED = (_Due.NONCE, _Due.VERDICT)


class CameraConversation:
    """One camera connection; call next_event() until NEED_DATA after each receive_data().

    Holds at most one frame of ``max_frame_bytes`` and what was received last.
    """

    def __init__(self, max_frame_bytes: int) -> None:
        self.phase = Phase.UNDECIDED
        self._due = _Due.OPENING
        self._buffer = bytearray()
        self._frames = FrameReader(max_frame_bytes, buffer=self._buffer)
        # Below this size of the buffer no step can tell anything new. That one
        # comparison keeps one-byte pieces at 0.2-0.35 us each, where a method
        # that only appends takes 0.1-0.2. A 30 KB frame costs 34 us in 64 KiB
        # pieces, 44 in 1460, 57 in 512: 24 of that is jpeg.trim (2.5 GHz Xeon).
        self._wanted = 1
        self._pictures = PictureReader(self._frames)

    @property
    def unfinished(self) -> bool:
        """Whether a header, frame or line has begun and is not complete."""
        return self.begun_bytes > 0

    @property
    def begun_bytes(self) -> int:
        """Bytes of that unfinished thing so far, once next_event() said NEED_DATA."""
        return 0 if self._due in _AWAITED else len(self._buffer)

    def receive_data(self, data: bytes) -> None:
        """Take bytes in; nothing is parsed yet."""
        if self.phase is not _CLOSED:
            self._buffer += data

    def next_event(self) -> Event | NeedData:
        """The next thing the camera said; RemoteProtocolError ends the conversation."""
        if len(self._buffer) < self._wanted:
            return NEED_DATA
        try:
            return _STEPS[self._due](self)
        except RemoteProtocolError:
            self._close()
            raise

    def settle_as_field(self) -> None:
        """It was silent long enough; does nothing once any byte has come."""
        if self.phase is Phase.UNDECIDED and not self._buffer:
            self.phase = Phase.FIELD
            self._wanted = 0  # so that next_event() says FieldDecided without a byte

    def challenge(self, nonce: str) -> bytes:
        """What to send after HelloReceived; the nonce is 32 hex digits, used once."""
        if self._due is not _Due.NONCE:
            raise LocalProtocolError("a nonce is sent once, after a hello")
        data = encode_nonce(nonce)
        self._due, self._wanted = _Due.PROOF, 1
        return data

    def accept(self) -> None:
        """The proof was right; frames and lines come from here on."""
        if self._due is not _Due.VERDICT:
            raise LocalProtocolError("only a camera that sent its proof can be accepted")
        self.phase = Phase.KEYED
        self._due, self._wanted = _Due.MIXED, 1
        self._frames.byteorder = "big"

    def deny(self) -> bytes:
        """What to send before closing; legal from HelloReceived to accept()."""
        if self.phase is not Phase.PROVING:
            raise LocalProtocolError("only a camera that said hello can be denied")
        self._close()
        return DENIED

    def command(self, text: str) -> bytes:
        """START, STOP or SET key=value ... as this camera reads it."""
        if self.phase not in (Phase.FIELD, Phase.KEYED):
            raise LocalProtocolError(f"a camera takes no command while {self.phase.value}")
        keyed = self.phase is Phase.KEYED
        data = check_command(text, settable=keyed).encode("ascii")
        return data + b"\n" if keyed else data

    def ping(self) -> bytes:
        """A question that a keyed camera answers with pong."""
        return self._keyed(b"ping\n")

    def pong(self) -> bytes:
        """The answer to PingReceived."""
        return self._keyed(b"pong\n")

    def _keyed(self, line: bytes) -> bytes:
        if self.phase is not Phase.KEYED:
            raise LocalProtocolError("only a keyed camera knows ping and pong")
        return line

    def _close(self) -> None:
        self.phase = Phase.CLOSED
        self._buffer.clear()
        self._due, self._wanted = _Due.NOTHING, 1

    # What follows are the steps, one for each _Due: an event, or NEED_DATA with
    # `_wanted` set to the size at which it is worth asking again.

    def _opening(self) -> Event | NeedData:
        if self._wanted == 0:
            self._wanted = 1
            return FieldDecided()
        if self._buffer.startswith(KEY):
            self._due = _Due.HELLO
            return self._hello()
        if KEY.startswith(self._buffer):
            self._wanted = len(self._buffer) + 1
            return NEED_DATA
        self._due = _Due.FRAMES
        if self.phase is Phase.FIELD:
            return self._frame()
        self.phase = Phase.FIELD
        return FieldDecided()

    def _hello(self) -> Event | NeedData:
        line = self._line(MAX_HELLO_BYTES, "a hello")
        if line is NEED_DATA:
            return NEED_DATA
        hello = parse_hello(line)
        self.phase = Phase.PROVING
        self._due, self._wanted = _Due.NONCE, MAX_WAITING_BYTES + 1
        return hello

    def _proof(self) -> Event | NeedData:
        line = self._line(MAX_MAC_BYTES, "a proof")
        if line is NEED_DATA:
            return NEED_DATA
        proof = parse_mac(line)
        self._due, self._wanted = _Due.VERDICT, MAX_WAITING_BYTES + 1
        return proof

    def _awaited(self) -> Event | NeedData:
        raise RemoteProtocolError(
            f"{len(self._buffer)} bytes while {self._due.value} is due: "
            f"allowed are {MAX_WAITING_BYTES}"
        )

    def _mixed(self) -> Event | NeedData:
        if self._buffer[0] == 0:
            return self._frame()
        line = self._line(MAX_LINE_BYTES, "a line")
        if line is NEED_DATA:
            return NEED_DATA
        text = parse_text(line)
        return _PINGS.get(text) or LineReceived(text)

    def _frame(self) -> Event | NeedData:
        event = self._pictures.next_event()
        self._wanted = self._frames.wanted if event is NEED_DATA else 1
        if self._pictures.exhausted:
            self._due, self._wanted = _Due.FRAMES, 0  # the next step raises
        return event

    def _line(self, limit: int, what: str) -> bytes | NeedData:
        line = take_line(self._buffer, limit, what)
        self._wanted = len(self._buffer) + 1 if line is NEED_DATA else 1
        return line


# NOTHING has no step: a closed conversation's buffer stays empty.
_STEPS: dict[_Due, Callable[[CameraConversation], Event | NeedData]] = {
    _Due.OPENING: CameraConversation._opening,
    _Due.HELLO: CameraConversation._hello,
    _Due.NONCE: CameraConversation._awaited,
    _Due.PROOF: CameraConversation._proof,
    _Due.VERDICT: CameraConversation._awaited,
    _Due.FRAMES: CameraConversation._frame,
    _Due.MIXED: CameraConversation._mixed,
}
