"""Where a picture begins and ends inside a frame's payload.

A payload is the sensor's whole FIFO: stray bytes can precede the picture, and
zeros, rubbish or the tail of an earlier picture can follow it. An embedded
thumbnail has marks of its own. So the picture is walked, not searched.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

#: Hostile input must cost linear time: so many beginnings are tried and so many
#: segments walked. Cameras send 1 and about 10; a progressive photograph with a
#: colour profile and a preview stays under 400.
MAX_STARTS = 8
MAX_SEGMENTS = 1024

_SOI = b"\xff\xd8\xff"
_MARKER = re.compile(rb"\xff+([\xc0-\xfe])")
# In entropy-coded data FF 00 is a data byte, FF D0-D7 restart, FF FF is filling,
# and FF 01-BF is reserved: noise on the SPI bus, shown like any other noise.
_AFTER_SCAN = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")

_EOI = 0xD9
_SOS = 0xDA
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NO_SEGMENT = frozenset(range(0xD0, 0xD9))  # RST0-7, SOI: have no place in a header


class Jpeg(NamedTuple):
    """One picture from SOI to its own EOI; sizes in pixels."""

    data: bytes
    width: int
    height: int


def trim(payload: bytes) -> Jpeg | None:
    """The first whole picture in ``payload``, or None when there is none."""
    at = 0
    for _ in range(MAX_STARTS):
        start = payload.find(_SOI, at)
        if start < 0:
            return None
        at, size = _walk(payload, start + 2)
        if size is not None:
            # slicing all of a bytes object gives the object itself: no copy
            return Jpeg(payload[start:at], *size)
    return None


def _walk(data: bytes, at: int) -> tuple[int, tuple[int, int] | None]:
    """Where the walk ended, and (width, height) if it did so at the picture's EOI.

    Without an EOI the next beginning is looked for from where the walk
    ended, so a thumbnail never stands in for a picture that was cut.
    """
    size: tuple[int, int] | None = None
    scanned = False
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.match(data, at)
        if found is None:
            return at, None
        kind, body = data[found.end() - 1], found.end()
        if kind == _EOI:
            return body, size if scanned else None
        end = _segment_end(data, kind, body)
        if end is None or (kind in _SOF and size) or (kind == _SOS and not size):
            return at, None
        if kind in _SOF:
            size = _size(data, body, end)
        at = end
        if kind == _SOS:
            scanned, at = True, _scan_end(data, end)
    return at, None


def _segment_end(data: bytes, kind: int, body: int) -> int | None:
    """Behind the segment whose length stands at ``body``; None for no segment."""
    length = int.from_bytes(data[body:body + 2], "big")
    return None if kind in _NO_SEGMENT or length < 2 else body + length


def _size(data: bytes, body: int, end: int) -> tuple[int, int] | None:
    """Width and height out of a frame header: length, precision, height, width."""
    if end - body < 8:
        return None
    height, width = struct.unpack_from(">HH", data[body:body + 7].ljust(7, b"\0"), 3)
    return (width, height) if width and height else None


def _scan_end(data: bytes, at: int) -> int:
    """Where the first real marker after entropy-coded data stands, or the end."""
    found = _AFTER_SCAN.search(data, at)
    return found.start() if found else len(data)
