"""What a started keyed device says: every text is a line, and sizes are exact."""

from __future__ import annotations

import re

from iotd.wire.device_events import BadReading, DeviceEvent, SizeDeclared
from iotd.wire.events import NEED_DATA, LineReceived, NeedData, PingReceived, PongReceived
from iotd.wire.lines import parse_text, take_line
from iotd.wire.messages import parse_size
from iotd.wire.readings import MAX_VALUE_BYTES, SIZE, NeedQuiet, ReadingReader

MAX_LINE_BYTES = 256

_PINGS: dict[bytes, DeviceEvent] = {b"ping": PingReceived(), b"pong": PongReceived()}
_READING = rb"[^,\0\s]{0,%d},[^\0\s]*" % MAX_VALUE_BYTES
_READINGS = re.compile(rb"%b(?:[\0\s]+%b)*" % (_READING, _READING))


def take_ping(buffer: bytearray) -> DeviceEvent | NeedData | None:
    """A `ping` or `pong` that crossed our `send`; None when a message begins here.

    The board answers what it reads first, and no message begins like these.
    """
    for line, event in _PINGS.items():
        head = bytes(buffer[:len(line) + 1])
        if head == line + b"\n":
            del buffer[:len(head)]
            return event
        if head and line.startswith(head):
            return NEED_DATA
    return None


class KeyedLines:
    """Events out of lines; a line may hold several readings."""

    __slots__ = ("_max", "_readings", "_reader")

    def __init__(self, max_message_bytes: int) -> None:
        self._max = max_message_bytes
        self._readings = bytearray()
        self._reader = ReadingReader()

    def next_event(self, buffer: bytearray, quiets: int = 0) -> DeviceEvent | NeedData:
        """The next one; RemoteProtocolError for a bad size and for what is no line of text.

        Silence tells nothing here: ``quiets`` is for the likes of FieldTexts.
        """
        while not self._readings:
            line = take_line(buffer, MAX_LINE_BYTES, "a line")
            if line is NEED_DATA:
                return NEED_DATA
            line = line.strip(b"\0\t\r ")
            if not _READINGS.fullmatch(line):
                if line:
                    return self._other(line)
                continue
            self._readings += line
            self._reader.restart()
        return self._reading()

    def _other(self, line: bytes) -> DeviceEvent:
        if line.startswith(SIZE):
            return SizeDeclared(parse_size(line[len(SIZE):], self._max))
        return _PINGS.get(line) or LineReceived(parse_text(line))

    def _reading(self) -> DeviceEvent:
        """The end of a line ends whatever stands there, whole or not."""
        self._reader.skip_blanks(self._readings)
        event = self._reader.next_reading(self._readings, silent=True)
        if isinstance(event, NeedData | NeedQuiet):
            text = self._readings.decode("ascii", "backslashreplace")[:64]
            self._readings.clear()
            return BadReading(text, f"{text!r} is no whole reading")
        return event
