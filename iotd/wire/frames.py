"""Length-prefixed frames: a 4-byte length, then that many bytes.

in: bytes, cut anywhere. out: payloads, whole. A payload may be empty.
States: the byte order is open (until a header tells it), then settled for good.
"""

from __future__ import annotations

import re
from typing import Literal

from iotd.wire.errors import ImpossibleLength
from iotd.wire.events import NEED_DATA, NeedData

ByteOrder = Literal["big", "little"]

HEADER_BYTES = 4

_EMPTY_FRAMES = re.compile(rb"(?:\0\0\0\0)+")


def encode_frame(payload: bytes) -> bytes:
    """The payload after its 4-byte big-endian length."""
    return len(payload).to_bytes(HEADER_BYTES, "big") + payload


class FrameReader:
    """Payloads out of bytes; holds at most one frame and what was received last.

    ``buffer`` may be shared with whoever reads other things off the same
    connection; ``wanted`` is the size it must reach before anything can change.
    """

    def __init__(
        self,
        max_frame_bytes: int,
        byteorder: ByteOrder | None = None,
        buffer: bytearray | None = None,
    ) -> None:
        self.byteorder = byteorder
        self.wanted = HEADER_BYTES
        self._max = max_frame_bytes
        self._buffer = bytearray() if buffer is None else buffer

    def receive_data(self, data: bytes) -> None:
        """Take bytes in; nothing is parsed yet."""
        self._buffer += data

    def next_frame(self) -> bytes | NeedData:
        """The next payload; RemoteProtocolError for a length that can't be."""
        # The declared length is only ever compared, never allocated. Deleting
        # the front of a bytearray moves its start, not its content: 100,000
        # glued frames cost the same each as 1,000.
        buffer = self._buffer
        if len(buffer) < self.wanted:
            return NEED_DATA
        end = HEADER_BYTES + self._length(bytes(buffer[:HEADER_BYTES]))
        if len(buffer) < end:
            self.wanted = end
            return NEED_DATA
        self.wanted = HEADER_BYTES
        payload = bytes(memoryview(buffer)[HEADER_BYTES:end])
        del buffer[:end]
        return payload

    def skip_empty(self) -> int:
        """Take off the empty frames that are next; how many there were."""
        found = _EMPTY_FRAMES.match(self._buffer)
        if found is None:
            return 0
        end = found.end()
        del self._buffer[:end]
        return end // HEADER_BYTES

    def _length(self, header: bytes) -> int:
        if self.byteorder is None:
            return self._settle(header)
        length = int.from_bytes(header, self.byteorder)
        if length > self._max:
            raise ImpossibleLength(
                f"impossible frame length {length}: allowed are {self._max} bytes"
            )
        return length

    def _settle(self, header: bytes) -> int:
        """The smaller legal reading of the first header that is not zero."""
        big, little = (int.from_bytes(header, order) for order in ("big", "little"))
        if min(big, little) > self._max:
            raise ImpossibleLength(
                f"impossible frame length {big} (or {little} read as little-endian): "
                f"allowed are {self._max} bytes"
            )
        # A header that reads the same both ways, zero among them, tells nothing.
        if big != little:
            self.byteorder = "big" if big < little else "little"
        return min(big, little)
