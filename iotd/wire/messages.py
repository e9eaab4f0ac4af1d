"""Convention 1: a declared size, then the message: a weight, or a picture.

    size-9      13 bytes follow   bfr-1023.4567     a field cabinet declares 4 too few
    size-5120   5120 bytes        ff d8 ... ff d9   a JPEG, or base64 text of one
"""

from __future__ import annotations

import base64
import binascii
import re

from iotd.wire.device_events import BadMessage, PictureReceived, WeightReceived
from iotd.wire.errors import RemoteProtocolError, quote
from iotd.wire.events import NEED_DATA, NeedData
from iotd.wire.jpeg import trim
from iotd.wire.readings import NEED_QUIET, SIZE, NeedQuiet, parse_decimal

#: More digits than any size has; what is named in the log is the whole number still.
MAX_DIGITS = 20
#: A field cabinet declares the number alone and sends `bfr-` or `aft-` before it.
UNDECLARED_BYTES = 4
#: So often must 50 ms of silence be told before a message ends at less than what
#: the field devices send: TCP may hold back the rest of it for a while.
PATIENCE = 20
#: More than any cabinet bears.
MAX_GRAMS = 1_000_000.0

Message = WeightReceived | PictureReceived | BadMessage

_NUMBER = re.compile(rb"([0-9]{0,%d})[\0\t-\r ]{0,32}" % (MAX_DIGITS + 1))
_MOMENTS = (b"bfr-", b"aft-")
_BEGINNINGS = (*_MOMENTS, SIZE)
#: How messages begin; whoever does not wait for `send` glues one to its size.
_BASE64_BEGINNING = b"/9j/"
_IMPATIENT = (*_MOMENTS, b"\xff\xd8", _BASE64_BEGINNING)
_MARK_BYTES = 4
_WEIGHT = re.compile(rb"(bfr|aft)-([^\0\t-\r ]*)[\0\t-\r ]*")
_WEIGHT_LIKE = re.compile(rb"(?:bfr|aft)-[0-9.+-]*")
_WITH_POINT = re.compile(rb"(?:bfr|aft)-[^.]*\.[0-9]+[\0\t-\r ]*")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\0\t-\r ]+")
_BLANKS = b"\0\t\n\v\f\r "


def take_size(buffer: bytearray, limit: int, silent: bool) -> int | NeedData | NeedQuiet:
    """The number of a buffer that begins with `size-`; RemoteProtocolError for a bad one.

    It is over when the device falls silent, or sends a message without waiting.
    """
    found = _NUMBER.match(buffer, len(SIZE))
    digits = found.group(1) if found else b""
    end = found.end() if found else len(SIZE)
    if not digits:
        if len(buffer) == len(SIZE):
            return NEED_DATA
        raise _bad_size(bytes(buffer[:len(SIZE) + 1]), limit)
    if len(digits) <= MAX_DIGITS:
        rest = bytes(buffer[end:end + _MARK_BYTES])
        if not rest and not silent:
            return NEED_QUIET
        if rest and not rest.startswith(_IMPATIENT):
            if any(mark.startswith(rest) for mark in _IMPATIENT):
                return NEED_DATA
            raise _bad_size(bytes(buffer[:end + 1]), limit)
    size = parse_size(digits, limit)
    del buffer[:end]
    return size


def parse_size(digits: bytes, limit: int) -> int:
    """1 to ``limit``; RemoteProtocolError names value and limit."""
    if not (digits.isdigit() and len(digits) <= MAX_DIGITS and 1 <= int(digits) <= limit):
        raise _bad_size(SIZE + digits, limit)
    return int(digits)


def _bad_size(text: bytes, limit: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        f"bad size {quote(text)}: allowed are 1 to {limit} bytes, in decimal digits"
    )


