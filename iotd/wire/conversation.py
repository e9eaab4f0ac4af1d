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

from iotd.wire.device_events import DeviceEvent, NewReceived, SizeDeclared
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.events import NEED_DATA, NeedData
from iotd.wire.field_texts import FieldTexts
from iotd.wire.hello import DENIED, HelloReceived
from iotd.wire.keyed_lines import KeyedLines, take_ping
from iotd.wire.messages import MessageReader
from iotd.wire.opening import MAX_WAITING_BYTES, Opening, OpeningDue, wait_with
from iotd.wire.readings import NEED_QUIET, SIZE, NeedQuiet
from iotd.wire.words import check_answer, check_word

__all__ = [
    "GREETING", "MAX_WAITING_BYTES", "NEED_DATA", "DeviceConversation", "DevicePhase", "NeedData",
]

#: The text after its length in a field 30 wide; field devices hang at other lengths.
GREETING = b"%-30d%b" % (len(b"id pls"), b"id pls")


class DevicePhase(Enum):
    """How far the two sides have come."""

    GREETED = "greeted"  #: nothing is known of it
    PROVING = "proving"  #: it said key~: nonce, proof and verdict are due, in turn
    HELD = "held"        #: it has a name (proved, when keyed) and waits for start()
    STARTED = "started"  #: it may measure and be told words
    CLOSED = "closed"    #: denied, or it broke the protocol


# Reading a member off its Enum costs as much as appending a byte (Python 3.11).
_CLOSED = DevicePhase.CLOSED
_STARTED = DevicePhase.STARTED


