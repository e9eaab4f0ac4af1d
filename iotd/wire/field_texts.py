"""What a started field device says between messages: bare texts, glued and cut anywhere."""

from __future__ import annotations

from iotd.wire.device_events import DeviceEvent, SizeDeclared
from iotd.wire.errors import RemoteProtocolError, quote
from iotd.wire.events import NEED_DATA, NeedData
from iotd.wire.messages import take_size
from iotd.wire.opening import NEW, NEW_BYTES
from iotd.wire.readings import SIZE, NeedQuiet, ReadingReader

_STARTS = (SIZE, NEW)


class FieldTexts:
    """Sizes, readings and requests; ``new`` is the `new~abc` with which it came."""

    __slots__ = ("_max", "_new", "_reader")

    def __init__(self, max_message_bytes: int, new: bytes) -> None:
        self._max = max_message_bytes
        self._new = new
        self._reader = ReadingReader()

    def skip_new(self, buffer: bytearray) -> None:
        """Take off its name, said again: some repeat it while they wait."""
        while buffer.startswith(self._new):
            del buffer[:NEW_BYTES]

    def next_event(self, buffer: bytearray, quiets: int) -> DeviceEvent | NeedData | NeedQuiet:
        """The next one; RemoteProtocolError for a bad size, another name, and no sense."""
        while True:
            self._reader.skip_blanks(buffer)
            head = bytes(buffer[:len(SIZE)])
            if not head.startswith(NEW):
                break
            if not self._named_again(buffer):
                return NEED_DATA
        if head == SIZE:
            return self._size(buffer, quiets)
        if any(start.startswith(head) for start in _STARTS):
            return NEED_DATA
        return self._reader.next_reading(buffer, quiets > 0)

    def _size(self, buffer: bytearray, quiets: int) -> SizeDeclared | NeedData | NeedQuiet:
        size = take_size(buffer, self._max, quiets > 0)
        if not isinstance(size, int):
            return size
        self._reader.restart()
        return SizeDeclared(size)

    def _named_again(self, buffer: bytearray) -> bool:
        """Pass over the same name, if all of it is there; one connection is one device."""
        again = bytes(buffer[:NEW_BYTES])
        if len(again) < NEW_BYTES:
            return False
        if again != self._new:
            raise RemoteProtocolError(f"{quote(again)} on a connection of {quote(self._new)}")
        self._reader.restart()
        self.skip_new(buffer)
        return True
