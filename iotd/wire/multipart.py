"""multipart/x-mixed-replace: one picture after another in one HTTP response.

Chrome shows a part only when the next boundary arrives, so each part here
carries its closing boundary, and the first boundary is sent once, before all.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from iotd.wire.errors import LocalProtocolError, RemoteProtocolError, quote
from iotd.wire.events import NEED_DATA, NeedData
from iotd.wire.lines import take_line

BOUNDARY = b"iotdframe"
CONTENT_TYPE = b"multipart/x-mixed-replace; boundary=" + BOUNDARY
OPENING = b"--" + BOUNDARY + b"\r\n"

MAX_PART_BYTES = 16 * 1024 * 1024
MAX_HEADER_LINE_BYTES = 1024
MAX_HEADERS = 32

_CLOSING = b"\r\n" + OPENING
_NAME = re.compile(r"[!-~]{1,64}")


class Part(NamedTuple):
    """One part as it was sent; header names as the sender spelled them."""

    headers: dict[str, str]
    body: bytes


def part(jpeg: bytes, timestamp: float, camera: str | None = None) -> bytes:
    """Headers, picture and closing boundary; ``timestamp`` is in Unix seconds."""
    head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\nX-Timestamp: %.3f\r\n" % (
        len(jpeg), timestamp
    )
    return b"".join((head, _camera_header(camera), b"\r\n", jpeg, _CLOSING))


def _camera_header(camera: str | None) -> bytes:
    if camera is None:
        return b""
    if not _NAME.fullmatch(camera):
        raise LocalProtocolError(
            f"no camera name {quote(camera)}: allowed are 64 visible ASCII characters"
        )
    return b"X-Camera: %b\r\n" % camera.encode("ascii")


class PartReader:
    """Parts out of the body of a stream; each as soon as its own bytes are complete."""

    def __init__(
        self, boundary: bytes = BOUNDARY, max_part_bytes: int = MAX_PART_BYTES
    ) -> None:
        self._buffer = bytearray()
        self._boundary = b"--" + boundary
        self._max = max_part_bytes
        self._headers: dict[str, str] | None = None
        self._length: int | None = None

    def receive_data(self, data: bytes) -> None:
        """Take bytes in; nothing is parsed yet."""
        self._buffer += data

    def next_part(self) -> Part | NeedData:
        """The next part; RemoteProtocolError for what is no such stream."""
        while self._length is None:
            line = take_line(self._buffer, MAX_HEADER_LINE_BYTES, "a header")
            if line is NEED_DATA:
                return NEED_DATA
            self._line(line)
        if len(self._buffer) < self._length:
            return NEED_DATA
        return self._part(self._length)

    def _part(self, length: int) -> Part:
        body = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        headers, self._headers, self._length = self._headers or {}, None, None
        return Part(headers, body)

    def _line(self, line: bytes) -> None:
        if self._headers is None:
            self._between_parts(line)
        elif line:
            self._header(line)
        else:
            self._length = self._declared_length(self._headers)

    def _between_parts(self, line: bytes) -> None:
        if line == self._boundary:
            self._headers = {}
        elif line and line != self._boundary + b"--":
            raise RemoteProtocolError(f"{quote(line)} where a boundary is due")

    def _header(self, line: bytes) -> None:
        name, colon, value = line.decode("latin-1").partition(":")
        headers = self._headers
        if headers is None or not colon or len(headers) >= MAX_HEADERS:
            raise RemoteProtocolError(
                f"{quote(line)} is no header, or one more than {MAX_HEADERS}"
            )
        headers[name.strip()] = value.strip()

    def _declared_length(self, headers: dict[str, str]) -> int:
        lengths = [v for name, v in headers.items() if name.lower() == "content-length"]
        if len(lengths) != 1 or not re.fullmatch("[0-9]{1,12}", lengths[0]):
            raise RemoteProtocolError(f"a part needs one Content-Length, this has {lengths}")
        if int(lengths[0]) > self._max:
            raise RemoteProtocolError(
                f"a part of {lengths[0]} bytes: allowed are {self._max} bytes"
            )
        return int(lengths[0])