class DeviceConversation:
    """One device; call next_event() until NEED_DATA after receive_data(), quiet(), start()
    and send().

    Holds at most one message and what was received last; 0.6 KiB between messages.
    """

    __slots__ = (
        "phase", "keyed", "kind", "awaits_quiet", "_max", "_buffer", "_wanted", "_quiets",
        "_opening", "_texts", "_message", "_granted",
    )

    def __init__(self, max_message_bytes: int) -> None:
        self.phase = DevicePhase.GREETED
        self.keyed = False
        self.kind: str | None = None
        #: Something has begun that 50 ms without a byte would end, or further such.
        self.awaits_quiet = False
        self._max = max_message_bytes
        self._buffer = bytearray()
        # Below this size of the buffer nothing new can be told: that one comparison
        # keeps a message that comes byte by byte cheap.
        self._wanted = 1
        self._quiets = 0  # since the last byte
        self._opening = Opening()
        self._texts: FieldTexts | KeyedLines | None = None
        self._message: MessageReader | None = None
        self._granted = False

    @property
    def begun_bytes(self) -> int:
        """Bytes of something unfinished, once next_event() said NEED_DATA; else 0."""
        return 0 if self._ours else len(self._buffer)

    @property
    def receiving(self) -> bool:
        """From the first sign of `size-` to the end of the message: say no word meanwhile."""
        if self._message is not None:
            return True
        cut = bytes(self._buffer[:len(SIZE)])
        return self.phase is _STARTED and cut != b"" and SIZE.startswith(cut)

    @property
    def half_reading(self) -> bool:
        """Whether a field device is in the middle of a reading, which no silence ends."""
        begun = self.phase is _STARTED and not self.keyed and len(self._buffer) > 0
        return begun and not self.receiving

    def greeting(self) -> bytes:
        """What the daemon says first: 36 bytes."""
        return GREETING

    def receive_data(self, data: bytes) -> None:
        """Take bytes in; nothing is parsed yet."""
        if self.phase is not _CLOSED:
            self._buffer += data
            self._quiets = 0

    def quiet(self) -> None:
        """50 ms passed without a byte; say so again after each 50 ms while awaits_quiet."""
        if self.awaits_quiet:
            self._quiets += 1
            self._wanted = 0

    def next_event(self) -> DeviceEvent | NeedData:
        """The next thing the device said; RemoteProtocolError ends the conversation."""
        if len(self._buffer) < self._wanted:
            return NEED_DATA
        try:
            event = self._step()
        except RemoteProtocolError:
            self._close()
            raise
        self.awaits_quiet = event is NEED_QUIET
        if isinstance(event, NeedData | NeedQuiet):
            message = self._message if self._granted else None
            self._wanted = message.wanted if message else len(self._buffer) + 1
            return NEED_DATA
        self._wanted = 0  # a line may hold several readings
        return event

    def challenge(self, nonce: str) -> bytes:
        """What to send after HelloReceived; the nonce is 32 hex digits, used once."""
        data = self._opening.challenge(nonce)
        self._wanted = 1
        return data

    def deny(self) -> bytes:
        """What to send before closing; legal from HelloReceived to accept()."""
        if self.phase is not DevicePhase.PROVING:
            raise LocalProtocolError("only a device that said hello can be denied")
        self._close()
        return DENIED

    def accept(self) -> None:
        """The proof was right; start() is due."""
        if self.phase is not DevicePhase.PROVING or self._opening.due is not OpeningDue.VERDICT:
            raise LocalProtocolError("only a device that sent its proof can be accepted")
        self.phase, self.keyed = DevicePhase.HELD, True
        self._texts = KeyedLines(self._max)
        self._wanted = 1

    def start(self, kind: str) -> bytes:
        """The device may begin; ``kind`` tells which words it understands."""
        if self.phase is not DevicePhase.HELD:
            raise LocalProtocolError(f"a device can't be started while {self.phase.value}")
        self.phase, self.kind = _STARTED, kind
        self._wanted = 1
        return self._text("start")

    def send(self) -> bytes:
        """Grants the message that was declared."""
        if self._message is None or self._granted:
            raise LocalProtocolError("send is said once, after a size was declared")
        self._granted, self._wanted = True, 1
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

    @property
    def _ours(self) -> bool:
        """Whether what came waits for the daemon's next step."""
        if self.phase is _STARTED:
            return self._message is not None and not self._granted
        return self.phase is DevicePhase.HELD or self._opening.ours

    def _may_speak(self) -> None:
        if self.phase is not _STARTED:
            raise LocalProtocolError(f"a device is told nothing while {self.phase.value}")
        if self.receiving:
            raise LocalProtocolError("a device with a message under way swallows words")

    def _line(self, text: str) -> bytes:
        if not self.keyed or self.phase is not _STARTED:
            raise LocalProtocolError("only a keyed device that was started knows ping and pong")
        return self._text(text)

    def _text(self, text: str) -> bytes:
        data = text.encode("utf-8", "replace")
        return data + b"\n" if self.keyed else data

    def _close(self) -> None:
        self.phase = _CLOSED
        self._buffer = bytearray()
        self._message, self._granted = None, False
        self.awaits_quiet, self._wanted = False, 1

    # What follows are the steps: an event, or what is needed for one.

    def _step(self) -> DeviceEvent | NeedData | NeedQuiet:
        if self.phase is _STARTED:
            return self._text_due() if self._message is None else self._message_due(self._message)
        return self._held() if self.phase is DevicePhase.HELD else self._open()

    def _open(self) -> DeviceEvent | NeedData:
        begun = bytes(self._buffer[:7])
        event = self._opening.next_event(self._buffer)
        if isinstance(event, HelloReceived):
            self.phase = DevicePhase.PROVING
        elif isinstance(event, NewReceived):
            self.phase = DevicePhase.HELD
            self._texts = FieldTexts(self._max, begun)
        return event

    def _held(self) -> NeedData:
        # some say their name again and again while they wait
        if isinstance(self._texts, FieldTexts):
            self._texts.skip_new(self._buffer)
        return wait_with(self._buffer, "our start")

    def _text_due(self) -> DeviceEvent | NeedData | NeedQuiet:
        assert self._texts is not None
        event = self._texts.next_event(self._buffer, self._quiets)
        if isinstance(event, SizeDeclared):
            self._message = MessageReader(event.size, self._max, exact=self.keyed)
        return event

    def _message_due(self, message: MessageReader) -> DeviceEvent | NeedData | NeedQuiet:
        ping = take_ping(self._buffer) if self.keyed else None
        if ping is not None:
            return ping
        if not self._granted:
            # who does not wait for send may have sent all of its message
            return wait_with(self._buffer, "our send", message.size + MAX_WAITING_BYTES)
        event = message.next_message(self._buffer, self._quiets)
        if not isinstance(event, NeedData | NeedQuiet):
            self._message, self._granted = None, False
        return event
