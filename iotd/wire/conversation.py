"""The daemon's side of one connection of the device wire: bytes in, events out, bytes back.

    GREETED --new~abc------------------> HELD --start()--> STARTED
        |                                 ^                  readings, requests, and
        | key~<id>                        |                  size -> send() -> message
        +--------> PROVING --accept()-----+
                      |
    deny(), or any RemoteProtocolError --> CLOSED for good: what comes is dropped

A field device sends bare texts, which only silence or their own form ends; a
keyed one sends lines. A connection is one conversation; a new one starts anew.
"""

from __future__ import annotations

from enum import Enum
from typing import Callable

from iotd.wire.device_events import DeviceEvent, NewReceived, SizeDeclared
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError, quote
from iotd.wire.events import NEED_DATA, NeedData
from iotd.wire.hello import DENIED, KEY, encode_nonce, parse_hello, parse_mac
from iotd.wire.keyed_lines import KeyedLines
from iotd.wire.lines import take_line
from iotd.wire.messages import MessageReader, take_size
from iotd.wire.readings import NEED_QUIET, SIZE, NeedQuiet, ReadingReader
from iotd.wire.words import check_answer, check_word

__all__ = ["NEED_DATA", "GREETING", "DeviceConversation", "DevicePhase", "NeedData"]

#: The text after its length in a field 30 wide; field devices hang at other lengths.
GREETING = b"%-30d%b" % (len(b"id pls"), b"id pls")
NEW = b"new~"
NEW_BYTES = len(NEW) + 3

MAX_HELLO_BYTES = 64
MAX_MAC_BYTES = 128
#: What a watch may say before it is started, and anybody before we answer.
MAX_WAITING_BYTES = 1024


class DevicePhase(Enum):
    """How far the two sides have come."""

    GREETED = "greeted"  #: nothing is known of it
    PROVING = "proving"  #: it said key~: nonce, proof and verdict are due, in turn
    HELD = "held"        #: it has a name (proved, when keyed) and waits for start()
    STARTED = "started"  #: it may measure and be told words
    CLOSED = "closed"    #: denied, or it broke the protocol


_CLOSED = DevicePhase.CLOSED


class _Due(Enum):
    """What can come next; finer than DevicePhase, and nobody else's business."""

    OPENING = "new~ or key~"
    HELLO = "the rest of a hello"
    NONCE = "our nonce"
    PROOF = "the proof"
    VERDICT = "our verdict"
    START = "our start"
    ANYTHING = "a reading, a request or a size"
    NUMBER = "the rest of a size"
    LINE = "a line"
    GRANT = "our send"
    MESSAGE = "the message"
    NOTHING = "nothing: it is over"


_OURS = (_Due.NONCE, _Due.VERDICT, _Due.START, _Due.GRANT)
_RECEIVING = (_Due.NUMBER, _Due.GRANT, _Due.MESSAGE)
_STARTS = (SIZE, NEW)