class MessageReader:
    """One message of the declared ``size``; a keyed device's is ``exact``."""

    __slots__ = ("size", "exact", "wanted", "_limit")

    def __init__(self, size: int, limit: int, exact: bool) -> None:
        self.size = size
        self.exact = exact
        self.wanted = 1  #: below so many bytes there is nothing to ask
        self._limit = limit

    def next_message(self, buffer: bytearray, quiets: int) -> Message | NeedData | NeedQuiet:
        """The message off the front of ``buffer``, when it is over.

        ``quiets``: how often 50 ms of silence passed since the last byte.
        """
        if self.exact:
            self.wanted = self.size if buffer else 1
            return judge(_take(buffer, self.size)) if len(buffer) >= self.size else NEED_DATA
        head = bytes(buffer[:len(SIZE)])
        if head == SIZE:
            return BadMessage(f"a new size where a message of {self.size} bytes was due")
        if any(mark != head and mark.startswith(head) for mark in _BEGINNINGS):
            self.wanted = len(buffer) + 1
            return NEED_DATA
        if head.startswith(_MOMENTS):
            self.wanted = max(self.size, len(buffer) + 1)
            return self._weight(buffer, quiets)
        return self._picture(buffer, quiets)

    def _weight(self, buffer: bytearray, quiets: int) -> Message | NeedData | NeedQuiet:
        whole = self.size + UNDECLARED_BYTES
        if len(buffer) < whole:
            return self._short(buffer, quiets)
        weight = parse_weight(bytes(buffer[:whole]))
        if isinstance(weight, WeightReceived):
            del buffer[:whole]
            return weight
        end = _bad_weight_end(buffer, whole)
        taken = _take(buffer, end)
        return parse_weight(taken) if end in (self.size, whole) else BadMessage(
            f"{quote(taken)} where {self.size} bytes were declared"
        )

    def _picture(self, buffer: bytearray, quiets: int) -> Message | NeedData | NeedQuiet:
        """So many bytes; base64 text may also be that of so many bytes."""
        if len(buffer) < self.size:
            self.wanted = self.size
            return NEED_DATA
        whole = -(-self.size // 3) * 4
        if not buffer.startswith(_BASE64_BEGINNING) or whole > self._limit:
            return judge(_take(buffer, self.size))
        if self.wanted <= self.size:
            picture = judge(bytes(buffer[:self.size]))
            if isinstance(picture, PictureReceived):
                del buffer[:self.size]
                return picture
            self.wanted = whole
        return self._text_of_so_many(buffer, whole, quiets)

    def _text_of_so_many(
        self, buffer: bytearray, whole: int, quiets: int
    ) -> Message | NeedData | NeedQuiet:
        if len(buffer) < whole and quiets < PATIENCE:
            return NEED_QUIET
        picture = judge(bytes(buffer[:whole]))
        end = whole if isinstance(picture, PictureReceived) else self.size
        return judge(_take(buffer, end))

    def _short(self, buffer: bytearray, quiets: int) -> Message | NeedData | NeedQuiet:
        """Exactly what was declared and less than is due: over after a second of silence.

        A field cabinet that pauses there has sent no digit behind the point, since it
        sends four of them: so no part of a weight is ever taken for one.
        """
        sizes = (len(buffer), len(buffer.rstrip(_BLANKS)))
        if self.size not in sizes or not _WITH_POINT.fullmatch(buffer):
            return NEED_DATA
        return judge(_take(buffer, len(buffer))) if quiets >= PATIENCE else NEED_QUIET


def _bad_weight_end(buffer: bytearray, whole: int) -> int:
    """Where a text of ``whole`` bytes that is no weight ends: before a new `size-`."""
    found = _WEIGHT_LIKE.match(buffer, 0, whole)
    end = found.end() if found else whole
    rest = bytes(buffer[end:whole]).lstrip(_BLANKS)
    return end if rest and (rest.startswith(SIZE) or SIZE.startswith(rest)) else whole


def judge(message: bytes) -> Message:
    """What a whole message is, by its content; never raises."""
    if message.startswith(_MOMENTS):
        return parse_weight(message)
    data = message
    if _BASE64.fullmatch(message):
        try:
            data = base64.b64decode(message.translate(None, _BLANKS), validate=True)
        except binascii.Error:
            return _no_picture(message, "base64 text that can't be decoded")
    picture = trim(data)
    return PictureReceived(*picture) if picture else _no_picture(message, "no whole JPEG")


def parse_weight(message: bytes) -> WeightReceived | BadMessage:
    """`bfr-` or `aft-` and grams, white space behind them allowed."""
    found = _WEIGHT.fullmatch(message)
    grams = parse_decimal(found.group(2)) if found else None
    if found is None or grams is None:
        return BadMessage(f"no weight in plain decimal grams: {quote(message)}")
    if abs(grams) > MAX_GRAMS:
        return BadMessage(f"{quote(message)}: allowed are {MAX_GRAMS:.0f} g, more or less")
    moment, text = found.group(1).decode(), found.group(2).decode()
    return WeightReceived(moment, grams, f"{moment}-{text}")


def _no_picture(message: bytes, what: str) -> BadMessage:
    return BadMessage(f"{what} in {len(message)} bytes that begin {message[:8].hex(' ')}")


def _take(buffer: bytearray, end: int) -> bytes:
    taken = bytes(memoryview(buffer)[:end])
    del buffer[:end]
    return taken
