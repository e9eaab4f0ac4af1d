"""Frames judged: a picture, nothing to show, or no picture at all."""

from __future__ import annotations

from iotd.wire.errors import RemoteProtocolError
from iotd.wire.events import NEED_DATA, BadFrame, EmptyFrame, FrameReceived, NeedData
from iotd.wire.frames import FrameReader
from iotd.wire.jpeg import trim

MAX_BAD_PAYLOADS = 3

_EMPTY = EmptyFrame()


class PictureReader:
    """Events out of a FrameReader; RemoteProtocolError after three bad payloads in a row."""

    def __init__(self, frames: FrameReader) -> None:
        self._frames = frames
        self._bad_in_a_row = 0

    @property
    def exhausted(self) -> bool:
        """Whether the next call raises: the last bad payload is told like the others."""
        return self._bad_in_a_row == MAX_BAD_PAYLOADS

    def next_event(self) -> FrameReceived | EmptyFrame | BadFrame | NeedData:
        """The next frame as an event; empty ones neither count as bad nor make up for it."""
        if self.exhausted:
            raise RemoteProtocolError(
                f"{self._bad_in_a_row} payloads in a row with no whole JPEG in them: "
                f"the limit is {MAX_BAD_PAYLOADS}"
            )
        payload = self._frames.next_frame()
        if payload is NEED_DATA:
            return NEED_DATA
        return self._judged(payload) if payload else self._empty()

    def _empty(self) -> EmptyFrame:
        # One by one a flood of zeros would cost 0.8 s of CPU per MB; together
        # it costs less than pictures do.
        more = self._frames.skip_empty()
        return EmptyFrame(1 + more) if more else _EMPTY

    def _judged(self, payload: bytes) -> FrameReceived | BadFrame:
        picture = trim(payload)
        if picture is not None:
            self._bad_in_a_row = 0
            return FrameReceived(*picture)
        self._bad_in_a_row += 1
        return BadFrame(
            f"no whole JPEG in {len(payload)} bytes that begin {payload[:8].hex(' ')}"
        )