class DeviceConversation:
    """One device; call next_event() until NEED_DATA after receive_data() and after quiet().

    Holds at most one message and what was received last: under 1 KiB between messages.
    """

    __slots__ = (
        "phase", "keyed", "kind", "awaits_quiet", "_max", "_due", "_buffer", "_wanted",
        "_quiets", "_new", "_readings", "_message", "_lines",
    )

    def __init__(self, max_message_bytes: int) -> None:
        self.phase = DevicePhase.GREETED
        self.keyed = False
        self.kind: str | None = None
        self.awaits_quiet = False  #: only 50 ms without a byte end what has begun
        self._max = max_message_bytes
        self._due = _Due.OPENING
        self._buffer = bytearray()
        self._wanted = 1  # below this size of the buffer nothing new can be told
        self._quiets = 0
        self._new = b""
        self._readings = ReadingReader()
        self._message: MessageReader | None = None
        self._lines: KeyedLines | None = None

    @property
    def begun_bytes(self) -> int:
        """Bytes of something unfinished, once next_event() said NEED_DATA; else 0."""
        return 0 if self._due in _OURS else len(self._buffer)

    @property
    def receiving(self) -> bool:
        """From the first sign of `size-` to the end of the message: say no word meanwhile."""
        return self._due in _RECEIVING or (
            self.phase is DevicePhase.STARTED and self._buffer[:1] == SIZE[:1]
        )

    def greeting(self) -> bytes:
        """What the daemon says first: 36 bytes."""
        return GREETING

    def receive_data(self, data: bytes) -> None:
        """Take bytes in; nothing is parsed yet."""
        if self.phase is not _CLOSED:
            self._buffer += data
            self._quiets = 0

    def quiet(self) -> None:
        """50 ms passed without a byte; again after each further 50 ms while awaits_quiet."""
        if self.awaits_quiet:
            self._quiets += 1
            self._wanted = 0

    def next_event(self) -> DeviceEvent | NeedData:
        """The next thing the device said; RemoteProtocolError ends the conversation."""
        if len(self._buffer) < self._wanted:
            return NEED_DATA
        try:
            event = _STEPS[self._due](self)
        except RemoteProtocolError:
            self._close()
            raise
        self.awaits_quiet = event is NEED_QUIET
        return NEED_DATA if isinstance(event, NeedQuiet) else event

    def challenge(self, nonce: str) -> bytes:
        """What to send after HelloReceived; the nonce is 32 hex digits, used once."""
        if self._due is not _Due.NONCE:
            raise LocalProtocolError("a nonce is sent once, after a hello")
        data = encode_nonce(nonce)
        self._now(_Due.PROOF)
        return data

    def deny(self) -> bytes:
        """What to send before closing; legal from HelloReceived to accept()."""
        if self.phase is not DevicePhase.PROVING:
            raise LocalProtocolError("only a device that said hello can be denied")
        self._close()
        return DENIED

    def accept(self) -> None:
        """The proof was right; start() is due."""
        if self._due is not _Due.VERDICT:
            raise LocalProtocolError("only a device that sent its proof can be accepted")
        self.phase, self.keyed = DevicePhase.HELD, True
        self._lines = KeyedLines(self._max)
        self._now(_Due.START)

    def start(self, kind: str) -> bytes:
        """The device may begin; ``kind`` tells which words it understands."""
        if self.phase is not DevicePhase.HELD:
            raise LocalProtocolError(f"a device can't be started while {self.phase.value}")
        self.phase, self.kind = DevicePhase.STARTED, kind
        self._now(self._idle)
        return self._text("start")

    def send(self) -> bytes:
        """Grants the message that was declared."""
        if self._due is not _Due.GRANT:
            raise LocalProtocolError("send is said once, after a size was declared")
        self._now(_Due.MESSAGE)
        return self._text("send")

    def word(self, text: str) -> bytes:
        """img, lof, lon or bpm; LocalProtocolError names what this kind may be told."""
        self._may_speak()
        return self._text(check_word(text, self.kind or ""))

    def answer(self, text: str) -> bytes:
        """The answer to RequestReceived: hrx and values, or a prefix and advice."""
        self._may_speak()
        return self._text(check_answer(text))

    def ping(self) -> bytes:
        """A question that a keyed device answers with pong."""
        return self._line("ping")

    def pong(self) -> bytes:
        """The answer to PingReceived."""
        return self._line("pong")

    def _may_speak(self) -> None:
        if self.phase is not DevicePhase.STARTED:
            raise LocalProtocolError(f"a device is told nothing while {self.phase.value}")
        if self.receiving:
            raise LocalProtocolError("a device with a message under way swallows words")

    def _line(self, text: str) -> bytes:
        if not self.keyed or self.phase is not DevicePhase.STARTED:
            raise LocalProtocolError("only a keyed device that was started knows ping and pong")
        return self._text(text)

    def _text(self, text: str) -> bytes:
        data = text.encode("utf-8", "replace")
        return data + b"\n" if self.keyed else data

    @property
    def _idle(self) -> _Due:
        return _Due.LINE if self.keyed else _Due.ANYTHING

    def _now(self, due: _Due, wanted: int = 1) -> None:
        self._due, self._wanted = due, wanted

    def _close(self) -> None:
        self.phase = DevicePhase.CLOSED
        self._buffer = bytearray()
        self.awaits_quiet = False
        self._now(_Due.NOTHING)

    # What follows are the steps, one for each _Due: an event, or that one is needed.

    def _more(self) -> NeedData:
        self._wanted = len(self._buffer) + 1
        return NEED_DATA

    def _opening(self) -> DeviceEvent | NeedData:
        head = bytes(self._buffer[:len(NEW)])
        if head == KEY:
            self._now(_Due.HELLO)
            return self._hello()
        if head == NEW:
            return self._named()
        if KEY.startswith(head) or NEW.startswith(head):
            return self._more()
        raise RemoteProtocolError(
            f"{quote(self._buffer[:64])} where only new~ and key~ are allowed"
        )

    def _named(self) -> NewReceived | NeedData:
        if len(self._buffer) < NEW_BYTES:
            return self._more()
        self._new = bytes(self._buffer[:NEW_BYTES])
        id = self._new[len(NEW):]
        if not id.isalnum():
            raise RemoteProtocolError(
                f"bad id {quote(id)} after new~, allowed are three letters or digits"
            )
        del self._buffer[:NEW_BYTES]
        self.phase = DevicePhase.HELD
        self._now(_Due.START)
        return NewReceived(id.decode("ascii").lower())

    def _hello(self) -> DeviceEvent | NeedData:
        line = take_line(self._buffer, MAX_HELLO_BYTES, "a hello")
        if line is NEED_DATA:
            return self._more()
        hello = parse_hello(line)
        self.phase = DevicePhase.PROVING
        self._now(_Due.NONCE)
        return hello

    def _proof(self) -> DeviceEvent | NeedData:
        line = take_line(self._buffer, MAX_MAC_BYTES, "a proof")
        if line is NEED_DATA:
            return self._more()
        proof = parse_mac(line)
        self._now(_Due.VERDICT)
        return proof

    def _ours(self, allowed: int = MAX_WAITING_BYTES) -> NeedData:
        if len(self._buffer) > allowed:
            raise RemoteProtocolError(
                f"more than {allowed} bytes while {self._due.value} is due, which is the limit"
            )
        return self._more()

    def _held(self) -> NeedData:
        # some say their name again and again while they wait
        while self._new and self._buffer.startswith(self._new):
            del self._buffer[:NEW_BYTES]
        return self._ours()

    def _grant(self) -> NeedData:
        # who does not wait for send may have sent all of its message
        return self._ours(self._message.size + MAX_WAITING_BYTES if self._message else 0)

    def _anything(self) -> DeviceEvent | NeedData | NeedQuiet:
        buffer = self._buffer
        self._readings.skip_blanks(buffer)
        head = bytes(buffer[:len(SIZE)])
        if head == SIZE:
            self._readings.restart()
            self._now(_Due.NUMBER)
            return self._number()
        if head.startswith(NEW):
            return self._named_again()
        if any(start.startswith(head) for start in _STARTS):
            return self._more()
        event = self._readings.next_reading(buffer, self._quiets > 0)
        self._wanted = len(buffer) + 1 if isinstance(event, NeedData | NeedQuiet) else 1
        return event

    def _named_again(self) -> DeviceEvent | NeedData | NeedQuiet:
        """The same name is passed over; one connection is never two devices."""
        if len(self._buffer) < NEW_BYTES:
            return self._more()
        again = bytes(self._buffer[:NEW_BYTES])
        if again != self._new:
            raise RemoteProtocolError(f"{quote(again)} on a connection of {quote(self._new)}")
        del self._buffer[:NEW_BYTES]
        self._wanted = 1
        return self._anything()

    def _number(self) -> DeviceEvent | NeedData | NeedQuiet:
        size = take_size(self._buffer, self._max, self._quiets > 0)
        if isinstance(size, int):
            return self._declared(size)
        self._wanted = len(self._buffer) + 1
        return size

    def _declared(self, size: int) -> SizeDeclared:
        self._message = MessageReader(size, exact=self.keyed)
        self._now(_Due.GRANT)
        return SizeDeclared(size)

    def _line_due(self) -> DeviceEvent | NeedData | NeedQuiet:
        assert self._lines is not None
        event = self._lines.next_event(self._buffer)
        self._wanted = 1
        if isinstance(event, SizeDeclared):
            return self._declared(event.size)
        return self._more() if isinstance(event, NeedData) else event

    def _message_due(self) -> DeviceEvent | NeedData | NeedQuiet:
        assert self._message is not None
        event = self._message.next_message(self._buffer, self._quiets)
        if isinstance(event, NeedData | NeedQuiet):
            self._wanted = self._message.wanted
            return event
        self._message = None
        self._now(self._idle)
        return event


# NOTHING has no step: a closed conversation's buffer stays empty.
_STEPS: dict[_Due, Callable[[DeviceConversation], DeviceEvent | NeedData | NeedQuiet]] = {
    _Due.OPENING: DeviceConversation._opening,
    _Due.HELLO: DeviceConversation._hello,
    _Due.NONCE: DeviceConversation._ours,
    _Due.PROOF: DeviceConversation._proof,
    _Due.VERDICT: DeviceConversation._ours,
    _Due.START: DeviceConversation._held,
    _Due.ANYTHING: DeviceConversation._anything,
    _Due.NUMBER: DeviceConversation._number,
    _Due.LINE: DeviceConversation._line_due,
    _Due.GRANT: DeviceConversation._grant,
    _Due.MESSAGE: DeviceConversation._message_due,
}
